"""A heading for a group of papers: the noun phrase an editor would have written.

Candidates are phrases of the papers' titles, and those of their abstracts that titles elsewhere use. A good one
covers most of the group, is rare outside it, is usual in titles, lies near the group's centre, and has two or
three words.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from newsletter.background import Background
from newsletter.cluster.phrases import Phrase, Text, read
from newsletter.models import Paper
from newsletter.vectors import Encode, Vectors, unit
from newsletter.words import heading, stem, words

COVERAGE_POWER = 1.4
RARITY_POWER = 0.6
CLOSENESS_FLOOR = 0.15
_LENGTH = {1: 0.4, 2: 1.0, 3: 1.1, 4: 1.0, 5: 0.85}
_GENERIC = frozenset(
    """large language model, language model, deep learning, neural network, machine learning, artificial intelligence,
    foundation model, generative model, generative ai, reinforcement learning, multimodal large language model, llm,
    deep neural network, agent, model, language, datum, dataset, training, inference, reasoning, system, analysis, task,
    generation, learning, evaluation, prediction, representation, knowledge, information, design,
    performance""".replace("\n   ", "").split(", ")
)
# Shares of uses in which a word ends its phrase, see `Background.heads`.
_MODIFIER, _NOUN, _UNKNOWN_HEAD = 0.2, 0.45, 0.4
_SHORTLIST = 24
UNTITLED = "Untitled papers"
_ENOUGH = 0.55


@dataclass(frozen=True, slots=True)
class _Candidate:
    phrase: Phrase
    score: float
    covered: tuple[float, ...]

    @property
    def coverage(self) -> float:
        return sum(self.covered) / len(self.covered)

    @property
    def holders(self) -> int:
        return sum(covered >= 0.85 for covered in self.covered)


def label(papers: Sequence[Paper], *, rest: Sequence[Paper], encode: Encode, background: Background) -> str:
    """Return a heading for `papers`, told apart from the `rest` of the edition."""
    return namer((*papers, *rest), encode=encode, background=background)(tuple(papers))


def namer(papers: Sequence[Paper], *, encode: Encode, background: Background) -> Callable[[tuple[Paper, ...]], str]:
    """Return what finds a heading for any part of `papers`, told apart from the others.

    Every paper is read once, and each part is named once.
    """
    texts = {paper.id: read(paper, background.title_phrases) for paper in papers}
    names: dict[tuple[str, ...], str] = {}

    def name(part: tuple[Paper, ...]) -> str:
        inside = tuple(paper.id for paper in part)
        if inside not in names:
            members = set(inside)
            centre = unit(encode([paper.text for paper in part]).sum(axis=0, keepdims=True))[0]
            names[inside] = label_texts(
                [texts[each] for each in inside],
                rest=[text for each, text in texts.items() if each not in members],
                fallback=part[0].title or UNTITLED,
                centre=centre,
                encode=encode,
                background=background,
            )
        return names[inside]

    return name


def label_texts(
    texts: Sequence[Text],
    *,
    rest: Sequence[Text],
    fallback: str,
    centre: Vectors,
    encode: Encode,
    background: Background,
) -> str:
    """Return a heading for papers that `read` has read already; `fallback` when they hold no phrase at all."""
    candidates = _scored(texts, centre, encode, background)
    shortlist = _contrasted(candidates[:_SHORTLIST], texts, rest)
    if not shortlist:
        return fallback
    best = _grown(shortlist[0], shortlist)
    second = _second(best, shortlist, texts) if best.coverage < _ENOUGH else None
    names = [_spelled(best.phrase.surface, background)]
    if second is not None:
        names.append(_spelled(second.phrase.surface, background))
    name = " and ".join(names)
    return heading(name)


def _scored(texts: Sequence[Text], centre: Vectors, encode: Encode, background: Background) -> list[_Candidate]:
    phrases = [phrase for phrase in _surfaces(texts, background) if _completeness(phrase.surface, background)]
    if not phrases:
        return []
    closeness = encode([phrase.surface for phrase in phrases]) @ centre
    found = []
    for phrase, close in zip(phrases, closeness, strict=True):
        covered = tuple(text.coverage(phrase.key) for text in texts)
        holders = sum(text.holds(phrase.key) for text in texts)
        score = (sum(covered) / len(texts)) ** COVERAGE_POWER * _rarity(phrase, background) ** RARITY_POWER
        score *= float(close) + CLOSENESS_FLOOR
        score *= 1 + 0.12 * math.log1p(_usual(phrase.surface, background))
        score *= _LENGTH[min(len(phrase.surface.split()), 5)]
        if " " not in phrase.key:
            # One word can be a heading if it is a rare one: "hallucination", never "order".
            score *= min(1.0, _rarity(phrase, background) / 5) ** 2
        score *= _completeness(phrase.surface, background)
        score *= 0.45 if holders < 2 and len(texts) >= 3 else 1.0
        score *= 0.55 if phrase.key in _GENERIC else 1.0
        found.append(_Candidate(phrase, score, covered))
    return sorted(found, key=_best_first)


def _surfaces(texts: Sequence[Text], background: Background) -> list[Phrase]:
    """Return one phrase per key, spelled as the group and titles elsewhere do most often, plural or singular."""
    counts = Counter(phrase for text in texts for phrase in text.phrases)
    best: dict[str, tuple[tuple[float, int, str], Phrase]] = {}
    for phrase, count in counts.items():
        uses = (count + _usual(phrase.surface, background)) * _completeness(phrase.surface, background)
        # "LLM quantization" and not "LLMs quantization", which titles write as well: modifiers stand in the singular.
        plural = sum(stem(word.lower()) != word.lower() for word in phrase.surface.split()[:-1])
        rank = (-uses / (1 + plural), -len(phrase.surface), phrase.surface)
        if phrase.key not in best or rank < best[phrase.key][0]:
            best[phrase.key] = (rank, phrase)
    return [best[key][1] for key in sorted(best)]


def _contrasted(candidates: Sequence[_Candidate], texts: Sequence[Text], rest: Sequence[Text]) -> list[_Candidate]:
    """Return the candidates with those held back that the rest of the edition shares, or that are half a compound."""
    found = []
    for candidate in candidates:
        inside = sum(covered > 0.6 for covered in candidate.covered) / len(texts)
        outside = sum(text.holds(candidate.phrase.key) for text in rest) / max(len(rest), 1)
        contrast = 1 - 0.6 * min(1.0, outside / max(inside, 0.01))
        # "Training quantization" is what "post-training quantization" leaves when cut at its hyphen.
        halves = sum(text.cuts(candidate.phrase.surface) for text in texts) / (inside * len(texts) or 1)
        whole = 1.0 if halves < 0.5 else 0.3
        found.append(_Candidate(candidate.phrase, candidate.score * contrast * whole, candidate.covered))
    return sorted(found, key=_best_first)


def _grown(best: _Candidate, candidates: Sequence[_Candidate]) -> _Candidate:
    """Return a longer phrase around `best` that most of its papers hold; one word alone says too little."""
    needed = max(min(2, len(best.covered)), (0.25 if " " not in best.phrase.key else 0.8) * best.holders)
    longer = [
        candidate
        for candidate in candidates
        if f" {best.phrase.key} " in f" {candidate.phrase.key} "
        and candidate.phrase.key != best.phrase.key
        and len(candidate.phrase.surface.split()) <= 4
        and candidate.holders >= needed
    ]
    return longer[0] if longer else best


def _second(best: _Candidate, shortlist: Sequence[_Candidate], texts: Sequence[Text]) -> _Candidate | None:
    """Return another phrase that covers a third of the papers the first one misses, sharing no word with it."""
    missed = [row for row, text in enumerate(texts) if not text.holds(best.phrase.key)]
    for candidate in shortlist:
        shared = set(candidate.phrase.key.split()) & set(best.phrase.key.split())
        if shared or " " not in candidate.phrase.surface or candidate.phrase.key in _GENERIC or len(missed) < 2:
            continue
        held = sum(candidate.covered[row] >= 0.85 for row in missed)
        if held >= max(2, 0.34 * len(missed)):
            return candidate
    return None


def _rarity(phrase: Phrase, background: Background) -> float:
    frequency = background.document_frequency
    parts = phrase.key.split()
    return sum(math.log((background.papers + 1) / (frequency.get(part, 0) + 1)) for part in parts) / len(parts)


def _completeness(surface: str, background: Background) -> float:
    """Return how well the phrase can end there, 0 to 1: "gravitational" waits for its noun, "waves" does not."""
    heads, run = background.heads, surface.lower().replace("-", " ").split()
    # "Higher order" is written with a hyphen where it modifies; the pair then knows better than its last word.
    ends = ("-".join(run[-length:]) for length in (4, 3, 2, 1) if length <= len(run))
    share = next((heads[end] for end in ends if end in heads), _UNKNOWN_HEAD)
    return 0.0 if share < _MODIFIER else min(1.0, share / _NOUN) ** 0.5


def _usual(surface: str, background: Background) -> int:
    return background.title_phrases.get(" ".join(words(surface)), 0)


def _spelled(surface: str, background: Background) -> str:
    """Return the phrase in running text's capitals: names and acronyms keep theirs, and stand in the singular."""
    *modifiers, last = surface.split()
    run = [word[:-1] if word.endswith("s") and word[:-1].isupper() else word for word in modifiers] + [last]
    return " ".join("-".join(_cased(part, background) for part in word.split("-")) for word in run)


def _cased(word: str, background: Background) -> str:
    known = background.spelling.get(word.lower())
    if known:
        return known
    return word if sum(letter.isupper() for letter in word) > 1 else word.lower()


def _best_first(candidate: _Candidate) -> tuple[float, str]:
    return (-round(candidate.score, 9), candidate.phrase.key)
