"""TeX in titles, abstracts and names, as characters."""

from __future__ import annotations

import gzip
import json
import re
import unicodedata
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from newsletter.tex import readable
from newsletter.text import clean

STREAM = Path(__file__).parents[2] / "shared/data/relevance/common/multiday_stream.jsonl.gz"
PIECES = st.sampled_from(
    r"""\ $ $$ { } ^ _ ~ ` `` '' -- --- \( \) \[ \] \% \$ \{ \} \' \" \c \v \i \L \emph{ \bf \frac \sqrt \alpha \le
    \mathbb \left( \right. \href{ \url{ \begin{ \cite{ \foo \foo{ \text{ \hat \not 5 10 and US x n+k a<b % & # @ . ,
    https://example.org/~a word Words é λ""".split()
)
TEXTS = st.lists(PIECES | st.sampled_from([" ", "  ", "\n", "\0"]) | st.characters(), max_size=30).map("".join)


@pytest.mark.parametrize(
    ("tex", "expected"),
    [
        (r"Ren\'e", "René"),
        (r"G{\"o}del, G\"odel", "Gödel, Gödel"),
        (r"Erd\H{o}s, Erd{\H o}s", "Erdős, Erdős"),
        (r"\v{C}apek, Fran\c{c}ois, Mart\'{\i}n, Mart\'\i nez", "Čapek, François, Martín, Martínez"),
        (r"\L{}ukasz, {\L}ukasz, \O ystein, Stra\ss e", "Łukasz, Łukasz, Øystein, Straße"),
        (r"l'\'Ecole", "l'École"),
        (r"{\AA}ngstr\"om \`a la \^ile", "Ångström à la île"),
        (r"Fran{\c{c}}ois, Nu{\~n}ez, \k{a}, \r{u}, \d{a}", "François, Nuñez, ą, ů, ạ"),
        (r"\cite{y} \'x \c \'", r"[y] \'x \c \'"),
        (r"the \"right\" way", 'the "right" way'),
        ("nothing to do", "nothing to do"),
    ],
)
def test_accents_and_letters_become_characters(tex: str, expected: str) -> None:
    """Names in arXiv's metadata are TeX."""
    assert readable(tex) == expected


@pytest.mark.parametrize(
    ("tex", "expected"),
    [
        ("``Quoted'' words", "“Quoted” words"),
        ("a `real' thing", "a ‘real’ thing"),
        ("it's 5'' wide and ```code```", "it's 5'' wide and ```code```"),
        ("pages 3--7 --- all of them", "pages 3–7 — all of them"),
        ("run it with --force and -v", "run it with --force and -v"),
        ("Fig.~3 and Table~1 show 10~km (about~half)", "Fig. 3 and Table 1 show 10 km (about half)"),
        ("~5 of 5~10, z~2 and x~N(0,1)", "~5 of 5~10, z~2 and x~N(0,1)"),
        (r"a 5\% gain \& more, R\_1 \#2", "a 5% gain & more, R_1 #2"),
        ("a 5% gain % of which nothing is lost", "a 5% gain % of which nothing is lost"),
        (r"12\,000 vs.\ 3\,km, hy\-phen", "12 000 vs. 3 km, hyphen"),
    ],
)
def test_quotes_dashes_ties_and_escapes_read_as_they_are_typeset(tex: str, expected: str) -> None:
    """And what only looks like them stays: options, approximations, primes, code."""
    assert readable(tex) == expected


@pytest.mark.parametrize(
    ("tex", "expected"),
    [
        (r"\emph{very \textbf{new}} \texttt{a_b}", "very new a_b"),
        (r"{\bf Bold}, {\it so} \textsc{Caps} \underline{x}", "Bold, so Caps x"),
        (r"\textcolor{red}{warm} and \mbox{kept}", "warm and kept"),
        (r"\url{https://example.org/~ada/a--b_{c}}", "https://example.org/~ada/a--b_{c}"),
        (r"\href{https://example.org}{here}", "here (https://example.org)"),
        (r"\href{https://example.org}{example.org/code}", "example.org/code"),
        (r"\href, \href{a}, \href{a}{", r"\href, \href{a}, \href{a}{"),
        (r"so\footnote{and so} on", "so (and so) on"),
        (r"we present \ours{}: \model is \method{r\'e}", r"we present \ours{}: \model is \method{ré}"),
        (r"3\times faster, 5 \pm 1, \ldots, \copyright{} A", "3× faster, 5 ± 1, …, © A"),
        (r"P\textsuperscript{2} \textregistered", "P² ®"),
        (r"\begin{itemize} \item one \end{itemize}", "• one"),
        (r"{{ 7*7 }} {% raw %} {BERT} \begin{foo}", r"{{ 7*7 }} {% raw %} {BERT} \begin{foo}"),
    ],
)
def test_commands_show_their_words_and_unknown_ones_stay(tex: str, expected: str) -> None:
    """No word is lost, and nobody's own command is guessed at."""
    assert readable(tex) == expected


@pytest.mark.parametrize(
    ("tex", "expected"),
    [
        ("$n$ of $O(n)$ in $10^{-3}$", "n of O(n) in 10⁻³"),
        (r"$O(n^2\log n)$, $\max_i x_i$, $\log_2 n$", "O(n² log n), maxᵢ xᵢ, log₂ n"),
        ("$x^{n+k}$, $x_{max}$, $x_{n-1}$, $x_{i,j}$, $x_q$", "x^(n+k), x_max, xₙ₋₁, x_(i,j), x_q"),
        (r"$x_{\rm max}y$ and $T_\mathrm{eff}$", "x_max y and T_eff"),
        (r"CO$_2$, H$\alpha$, m s$^{-1}$, $\sim$10, 3$\times$", "CO₂, Hα, m s⁻¹, ~10, 3×"),
        (r"$\sim 10$, $\alpha \in [0,1]$, $5 \pm 1$, $n\geq 4$", "~10, α ∈ [0,1], 5 ± 1, n≥4"),
        (r"$\mathcal{O}(1)$ in $\mathbb{R}^d$ and $\mathbb Z$, \(\mathbf{w}\)", "O(1) in ℝᵈ and ℤ, w"),
        (r"$\frac{1}{2}$, $\frac{a+b}{2n}$, $2\frac{a}{b}c$", "1/2, (a+b)/(2n), 2(a/b)c"),
        (r"$\sqrt{x}$, $\sqrt{x+1}$, $\sqrt[3]{n}$, $\sqrt 2$", "√x, √(x+1), ∛n, √2"),
        (r"$\left(\frac{a}{b}\right)$, $\left.x\right|$, $\{1,\ldots,k\}$", "(a/b), x|, {1,…,k}"),
        (r"$\hat{x}$, $\widetilde O(n)$, $\bar\lambda$, $\not\in$, $\overline{AB}$", "x̂, Õ(n), λ̄, ∉, AB"),
        (r"$360^\circ$, $M_\odot$, $A^\top$, $x^*$, $n^{th}$, $P'$", "360°, M⊙, Aᵀ, x*, nth, P'"),
        (r"$\operatorname{rank} A$, $\operatorname*{arg\,max}_x f$, $\text{if } x$", "rank A, arg maxₓ f, if x"),
        (r"$$a + b$$ and \[ c^2 \] and \( d \)", "a + b and c² and d"),
        ("n^2, 10^-3, 10^{-3}, x_{ij} and R^n", "n², 10⁻³, 10⁻³, x_ij and Rⁿ"),
        ("$a<b$ and $c>d$, n<m<k, <think>", "a<b and c>d, n<m<k, <think>"),
    ],
)
def test_formulas_become_one_line(tex: str, expected: str) -> None:
    """Small characters where Unicode has them for a number or one letter, and plain ones otherwise."""
    assert readable(tex) == unicodedata.normalize("NFC", expected)


@pytest.mark.parametrize(
    "text",
    [
        "between $5 and $10",
        "from US$ 3 to US$ 5, US$3 or AU$4",
        "$17.7K to $569, $5-$10, $1.2M",
        "pays $0.5 per call while theirs costs $3 per call",
        "costs $ 3 or $ 5",
        "a lone $ stays",
        "$HOME and $PATH",
        "^_^ and a ^ b and CTRL ^C",
        r"C:\temp\new",
        r"$\ours{x}$ and $x_{\foo}$",
        "$x^{2$ and $}{$",
        "$" + "x+" * 200 + "x$",
        "snake_case and __init__ and a_b",
    ],
)
def test_what_is_not_surely_tex_stays_as_it_is(text: str) -> None:
    """Money is no formula, and a formula that is not understood is better read as its source than half converted."""
    assert readable(text) == text


def test_text_without_tex_is_returned_itself() -> None:
    """Most titles cost nothing."""
    title = "A title, as most are: 100% plain (and non-ASCII: λ)"

    assert readable(title) is title


@given(TEXTS)
@example("\\")
@example("$\\$")
@example("{\\bf")
def test_any_text_becomes_one_clean_line_or_stays(text: str) -> None:
    """Nothing from outside makes it fail, and its result can be shown."""
    shown = readable(clean(text))

    assert shown == clean(shown)
    assert not [one for one in shown if unicodedata.category(one) in {"Cc", "Cs"}]


@given(TEXTS.filter(lambda text: "\\" not in text))
def test_reading_twice_changes_nothing(text: str) -> None:
    """A text that passes two borders is the same as after the first; an escaped sign may look like TeX afterwards."""
    shown = readable(clean(text))

    assert readable(shown) == shown


@given(st.lists(PIECES.filter(lambda piece: not re.search(r"[A-Za-z0-9]", piece)) | st.just("WORD"), max_size=30))
def test_no_word_is_lost(pieces: list[str]) -> None:
    """However broken the TeX around them."""
    text = clean(" ".join(pieces))

    letters = [one for one in unicodedata.normalize("NFKD", readable(text)) if one.isalpha()]  # `^W` may be raised
    assert "".join(letters).count("WORD") == text.count("WORD")


@pytest.mark.parametrize(
    "unit",
    r"""{ } $ $$ \ \emph{ {\bf \' ^{ _{ ` `` '' -- a~ \( \[ $a \frac \href{a} \begin{ \" http \$ $\$ $x_{ {{\bf $5
    \foo{ a^ ~ ``'' \c{""".split(),
)
def test_a_lot_of_broken_tex_is_read_to_its_end(unit: str) -> None:
    """No pattern is quadratic and no nesting too deep: a suite that hangs here has found one that is."""
    half = unit * (20_000 // len(unit))

    for filling in (half, f"{unit} " * 1_000, half + "}" * 20_000):
        assert "the end" in readable(f"{filling} and the end")


@pytest.mark.parametrize("formula", ["{" * 100 + "}" * 100, r"\frac" * 50, "^" * 200, r"\sqrt{" * 40 + "}" * 40])
def test_a_deeply_nested_formula_stays_as_it_is(formula: str) -> None:
    """Recursion is bounded."""
    assert readable(f"${formula}$ x") == f"${formula}$ x"


@pytest.mark.skipif(not STREAM.exists(), reason="the papers of the reference data are not here")
def test_nearly_every_formula_of_real_papers_is_understood() -> None:
    """Real titles and abstracts: at most two papers in a hundred keep a command, mostly of their authors' own."""
    with gzip.open(STREAM, "rt", encoding="utf-8") as lines:
        papers = [json.loads(line) for line in lines]
    texts = [readable(clean(f"{paper['title']} {paper['abstract']}")) for paper in papers]

    assert sum("\\" in text for text in texts) < len(papers) / 50
    assert not [text for text in texts if re.search(r"\\(?:textbf|emph|mathrm|frac|%|')(?![a-z])", text)]
