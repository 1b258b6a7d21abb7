"""What titles and abstracts elsewhere tell of a phrase, and the form in which a heading is printed.

Nothing here knows a tagger or a dictionary. Whether a noun may end a phrase, wants its plural, or names subjects at all
is read off counts of the background: what follows a word, in which form it ends phrases, how often titles use it.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from newsletter.background import Background
from newsletter.cluster.phrases import LAST_NOUNS, Text
from newsletter.vectors import Vectors, unit
from newsletter.words import stem, words

_NO_PLURAL = re.compile(r"(?:s|x|z|ch|sh)$", re.IGNORECASE)  # their plurals are not regular, or keep no stem
_Y = re.compile(r"[^aeiou]y$")
UNKNOWN_END, UNKNOWN_SUBJECT = 0.4, 0.3  # of words the background does not know
COUNTED = 0.2  # of the uses that end phrases are plural: "chain" 0.24, "antenna" 0.32, but "energy" 0.17, "theory" 0.08
PRIOR_USES = 10
NAMED_BY, NAMED = 2, 0.75  # abstracts, and the share of those with the phrase, that write it with the same capitals
MOSTLY = 0.5
NOUN_SHARE, NOUN_TITLES = 0.04, 40


@dataclass(frozen=True, slots=True)
class Usage:
    """What titles and abstracts elsewhere tell of a phrase. Made from a `Background` by `usage_of`."""

    background: Background
    before: Mapping[str, int] = field(repr=False)
    after: Mapping[str, int] = field(repr=False)
    titles: Mapping[str, int] = field(repr=False)

    def verbal(self, word: str) -> bool:
        """Return whether a word is a verb's form and no noun: "weak lensing" is written, no such "estimating"."""
        lower = word.lower()
        if not lower.endswith("ing"):
            return False
        held = self.background.title_phrases.get(lower, 0)
        return held >= NOUN_TITLES and self.before.get(lower, 0) < NOUN_SHARE * held

    def count(self, surface: str) -> int:
        """Return how many titles elsewhere hold the phrase."""
        return self.background.title_phrases.get(" ".join(words(surface)), 0)

    def alone(self, surface: str) -> int:
        """Return how many titles hold the phrase as a whole, not as part of a longer one they share."""
        plain = " ".join(words(surface))
        held = self.background.title_phrases.get(plain, 0)
        return max(held - max(self.before.get(plain, 0), self.after.get(plain, 0)), 0)

    def ends(self, surface: str) -> float:
        """Return in what share of its uses no noun follows the phrase, by its last word and by the whole."""
        heads, run = self.background.heads, surface.lower().replace("-", " ").split()
        # "Higher order" is written with a hyphen where it modifies; the pair then knows better than its last word.
        if run[-1] in LAST_NOUNS:
            return 1.0
        tails = ("-".join(run[-length:]) for length in (4, 3, 2, 1) if length <= len(run))
        share = next((heads[tail] for tail in tails if tail in heads), UNKNOWN_END)
        plain = " ".join(words(surface))
        held = self.background.title_phrases.get(plain, 0)
        return min(share, 1 - self.after.get(plain, 0) / held) if held else share

    def ending(self, surface: str) -> float:
        """Return how many titles hold the phrase as the end of a noun phrase."""
        return self.count(surface) * self.background.heads.get(surface.lower().rpartition(" ")[2], 0.0)

    def subject(self, key: str) -> float:
        """Return how much titles prefer a word to abstracts, 0 to 1: "neutrinos" name subjects, "latency" does not."""
        titles, papers = self.titles.get(key, 0), self.background.document_frequency.get(key, 0)
        return (titles + 6) / (papers + 20) if papers or titles else UNKNOWN_SUBJECT


@lru_cache(maxsize=2)
def usage_of(background: Background) -> Usage:
    """Return the counts of `background` as headings need them; reads all of its title phrases once."""
    before: Counter[str] = Counter()
    after: Counter[str] = Counter()
    titles: Counter[str] = Counter()
    for plain, count in background.title_phrases.items():
        first, _, rest = plain.partition(" ")
        if rest:
            before[rest] += count
            after[plain.rpartition(" ")[0]] += count
        else:
            titles[stem(first)] += count
    return Usage(background, before, after, titles)


def in_number(surface: str, usage: Usage) -> str:
    """Return the phrase with its last word plural if that noun is one that is counted, else singular.

    Titles that hold the whole phrase overrule what is usual for its last word: "dark energy", "neutron stars".
    """
    start, blank, last = surface.rpartition(" ")
    one = stem(last)
    if last in LAST_NOUNS:
        return f"{start}{blank}methods"
    if not last.isalpha() or sum(letter.isupper() for letter in last) > 1 or _NO_PLURAL.search(one):
        return surface
    forms = (one, f"{one[:-1]}ies" if _Y.search(one) else f"{one}s")
    usual = [usage.ending(form) for form in forms]
    if not any(usual):
        return surface
    few, many = (usage.ending(f"{start}{blank}{form}") if start else 0.0 for form in forms)
    counted = usual[1] / sum(usual) >= COUNTED
    plural = (many + PRIOR_USES * counted) / (few + many + PRIOR_USES)
    return f"{start}{blank}{forms[plural >= MOSTLY]}"


def spelled(surface: str, texts: Sequence[Text], background: Background) -> str:
    """Return the phrase in running text's capitals, as the abstracts of `texts` or those elsewhere write it."""
    *modifiers, last = surface.split()
    run = [word[:-1] if word.endswith("s") and word[:-1].isupper() else word for word in modifiers] + [last]
    usual = " ".join("-".join(_cased(part, background) for part in word.split("-")) for word in run)
    # A name: several abstracts write it so in running text, and not to introduce its letters, as in "Deep Thing (DT)".
    pattern = re.compile(rf"(?<=[a-z,] ){re.escape(usual)}\b(?! \()", re.IGNORECASE)
    here = Counter(found for text in texts for found in set(pattern.findall(text.raw)))
    name, papers = min(here.items(), key=lambda item: (-item[1], item[0]), default=(usual, 0))
    return name if papers >= max(NAMED_BY, NAMED * here.total()) else usual


def _cased(word: str, background: Background) -> str:
    known = background.spelling.get(word.lower())
    if known:
        return known
    return word if sum(letter.isupper() for letter in word) > 1 else word.lower()


def middle(vectors: Vectors) -> Vectors:
    """Return the unit vector [d] in the middle of some [n, d]."""
    centre: Vectors = unit(vectors.sum(axis=0, keepdims=True))[0]
    return centre
