"""Phrases of titles and abstracts that could stand as a heading."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from newsletter.models import Paper
from newsletter.words import STOP_WORDS, stem, words

LONGEST = 5

# Words a heading may hold inside, but never begin or end with.
_JOINING = frozenset("of for in with".split())
# Titles' own prose, and TeX's: true of any paper, a heading for none.
_PROSE = STOP_WORDS | frozenset(
    """about across advances after against all always among any approaches art before benchmark benchmarking
    benchmarks better beyond boosting bridging building case challenge challenges comparative comprehensive
    cross detected do does don't dynamic effect effective effects efficient efficiently empirical enable
    enabling end enhanced enhancing evaluating every evidence experiments exploring fast faster few first found
    framework frameworks free from general generate generates good guided high how if improve improved improving
    inevitable innate insights into introducing investigating is large learned learning-based less let low make
    makes making many mathbb mathbf mathcal mathit mathrm matter matters measured measuring my need needs no non
    observed of on one only open out over per perspective practical problem problems report rethinking revealed
    revisiting robust scalable scale seen self setting settings simple simulating single some state
    state-of-the-art strong studies study survey systematic tech technical textbf textit texttt through toward
    towards two under understanding unified unifying up use useful using via view what when where which who why
    within without you your""".split()
)

_CUT = re.compile(r"[^\w\s'’+/-]|\s[-–—]\s|_")
_EDGE = "'’-/+"


@dataclass(frozen=True, slots=True)
class Phrase:
    """A phrase as written and its key: stems joined by blanks, equal for singular and plural, hyphen and blank."""

    surface: str
    key: str


@dataclass(frozen=True, slots=True)
class Text:
    """A paper's words for counting: stems of title and abstract, each with a blank around every word.

    `written` is both as they are written, in lower case; `phrases` are the candidates they offer.
    """

    title: str
    abstract: str
    written: str
    phrases: tuple[Phrase, ...]

    def holds(self, key: str) -> bool:
        """Return whether the phrase stands in the title or the abstract."""
        return f" {key} " in self.title or f" {key} " in self.abstract

    def cuts(self, surface: str) -> bool:
        """Return whether the phrase begins in the middle of a compound of this paper."""
        return f"-{surface.lower()}" in self.written

    def coverage(self, key: str) -> float:
        """Return how plainly the paper is about the phrase: 1 in the title, less in the abstract, 0 if words miss."""
        if f" {key} " in self.title:
            return 1.0
        if f" {key} " in self.abstract:
            return 0.85
        return 0.6 if all(f" {word} " in self.title or f" {word} " in self.abstract for word in key.split()) else 0.0


def read(paper: Paper, known: Mapping[str, int]) -> Text:
    """Return the words of `paper`, with the phrases of its title and those of its abstract that `known` titles use."""
    usual = (phrase for phrase in spans(paper.abstract) if " ".join(words(phrase.surface)) in known)
    found = {(phrase.key, phrase.surface): phrase for phrase in (*spans(paper.title), *usual)}
    written = f"{paper.title} {paper.abstract}".lower()
    return Text(_padded(paper.title), _padded(paper.abstract), written, tuple(found.values()))


def spans(text: str) -> Iterator[Phrase]:
    """Yield every run of 1 to 5 words of `text`, within punctuation, that could be a heading."""
    for segment in _CUT.split(text):
        run = [word.strip(_EDGE) for word in segment.split()]
        run = [re.sub(r"['’]s$", "", word) for word in run if word]
        for start in range(len(run)):
            for end in range(start + 1, min(start + LONGEST, len(run)) + 1):
                if _could_be_heading(run[start:end]):
                    surface = " ".join(run[start:end])
                    yield Phrase(surface, key_of(surface))


def key_of(surface: str) -> str:
    """Return the key of a phrase."""
    return " ".join(stem(word) for word in words(surface))


def _could_be_heading(run: list[str]) -> bool:
    lower = [word.lower() for word in run]
    joining = [word for word in lower[1:-1] if word in _JOINING]
    inner = [word for word in lower[1:-1] if word not in _JOINING]
    return (
        lower[0] not in _PROSE
        and lower[-1] not in _PROSE
        and len(joining) <= 1
        and not any(word in STOP_WORDS for word in inner)
        and all(any(letter.isalpha() for letter in word) for word in (run[0], run[-1]))
        and len(key_of(" ".join(run))) > 2
    )


def _padded(text: str) -> str:
    return f" {key_of(text)} "
