r"""Author strings to names, in each of the forms that sources write them.

    arXiv        Ada Lovelace (London, UK), Guy Steele, Jr    ── split_creator ─┐
    other feeds  Lovelace, A.; Hopper, G.    A B, C D and E F ── split_names ──┤
    one person   Lovelace, Ada    Erd\H{o}s, Paul             ── turned, one_name ─► "Ada Lovelace", "Guy Steele Jr"

Brackets hold affiliations, whose commas separate nothing. A string that fits no form is one name, as it stands.
"""

from __future__ import annotations

import re

from newsletter.tex import readable
from newsletter.text import LONGEST, clean, plain

_SUFFIX = re.compile(r"[JS]r\.?|III?|Ph\.?D\.?")
_SUFFIX_OR_INITIALS = re.compile(rf"{_SUFFIX.pattern}|[JS]R\.?|IV|VI?|M\.?D\.?")
_INITIALS = re.compile(r"[^\W\d_]{1,2}\.|[^\W\d_]{1,3}(?![^\W\d_])")
_PARTICLES = frozenset("al bin da das de del den der di dos du el ibn la le ten ter van von".split())
_CHINESE = re.compile("[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")  # and Japanese and Korean: no space in a name
_WIDE_SEPARATORS = str.maketrans("、，；", ";;;")
_ADDRESS = re.compile(r"<?(?:mailto:)?[\w.+-]{1,64}@[\w.-]{1,255}>?", re.IGNORECASE)
_AND = re.compile(r"(?:^|\s)(?:and|&)\s")
_GROUP = r"(?i:\b(?:collaborations?|consortium|group|network|team)\b)"
_GROUP_AND_PERSON = re.compile(rf"(?:^|\s)(?:for|on behalf of)\s(?:the\s)?(?=.{{0,100}}{_GROUP})|(?<=\w):\s")
_OTHERS = re.compile(r"(?:^|(?<![\s,])[\s,]+)(?:et\.? al\.?|and others|others)$")


def split_creator(written: str) -> tuple[str, ...]:
    """Return the names in a `dc:creator` of arXiv: `Ada Lovelace, Guy Steele, Jr (MIT, Oracle (Labs))`.

    The form is that of arXiv's own serialiser: https://github.com/arXiv/arxiv-feed feed/serializers/extensions.py
    """
    names: list[str] = []
    for part in _outside_brackets(one_name(written)).split(","):
        if names and _SUFFIX_OR_INITIALS.fullmatch(part.strip()):
            names[-1] += f" {part.strip()}"
        else:
            names += _persons(part)
    return tuple(names)


def split_names(written: str) -> tuple[str, ...]:
    """Return the names in one field: "A B; C D", "Surname, I. J., Surname, I.", "A B, C D and E F", "Surname, A"."""
    field = " ".join(_ADDRESS.sub(" ", one_name(written)).translate(_WIDE_SEPARATORS).split())
    if field.startswith("(") and field.endswith(")"):  # `ada@example.org (Ada Lovelace)`, as RSS has it
        field = field[1:-1]
    return tuple(name for found in _names(_outside_brackets(field)) for name in _persons(found))


def one_name(written: str) -> str:
    """Return a name, or the names in one field, as one readable line; of a field beyond all names the beginning."""
    return plain(readable(clean(written[:LONGEST])))


def turned(name: str) -> str:
    """Return `Surname, Given` and `Surname, Given, Jr.` with the surname before the suffix; other names as they are."""
    parts = [part for part in map(str.strip, name.split(",")) if part]
    suffix = _SUFFIX if len(parts) == 2 else _SUFFIX_OR_INITIALS
    suffixes = [part for part in parts[1:] if suffix.fullmatch(part)]
    rest = [part for part in parts if part not in suffixes]
    return " ".join((*rest[1:], *rest[:1], *suffixes)) if len(rest) < 3 else ", ".join(parts)


def _persons(part: str) -> list[str]:
    """Return the name in a part, or a group's and its member's: `for the ATLAS Collaboration: A. One`."""
    names = _GROUP_AND_PERSON.split(part) if re.search(_GROUP, part) else [part]
    bare = [_OTHERS.sub("", re.sub(r"^\s*(?:and|&)\s", "", name).strip()).strip(" ,") for name in names]
    return [name for name in bare if "@" not in name and any(map(str.isalpha, name))]


def _names(field: str) -> list[str]:
    if ";" in field:
        return [turned(part) for part in field.split(";")]
    each = _AND.split(field)
    if all(_is_turned(name) for name in each):  # "Lovelace, Ada and Hopper, Grace"
        return [turned(name) for name in each]
    parts = _with_suffixes(field, _SUFFIX, ", ")
    pairs = list(zip(parts[::2], parts[1::2], strict=False))
    if pairs and len(parts) % 2 == 0 and all(_is_surname_and_initials(*pair) for pair in pairs):
        return [turned(", ".join(pair)) for pair in pairs]
    parts = _with_suffixes(field, _SUFFIX_OR_INITIALS, " ")
    names = [name for part in parts for name in map(str.strip, _AND.split(part)) if name]
    whole = sum(map(_is_whole, names))
    return names if whole == len(names) or (len(names) > 2 and whole * 2 > len(names)) else [field]


def _with_suffixes(field: str, suffix: re.Pattern[str], joint: str) -> list[str]:
    """Return the parts between commas, a suffix with the part before it."""
    parts: list[str] = []
    for part in filter(None, map(str.strip, field.split(","))):
        if parts and suffix.fullmatch(part):
            parts[-1] += joint + part
        else:
            parts.append(part)
    return parts


def _is_surname_and_initials(surname: str, rest: str) -> bool:
    given = rest.partition(",")[0]
    initials = _INITIALS.findall(given)
    if (
        not initials
        or _INITIALS.sub("", given).strip(" -")
        or not all(one[-1] == "." or one.isupper() for one in initials)
    ):
        return False
    # "Ada Lovelace, MD" and "Ada Lovelace, IBM" are no surnames; "García Muestra, A." is one.
    return _is_surname(surname) or ("." in given and not _SUFFIX_OR_INITIALS.fullmatch(given))


def _is_turned(name: str) -> bool:
    """Return whether a name is a surname, a comma and given names: `van der Berg, Jan`."""
    parts = [part for part in map(str.strip, name.split(",")) if not _SUFFIX.fullmatch(part)]
    return len(parts) == 2 and all(parts) and _is_surname(parts[0]) and not _CHINESE.search(name)


def _is_surname(words: str) -> bool:
    """Return whether words are surely no more than a surname: one, or one after particles."""
    return all(word.lower() in _PARTICLES for word in words.split()[:-1])


def _is_whole(name: str) -> bool:
    return " " in name or bool(_CHINESE.search(name))


def _outside_brackets(text: str) -> str:
    """Return `text` without what stands in round brackets, nested ones included; an unclosed one ends it."""
    if "(" not in text:
        return text
    kept: list[str] = []
    depth = 0
    for character in text:
        depth += character == "("
        if not depth:
            kept.append(character)
        depth -= character == ")" and depth > 0
    return " ".join("".join(kept).split())
