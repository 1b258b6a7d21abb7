"""Braces in prose that are there for TeX's sake, told from those that belong to the text.

Authors protect a name's capitals (`{DINO}`), point at the letters of an acronym (`{B}ias`) and close a phrase in
braces. Braces of sets (`{0, 1}`, `{De, Zh}`), templates (`"a {label}"`, `{{ x }}`), paths and code mean something.
"""

from __future__ import annotations

import re

NEAR = 40  # characters on either side that show whether a text is a template or code
_CODE = re.compile(r"[\"“”‘`]|''|\{\{|\{%")
_CODE_BEFORE = frozenset("{\\%#=/@<_^&$*")  # such as `/api/{ID}`
_WORD = re.compile(r"[^\W\d_](?:[^\W_]|[.+-])+")
_CAPITAL = re.compile(r"[A-Z]")
_PHRASE = re.compile(r"[^\W_][^\"<>=|;\[\]{}\\_+]*")
_ADDRESS = re.compile(r"https?://[^\s{}]+")
_WORDS = re.compile(r"[A-Za-z]{2,}[,.]? [A-Za-z(]{2,}")
_LABEL = re.compile(r"[\w-]+:")  # `{name: value}`
_SENTENCE = 8  # words: so long a phrase may hold any sign


def is_wrapping(before: str, inner: str, after: str) -> bool:
    """Return whether the braces around `inner` say nothing; `before` and `after` are the text around them."""
    if len(inner) == 1 and (inner > "~" or not inner.isalpha()):
        return _is_sign(before[-1:], inner, after[:1])
    if not inner or before[-1:] in _CODE_BEFORE:
        return False
    if inner.isalpha() and "a" <= after[:1] <= "z" and before[-1:] != "}":  # `{B}ias`
        return True
    if _CODE.search(before[-NEAR:]) or _CODE.search(after[:NEAR]):
        return False
    return _is_text(before[-1:], inner.strip())


def _is_text(before: str, inner: str) -> bool:
    if _WORD.fullmatch(inner):
        return not (before.isalpha() if _CAPITAL.search(inner) else before.isalnum())
    if _ADDRESS.fullmatch(inner):
        return before in {"", " "}
    return _is_phrase(inner)


def _is_sign(before: str, inner: str, after: str) -> bool:
    if inner in ",.":  # `10{,}000`: without the space that maths would set
        return before.isdigit() and after.isdigit()
    if inner == "-":
        return before.isalnum() and after.isalnum()
    return inner > "~" and inner != "∅" and before not in {"{", "\\", "_", "^"}


def _is_phrase(inner: str) -> bool:
    """Return whether it is a phrase or sentence, and no list (one comma in three words at most) and no code."""
    words = inner.split(" ")
    if not _WORDS.search(inner) or _LABEL.match(inner) or 3 * inner.count(",") > len(words):
        return False
    if len(words) < _SENTENCE:
        return bool(_PHRASE.fullmatch(inner))
    return 2 * sum(map(str.isalpha, words)) > len(words) and inner[-1] not in ";}"
