"""What TeX's names mean."""

from __future__ import annotations

import re
from functools import cache

GAP = "\0"  # becomes a space where letters or digits would meet; clean text has none
SMALL = "[²³¹ʰ-˿ᴬ-ᶿ⁰-ₜ]"  # raised and lowered characters

ACCENTS = dict(zip("""'`^"~=.cvuHkrdb""", map(chr, (
    0x301, 0x300, 0x302, 0x308, 0x303, 0x304, 0x307, 0x327, 0x30C, 0x306, 0x30B, 0x328, 0x30A, 0x323, 0x331,
)), strict=True))  # fmt: skip
LETTERS = {
    "aa": "å", "AA": "Å", "ae": "æ", "AE": "Æ", "oe": "œ", "OE": "Œ", "o": "ø", "O": "Ø", "l": "ł", "L": "Ł",
    "ss": "ß", "i": "ı", "j": "ȷ", "dh": "ð", "DH": "Ð", "dj": "đ", "DJ": "Đ", "th": "þ", "TH": "Þ", "ng": "ŋ",
}  # fmt: skip
ESCAPES = {sign: sign for sign in "%&#$_{}"} | dict.fromkeys(" ,;:>\\", " ") | dict.fromkeys("!/-", "")
HATS = {
    "hat": "\u0302", "widehat": "\u0302", "tilde": "\u0303", "widetilde": "\u0303", "bar": "\u0304", "vec": "\u20d7",
    "overline": "\u0304", "dot": "\u0307", "ddot": "\u0308", "breve": "\u0306", "check": "\u030c", "not": "\u0338",
    "acute": "\u0301", "grave": "\u0300",
}  # fmt: skip
FUNCTIONS = frozenset(
    """log ln lg exp sin cos tan cot sec csc sinh cosh tanh coth arcsin arccos arctan max min sup inf lim arg det dim
    ker deg gcd hom Pr mod bmod argmax argmin""".split()
)
# Change what follows, or only its looks.
DECLARATIONS = frozenset(
    """bf it em rm tt sc sl sf cal bfseries itshape ttfamily scshape rmfamily sffamily normalfont boldmath tiny small
    scriptsize footnotesize normalsize large Large LARGE huge displaystyle textstyle scriptstyle limits nolimits
    nonumber noindent centering left right middle big Big bigg Bigg bigl bigr Bigl Bigr biggl biggr xspace""".split()
)
# Number of arguments, and what is shown of them.
SHAPES = dict.fromkeys(
    """textbf textit textrm textsf texttt textsc textsl textup textmd textnormal text emph underline uline mbox hbox
    mathrm mathbf mathit mathsf mathtt mathcal mathfrak mathscr mathbb mathbbm mathnormal boldsymbol bm pmb ensuremath
    operatorname url nolinkurl path ce num textsuperscript textsubscript""".split(),
    (1, "{0}"),
) | {
    **dict.fromkeys(("href", "textcolor", "texorpdfstring"), (2, "{1}")), "ion": (2, "{0} {1}"), "SI": (2, "{0} {1}"),
    "qty": (2, "{0} {1}"), "ang": (1, "{0}°"), "footnote": (1, " ({0})"), "binom": (2, "({0} choose {1})"),
    "pmod": (1, " (mod {0})"), **dict.fromkeys(("cite", "citet", "citep", "citealp", "parencite"), (1, "[{0}]")),
}  # fmt: skip

# Before the tables: names they lack, and names for which they have what few fonts hold, or a backslash.
_OWN_SYMBOLS = {
    "sim": "~", "ast": "*", "star": "*", "cdot": "·", "mid": "|", "vert": "|", "lvert": "|", "rvert": "|",
    "setminus": "∖", "backslash": "∖", "smallsetminus": "∖", "dots": "…", "cdots": "…", "colon": ":", "hbar": "ħ",
    "langle": "⟨", "rangle": "⟩", "lbrace": "{", "rbrace": "}", "lbrack": "[", "rbrack": "]", "epsilon": "ε",
    "leqslant": "≤", "geqslant": "≥", "iff": "⇔", "diamond": "⋄", "square": "□", "degree": "°", "quad": " ",
    "qquad": " ", "space": " ", "par": " ", "newline": " ", "item": "•", "textasciitilde": "~", "textbackslash": "∖",
    "textasciicircum": "^", "textasciigrave": "'", "textless": "<", "textgreater": ">", "textunderscore": "_",
    "textbar": "|", "textdollar": "$", "eg": "e.g.", "ie": "i.e.", "etal": "et al.", "TeX": "TeX", "LaTeX": "LaTeX",
}  # fmt: skip
_LONE_SCRIPTS = {one: one for one in "*′″†‡⊙°"} | {
    "∘": "°",
    "⊤": "ᵀ",
    "′′": "″",
    "''": "″",
}  # `^\circ`, `M_\odot`: as they are


@cache
def symbols() -> dict[str, str]:
    """Return a character, or the few that stand for it, for each name of a symbol."""
    from pylatexenc.latex2text import get_default_latex_context_db  # noqa: PLC0415 costs 30 ms
    from unicodeit.data import REPLACEMENTS  # noqa: PLC0415 costs 12 ms

    tables = {spec.macroname: spec.simplify_repl for spec in get_default_latex_context_db().iter_macro_specs()}
    tables |= {written[1:]: shown for written, shown in REPLACEMENTS}
    usable = {
        name: shown
        for name, shown in tables.items()
        if name.isalpha() and isinstance(shown, str) and len(shown) == 1 and shown > "~" and shown.isprintable()
    }
    return usable | _OWN_SYMBOLS


@cache
def _scripts(sign: str) -> dict[str, str]:
    """Return the raised (`^`) or lowered (`_`) form of each letter, digit and sign that has one."""
    from unicodeit.data import SUBSUPERSCRIPTS  # noqa: PLC0415 costs 12 ms

    forms = {written[1]: shown for written, shown in SUBSUPERSCRIPTS if written[0] == sign}
    return {one: shown for one, shown in forms.items() if one.isalnum() or one in "+-=()"}


def script(sign: str, inner: str) -> str:
    """Return a raised (`^`) or lowered (`_`) text: in small characters if it has one letter at most, or as `^(n+k)`."""
    inner = without_gaps(inner).strip()
    if inner in _LONE_SCRIPTS:
        return _LONE_SCRIPTS[inner]
    forms = _scripts(sign)
    if sum(map(str.isalpha, inner)) <= 1 and all(one in forms for one in inner):
        return "".join(forms[one] for one in inner)
    if sign == "^" and inner in {"st", "nd", "rd", "th"}:
        return inner
    bare = re.fullmatch(rf"(?:(?!{SMALL})[^\W\d_])+|\d*\.\d+|\W|\([^()]*\)|\[[^\][]*\]", inner)
    return f"{sign}{inner}{GAP}" if bare else f"{sign}({inner})"


def without_gaps(text: str) -> str:
    """Return a text whose gaps are spaces where they are needed."""
    return _NEEDED_GAP.sub(" ", text).replace(GAP, "") if GAP in text else text


_NEEDED_GAP = re.compile(rf"(?<=[\w)]){GAP}+(?!{SMALL})(?=\w)")
