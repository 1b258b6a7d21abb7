"""TeX in titles, abstracts and names, as characters."""

from __future__ import annotations

import gzip
import json
import re
import unicodedata
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from newsletter.tex import readable
from newsletter.text import clean

STREAM = Path(__file__).parents[2] / "shared/data/relevance/common/multiday_stream.jsonl.gz"
PIECES = st.sampled_from(
    r"""\ $ $$ { } ^ _ ~ ` `` '' -- --- \( \) \[ \] \% \$ \{ \} \' \" \c \v \i \L \emph{ \bf \frac \sqrt \alpha \le
    \mathbb \left( \right. \href{ \url{ \begin{ \cite{ \foo \foo{ \text{ \hat \not 5 10 and US x n+k a<b % & # @ . ,
    https://example.org/~a word Words é λ { {A} {Ab} {a}b {é} {,}000 {-} {{ \b{eta} \footnote{ \color{red}
    \textcolor{red} \unicode{x2013} \verb| \stackrel{<}{ \r{A} \ch{H2} \@ \S \deg \bar{1} \OIII \kms""".split()
)
TEXTS = st.lists(PIECES | st.sampled_from([" ", "  ", "\n", "\0"]) | st.characters(), max_size=30).map("".join)


@pytest.mark.parametrize(
    ("tex", "expected"),
    [
        (r"Ren\'e", "René"),
        (r"G{\"o}del, G\"odel", "Gödel, Gödel"),
        (r"Erd\H{o}s, Erd{\H o}s", "Erdős, Erdős"),
        (r"\v{C}apek, Fran\c{c}ois, Mart\'{\i}n, Mart\'\i nez", "Čapek, François, Martín, Martínez"),
        (r"\L{}ukasz, {\L}ukasz, \O ystein, Stra\ss e", "Łukasz, Łukasz, Øystein, Straße"),
        (r"l'\'Ecole", "l'École"),
        (r"{\AA}ngstr\"om \`a la \^ile", "Ångström à la île"),
        (r"Fran{\c{c}}ois, Nu{\~n}ez, \k{a}, \r{u}, \d{a}", "François, Nuñez, ą, ů, ạ"),
        (r"\cite{y} \'x \c \'", r"[y] \'x \c \'"),
        (r"the \"right\" way", 'the "right" way'),
        ("nothing to do", "nothing to do"),
    ],
)
def test_accents_and_letters_become_characters(tex: str, expected: str) -> None:
    """Names in arXiv's metadata are TeX."""
    assert readable(tex) == expected


@pytest.mark.parametrize(
    ("tex", "expected"),
    [
        ("``Quoted'' words", "“Quoted” words"),
        ("a `real' thing", "a ‘real’ thing"),
        ("it's 5'' wide and ```code```", "it's 5'' wide and ```code```"),
        ("pages 3--7 --- all of them", "pages 3–7 — all of them"),
        ("run it with --force and -v", "run it with --force and -v"),
        ("Fig.~3 and Table~1 show 10~km (about~half)", "Fig. 3 and Table 1 show 10 km (about half)"),
        ("~5 of 5~10, z~2 and x~N(0,1)", "~5 of 5~10, z~2 and x~N(0,1)"),
        (r"a 5\% gain \& more, R\_1 \#2", "a 5% gain & more, R_1 #2"),
        ("a 5% gain % of which nothing is lost", "a 5% gain % of which nothing is lost"),
        (r"12\,000 vs.\ 3\,km, hy\-phen", "12 000 vs. 3 km, hyphen"),
    ],
)
def test_quotes_dashes_ties_and_escapes_read_as_they_are_typeset(tex: str, expected: str) -> None:
    """And what only looks like them stays: options, approximations, primes, code."""
    assert readable(tex) == expected


@pytest.mark.parametrize(
    ("tex", "expected"),
    [
        (r"\emph{very \textbf{new}} \texttt{a_b}", "very new a_b"),
        (r"{\bf Bold}, {\it so} \textsc{Caps} \underline{x}", "Bold, so Caps x"),
        (r"\textcolor{red}{warm} and \mbox{kept}", "warm and kept"),
        (r"\url{https://example.org/~ada/a--b_{c}}", "https://example.org/~ada/a--b_{c}"),
        (r"\href{https://example.org}{here}", "here (https://example.org)"),
        (r"\href{https://example.org}{example.org/code}", "example.org/code"),
        (r"\href, \href{a}, \href{a}{", r"\href, \href{a}, \href{a}{"),
        (r"so\footnote{and so} on", "so (and so) on"),
        (r"we present \ours{}: \model is \method{r\'e}", r"we present \ours{}: \model is \method{ré}"),
        (r"3\times faster, 5 \pm 1, \ldots, \copyright{} A", "3× faster, 5 ± 1, …, © A"),
        (r"P\textsuperscript{2} \textregistered", "P² ®"),
        (r"\begin{itemize} \item one \end{itemize}", "• one"),
        (r"{{ 7*7 }} {% raw %} {BERT} \begin{foo}", r"{{ 7*7 }} {% raw %} {BERT} \begin{foo}"),
    ],
)
def test_commands_show_their_words_and_unknown_ones_stay(tex: str, expected: str) -> None:
    """No word is lost, and nobody's own command is guessed at."""
    assert readable(tex) == expected


@pytest.mark.parametrize(
    ("tex", "expected"),
    [
        ("$n$ of $O(n)$ in $10^{-3}$", "n of O(n) in 10⁻³"),
        (r"$O(n^2\log n)$, $\max_i x_i$, $\log_2 n$", "O(n² log n), maxᵢ xᵢ, log₂ n"),
        ("$x^{n+k}$, $x_{max}$, $x_{n-1}$, $x_{i,j}$, $x_q$", "x^(n+k), x_max, xₙ₋₁, x_(i,j), x_q"),
        (r"$x_{\rm max}y$ and $T_\mathrm{eff}$", "x_max y and T_eff"),
        (r"CO$_2$, H$\alpha$, m s$^{-1}$, $\sim$10, 3$\times$", "CO₂, Hα, m s⁻¹, ∼10, 3×"),
        (r"$\sim 10$, $\alpha \in [0,1]$, $5 \pm 1$, $n\geq 4$", "∼10, α ∈ [0,1], 5 ± 1, n≥4"),
        (r"$\mathcal{O}(1)$ in $\mathbb{R}^d$ and $\mathbb Z$, \(\mathbf{w}\)", "O(1) in ℝᵈ and ℤ, w"),
        (r"$\frac{1}{2}$, $\frac{a+b}{2n}$, $2\frac{a}{b}c$", "1/2, (a+b)/(2n), 2(a/b)c"),
        (r"$\sqrt{x}$, $\sqrt{x+1}$, $\sqrt[3]{n}$, $\sqrt 2$", "√x, √(x+1), ∛n, √2"),
        (r"$\left(\frac{a}{b}\right)$, $\left.x\right|$, $\{1,\ldots,k\}$", "(a/b), x|, {1,…,k}"),
        (r"$\hat{x}$, $\widetilde O(n)$, $\bar\lambda$, $\not\in$, $\overline{AB}$", "x̂, Õ(n), λ̄, ∉, AB"),
        (r"$360^\circ$, $M_\odot$, $A^\top$, $x^*$, $n^{th}$, $P'$", "360°, M⊙, Aᵀ, x*, nth, P'"),
        (r"$\operatorname{rank} A$, $\operatorname*{arg\,max}_x f$, $\text{if } x$", "rank A, arg maxₓ f, if x"),
        (r"$$a + b$$ and \[ c^2 \] and \( d \)", "a + b and c² and d"),
        ("n^2, 10^-3, 10^{-3}, x_{ij} and R^n", "n², 10⁻³, 10⁻³, x_ij and Rⁿ"),
        ("$a<b$ and $c>d$, n<m<k, <think>", "a<b and c>d, n<m<k, <think>"),
    ],
)
def test_formulas_become_one_line(tex: str, expected: str) -> None:
    """Small characters where Unicode has them for a number or one letter, and plain ones otherwise."""
    assert readable(tex) == unicodedata.normalize("NFC", expected)


@pytest.mark.parametrize(
    ("tex", "expected"),
    [
        (r"a full 360{\deg} view, 360\deg, $360\deg$, $5^\deg$, $5{\deg}$", "a full 360° view, 360°, 360°, 5°, 5°"),
        (r"$1.5\degr$, 0\arcdeg, 2\arcsec, 8$\arcmin$, 0\farcs{}4", "1.5°, 0°, 2″, 8′, 0″.4"),
        (r"$\deg(f)$, $t^\deg$ and $9 \deg^2$", "deg(f), t^deg and 9 deg²"),
        (r"5 \kms, 10\kms, $10^{9}\,\Msun$, $z=3\Mpc$", "5 km s⁻¹, 10 km s⁻¹, 10⁹ M⊙, z=3 Mpc"),
        (r"the {\HI} gas, \HII{} and [\OIII], \OIII lines", "the H I gas, H II and [O III], [O III] lines"),
        (r"at 300 \kelvin, 10 \micro\meter and \si{\kilo\meter}", "at 300 K, 10 μm and km"),
        (r"\ch{Ti3C2} on \ce{H2O}, \ch{Ti^{3+}}, $\ch{WS2}$", "Ti₃C₂ on H₂O, Ti³⁺, WS₂"),
        (r"\S 4 and {\S} 112", "§ 4 and § 112"),
        (r"{\AA}, $25\r{A}$ and $L_{25\,\r{A}}$", "Å, 25Å and L_(25 Å)"),
    ],
)
def test_degrees_and_units_are_shown(tex: str, expected: str) -> None:
    """What astronomers and chemists write is as common as mathematics; a polynomial's degree is no angle."""
    assert readable(tex) == expected


@pytest.mark.parametrize(
    ("tex", "expected"),
    [
        (r"\b{eta}-decay, \k{appa}=0.8, \r{ho}, \c{hi}2", "β-decay, κ=0.8, ρ, χ2"),
        (r"H\b{eta}, \d{elta} and \c{opyright} A", "Hβ, δ and © A"),
        (r"$\b{eta}_1 + \k{appa} + \r{ho}$", "β₁ + κ + ρ"),
        (r"\c{c}, \k{a}, \r{u}, \d{a}, \b{b}, \c{s}", "ç, ą, ů, ạ, ḇ, ş"),
        (r"\b{etas}, \c{at} and \k{appe}", r"\b{etas}, \c{at} and \k{appe}"),
    ],
)
def test_greek_whose_first_letter_was_taken_for_an_accent_is_mended(tex: str, expected: str) -> None:
    r"""`\beta` reaches arXiv's metadata as `\b{eta}`; real accents are over one letter."""
    assert readable(tex) == expected


@pytest.mark.parametrize(
    ("tex", "expected"),
    [
        (r"sense$\unicode{x2014}$even $\unicode{x2013}$ here", "sense—even – here"),
        (r"1$\unicode{x0025}$, $2 \pm 1\unicode{x2030}$, a\unicode{8211}b", "1%, 2 ± 1‰, a–b"),
        (r"$M_\unicode{x25CF}\unicode{x2013}\sigma_0$", "M_●–σ₀"),
        (r"$\unicode{x202E}$ $\unicode{x1}$ $\unicode{words}$", r"$\unicode{x202E}$ $\unicode{x1}$ $\unicode{words}$"),
    ],
)
def test_characters_by_number_are_shown_if_they_can_be(tex: str, expected: str) -> None:
    """MathJax's command; what reorders a line or is no character stays as it is written."""
    assert readable(tex) == expected


@pytest.mark.parametrize(
    ("tex", "expected"),
    [
        (r"is open.\footnote{Code: https://example.org/a}", "is open. (Code: https://example.org/a)"),
        (r"is open.\footnote{Code is at https://example.org", "is open. (Code is at https://example.org)"),
        (r"maps\footnote[1]{Of them all.} that", "maps (Of them all.) that"),
        (r"\textbf{\textcolor{red}{Note that", "Note that"),
        (r"see \href{https://example.org/a}{the page", "see the page (https://example.org/a)"),
        (r"see \href{https://example.org/a}.", "see https://example.org/a."),
        (r"see $\href{https://example.org/a_b}{here}$.", "see here (https://example.org/a_b)."),
        (r"see $\url{https://example.org/a_b}$", "see https://example.org/a_b"),
        (r"\hyperlink{https://example.org/a}{example.org/a}", "example.org/a"),
        (r"at \hyperlink{}{https://example.org/a}.", "at https://example.org/a."),
        (r"[\citep[see][]{noether1918} and \cite[][]{a1,b2}]", "[[see noether1918] and [a1,b2]]"),
    ],
)
def test_notes_and_links_keep_their_words_even_where_the_text_was_cut(tex: str, expected: str) -> None:
    """Abstracts are cut at a length, in the middle of a command too."""
    assert readable(tex) == expected


@pytest.mark.parametrize(
    ("tex", "expected"),
    [
        (r"\color{red} warm and {\color{blue}cold}", "warm and cold"),
        (r"\textcolor{red}{x}, \textcolor{red}WARM, \textbf{\color{dark_red}D}ark", "x, WARM, Dark"),
        (r"in \verb|a_{b}| and \enquote{so}, the \ac{PDF}, \acp{PDF}", "in a_{b} and “so”, the PDF, PDFs"),
        (r"\ding{182} One \ding{183} Two \ding{51} \ding{9}", r"❶ One ❷ Two ✓ \ding{9}"),
        (r"i.i.d.\@ data, mAP\@0.5, Pass\^{}k", "i.i.d. data, mAP@0.5, Pass^k"),
        (r"{1\bar{1}02} and 11\={2}0", unicodedata.normalize("NFC", "{11̄02} and 112̄0")),
        (r"O(n\log n), $\lim$, \frac{1}{2} of \sqrt{n}", "O(n log n), lim, 1/2 of √n"),
        (r"\replaced[id]{S}{s}iamese \species{H}{ii}", r"\replaced[id]{S}{s}iamese \species{H}{ii}"),
    ],
)
def test_more_commands_show_their_words(tex: str, expected: str) -> None:
    """A colour is no word; an author's own command keeps all its arguments."""
    assert readable(tex) == expected


@pytest.mark.parametrize(
    ("tex", "expected"),
    [
        (r"${D}^{3}${ETOR}: a method", "D³ETOR: a method"),
        ("{DINO}: maps of {Turing-RL} and {GSR4B}", "DINO: maps of Turing-RL and GSR4B"),
        ("{B}ias-{L}inked {A}daptive l{ea}rning", "Bias-Linked Adaptive learning"),
        ("the {only} one, {pose-based maps} and {Of two kinds.}", "the only one, pose-based maps and Of two kinds."),
        (
            "{We show that for n = 5 the bound [1] is sharp, and tight.} It",
            "We show that for n = 5 the bound [1] is sharp, and tight. It",
        ),
        ("5 {μ}m, Schr{ö}dinger, 3{×}4, {Λ}CDM", "5 μm, Schrödinger, 3×4, ΛCDM"),
        ("10{,}817 of 0{.}9 in 3D{-}UNets", "10,817 of 0.9 in 3D-UNets"),
        ("at {https://example.org/a}.", "at https://example.org/a."),
    ],
)
def test_braces_that_say_nothing_are_left_out(tex: str, expected: str) -> None:
    """They keep capitals in a bibliography, point at the letters of an acronym or close a phrase."""
    assert readable(tex) == expected


@pytest.mark.parametrize(
    "text",
    [
        "k in {1, 2, 3}, {a, b} and {De, It, Zh}",
        "the planes {100} and {0}",
        "{none, system, judge} or {A,B}",
        'the prompt "a {snowy} photo of a {label}"',
        "{{NAME}} and {% raw %} {BERT}",
        "GET /api/{ID} with ${HOME} and x={Value}",
        "{name: value} and {x_ij}",
        "1 mK/sqrt{Hz}, v₂{4}, {v} and {R}",
        "a set {∅} and {} and { }",
        "{unclosed and {",
    ],
)
def test_braces_of_sets_templates_and_code_stay(text: str) -> None:
    """There they mean something."""
    assert readable(text) == text


@pytest.mark.parametrize(
    ("tex", "expected"),
    [
        (r"$\textbf{$\infty$Bench+}$ and $\texttt{M$^3$Fin}$", "∞Bench+ and M³Fin"),
        (r"$M_{\text{H$_2$}}<2$ and $\textbf{28.5%$\to$71.4%}$", "M_(H₂)<2 and 28.5%→71.4%"),
        (r"$\textbf{A two}$~($\textbf{B$^3$}$)", "A two (B³)"),
        (r"$L^{2}/\L^2$ and $\H^1$ and $\A^k\to\R^d$", "L²/L² and H¹ and Aᵏ→ℝᵈ"),
        (r"\L{}ukasz in $\O(n)$", "Łukasz in O(n)"),
        (r"$z \gt 5$, $x \lt 2$, $\stackrel{<}{_{\sim}}3$, $\stackrel{>}{\sim}$", "z > 5, x < 2, ≲3, ≳"),
        (r"$33\substack{+7 \\ -2}$ and $\ket{0}$", "33 (+7 -2) and |0⟩"),
        (r"$a \xrightarrow{} b$, $\underset{x}{\arg\min} f$, $a \overset{n}{=} b$", "a → b, arg minₓ f, a =ⁿ b"),
        (r"$\hspace{0.1cm}\mathrm{keV}$, $\mathop{\tilde{\!x}}$", "keV, x̃"),
        ("from $z = $10 to $x < 1.0 $ and $n_5 $ of", "from z = 10 to x < 1.0 and n₅ of"),
        (r"a lone $ and then the words $x^2$ again", "a lone $ and then the words x² again"),
        (r"$\max_{j\in M}x$ and $x^{ab}_{cd}$", "max_(j∈M)x and x^ab_cd"),
    ],
)
def test_more_formulas_are_understood(tex: str, expected: str) -> None:
    """Formulas in text in formulas, macros with one meaning, and what stands over something else."""
    assert readable(tex) == unicodedata.normalize("NFC", expected)


@pytest.mark.parametrize(
    "text",
    [
        "between $5 and $10",
        "from US$ 3 to US$ 5, US$3 or AU$4",
        "$17.7K to $569, $5-$10, $1.2M",
        "pays $0.5 per call while theirs costs $3 per call",
        "costs $ 3 or $ 5",
        "$HOME_DIR and $PATH",
        "a lone $ stays",
        "$HOME and $PATH",
        "^_^ and a ^ b and CTRL ^C",
        r"C:\temp\new",
        r"$\ours{x}$ and $x_{\foo}$",
        "$x^{2$ and $}{$",
        "$" + "x+" * 200 + "x$",
        "snake_case and __init__ and a_b",
    ],
)
def test_what_is_not_surely_tex_stays_as_it_is(text: str) -> None:
    """Money is no formula, and a formula that is not understood is better read as its source than half converted."""
    assert readable(text) == text


def test_text_without_tex_is_returned_itself() -> None:
    """Most titles cost nothing."""
    title = "A title, as most are: 100% plain (and non-ASCII: λ)"

    assert readable(title) is title


@given(TEXTS)
@example("\\")
@example("$\\$")
@example("{\\bf")
def test_any_text_becomes_one_clean_line_or_stays(text: str) -> None:
    """Nothing from outside makes it fail, and its result can be shown."""
    shown = readable(clean(text))

    assert shown == clean(shown)
    assert not [one for one in shown if unicodedata.category(one) in {"Cc", "Cs"}]


@given(TEXTS.filter(lambda text: "\\" not in text))
def test_reading_twice_changes_nothing(text: str) -> None:
    """A text that passes two borders is the same as after the first; an escaped sign may look like TeX afterwards."""
    shown = readable(clean(text))

    assert readable(shown) == shown


@given(st.lists(PIECES.filter(lambda piece: not re.search(r"[A-Za-z0-9]", piece)) | st.just("WORD"), max_size=30))
def test_no_word_is_lost(pieces: list[str]) -> None:
    """However broken the TeX around them."""
    text = clean(" ".join(pieces))

    letters = [one for one in unicodedata.normalize("NFKD", readable(text)) if one.isalpha()]  # `^W` may be raised
    assert "".join(letters).count("WORD") == text.count("WORD")


@pytest.mark.parametrize(
    "tex",
    r"""\footnote{WORD \footnote{WORD} \textcolor{red}{WORD} \textcolor{red}WORD {WORD} {WORD}s \href{WORD}
    $\text{$WORD$}$ \href{https://example.org}{WORD
    \verb|WORD| \verb|WORD \c{WORD} \unicode{WORD} \ding{WORD} \foo[WORD]{WORD} \ch{WORD
    \citep[WORD][WORD]{WORD} \footnote[1]{WORD \bar{WORD} \frac{WORD} \stackrel{WORD}{WORD} \hyperlink{https://WORD}{a}
    $\textbf{WORD $\foo{WORD}$ \enquote{WORD \@WORD \kmsWORD {\bf{WORD ${WORD}$ {WORD,WORD}""".split(),
)
def test_no_word_in_a_command_is_lost(tex: str) -> None:
    """Closed or cut, known or not."""
    for text in (tex, f"so {tex} it", f"{{{tex}", f"${tex}", f"{tex}}}"):
        assert readable(text).count("WORD") == tex.count("WORD")


@pytest.mark.parametrize(
    "unit",
    r"""{ } $ $$ \ \emph{ {\bf \' ^{ _{ ` `` '' -- a~ \( \[ $a \frac \href{a} \begin{ \" http \$ $\$ $x_{ {{\bf $5
    \foo{ a^ ~ ``'' \c{ {A} {a}b {AB} \footnote{ \footnote[ \textcolor{red} \color{ \verb| \unicode{ \bar{ \frac{a}{
    \foo[ $\text{ $\text{$a$ \hyperlink{a}{ \stackrel{<}{ \ch{ \@ \cite[a] {}""".split(),
)
def test_a_lot_of_broken_tex_is_read_to_its_end(unit: str) -> None:
    """No pattern is quadratic and no nesting too deep: a suite that hangs here has found one that is."""
    half = unit * (20_000 // len(unit))

    for filling in (half, f"{unit} " * 1_000, half + "}" * 20_000):
        assert "the end" in readable(f"{filling} and the end")


@pytest.mark.parametrize("formula", ["{" * 100 + "}" * 100, r"\frac" * 50, "^" * 200, r"\sqrt{" * 40 + "}" * 40])
def test_a_deeply_nested_formula_stays_as_it_is(formula: str) -> None:
    """Recursion is bounded."""
    assert readable(f"${formula}$ x") == f"${formula}$ x"


@pytest.mark.skipif(not STREAM.exists(), reason="the papers of the reference data are not here")
def test_nearly_every_formula_of_real_papers_is_understood() -> None:
    """Real titles and abstracts: at most two papers in a hundred keep a command, mostly of their authors' own."""
    with gzip.open(STREAM, "rt", encoding="utf-8") as lines:
        papers = [json.loads(line) for line in lines]
    texts = [readable(clean(f"{paper['title']} {paper['abstract']}")) for paper in papers]

    assert sum("\\" in text for text in texts) < len(papers) / 50
    assert not [text for text in texts if re.search(r"\\(?:textbf|emph|mathrm|frac|%|')(?![a-z])", text)]
