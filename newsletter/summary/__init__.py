"""What a paper found or made, in one or two sentences of its own abstract.

    abstract ── sentences ──► those that can stand alone ── cues ──► those that tell ── fit ──► at most 200 characters

Nothing is written that the authors did not write: a sentence is kept whole, or loses its lead, an aside or its tail.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import permutations

from newsletter.summary.cues import Subject, authors_speak, evidence, subject, weigh
from newsletter.summary.fit import LONGEST, WHOLE, Shape, cut_at_word, shapes
from newsletter.summary.sentences import Sentence, sentences, split

__all__ = ["LONGEST", "split", "summarise"]

_MOST_READ = 12_000  # characters of an abstract: what stands behind them tells nothing new
_MOST_FITTED = 6  # sentences whose shapes are looked at
_MOST_PAIRED = 40  # shapes that may make a pair

_LATER = 0.06  # against each sentence that stands before
_KNOWN = 2.2  # against what stands before the authors speak of their own work
_MAIN = 0.8  # for the first sentence that says what was made: later ones name its parts
_SHORT = 60  # characters: less says little
_NEEDS = 2.5  # against a sentence whose subject stands in the one before
_BOTH = 0.7  # for two sentences of which one says what was made and the other what was found
_SECOND = 0.5  # what a second sentence counts
_LEAST = 2.0  # what it must weigh

_ENGLISH = frozenset(
    "the of and we is that with are for this our by to from which these have has it than can not but as or be".split()
)


def summarise(title: str, abstract: str) -> str:
    """Return one or two sentences of an abstract that say what was found or made, in at most `LONGEST` characters.

    "" where the abstract is empty or only repeats the title. In other languages than English: the first sentences.
    """
    text = " ".join(abstract[: 2 * _MOST_READ].split())[:_MOST_READ]
    if not any(map(str.isalnum, text)):
        return ""
    told = list(sentences(text)) if _is_english(text) else []
    summary = _best(told, subject(title)) if told else _first(text)
    return "" if _letters(summary) == _letters(title) else summary


@dataclass(frozen=True, slots=True)
class _Choice:
    """A shape of a sentence with what it weighs.

    `needs` is paid back where the sentence before stands whole, `short` in a pair; what is `alone` is no part of one.
    """

    weight: float
    place: int
    text: str
    whole: bool
    made: bool
    needs: float
    short: float
    alone: bool

    @classmethod
    def of(cls, shape: Shape, sentence: Sentence, weight: float, *, known: bool) -> _Choice:
        """Return the choice of a shape, `weight` being what it weighs but for what it lost and what it needs."""
        weight += shape.credit - shape.loss
        short = max(0, _SHORT - len(shape.text)) / 12
        needs = _NEEDS if sentence.dependent else 0.0
        made = shape.source.made(shape.length)
        alone = known or not (shape.credit or shape.source.tells(shape.length)) or shape.text.endswith("…")
        whole = shape.loss < 0.2
        return cls(round(weight - needs - short, 9), sentence.place, shape.text, whole, made, needs, short, alone)

    @property
    def may_pair(self) -> bool:
        """Return whether it tells enough to be one of two, at best."""
        return not self.alone and self.weight + self.short + self.needs > _LEAST


def _best(told: list[Sentence], about: Subject) -> str:
    """Return the shape of one sentence, or the two, that together weigh most."""
    if len(told) == 1 and len(told[0].text) <= LONGEST:
        return told[0].text
    choices = sorted(_choices(told, about), key=lambda one: (-one.weight, one.place, one.text))
    weight, text = choices[0].weight, choices[0].text
    paired = [one for one in choices[:_MOST_PAIRED] if one.may_pair]
    for first, second in permutations(paired, 2):
        if first.place >= second.place or len(first.text) + len(second.text) >= LONGEST:
            continue
        together = _together(first, second)
        if together > weight and _adds(first.text, second.text):
            weight, text = together, f"{first.text} {second.text}"
    return text


def _choices(told: list[Sentence], about: Subject) -> list[_Choice]:
    begins = next((one.place for one in told if authors_speak(one.text)), 1)
    # In a text that speaks of itself only at its end, what stands before is not all background.
    known = _KNOWN if begins * 3 <= len(told) * 2 else _KNOWN / 3
    read = [(one, evidence(one.text)) for one in told]
    # What follows a result is mostly one, whether or not it says so.
    promised = dict(zip((one.place for one in told), _running(held.announces() for _, held in read), strict=True))
    main = next((one.place for one, held in read if held.made(WHOLE)), -1)

    def besides(one: Sentence) -> float:
        return (
            one.weight
            - _LATER * one.place
            - known * (one.place < begins)
            + _MAIN * (one.place == main)
            + promised[one.place]
        )

    read.sort(key=lambda each: (round(-besides(each[0]) - weigh(each[1], WHOLE, about), 9), each[0].place))
    return [
        _Choice.of(shape, one, besides(one) + weigh(shape.source, shape.length, about), known=one.place < begins)
        for one, held in read[:_MOST_FITTED]
        for shape in shapes(held)
    ]


def _running(announced: Iterable[float]) -> Iterator[float]:
    """Yield for each sentence the most that those before it promised."""
    most = 0.0
    for promise in announced:
        yield most
        most = max(most, promise)


def _together(first: _Choice, second: _Choice) -> float:
    """Return what two sentences that may pair weigh, -inf where the lesser of them tells too little."""
    follows = first.whole and first.place + 1 == second.place
    before, after = first.weight + first.short, second.weight + second.short + second.needs * follows
    lesser, greater = sorted((before, after))
    if lesser <= _LEAST:
        return float("-inf")
    both = _BOTH * (first.made and not second.made)
    return round(greater + _SECOND * (lesser - _LEAST) + both, 9)


def _adds(first: str, second: str) -> bool:
    known, own = (set(re.findall(r"\w{3,}", text.lower())) for text in (first, second))
    return len(own - known) >= 0.6 * len(own)


def _first(text: str) -> str:
    """Return the first sentence of a text in any language, and the second where it fits."""
    summary = ""
    for _, sentence in zip(range(2), split(text[: 10 * LONGEST]), strict=False):
        blank = "" if not summary or summary.endswith(("。", "！", "？", "」", "』")) else " "
        if summary and len(summary) + len(blank) + len(sentence) > LONGEST:
            break
        summary += blank + sentence
    return summary if len(summary) <= LONGEST else cut_at_word(summary)


def _is_english(text: str) -> bool:
    """Return whether a twelfth of the words are English function words, and nearly all letters of its alphabet."""
    words = re.findall(r"[a-z]+", text[:1500].lower())
    letters = sum(map(str.isalpha, text[:1500]))
    return sum(word in _ENGLISH for word in words) * 12 >= len(words) and sum(map(len, words)) * 10 >= letters * 9


def _letters(text: str) -> str:
    return "".join(filter(str.isalnum, text.casefold()))
