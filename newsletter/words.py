"""Words of a text: as the lexical score, the term vectors and the labels see them.

Two views of the same words. `words` keeps everything and is what the term vectors were trained on;
`tokens` drops stop words and stems, and is what exact matching counts.
"""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import pairwise

from newsletter.spelling import usual

# Function words, and the prose every abstract is written in.
STOP_WORDS = frozenset(
    """a an the of for and or in on with to from by via using is are be as at that this we our it its can which such
    these those their into than also has have been both more most not but while between based towards toward new
    novel paper propose proposed approach method methods results show""".split()
)

# Words that no noun phrase goes on with.
FUNCTION_WORDS = STOP_WORDS | frozenset(
    """about across after against all also am among any because been before being between but cannot could did do does
    each either few first given had he her his however if itself may me might more most much must my no nor often only
    other over per same second several should since so some such then thereby therefore there they through throughout
    thus till under until up upon us very was well were what when where whereas whether which while who whose why will
    within without would yet you your""".split()
)

# What people write around the thing they mean: "papers about …", "how …", "related work on …".
QUERY_STOP_WORDS = STOP_WORDS | frozenset("about how what like papers related work works".split())

_PART = re.compile(r"[a-z0-9]+")
_WORD = re.compile(r"[a-z0-9]+(?:[-'][a-z0-9]+)*")
_LONGEST_JOINED = 3


def words(text: str) -> list[str]:
    """Return the lower-case words of `text` in order, compounds split at hyphen and apostrophe."""
    return _PART.findall(text.lower())


def tokens(text: str, *, stop_words: frozenset[str] = STOP_WORDS) -> list[str]:
    """Return the stems that carry meaning, with short compounds also joined: text-to-SQL gives text, sql, texttosql.

    Words are in their American spelling.
    """
    return [token for compound in _WORD.findall(text.lower()) for token in _meaning(compound, stop_words)]


@lru_cache(maxsize=1 << 17)
def _meaning(compound: str, stop_words: frozenset[str]) -> tuple[str, ...]:
    """Return the tokens of one compound; kept, since a language has few words and texts have many."""
    parts = _parts(compound)
    found = [part for part in parts if part not in stop_words and (len(part) > 1 or part.isdigit())]
    if 1 < len(parts) <= _LONGEST_JOINED:
        found.append("".join(parts))
    return tuple(stem(usual(token)) for token in found)


def stem(word: str) -> str:
    """Return the singular of a regular English plural, and any other word as it is."""
    if len(word) > 3 and word.endswith("ies"):
        return word[:-3] + "y"
    if len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is")):
        return word[:-1]
    return word


def bigrams(sequence: list[str]) -> list[str]:
    """Return each two neighbours as one term."""
    return [f"{first} {second}" for first, second in pairwise(sequence)]


def _parts(compound: str) -> list[str]:
    return [part for part in compound.replace("'", "-").split("-") if part]


def heading(phrase: str) -> str:
    """Return a phrase with a capital at its beginning, unless its first word has capitals of its own ("mRNA")."""
    first = re.split(r"[ -]", phrase, maxsplit=1)[0]
    return phrase[:1].upper() + phrase[1:] if first.islower() else phrase
