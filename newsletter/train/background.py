"""What is usual: everything the newsletter needs to know about a broad collection of papers, as counts and moments."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import zip_longest

import numpy as np

from newsletter.background import Background
from newsletter.embed import TermVectors
from newsletter.train.corpus import Text
from newsletter.vectors import Vectors
from newsletter.words import FUNCTION_WORDS, STOP_WORDS, tokens, words

_LONGEST_PHRASE = 5
_CHUNK = 4096

# "Finite element" does not end before "method": these stop words are nouns.
_NO_NOUN = FUNCTION_WORDS - frozenset("approach method methods paper results".split())

_CLAUSE_END = re.compile(r"[^\w\s'-]+")
_SENTENCE_END = re.compile(r"[.!?:]\s+")
_WRITTEN_WORD = re.compile(r"[A-Za-z0-9]+")


@dataclass(frozen=True, slots=True)
class Cuts:
    """From how many papers on something is kept, and what share of a word's uses must have the usual capitals."""

    token_papers: int = 3
    phrase_titles: int = 5
    spelling_uses: int = 8
    spelling_share: float = 0.7
    head_uses: int = 20


def build(texts: Sequence[Text], vectors: TermVectors, cuts: Cuts) -> Background:
    """Return frequencies, moments, phrases and spelling of `texts`, whose vectors are those of `vectors`."""
    mean, covariance = _moments(texts, vectors)
    return Background(
        papers=len(texts),
        document_frequency=_at_least(_token_papers(texts), cuts.token_papers),
        mean=mean,
        covariance=covariance,
        title_phrases=_at_least(_phrase_titles(texts), cuts.phrase_titles),
        spelling=_spelling(texts, cuts),
        heads=_heads(texts, cuts),
    )


def _at_least(counts: Counter[str], least: int) -> dict[str, int]:
    return {key: count for key, count in counts.items() if count >= least}


def _moments(texts: Sequence[Text], vectors: TermVectors) -> tuple[Vectors, Vectors]:
    """Return mean [dimensions] and covariance [dimensions, dimensions] of the papers' unit vectors."""
    total = np.zeros(vectors.dimensions)
    products = np.zeros((vectors.dimensions, vectors.dimensions))
    for begin in range(0, len(texts), _CHUNK):
        encoded = vectors.encode_papers(texts[begin : begin + _CHUNK])
        total += encoded.sum(axis=0, dtype=np.float64)
        products += encoded.T @ encoded
    mean = total / len(texts)
    return mean.astype(np.float32), (products / len(texts) - np.outer(mean, mean)).astype(np.float32)


def _token_papers(texts: Iterable[Text]) -> Counter[str]:
    papers: Counter[str] = Counter()
    for text in texts:
        papers.update(set(tokens(f"{text.title} {text.abstract}")))
    return papers


def _phrase_titles(texts: Iterable[Text]) -> Counter[str]:
    titles: Counter[str] = Counter()
    for text in texts:
        titles.update(set(_phrases(text.title)))
    return titles


def _phrases(title: str) -> Iterator[str]:
    """Give the runs of 1 to 5 words between punctuation that neither begin nor end with a stop word."""
    for clause in _CLAUSE_END.split(title):
        found = words(clause)
        for begin, first in enumerate(found):
            for end in range(begin + 1, min(begin + _LONGEST_PHRASE, len(found)) + 1):
                if first not in STOP_WORDS and found[end - 1] not in STOP_WORDS:
                    yield " ".join(found[begin:end])


def _spelling(texts: Iterable[Text], cuts: Cuts) -> dict[str, str]:
    """Return the usual spelling of the words that abstracts write with capitals inside a sentence."""
    uses: dict[str, Counter[str]] = {}
    for text in texts:
        for word in _words_inside_sentences(text.abstract):
            uses.setdefault(word.lower(), Counter())[word] += 1
    usual = {key: max(sorted(spellings.items()), key=lambda item: item[1]) for key, spellings in uses.items()}
    return {
        key: spelling
        for key, (spelling, count) in usual.items()
        if spelling != key and count >= cuts.spelling_uses and count >= cuts.spelling_share * uses[key].total()
    }


def _heads(texts: Iterable[Text], cuts: Cuts) -> dict[str, float]:
    """Return for each word and each compound with hyphens the share of its uses with no further noun after it.

    What follows a modifier is its noun; what follows a noun is the end of the clause or a function word.
    """
    uses: Counter[str] = Counter()
    ends: Counter[str] = Counter()
    for text in texts:
        for clause in _CLAUSE_END.split(f"{text.title.lower()}. {text.abstract.lower()}"):
            found = [word.removesuffix("'s").strip("'-_") for word in clause.split()]
            for word, following in zip_longest(found, found[1:], fillvalue=""):
                for key in {word, word.rpartition("-")[2]} - FUNCTION_WORDS:
                    uses[key] += 1
                    ends[key] += not following or following in _NO_NOUN
    return {
        word: round(ends[word] / count, 2)
        for word, count in uses.items()
        if count >= cuts.head_uses and any(letter.isalpha() for letter in word)
    }


def _words_inside_sentences(abstract: str) -> Iterator[str]:
    """Give the words but the first of each sentence, and but the names being introduced.

    In "Retrieval-Augmented Generation (RAG)" the capitals belong to the name, not to its words: a word with only its
    first letter large beside another such word proves nothing, beside "a" or "process" it does ("a Gaussian process").
    """
    for sentence in _SENTENCE_END.split(abstract):
        found = _WRITTEN_WORD.findall(sentence)
        titled = [word[0].isupper() and word[1:].islower() for word in found]
        for i in range(1, len(found)):
            beside = titled[i - 1] or (i + 1 < len(found) and titled[i + 1])
            if not (titled[i] and beside):
                yield found[i]
