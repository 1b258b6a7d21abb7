"""Sentences of an abstract, each made to stand alone where that takes no more than dropping what joins it to others.

Results: Moreover, we also find … ── part ──► Moreover, we also find … ── alone ──► We find …
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate

from newsletter.words import heading

_MOST_SENTENCES = 60
_LONGEST_SENTENCE = 1_500
_LONGEST_ASIDE = 300  # characters in brackets: more is rather a bracket that was never closed

# ------------------------------------------------------------------ where a sentence ends

_ABBREVIATIONS = frozenset(
    """e.g i.e eg ie al fig figs eq eqs eqn eqns sec secs sect ref refs tab vs cf resp approx ca etc no nos vol pp ch
    thm prop def lem cor app dr prof mr mrs ms st jr sr inc ltd co corp dept univ viz w.r.t i.i.d a.k.a u.s u.k est ver
    alg ex suppl sp spp var ssp gen ed eds""".split()
)
# After these, and after initials, a sentence may end all the same: it did if what follows begins one.
_MAY_END = frozenset("etc al no inc co u.s u.k sp".split())
_OPENERS = frozenset(
    """we our the this these those that in here however it its they their to for from by with a an as at on both each
    results experiments extensive empirical moreover furthermore additionally finally although while when if such
    since using based through unlike instead thus therefore hence specifically further second third first there
    code""".split()
)
_END = re.compile(
    r"(?P<mark>[.!?…]+[\"'”’)\]]{0,3})\s+(?=[\"'“‘(\[•]*[^\W_a-z])|(?P<wide>[。！？]+[」』”]?)"
    r"|(?<=[a-z)\]]{2})\.(?=(?:We|Our|The|This|In|However|To|These|Experiments|Moreover|Finally)\s)|\s(?=• )"
)
_BRACKET = re.compile(r'[()\[\]{}“”"]|\$(?!\d)')


def split(text: str) -> Iterator[str]:
    """Yield the sentences of one line of prose.

    Abbreviations, initials, decimals, addresses, numbers of a list and what stands in brackets end none.
    """
    inside, _ = brackets(text, longest=_LONGEST_ASIDE)
    start = 0
    for end in _END.finditer(text):
        if inside[end.start()] or (end["mark"] == "." and _abbreviated(text, start, end)):
            continue
        if sentence := text[start : end.end()].strip():
            yield sentence
        start = end.end()
    if rest := text[start:].strip():
        yield rest


def brackets(text: str, *, longest: int | None = None) -> tuple[list[int], int]:
    """Return how many brackets, quotes and dollar signs hold each character, and where the first is never closed.

    Brackets of two kinds may pair, as those of half-open intervals do. The place is -1 where all are closed.
    """
    depth = [0] * (len(text) + 1)
    opened: list[int] = []
    for found in _BRACKET.finditer(text):
        at, sign = found.start(), found[0]
        twin = sign in '$"' and opened and text[opened[-1]] == sign
        if not twin and sign in '([{“$"':
            opened.append(at)
        elif opened:
            start = opened.pop()
            if longest is None or at - start <= longest:
                depth[start] += 1
                depth[at + 1] -= 1
    return list(accumulate(depth)), opened[0] if opened else -1


def _abbreviated(text: str, start: int, end: re.Match[str]) -> bool:
    begin = max(text.rfind(" ", start, end.start()) + 1, start)
    word = re.split(r"[(\[/~]", text[begin : end.start()][-30:])[-1].lstrip("\"'“‘")
    if begin == start:  # the number of an item ("1. We show"), or an initial
        return (word.isdigit() and len(word) < 3) or (len(word) == 1 and word.isupper())
    following = re.match(r"[^\W\d_]+", text[end.end() : end.end() + 20])
    if (len(word) == 1 and word.isupper()) or word.lower() in _MAY_END:
        return not following or following[0].lower() not in _OPENERS
    return word.lower() in _ABBREVIATIONS


# ------------------------------------------------------------------ the headings of a structured abstract

_PARTS = {  # what a sentence weighs for standing there
    "results": 2.0, "findings": 2.0, "conclusion": 1.5, "discussion": 0.5, "interpretation": 1.0, "significance": -0.5,
    "method": -0.5, "approach": 0.0, "material": -1.0, "design": -1.0, "setting": -2.0, "data": -1.0,
    "background": -2.0, "context": -2.0, "introduction": -2.0, "motivation": -2.0, "purpose": -1.0, "objective": -1.0,
    "aim": -1.0, "goal": -1.0, "importance": -2.0, "rationale": -2.0, "abstract": 0.0, "summary": 0.0, "tl;dr": 1.0,
    "availability": -6.0, "funding": -6.0, "registration": -6.0, "keyword": -6.0, "comment": -6.0, "contact": -6.0,
}  # fmt: skip
_PART = (
    r"(?:main |key |study |materials and |research |statement of )?(?P<{}>results?|findings|conclusions?|discussion|"
    r"interpretation|significance|method(?:s|ology|ologies)?|approach|materials?|design|setting|data|background|context|"
    r"introduction|motivation|purpose|objectives?|aims?|goals?|importance|rationale|abstract|summary|tl;dr|"
    r"availability|funding|registration|keywords?|comments?|contact)"
    r"(?: and (?:conclusions?|methods|results|discussion|objectives?|aims?|significance|implementation))?"
)
_HEADING = re.compile(
    rf"[•*\[]?(?i:{_PART.format('marked')})\]?(?:\s?[:—]\s*|\s?\.\s?-\s|\s[–-]\s+|\.\s*$|$)|"
    rf"(?=[A-Z])(?i:{_PART.format('bare')})\s(?=(?:We|The|This|In|Here|A|An|Our)\s)"
)


def part(text: str) -> tuple[float | None, str]:
    """Return the weight of the heading a sentence begins with, None where there is none, and the rest."""
    weight = None
    while found := _HEADING.match(text):
        name = (found["marked"] or found["bare"]).lower()
        weight = next((value for known, value in _PARTS.items() if name.startswith(known.rstrip("s"))), 0.0)
        text = text[found.end() :].lstrip()
    return weight, text


# ------------------------------------------------------------------ what only joins sentences

_LEADS = (  # what may be dropped at the beginning, and what it says of the sentence
    (0.0, (r"in (?:this|the present|our|the current) (?:paper|work|study|article|letter|research|report|thesis|note|"
          r"contribution|manuscript|survey|review|communication|preprint)|here(?:in)?|to (?:this|that) end|"
          r"for this purpose|(?:motivated|inspired|building|based|guided|driven|informed) (?:by|on|upon) "
          r"(?:this|these|that|those)\b[^,;]{0,60}|"
          r"in (?:view|light|response|addition) (?:of|to) (?:this|these|that)\b[^,;]{0,30}|"
          r"to (?=[^,;]{3,60}\b(?:this|these|those|such|above|aforementioned|it|so)\b)[^,;]{3,120}")),
    (0.3, (r"overall|in (?:summary|conclusion|short|sum)|to summari[sz]e|taken together|collectively|together|"
          r"ultimately")),
    (-0.1, (r"notably|importantly|crucially|remarkably|interestingly|surprisingly|strikingly|thus|hence|therefore|"
           r"consequently|accordingly|as a (?:result|consequence)|indeed|in fact|empirically|as such|in this way|"
           r"(?:in|by) doing so|thereby|to do so|in turn|from this")),
    (-0.5, (r"(?:more )?(?:specifically|precisely)|particularly|initially|in particular|concretely|first(?:ly)?|"
           r"finally|lastly")),
    (-0.9, (r"moreover|furthermore|further|additionally|in addition|also|besides|second(?:ly)?|third(?:ly)?|next|then|"
           r"likewise|similarly|meanwhile|at the same time|subsequently")),
    (-1.2, (r"however|(?:in|by) contrast|conversely|instead|nevertheless|nonetheless|yet|still|on the other hand|but|"
           r"and|among (?:them|these)|for (?:example|instance)|alternatively|unfortunately|in practice|in general|"
           r"rather|in (?:this|that|these|both|all|such|each|the latter) (?:cases?|setting|context|regime|framework|"
           r"sense)")),
)  # fmt: skip
_LEAD = tuple(
    (weight, re.compile(rf"(?i:{words})(?:,\s+|:\s+|\s+(?=(?:we|our)\b))(?=[\w“\"'$(])")) for weight, words in _LEADS
)
# Hedges are no part of it: what "the results suggest" is not what they show.
REPORTING = re.compile(
    r"(?i:(?:these|those|the|our|all|both) )?(?:\w+[ -]){0,3}?(?i:results?|findings|experiments|evaluations?|"
    r"analys[ei]s|simulations|observations|data|study|work|calculations|comparisons)(?: [^,;:.]{1,80}?)? (?:clearly |"
    r"further |also |consistently |strongly )?(?:show|demonstrate|reveal|confirm|establish|verify|prove)(?:s|es|d|ed)? "
    r"that "
)
DEPENDENT = re.compile(
    r"(?:It|They|He|She|These|Those|Such|Its|Their|Both|One|Another|Others|This|That|Doing so|Each|Here|There|The "
    r"(?:other|latter|former|second)|The (?:resulting|above|key|core|main) \w+)\b(?<!There)"
    r"(?! (?:is|was) (?:\w+ )?(?:shown|prove[dn]|found|demonstrated)\b)"
)
_INDEPENDENT = re.compile(
    r"Th(?:is|ese) (?:\w+ )?(?:paper|work|study|article|letter|survey|review|report|thesis|note|contribution|research|"
    r"manuscript|tutorial|chapter|dissertation)\b|Both (?:theor|simul|numer)"
)
_AIM = re.compile(  # what "these" are was said before
    r",? to (?:address|tackle|overcome|solve|mitigate|bridge|fill|alleviate|resolve) "
    r"(?:this|these|those|such|the above) [\w -]{3,40}(?=\.$)"
)
_ALSO = re.compile(r"\b([Ww]e) (?:also|further|then|additionally|furthermore|subsequently|therefore|thus|next) ")


def alone(text: str) -> tuple[float, bool, str]:
    """Return what a sentence's beginning weighs, whether it needs the sentence before, and it without what joins."""
    weight = 0.0
    before = ""
    while text != before:
        before = text
        for value, lead in _LEAD:
            if match := lead.match(text):
                text = heading(text[match.end() :])
                weight = max(weight, value) if weight >= 0 <= value else min(weight, value)
        if text.startswith(("These ", "Those ", "This ")) and (match := REPORTING.match(text)):
            text = heading(text[match.end() :])
        text = _ALSO.sub(r"\1 ", _AIM.sub("", text))
    return weight, bool(DEPENDENT.match(text) and not _INDEPENDENT.match(text)), text


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence without what only joined it to others; `place` counts from 0, `weight` is what its place says."""

    text: str
    place: int
    weight: float
    dependent: bool


def sentences(text: str) -> Iterator[Sentence]:
    """Yield the first sentences of an abstract, headings removed."""
    heading_weight = 0.0
    for place, sentence in enumerate(split(text)):
        if place >= _MOST_SENTENCES:
            return
        found, rest = part(sentence)
        heading_weight = heading_weight if found is None else found
        weight, dependent, rest = alone(rest[:_LONGEST_SENTENCE])
        if rest:
            yield Sentence(rest, place, heading_weight + weight, dependent)
