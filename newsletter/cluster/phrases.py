"""Phrases of titles and abstracts that could stand as a heading, and where they stand."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from newsletter.models import Paper
from newsletter.words import FUNCTION_WORDS, STOP_WORDS, stem, words

LONGEST = 5
END = "|"  # stands in `Text` where punctuation ends a phrase

# Words a heading may hold inside, but never begin or end with.
_JOINING = frozenset("of for in with".split())
# Titles' own prose, and TeX's: true of any paper, a heading for none.
_PROSE = (
    STOP_WORDS
    | FUNCTION_WORDS
    | frozenset(
        """ab ablation accurate accuracy advances aim al allow amount application applications approaches art
        assess assessing initio author authors based benchmark benchmarking benchmarks better beyond
        boosting bridging building call came capture case challenge challenges common comparative
        comparison compared comprehensive cross current cut data-driven detected different does don't
        during dynamic effect effective effectively effects efficient efficiently empirical enable
        enables enabling end enhance enhanced enhancing ensure et evaluate evaluating every evidence
        examine example examples existing experiments explore exploring extensive fast faster features
        few find findings finding first five found four framework frameworks free general generate
        generates give given good guide guided high higher how improve improved improving include
        includes inevitable innate insights introduce introducing investigate investigating key known
        large larger latter lead learned learning-based leads less let leverage low lower made main make
        makes making many mathbb mathbf mathcal mathit mathrm matter matters measured measuring multiple
        name need needed needs non number observed obtain obtained one open out part per performance
        perspective possible practical present presented previous prior problem problems provide
        provides real recent related report require requires respectively rethinking revealed revealing
        revisiting robust role save scalable scale seen self setting settings several shown similar
        simple simulating single small some specific standard state state-of-the-art step steps strong
        studied studies study substantial such survey suffer systematic tech technical term terms textbf
        textit texttt three together toward two type types understand understanding unified unifying
        unveiling used useful uses using various varying version want wide widely work works yield
        yields""".split()
    )
)

_STOPS = (STOP_WORDS | FUNCTION_WORDS) - frozenset("method methods".split())

_CUT = re.compile(r"[^\w\s'’+/-]|\s[-–—]\s|_")
_EDGE = "'’-/+"
_POSSESSIVE = re.compile(r"['’]s$")


@dataclass(frozen=True, slots=True)
class Phrase:
    """A phrase as written and its key: stems joined by blanks, equal for singular and plural, hyphen and blank."""

    surface: str
    key: str


@dataclass(frozen=True, slots=True)
class Text:
    """A paper's words for counting: stems of title and abstract with a blank around every word, `END` at punctuation.

    `stems` are all of them as a set, `written` is both texts in lower case, `raw` the abstract as written; `phrases`
    are the candidates they offer.
    """

    title: str
    abstract: str
    stems: frozenset[str]
    written: str
    raw: str
    phrases: tuple[Phrase, ...]

    def holds(self, key: str) -> bool:
        """Return whether the phrase stands in the title or the abstract."""
        return f" {key} " in self.title or f" {key} " in self.abstract

    def cuts(self, surface: str) -> bool:
        """Return whether the phrase begins in the middle of a compound of this paper."""
        return f"-{surface.lower()}" in self.written

    def coverage(self, key: str) -> float:
        """Return how plainly the paper is about the phrase: 1 in the title, less in the abstract, 0 if words miss."""
        parts = key.split()
        if not all(part in self.stems for part in parts):
            return 0.0
        if f" {key} " in self.title:
            return 1.0
        return 0.85 if f" {key} " in self.abstract else 0.6 * (len(parts) > 1)

    def followers(self, key: str) -> tuple[int, int]:
        """Return how often the phrase stands here, and how often no further noun follows it."""
        uses = ends = 0
        for text in (self.title, self.abstract):
            at = text.find(f" {key} ")
            while at >= 0:
                after = at + len(key) + 2
                following = text[after : text.find(" ", after)]
                uses += 1
                ends += following in _ENDS
                at = text.find(f" {key} ", at + 1)
        return uses, ends


# Stop words that are nouns: a phrase goes on with them ("finite element method"), and may end in them.
LAST_NOUNS = frozenset("method methods".split())
_ENDS = FUNCTION_WORDS - frozenset("method methods approach paper results".split()) | {END, ""}


def read(paper: Paper, known: Mapping[str, int]) -> Text:
    """Return the words of `paper`, with the phrases of its title and those of its abstract that `known` titles use."""
    both = (*spans(paper.title), *spans(paper.abstract, known))
    found = {(phrase.key, phrase.surface): phrase for phrase in both}
    title, abstract = _padded(paper.title), _padded(paper.abstract)
    return Text(
        title,
        abstract,
        frozenset(f"{title}{abstract}".split()),
        f"{paper.title} {paper.abstract}".lower(),
        paper.abstract,
        tuple(found.values()),
    )


def spans(text: str, known: Mapping[str, int] | None = None) -> Iterator[Phrase]:
    """Yield every run of 1 to 5 words of `text`, within punctuation, that could be a heading (and that is `known`)."""
    for segment in _CUT.split(text):
        run = [_word(word) for raw in segment.split() if (word := _POSSESSIVE.sub("", raw.strip(_EDGE)))]
        for start, first in enumerate(run):
            if first.prose or not first.letters:
                continue
            joining = 0
            for end in range(start + 1, min(start + LONGEST, len(run)) + 1):
                last = run[end - 1]
                if end > start + 1 and last.lower in _STOPS:
                    joining += 1 if last.lower in _JOINING else LONGEST
                if joining > 1:
                    break
                tail = last.lower in LAST_NOUNS and end - start > 2
                noun = tail or (last.lower == "understanding" and end - start > 1)
                if (last.prose and not noun) or not last.letters:
                    continue
                part = run[start:end]
                if known is not None and " ".join([word.plain for word in (part[:-1] if tail else part)]) not in known:
                    continue
                key = " ".join([word.key for word in part])
                if len(key) > 2:
                    yield Phrase(" ".join([word.surface for word in part]), key)


class _Word:
    """A word of a run: what it is in lower case, its key, whether it may stand at an edge."""

    __slots__ = ("key", "letters", "lower", "plain", "prose", "surface")

    def __init__(self, surface: str) -> None:
        self.surface, self.lower = surface, surface.lower()
        parts = words(surface)
        self.plain, self.key = " ".join(parts), " ".join(map(stem, parts))
        self.prose = self.lower in _PROSE or not parts
        self.letters = any(letter.isalpha() for letter in surface)


@lru_cache(maxsize=65_536)
def _word(surface: str) -> _Word:
    """Return a word; kept, since a language has few and texts have many."""
    return _Word(surface)


def key_of(surface: str) -> str:
    """Return the key of a phrase."""
    return " ".join(stem(word) for word in words(surface))


def _padded(text: str) -> str:
    return f" {f' {END} '.join(key_of(segment) for segment in _CUT.split(text))} "


class Shelf:
    """All texts of an edition, to count in how many a phrase stands; only those that hold its words are looked at."""

    def __init__(self, texts: Sequence[Text]) -> None:
        """Note where each word stands."""
        self.size = len(texts)
        self._texts = texts
        self._rows: dict[str, set[int]] = {}
        for row, text in enumerate(texts):
            for word in text.stems:
                self._rows.setdefault(word, set()).add(row)
        self._holders: dict[str, int] = {}

    def holders(self, key: str) -> int:
        """Return how many of the texts hold the phrase."""
        if key not in self._holders:
            rows = set.intersection(*sorted((self._rows.get(word, set()) for word in key.split()), key=len))
            self._holders[key] = sum(self._texts[row].holds(key) for row in rows)
        return self._holders[key]


def alike(one: str, other: str) -> bool:
    """Return whether two headings of an issue would look like the same: all but one of their words are shared."""
    mine, yours = set(key_of(one).split()), set(key_of(other).split())
    shared = len(mine & yours)
    return mine == yours or (shared >= 2 and shared >= max(len(mine), len(yours)) - 1)
