"""Titles, names and abstracts that are long, that are maths, or that other scripts write; and what is missing."""

from __future__ import annotations

from newsletter.models import Issue, MatchedPaper, Paper, Reason, ReasonKind, Signals
from newsletter.sample.cases.records import PIONEERS, issue, matched, paper, reader, section
from newsletter.tex import readable

_LONG_TITLE = (
    "On the patient art of writing a title that goes on for as long as the work which it announces, naming its method, "
    "its data, its baselines, its ablations, its limits and its hopes, until nobody who reads it on a phone remembers "
    "how it began, and the page under it has been forgotten by everybody who was there"
)[:300]
_LONG_WORD = "Methionylthreonylthreonylglutaminylarginyl" * 4 + "isoleucine"
_LONG_VENUE = "Proceedings of the Annual Symposium on the Foundations of Computing Machinery and its Readers"
_LONG_ADDRESS = "https://example.org/" + "a-path-without-end/" * 60

_FORMULAS = (
    r"Sorting in $\mathcal{O}(n^2)$ is faster than you think, and $O(n \log n)$ slower",
    r"A bound of $\|x\|_2 \le \sqrt{\varepsilon}$ for $\alpha\to\infty$ in $\mathbb{R}^{d}$",
    r"From $e^{i\pi}+1=0$ to $\sum_{k=0}^{n} \frac{1}{k!}$ by G\"odel's road",
)
_RAW = r"Raw $\mathcal{O}(n^2)$ and \emph{what} nobody could read: $\begin{pmatrix} a & b \\ c & d \end{pmatrix}$"

_RIGHT_TO_LEFT = (
    ("التعلم العميق للترجمة الآلية", ("ابن الهيثم", "محمد بن موسى الخوارزمي"), "نقدم نموذجا صغيرا يترجم أسرع."),
    ("מודלי שפה גדולים לטקסט עברי", ("Emmy Noether",), "אנו מראים שמודל קטן מספיק (GPT-4 אינו נחוץ)."),
    ("یادگیری تقویتی برای روبات‌ها: a survey", ("عمر خیام",), "این مقاله روش‌های تازه را مرور می‌کند."),
)
_WIDE = (
    (
        "大規模言語モデルの推論を速くする下書き",
        ("湯川秀樹", "仁科芳雄"),
        "小さなモデルが下書きを作り、大きなモデルが一度に確かめる。",
    ),
    ("面向科学文献的图神经网络检索方法研究", ("吴健雄", "华罗庚"), "我们提出一种新的检索方法，速度提高了三倍。"),
    ("과학 논문을 위한 주제 분류", ("우장춘",), "작은 모델로도 충분하다는 것을 보인다."),
    ("หัวข้อที่เขียนโดยไม่เว้นวรรคระหว่างคำ", ("Ada Lovelace",), "เราแสดงให้เห็นว่าแบบจำลองขนาดเล็กก็เพียงพอ"),
    ("कंप्यूटर से अनुवाद की नई विधि", ("आर्यभट", "Софья Ковалевская"), "हम एक नई विधि देते हैं।"),
)


def cases() -> dict[str, Issue]:
    """Return the cases by name."""
    return {
        "long title": _long(),
        "maths": _all("maths", *(paper(210 + at, text, abstract=text) for at, text in enumerate(_formulas()))),
        "right to left": _all("نماذج اللغة", *_written(220, _RIGHT_TO_LEFT)),
        "wide characters": _all("言語モデル", *_written(230, _WIDE)),
        "two thousand authors": _all(
            "collaborations", *(paper(240 + at, f"Search {at}", authors=(PIONEERS * 167)[:2000]) for at in range(2))
        ),
        "bare": _all(
            "little known",
            paper(250, "A title and nothing else", abstract="", authors=(), url="", categories=()),
            paper(251, "No abstract, but an address", abstract="", categories=()),
            paper(252, "No address, but an abstract", url="", authors=("Ada Lovelace",)),
            paper(253, "", abstract="", authors=(), url="", categories=()),
        ),
    }


def _formulas() -> tuple[str, ...]:
    """Return formulas as readers see them, and one as no reader should."""
    return (*map(readable, _FORMULAS), _RAW)


def _long() -> Issue:
    label = "a phrase of interest that says everything its reader could ever want to know about the art of decoding"
    reason = Reason(ReasonKind.WORDS, label, tuple(label.split()), lexical=0.7, closeness=4.0)
    papers = [
        paper(200, _LONG_TITLE),
        paper(201, _LONG_WORD, authors=(_LONG_WORD,), abstract=_LONG_WORD + ". " + _LONG_WORD),
        paper(202, "An address longer than the page", url=_LONG_ADDRESS, signals=Signals(venue=_LONG_VENUE)),
        paper(203, _LONG_ADDRESS, abstract=_LONG_ADDRESS),
    ]
    rows = [matched(some, reason, score=0.7) for some in papers]
    return issue(
        section(label, *rows[1:3], interest=label),
        section(_LONG_WORD, *rows[3:], interest=_LONG_WORD),
        lead=rows[0],
        subscriber=reader(label, _LONG_WORD, email=f"{'ada.' * 15}king@{'analytical-engine.' * 6}example.org"),
    )


def _written(first: int, texts: tuple[tuple[str, tuple[str, ...], str], ...]) -> list[Paper]:
    return [
        paper(first + at, title, authors=authors, abstract=abstract)
        for at, (title, authors, abstract) in enumerate(texts)
    ]


def _all(label: str, *papers: Paper) -> Issue:
    """Return an issue of these papers under one heading, the first of them as its lead."""
    rows: list[MatchedPaper] = [
        matched(some, Reason(ReasonKind.MEANING, label, closeness=3.0), score=0.7) for some in papers
    ]
    return issue(section(label, *rows[1:]), lead=rows[0], subscriber=reader(label))
