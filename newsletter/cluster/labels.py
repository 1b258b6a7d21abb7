"""A heading for a group of papers: the noun phrase an editor would have written.

Candidates are phrases of the papers' titles, and those of their abstracts that titles elsewhere use. A good one
covers most of the group, is rare outside it, is usual in titles, lies near the group's centre, ends in a noun, and has
two or three words. Where none is good enough, the caller says what stands instead.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from newsletter.background import Background
from newsletter.cluster.phrases import Phrase, Shelf, Text, alike, key_of, read
from newsletter.cluster.usage import Usage, in_number, middle, spelled, usage_of
from newsletter.models import Paper
from newsletter.vectors import Encode, Vectors
from newsletter.words import heading, stem

COVERAGE_POWER = 1.4
RARITY_POWER = 0.6
CLOSENESS_FLOOR = 0.15
SOFT, SOFT_FROM, SOFT_TO, LEAST_SPREAD = 0.6, 2.0, 5.0, 0.02
LONE, LONE_UNKNOWN = 0.45, 0.1
RARE, RARE_SUBJECT = 5.0, 0.2
_LENGTH = {1: 0.4, 2: 1.0, 3: 1.1, 4: 1.0, 5: 0.85}
_GENERIC = frozenset(
    """large language model, language model, deep learning, neural network, machine learning, artificial intelligence,
    foundation model, generative model, generative ai, reinforcement learning, multimodal large language model, llm,
    deep neural network, agent, model, language, datum, dataset, training, inference, reasoning, system, analysis, task,
    generation, learning, evaluation, prediction, representation, knowledge, information, design, lower bound,
    upper bound, degree of freedom, failure mode, ground truth, trade off, fundamental limit, signal to noise ratio,
    theorem, chain, object, research paper, performance""".replace("\n   ", "").split(", ")
)
# Shares of uses in which a word ends its phrase, see `Background.heads`.
_MODIFIER, _NOUN = 0.27, 0.45
_PRIOR_FOLLOWERS = 4
_LONGLIST, _SHORTLIST = 80, 24
KNOWN = 5
_HELD = 0.85
_ENOUGH = 0.55
UNTITLED = "Untitled papers"

POOR = 0.3
NEARLY, HALF = 0.5, 0.5
# The centres of one subject's groups on two days are that close, but so are some of two subjects: words decide.
SAME_TOPIC, KEPT = 0.6, 0.8

# Says what stands above papers that no phrase describes.
Fallback = Callable[[tuple[Paper, ...]], str]


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
        return sum(covered >= _HELD for covered in self.covered)


def label(papers: Sequence[Paper], *, rest: Sequence[Paper], encode: Encode, background: Background) -> str:
    """Return a heading for `papers`, told apart from the `rest` of the edition."""
    return namer((*papers, *rest), encode=encode, background=background)(tuple(papers))


def namer(
    papers: Sequence[Paper],
    *,
    encode: Encode,
    background: Background,
    earlier: Sequence[tuple[str, Vectors]] = (),
    fallback: Fallback | None = None,
) -> Namer:
    """Return what finds a heading for any part of `papers`, told apart from the others.

    `earlier` are headings of the days before with the centres of their papers, see `Namer.centre`. `fallback` names
    papers for which no phrase is good enough to print; without it the best phrase stands, or else the first title.
    """
    return Namer(papers, encode=encode, background=background, earlier=earlier, fallback=fallback)


class Namer:
    """Names parts of an edition; every paper is read once, and each part is named once."""

    def __init__(
        self,
        papers: Sequence[Paper],
        *,
        encode: Encode,
        background: Background,
        earlier: Sequence[tuple[str, Vectors]] = (),
        fallback: Fallback | None = None,
    ) -> None:
        """Read `papers`, as `namer` says."""
        self._encode, self._usage = encode, usage_of(background)
        self._fallback, self._earlier = fallback, tuple(earlier)
        self._texts = {paper.id: read(paper, background.title_phrases) for paper in papers}
        self._edition = Shelf(tuple(self._texts.values()))
        self._found: dict[tuple[str, ...], tuple[str, ...]] = {}

    def __call__(self, part: tuple[Paper, ...]) -> str:
        """Return the heading of some of the papers."""
        return self._headings(part)[0]

    def several(self, parts: Sequence[tuple[Paper, ...]]) -> tuple[str, ...]:
        """Return the headings of the parts of one issue; those that get the same are one topic.

        The largest is named first; one nearly called as another is takes its next good heading, or the other's.
        """
        names: dict[int, str] = {}
        for row in sorted(range(len(parts)), key=lambda row: (-len(parts[row]), [paper.id for paper in parts[row]])):
            mine = self._headings(parts[row])
            free = (name for name in mine if name and not any(alike(name, other) for other in names.values()))
            names[row] = next(free, "") or next((other for other in names.values() if alike(mine[0], other)), mine[0])
        return tuple(names[row] for row in range(len(parts)))

    def centre(self, part: Sequence[Paper]) -> Vectors:
        """Return the unit vector [d] in the middle of some papers, to keep beside their heading for another day."""
        return middle(self._encode([paper.text for paper in part]))

    def _text(self, paper: Paper) -> Text:
        return self._texts.get(paper.id) or read(paper, self._usage.background.title_phrases)

    def _headings(self, part: tuple[Paper, ...]) -> tuple[str, ...]:
        """Return the headings that `part` could have, the best first; at least one."""
        inside = tuple(paper.id for paper in part)
        if inside not in self._found:
            texts = [self._text(paper) for paper in part]
            vectors = self._encode([paper.text for paper in part])
            candidates = _scored(texts, vectors, self._encode, self._usage)
            shortlist = _contrasted(candidates[:_SHORTLIST], texts, self._edition)
            self._found[inside] = self._named(part, texts, middle(vectors), shortlist)
        return self._found[inside]

    def _named(
        self, part: tuple[Paper, ...], texts: Sequence[Text], centre: Vectors, shortlist: Sequence[_Candidate]
    ) -> tuple[str, ...]:
        best = shortlist[0].score if shortlist else 0.0
        if not shortlist or (self._fallback is not None and best < POOR):
            return (self._fallback(part) if self._fallback is not None else part[0].title or UNTITLED,)
        good = [candidate for candidate in shortlist if candidate.score >= NEARLY * best]
        first = _grown(good[0], shortlist)
        names = [self._joined(first, shortlist, texts)] + [heading(self._printed(each, texts)) for each in good]
        kept = self._kept(texts, centre, names[0], first.coverage)
        return tuple(dict.fromkeys([kept, *names] if kept else names))

    def _joined(self, first: _Candidate, shortlist: Sequence[_Candidate], texts: Sequence[Text]) -> str:
        second = _second(first, shortlist, texts)
        one = self._printed(first, texts).split()
        if second is None:
            return heading(" ".join(one))
        two = self._printed(second, texts).split()
        # "Image compression" and "video compression" are "image and video compression".
        return heading(" ".join([*(one[:-1] if one[-1] == two[-1] else one), "and", *two]))

    def _printed(self, candidate: _Candidate, texts: Sequence[Text]) -> str:
        return spelled(in_number(candidate.phrase.surface, self._usage), texts, self._usage.background)

    def _kept(self, texts: Sequence[Text], centre: Vectors, name: str, coverage: float) -> str:
        """Return the heading of an earlier day that still describes `texts` about as well as `name`, or ""."""
        near = [(float(vector @ centre), old) for old, vector in self._earlier]
        near = sorted(((-round(close, 9), old) for close, old in near if close >= SAME_TOPIC))
        closeness = float(self._encode([name])[0] @ centre)
        for _, old in near:
            keys = [key_of(half) for half in old.split(" and ")]
            covered = sum(max(text.coverage(key) for key in keys) for text in texts) / len(texts)
            close = float(self._encode([old])[0] @ centre)
            if covered >= KEPT * coverage and close >= KEPT * closeness:
                return old
        return ""


def _scored(texts: Sequence[Text], vectors: Vectors, encode: Encode, usage: Usage) -> list[_Candidate]:
    """Return the phrases of `texts` (unit vectors [texts, d]) that could stand as a heading, the best first."""
    phrases = _surfaces(texts, usage)
    if not phrases:
        return []
    phrase_vectors = encode([phrase.surface for phrase in phrases])
    closeness = phrase_vectors @ middle(vectors)
    exact = [tuple(text.coverage(phrase.key) for text in texts) for phrase in phrases]
    worth = [_worth(phrase, usage) for phrase in phrases]
    first = [
        value * (float(close) + CLOSENESS_FLOOR) * (sum(covered) / len(texts) + SOFT / 2)
        for value, close, covered in zip(worth, closeness, exact, strict=True)
    ]
    order = sorted(range(len(phrases)), key=lambda row: (-round(first[row], 9), phrases[row].key))[:_LONGLIST]
    soft = _likeness(phrase_vectors[order], vectors, usage.background)
    found = []
    for row, likeness in zip(order, soft, strict=True):
        phrase, covered = phrases[row], tuple(map(max, exact[row], likeness))
        score = worth[row] * (sum(covered) / len(texts)) ** COVERAGE_POWER
        score *= max(float(closeness[row]), 0.0) + CLOSENESS_FLOOR
        score *= _completeness(phrase, texts, usage)
        if sum(share >= _HELD for share in exact[row]) < min(2, len(texts)):
            score *= LONE if usage.alone(phrase.surface) >= KNOWN else LONE_UNKNOWN
        if score:
            found.append(_Candidate(phrase, score, covered))
    return sorted(found, key=_best_first)


def _worth(phrase: Phrase, usage: Usage) -> float:
    """Return how good a heading the phrase is for whatever papers: rare, usual in titles, neither short nor long."""
    rarity, parts = _rarity(phrase, usage.background), phrase.key.split()
    worth: float = rarity**RARITY_POWER * (1 + 0.12 * math.log1p(usage.alone(phrase.surface)))
    worth *= _LENGTH[min(len(phrase.surface.split()), 5)]
    if len(parts) == 1:
        # One word can be a heading if it is a rare one, and titles' own: "neutrinos", never "order" or "latency".
        worth *= min(1.0, rarity / RARE) ** 2 * min(1.0, usage.subject(phrase.key) / RARE_SUBJECT) ** 2
    return worth * (0.55 if phrase.key in _GENERIC else 1.0)


def _likeness(phrases: Vectors, papers: Vectors, background: Background) -> list[list[float]]:
    """Return how much each paper [n, d] is about each phrase [m, d] by meaning alone, 0 to `SOFT`, [m][n]."""
    usual, spread = background.moments(phrases)
    near = (phrases @ papers.T - usual[:, None]) / np.maximum(spread, LEAST_SPREAD)[:, None]
    soft: list[list[float]] = (SOFT * np.clip((near - SOFT_FROM) / (SOFT_TO - SOFT_FROM), 0.0, 1.0)).tolist()
    return soft


def _surfaces(texts: Sequence[Text], usage: Usage) -> list[Phrase]:
    """Return one phrase per key, spelled as the group and titles elsewhere do most often, plural or singular."""
    counts = Counter(phrase for text in texts for phrase in text.phrases)
    best: dict[str, tuple[tuple[float, int, str], Phrase]] = {}
    variants = Counter(phrase.key for phrase in counts)
    for phrase, count in counts.items():
        if variants[phrase.key] == 1:
            best[phrase.key] = ((0.0, 0, ""), phrase)
            continue
        uses = (count + usage.count(phrase.surface)) * usage.ends(phrase.surface)
        # "LLM quantization" and not "LLMs quantization", which titles write as well: modifiers stand in the singular.
        plural = sum(stem(word.lower()) != word.lower() for word in phrase.surface.split()[:-1])
        rank = (-uses / (1 + plural), -len(phrase.surface), phrase.surface)
        if phrase.key not in best or rank < best[phrase.key][0]:
            best[phrase.key] = (rank, phrase)
    return [best[key][1] for key in sorted(best)]


def _contrasted(candidates: Sequence[_Candidate], texts: Sequence[Text], edition: Shelf) -> list[_Candidate]:
    """Return the candidates with those held back that the rest of the edition shares, or that are half a compound."""
    found = []
    for candidate in candidates:
        held = sum(text.holds(candidate.phrase.key) for text in texts)
        inside = sum(covered > 0.6 for covered in candidate.covered) / len(texts)
        outside = (edition.holders(candidate.phrase.key) - held) / max(edition.size - len(texts), 1)
        contrast = 1 - 0.6 * min(1.0, outside / max(inside, 0.01))
        # "Training quantization" is what "post-training quantization" leaves when cut at its hyphen.
        halves = sum(text.cuts(candidate.phrase.surface) for text in texts) / (inside * len(texts) or 1)
        whole = 1.0 if halves < 0.5 else 0.3
        found.append(replace(candidate, score=candidate.score * contrast * whole))
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
    """Return another good phrase that covers a third of the papers the first one misses.

    It shares no word with the first, or only the last: "video compression" beside "image compression".
    """
    missed = [row for row, text in enumerate(texts) if not text.holds(best.phrase.key)]
    if len(missed) < 2 or " " not in best.phrase.key:
        return None
    mine = best.phrase.key.split()
    for candidate in shortlist:
        yours = candidate.phrase.key.split()
        twin = len(mine) == len(yours) == 2 and mine[-1] == yours[-1]
        # "LLM agents" are AI agents: letters say whose or how, and seldom another kind.
        letters = any(each.phrase.surface.split()[0][1:2].isupper() for each in (best, candidate))
        apart = not set(mine[:-1] if twin else mine) & set(yours[:-1] if twin else yours)
        if not apart or len(yours) < 2 or candidate.phrase.key in _GENERIC or candidate.score < HALF * best.score:
            continue
        held = sum(candidate.covered[row] >= _HELD for row in missed)
        if held >= max(2, 0.34 * len(missed)) and ((twin and not letters) or best.coverage < _ENOUGH):
            return candidate
    return None


def _rarity(phrase: Phrase, background: Background) -> float:
    frequency = background.document_frequency
    parts = phrase.key.split()
    return sum(math.log((background.papers + 1) / (frequency.get(part, 0) + 1)) for part in parts) / len(parts)


def _completeness(phrase: Phrase, texts: Sequence[Text], usage: Usage) -> float:
    """Return how well the phrase can end there, 0 to 1: "gravitational" waits for its noun, "waves" does not."""
    run = phrase.surface.split()
    prior = usage.ends(phrase.surface)
    if prior < _MODIFIER / 2 or usage.verbal(run[0]) or usage.verbal(run[-1]):
        return 0.0
    counts = [text.followers(phrase.key) for text in texts]
    uses, ends = sum(use for use, _ in counts), sum(end for _, end in counts)
    share = (ends + _PRIOR_FOLLOWERS * prior) / (uses + _PRIOR_FOLLOWERS)
    return 0.0 if share < _MODIFIER else float(min(1.0, share / _NOUN) ** 0.5)


def _best_first(candidate: _Candidate) -> tuple[float, str]:
    return (-round(candidate.score, 9), candidate.phrase.key)
