"""Identifiers of papers: arXiv ids, DOIs, titles made comparable, and the identities an entry is recognised by.

An identity is `arxiv:BASE`, `doi:DOI`, `pmid:ID`, `pmc:ID`, `openreview:FORUM`, `s2:ID` or `title:HASH`: two
entries that share one are taken for the same work.
Forms of arXiv ids: https://info.arxiv.org/help/arxiv_identifier.html
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from urllib.parse import unquote

from newsletter.models import Entry

# ------------------------------------------------------------------ arXiv ids


@dataclass(frozen=True, slots=True)
class ArxivId:
    """An arXiv id: its base without version (`2401.10020`, `math/0309136`) and the version, 0 where unknown."""

    base: str
    version: int = 0


_ARXIV = re.compile(
    r"""(?:
        (?:https?://)?(?:[\w-]+\.)*arxiv\.org/(?:abs|pdf|html|format|e-print|ps)/ |
        (?:https?://)?(?:www\.)?(?:alphaxiv\.org/(?:abs|overview)|huggingface\.co/papers|hf\.co/papers)/ |
        (?:(?:https?://)?(?:dx\.)?doi\.org/|doi:\s*)?10\.48550/arxiv\. |
        oai:arxiv\.org: |
        arxiv:\s*
    )?
    (?:(?P<number>\d{2}(?:0[1-9]|1[0-2])\.\d{4,5})|(?P<archive>[a-z]+(?:-[a-z]+)?)(?:\.[a-z]{2})?/(?P<old>\d{7}))
    (?:v(?P<version>\d{1,3}))?
    (?:\.pdf)?/?(?:[?\#].*)?""",
    re.IGNORECASE | re.VERBOSE,
)
_FIRST_YEAR = 91  # arXiv began in August 1991


def arxiv_id(text: str) -> ArxivId | None:
    """Return the arXiv id that `text` is, in any of its forms (bare, prefixed, address, DOI, OAI), or None."""
    match = _ARXIV.fullmatch(text.strip())
    if not match:
        return None
    number, version = match["number"], int(match["version"] or 0)
    if number:
        return ArxivId(number, version) if _is_possible(number) else None
    month, year = int(match["old"][2:4]), int(match["old"][:2])
    if 1 <= month <= 12 and (year >= _FIRST_YEAR or (year, month) <= (7, 3)):
        return ArxivId(f"{match['archive'].lower()}/{match['old']}", version)
    return None


def _is_possible(number: str) -> bool:
    month, _, serial = number.partition(".")
    return month >= "0704" and len(serial) == (4 if month <= "1412" else 5)


# ------------------------------------------------------------------ DOIs

_DOI = re.compile(r"10\.\d{4,9}(?:\.\d{1,9}){0,4}/[^\s\"<>]+")
_ADDRESS = re.compile(r"https?://", re.IGNORECASE)
# What publishers put after the DOI in an address; bioRxiv and medRxiv also a version.
_DOI_TAIL = re.compile(r"(?:/(?:abstract|full|fulltext|html|meta|pdf|epdf|summary)|\.(?:full|abstract)(?:\.[a-z-]+)?)$")
_RXIV_VERSION = re.compile(r"^(10\.(?:1101|64898)/[\d.]+?)v\d+$")
_PREPRINT_PREFIXES = frozenset(
    """10.1101 10.64898 10.20944 10.21203 10.26434 10.31219 10.31222 10.31223 10.31234 10.31235 10.2139 10.36227
    10.32942 10.22541 10.12688 10.5281 10.14293""".split()
)
_LONGEST_DOI = 255
_LONGEST_TEXT = 2_000  # of an address with a DOI in it


def doi(text: str) -> str:
    """Return the DOI that `text` is, or that stands in it if it is an address, bare and in lower case; or "".

    arXiv's own DOIs (10.48550/arXiv.…) are arXiv ids and give "", and so does what holds a control character or another
    that cannot be seen. DOIs ignore case: https://www.doi.org/the-identifier
    """
    text = text.strip()
    if len(text) > _LONGEST_TEXT:
        return ""
    if _ADDRESS.match(text):
        text = unquote(re.split(r"[?#]", text, maxsplit=1)[0])
    match = _DOI.search(text) if _ADDRESS.match(text) else _DOI.fullmatch(re.sub(r"^(?i:info:doi/|doi:)\s*", "", text))
    if not match or len(match[0]) > _LONGEST_DOI or not match[0].isprintable():
        return ""
    if match[0].lower().startswith("10.48550/arxiv."):
        return ""
    return _RXIV_VERSION.sub(r"\1", _DOI_TAIL.sub("", _without_punctuation(match[0].lower())))


def _without_punctuation(found: str) -> str:
    found = found.rstrip(".,;:'/")
    while found.endswith(")") and found.count(")") > found.count("("):
        found = found[:-1].rstrip(".,;:'/")
    return found


def is_preprint(doi: str) -> bool:
    """Return whether the DOI was registered by a preprint server: the same work may have a journal's DOI as well."""
    return doi.partition("/")[0] in _PREPRINT_PREFIXES


# ------------------------------------------------------------------ titles and identities

# Llama 3.1 is not Llama 31, and C++ is not C. In the blocks of India and South East Asia vowels are marks.
_LETTER = "(?:[^\\W_]|[\u0900-\u0eff\u1000-\u109f\u1780-\u17ff])"
_WORD = re.compile(rf"{_LETTER}+(?:(?<=\d)\.(?=\d){_LETTER}+)*[+#]*")
_ASCII_WORD = re.compile(r"[a-z0-9]+(?:(?<=\d)\.(?=\d)[a-z0-9]+)*[+#]*")
# What compares two sides of a formula, with or without spaces on both sides of it: "n < 3", "n<3", but not "<think>".
# What is without a sign counts as equal: "z = 3" is "z 3", and neither is "z > 3".
_SIGN = r"(?:[<>!]=|<<|>>|[<>])"
_SIGNS = rf"(?<=[\w)\]] ){_SIGN}(?= [\w(\[+-])|(?<=[\w)\]]){_SIGN}(?=[\w(\[])"
_ASCII_WORD_OR_SIGN = re.compile(rf"{_ASCII_WORD.pattern}|{_SIGNS}")
_WORD_OR_SIGN = re.compile(rf"{_WORD.pattern}|{_SIGNS}")
_SIGNS_IN_ASCII = str.maketrans(
    dict.fromkeys("≤⩽≦", "<=") | dict.fromkeys("≥⩾≧", ">=") | {"≠": "!=", "≪": "<<", "≫": ">>"}
)
_KINDS = ("arxiv", "doi", "pmid", "pmc", "openreview", "s2", "title")  # strongest first
_FIRST_IDEOGRAPH = "\u2e80"  # no spaces there: two characters are about a word
_FEWEST_WORDS = 3
_GENERIC = frozenset(
    """authorcorrection authorindex bookreview calendarofevents callforpapers coverimage editorialboard
    editorialintroduction fromtheeditors guesteditorial inthisissue issueinformation lettertotheeditor listofreviewers
    newsandviews noteontheissue publisherscorrection tableofcontents titlepage backmatter frontmatter
    aboutthisissue inmemoriam conferencereport annualreport responsetoreviewers""".split()
)
_ABSTRACT_SIGHT = 120  # characters: enough to tell abstracts apart, before the place where feeds cut them


def title_key(title: str) -> str:
    """Return what is left of a title when case, accents, spaces and punctuation are not counted."""
    return "".join(_words(title)) or title.casefold().strip()


def identities(entry: Entry) -> tuple[str, ...]:
    """Return every identity of an entry, the strongest kinds first; never empty.

    A title that is generic or shorter than three words counts only together with the beginning of the abstract,
    or with the surnames of all authors, or (having neither) with its address.
    """
    found = []
    if entry.arxiv_id:
        found.append(f"arxiv:{entry.arxiv_id}")
    if entry.doi:
        found.append(f"doi:{entry.doi}")
    if entry.also:
        found = sorted((*found, *_further(entry)), key=strength)
    words = _words(entry.title)
    key = "".join(words) or entry.title.casefold().strip()
    evidence = ("",) if _tells_enough(words, key) else tuple(_evidence(entry))
    return *dict.fromkeys(found), *sorted(f"title:{_hash(key + part)}" for part in evidence)


def namesake_identities(entry: Entry) -> tuple[str, ...]:
    """Return what an entry is recognised by if another work has its title: the title with more of the entry.

    The first is with surnames and address (failing that the beginning of the abstract, or the source), and fit for an
    id; then come those with the surnames alone and with the address alone, where the entry has them.
    """
    key = title_key(entry.title)
    people = _surnames(entry) if entry.authors else ""
    place = "\nplace " + entry.url if entry.url else ""
    more = place or (_beginning(entry) if entry.abstract else "\nplace " + entry.source)
    return tuple(dict.fromkeys(f"title:{_hash(key + part)}" for part in (people + more, people, place) if part))


def _further(entry: Entry) -> tuple[str, ...]:
    """Return the further ids of an entry; of several preprints that it names none is the entry's work itself."""
    preprints = [name for name in entry.also if name.startswith("arxiv:")]
    if not preprints or {*preprints, f"arxiv:{entry.arxiv_id or preprints[0][len('arxiv:') :]}"} == {preprints[0]}:
        return entry.also
    return tuple(name for name in entry.also if name not in preprints)


def strength(identity: str) -> tuple[int, str]:
    """Return the key that orders identities strongest first."""
    kind = identity.partition(":")[0]
    return (_KINDS.index(kind) if kind in _KINDS else len(_KINDS), identity)


def _words(text: str) -> list[str]:
    if text.isascii():  # most titles: nothing to fold
        return (_ASCII_WORD_OR_SIGN if _has_sign(text) else _ASCII_WORD).findall(text.lower())
    composed = unicodedata.normalize("NFKC", text).translate(_SIGNS_IN_ASCII)
    folded = unicodedata.normalize("NFKD", composed.casefold())
    # Only accents of Latin, Greek and Cyrillic: marks of other scripts are vowels.
    bare = unicodedata.normalize("NFC", re.sub("[\u0300-\u036f]", "", folded))
    return (_WORD_OR_SIGN if _has_sign(bare) else _WORD).findall(bare)


def _has_sign(text: str) -> bool:
    return "<" in text or ">" in text or "!=" in text


def _tells_enough(words: Sequence[str], key: str) -> bool:
    if key.isascii() and not _has_sign(key):
        weight = len(words)
    else:
        weight = sum(len(word) // 2 if word[0] >= _FIRST_IDEOGRAPH else word[0] not in "<>!" for word in words)
    return weight >= _FEWEST_WORDS and key not in _GENERIC


def _evidence(entry: Entry) -> Iterator[str]:
    if entry.abstract:
        yield _beginning(entry)
    if entry.authors:
        yield _surnames(entry)
    if not entry.abstract and not entry.authors:
        yield "\nplace " + (entry.url or entry.source)


def _beginning(entry: Entry) -> str:
    return "\nabstract " + title_key(entry.abstract)[:_ABSTRACT_SIGHT]


def _surnames(entry: Entry) -> str:
    return "\nauthors " + " ".join(sorted(title_key(name.split()[-1]) for name in entry.authors if name.split()))


def _hash(text: str) -> str:
    return sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:12]


# ------------------------------------------------------------------ arXiv categories

# https://arxiv.org/category_taxonomy
_CLASSES = {
    "astro-ph": "CO EP GA HE IM SR",
    "cond-mat": "dis-nn mes-hall mtrl-sci other quant-gas soft stat-mech str-el supr-con",
    "cs": """AI AR CC CE CG CL CR CV CY DB DC DL DM DS ET FL GL GR GT HC IR IT LG LO MA MM MS NA NE NI OH OS PF PL RO
        SC SD SE SI SY""",
    "econ": "EM GN TH",
    "eess": "AS IV SP SY",
    "gr-qc": "",
    "hep-ex": "",
    "hep-lat": "",
    "hep-ph": "",
    "hep-th": "",
    "math": """AC AG AP AT CA CO CT CV DG DS FA GM GN GR GT HO IT KT LO MG MP NA NT OA OC PR QA RA RT SG SP ST""",
    "math-ph": "",
    "nlin": "AO CD CG PS SI",
    "nucl-ex": "",
    "nucl-th": "",
    "physics": """acc-ph ao-ph app-ph atm-clus atom-ph bio-ph chem-ph class-ph comp-ph data-an ed-ph flu-dyn gen-ph
        geo-ph hist-ph ins-det med-ph optics plasm-ph pop-ph soc-ph space-ph""",
    "q-bio": "BM CB GN MN NC OT PE QM SC TO",
    "q-fin": "CP EC GN MF PM PR RM ST TR",
    "quant-ph": "",
    "stat": "AP CO ME ML OT TH",
}
CATEGORIES = tuple(
    f"{archive}{suffix}"
    for archive, classes in _CLASSES.items()
    for suffix in ("", *(f".{name}" for name in classes.split()))
)
"""Every arXiv category and archive, in arXiv's spelling."""

_SPELLING = {name.lower(): name for name in CATEGORIES}


def category(text: str) -> str:
    """Return the arXiv category or archive that `text` names, in arXiv's spelling (`cs.lg` is `cs.LG`), or ""."""
    return _SPELLING.get(text.strip().lower(), "")
