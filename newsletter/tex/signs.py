"""What TeX's names mean."""

from __future__ import annotations

import re
import sys
import unicodedata
from functools import cache

GAP = "\0"  # becomes a space where letters or digits would meet; clean text has none
SMALL = "[²³¹ʰ-˿ᴬ-ᶿ⁰-ₜ]"  # raised and lowered characters

ACCENTS = dict(zip("""'`^"~=.cvuHkrdb""", map(chr, (
    0x301, 0x300, 0x302, 0x308, 0x303, 0x304, 0x307, 0x327, 0x30C, 0x306, 0x30B, 0x328, 0x30A, 0x323, 0x331,
)), strict=True))  # fmt: skip
# Greek that a reader of arXiv's metadata took for an accent and a word: `\beta` became `\b{eta}`.
MANGLED = dict(zip(
    "beta chi delta kappa rho tau theta upsilon vartheta varphi varrho varepsilon".split(), "βχδκρτθυϑφϱε", strict=True,
)) | {"copyright": "©"}  # fmt: skip
LETTERS = {
    "aa": "å", "AA": "Å", "ae": "æ", "AE": "Æ", "oe": "œ", "OE": "Œ", "o": "ø", "O": "Ø", "l": "ł", "L": "Ł",
    "ss": "ß", "i": "ı", "j": "ȷ", "dh": "ð", "DH": "Ð", "dj": "đ", "DJ": "Đ", "th": "þ", "TH": "Þ", "ng": "ŋ",
    "S": "§",
}  # fmt: skip
ESCAPES = {sign: sign for sign in "%&#$_{}"} | dict.fromkeys(" ,;:>\\", " ") | dict.fromkeys("!/-", "")
HATS = {
    "hat": "\u0302", "widehat": "\u0302", "tilde": "\u0303", "widetilde": "\u0303", "bar": "\u0304", "vec": "\u20d7",
    "overline": "\u0304", "dot": "\u0307", "ddot": "\u0308", "breve": "\u0306", "check": "\u030c", "not": "\u0338",
    "acute": "\u0301", "grave": "\u0300", "Bar": "\u0304", "Hat": "\u0302", "Tilde": "\u0303", "Vec": "\u20d7",
}  # fmt: skip
FUNCTIONS = frozenset(
    """log ln lg exp sin cos tan cot sec csc sinh cosh tanh coth arcsin arccos arctan max min sup inf lim arg det dim
    ker deg gcd hom Pr mod bmod argmax argmin rank diag sgn supp softmax polylog""".split()
)
# Change what follows, or only its looks.
DECLARATIONS = frozenset(
    """bf it em rm tt sc sl sf cal bfseries itshape ttfamily scshape rmfamily sffamily normalfont boldmath tiny small
    scriptsize footnotesize normalsize large Large LARGE huge displaystyle textstyle scriptstyle limits nolimits
    nonumber noindent centering left right middle big Big bigg Bigg bigl bigr Bigl Bigr biggl biggr xspace
    mathop protect negthinspace mathrel mathbin mathord relax scriptscriptstyle""".split()
)
# Number of arguments, and what is shown of them.
SHAPES = dict.fromkeys(
    """textbf textit textrm textsf texttt textsc textsl textup textmd textnormal text emph underline uline mbox hbox
    mathrm mathbf mathit mathsf mathtt mathcal mathfrak mathscr mathbb mathbbm mathnormal boldsymbol bm pmb ensuremath
    operatorname url nolinkurl path num si textsuperscript textsubscript ac acs acl acf gls Gls acrshort acrlong
    MakeUppercase""".split(),
    (1, "{0}"),
) | {
    **dict.fromkeys(("href", "hyperlink", "textcolor", "colorbox", "texorpdfstring"), (2, "{1}")),
    **dict.fromkeys(("ion", "SI", "qty"), (2, "{0} {1}")), "ang": (1, "{0}°"), "footnote": (1, " ({0})"),
    "binom": (2, "({0} choose {1})"),
    "pmod": (1, " (mod {0})"), **dict.fromkeys(("cite", "citet", "citep", "citealp", "parencite"), (1, "[{0}]")),
    **dict.fromkeys(("acp", "glspl", "Glspl"), (1, "{0}s")), "enquote": (1, "“{0}”"),
    "keywords": (1, " Keywords: {0}"),
    "ket": (1, "|{0}⟩"), "bra": (1, "⟨{0}|"), "braket": (1, "⟨{0}⟩"), "substack": (1, " ({0})"),
    **dict.fromkeys(("ce", "ch", "rlap"), (1, "{0}")), **dict.fromkeys(("hspace", "vspace"), (1, " ")),
    **dict.fromkeys(("phantom", "hphantom", "vphantom", "label", "require"), (1, "")),
}  # fmt: skip

# Before the tables: names they lack, and names for which they have what few fonts hold, or a backslash.
_OWN_SYMBOLS = {
    "sim": "∼", "ast": "*", "star": "*", "cdot": "·", "mid": "|", "vert": "|", "lvert": "|", "rvert": "|",
    "setminus": "∖", "backslash": "∖", "smallsetminus": "∖", "dots": "…", "cdots": "…", "colon": ":", "hbar": "ℏ",
    "langle": "⟨", "rangle": "⟩", "lbrace": "{", "rbrace": "}", "lbrack": "[", "rbrack": "]", "epsilon": "ε",
    "leqslant": "≤", "geqslant": "≥", "iff": "⇔", "diamond": "⋄", "square": "□", "degree": "°", "quad": " ",
    **dict.fromkeys("qquad space thinspace par newline".split(), " "), "item": "•", "textasciitilde": "~",
    "textbackslash": "∖", "textasciicircum": "^", "textasciigrave": "'", "textless": "<", "textgreater": ">",
    "textunderscore": "_",
    "textbar": "|", "textdollar": "$", "eg": "e.g.", "ie": "i.e.", "etal": "et al.", "TeX": "TeX", "LaTeX": "LaTeX",
    "lt": "<", "gt": ">", "Box": "□", "textmu": "μ", "thicksim": "~", "slash": "/", "lambdabar": "ƛ",
    # Astronomers' and siunitx's: https://journals.aas.org/aastexguide, https://ctan.org/pkg/siunitx
    **dict.fromkeys(("deg", "degr", "arcdeg", "textdegree"), "°"), "fdg": "°.", "farcm": "′.", "farcs": "″.",
    "arcmin": "′", "arcsec": "″",
    **dict.fromkeys(("Msun", "msun", "MSun"), "M⊙"), **dict.fromkeys(("Lsun", "lsun", "LSun"), "L⊙"),
    **dict.fromkeys(("Rsun", "rsun", "RSun"), "R⊙"), **dict.fromkeys(("Zsun", "zsun"), "Z⊙"),
    **dict.fromkeys(("kms", "kmps"), f"{GAP}km s⁻¹"), **dict.fromkeys(("HI", "hi"), "H I"),
    **dict.fromkeys(("HII", "hii"), "H II"), **dict.fromkeys(("oiii", "OIII"), "[O III]"),
    **dict.fromkeys(("Lya", "lya", "Lyalpha"), "Lyα"), **dict.fromkeys(("Ha", "Halpha"), "Hα"),
    **dict.fromkeys(("Hb", "Hbeta"), "Hβ"), **dict.fromkeys(("teff", "Teff"), "T_eff"), "logg": "log g",
    **dict.fromkeys(("feh", "FeH"), "[Fe/H]"), **dict.fromkeys(("micron", "um"), f"{GAP}μm"),
    **{unit: f"{GAP}{unit}" for unit in ("Gyr", "Mpc", "Myr", "kpc", "pc")}, "hMpc": f"{GAP}h⁻¹ Mpc",
    "giga": "G", "mega": "M", "kilo": "k", "centi": "c", "milli": "m", "micro": "μ", "nano": "n", "pico": "p",
    "meter": "m", "metre": "m", "second": "s", "kelvin": "K", "hertz": "Hz", "electronvolt": "eV", "watt": "W",
    "volt": "V", "percent": "%", "angstrom": "Å", "gram": "g", "per": "/",
}  # fmt: skip
IN_MATHS = {  # macros of authors that mean one thing in formulas, and TeX's that mean another in prose
    **{letter: letter for letter in "ABDEFGHIJKLMOPSTUVWXY"}, **dict(zip("CNQRZ", "ℂℕℚℝℤ", strict=True)), "eps": "ε",
}  # fmt: skip
# `^\circ`, `M_\odot`: as they are.
_LONE_SCRIPTS = {one: one for one in "*′″†‡⊙°"} | {"∘": "°", "⊤": "ᵀ", "′′": "″", "''": "″"}


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


def link(address: str, shown: str) -> str:
    """Return what is shown of a link, and its address unless that is shown already."""
    address = address.strip().replace("\\", "")
    if re.search(r"[./]\w", shown) or not address.startswith("http"):
        return shown
    return f"{shown} ({address})" if shown.strip() else address


def formula_in_chemistry(written: str) -> str:
    """Return a chemical formula with its counts lowered: `Ti3C2` as Ti₃C₂."""
    return _COUNT.sub(lambda count: count[0].translate(_LOWERED), written)


_COUNT = re.compile(r"(?<=[A-Za-z)\]])\d+(?![\d.+-]|\.\d)")
_LOWERED = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")


def character(code: str) -> str:
    r"""Return the character of `\unicode`, such as `x2013` or `8211`; nothing if it cannot be shown."""
    if not re.fullmatch(r"\s*(?:[xX][0-9A-Fa-f]{1,5}|\d{1,6})\s*", code):
        return ""
    number = int(code.strip()[1:], 16) if code.strip()[0] in "xX" else int(code)
    one = chr(number) if number <= sys.maxunicode else ""
    if one.isspace() and one > " ":
        return " "
    return one if one.isprintable() and not unicodedata.combining(one) else ""


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


_NEEDED_GAP = re.compile(rf"(?<=[\w)]){GAP}+(?!{SMALL})(?=[^\W_])")
