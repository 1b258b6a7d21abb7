"""British words in the spelling that most papers use: "quantisation" is "quantization".

Words are compared as they are written, so one spelling must stand for both. Only regular endings and a list of stems
are told, and never a word that would become another one ("exercise", "advise", "four").
"""

from __future__ import annotations

import re
from collections.abc import Iterable

# -ise is a British -ize only where the verb has both; these have -ise everywhere.
_ALWAYS_ISE = re.compile(
    r"\w*(?:wise|oise|aise|uise|chise|prise|promise|pise|(?<!i)cise|(?<!i)vise|improvise)|(?:un|ar|sun|moon|up)?rise|"
    r"demise|premise|surmise|merchandise|paradise|advertise|expertise|treatise|practise|chastise|mortise|anise|valise"
)
_ISE = re.compile(
    r"(?:^|.*)(?:wise|rise|cise|vise|mise|guise|prise|tise|noise|poise|raise|praise|cruise|bruise|disease|chise|dise|nise)$"
)
_ISE = re.compile(r"(?P<stem>\w{2,}[a-z])is(?P<end>e|es|ed|er|ers|ing|able|ation|ations|ational)$")
_YSE = re.compile(r"(?P<stem>(?:an|par|cat|hydrol|electrol|dial)al?)ys(?P<end>e|ed|er|ers|ing)$")
_OUR = re.compile(r"(?P<stem>behavi|col|fav|flav|harb|hon|hum|lab|neighb|rum|tum|vap|vig|arm|end|savi)our(?P<end>\w*)$")
_DOUBLED = re.compile(
    r"(?P<stem>(?:mod|lab|sign|trav|canc|chann|tunn|fu|lev|pan|parall|spir|tot)(?:el|al))l(?P<end>ed|ing|er|ers)$"
)
_WORDS = {
    "analogue": "analog",
    "calibre": "caliber",
    "catalogue": "catalog",
    "catalogues": "catalogs",
    "centre": "center",
    "centred": "centered",
    "centres": "centers",
    "defence": "defense",
    "defences": "defenses",
    "fibre": "fiber",
    "fibres": "fibers",
    "grey": "gray",
    "haemoglobin": "hemoglobin",
    "leukaemia": "leukemia",
    "litre": "liter",
    "metre": "meter",
    "metres": "meters",
    "oesophageal": "esophageal",
    "offence": "offense",
    "paediatric": "pediatric",
    "programme": "program",
    "programmes": "programs",
    "sulphur": "sulfur",
    "tumours": "tumors",
    "anaemia": "anemia",
    "aluminium": "aluminum",
    "artefact": "artifact",
    "artefacts": "artifacts",
    "ageing": "aging",
}


_MOST_KEPT = 1 << 17


def usual(word: str) -> str:
    """Return a lower-case word in its American spelling, or as it is."""
    return _KEPT[word]


def all_usual(words: Iterable[str]) -> list[str]:
    """Return lower-case words, each in its American spelling."""
    return list(map(_KEPT.__getitem__, words))


class _Kept(dict[str, str]):
    """The spelling of each word asked for; a language has few words, and texts have many."""

    def __missing__(self, word: str) -> str:
        if len(self) >= _MOST_KEPT:
            self.clear()
        spelled = self[word] = _spelled(word)
        return spelled


_KEPT = _Kept()


def _spelled(word: str) -> str:
    if word in _WORDS:
        return _WORDS[word]
    # Most words have none of these letters, and a look for them is ten times faster than a pattern.
    if "is" in word and (found := _ISE.match(word)) and _is_ize(found["stem"], word):
        return f"{found['stem']}iz{found['end']}"
    if "ys" in word and (found := _YSE.match(word)):
        return f"{found['stem']}yz{found['end']}"
    if "our" in word and (found := _OUR.match(word)):
        return f"{found['stem']}or{found['end']}"
    if "ll" in word and (found := _DOUBLED.match(word)):
        return f"{found['stem']}{found['end']}"
    return word


def _is_ize(stem: str, word: str) -> bool:
    if "isation" in word[len(stem) :]:
        return stem != "improv"
    return not _ALWAYS_ISE.fullmatch(f"{stem}ise")
