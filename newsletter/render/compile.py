"""Templates compiled once: MJML and the inliner run over the template, and per subscriber only Jinja runs.

flatten → protect → checks → MJML → inliner → checks → restore → Jinja. Measured against running MJML and premailer
on each finished email this is some twenty times faster, and no paper's title ever reaches an XML or CSS parser.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from difflib import get_close_matches
from functools import lru_cache
from pathlib import Path

import jinja2

from newsletter.errors import TemplateError
from newsletter.render import guards
from newsletter.render.environment import RECORDS, environment
from newsletter.render.files import USUAL_LOOK, Sources, read_sources
from newsletter.render.inline import Inliner, inline
from newsletter.render.language import Language, has_language, language_of
from newsletter.render.once import FILLED, Filled
from newsletter.render.protect import Joined, Kind, Piece, flatten, join, mirror, protect, restore

CSS_NAME = "issue/inline.css"
# Where a line end is no text: between rows, and before what is a block of its own.
_BETWEEN_BLOCKS = re.compile(r"(?<=</tr>)(?=<tr[ >]|</tbody>|$)|(?<=<tbody>)(?!\n)|(?<=>)(?=<(?:p|h[1-6])[ >])")
DOCUMENTS = ("issue", "confirm", "welcome", "goodbye")
"""What emails there are: each has `NAME/NAME.mjml.j2` and `NAME/NAME.txt.j2`."""


@dataclass(frozen=True, slots=True)
class Compiled:
    """One template, ready to be filled as often as there are subscribers."""

    name: str
    source: Joined
    template: jinja2.Template

    def fill(self, filled: Filled | None = None, /, **values: object) -> str:
        """Return the template with `values` in it; whatever goes wrong is a TemplateError with its line.

        `filled` holds what is filled once for many; without it that is done anew.
        """
        try:
            token = FILLED.set(Filled() if filled is None else filled)
            try:
                return self.template.render(values)
            finally:
                FILLED.reset(token)
        except Exception as error:  # a template may be the user's own and fail in any way
            place = self.source.at_line(_failing_line(error, self.name))
            raise TemplateError(_told(error), template=place.template or self.name, line=place.line) from error


def _told(error: Exception) -> str:
    """Return what went wrong, in the words of templates and not of Python."""
    found = re.fullmatch(r"'(?:[\w.]*\.)?(\w+)(?: object)?' (?:object )?has no attribute '(\w+)'", str(error))
    if not found or found[1] not in RECORDS:
        return str(error)
    near = get_close_matches(found[2], RECORDS[found[1]], n=1)
    record = found[1].removesuffix("View").removesuffix("Facts").lower()
    return f'"{record}" has no "{found[2]}"' + (f'; did you mean "{near[0]}"?' if near else "")


@dataclass(frozen=True, slots=True)
class Parts:
    """The two parts of an email, compiled, in one language."""

    html: Compiled
    text: Compiled
    language: Language


@dataclass(frozen=True, slots=True)
class Templates:
    """Every email there is, in every language, compiled when it is first needed: some 0.1 s each."""

    sources: Sources

    def parts(self, document: str = "issue", language: str = "en") -> Parts:
        """Return the parts of one email in one language; TemplateError where there is no translation."""
        return _parts(self.sources, document, language)

    @property
    def shows_pictures(self) -> bool:
        """Return whether the issue shows thumbnails in this look; where it does not, none need be fetched."""
        texts = (text for name, text in self.sources.by_name().items() if name.startswith(f"{USUAL_LOOK}/"))
        return any("facts.picture" in text for text in texts)

    def has_language(self, code: str) -> bool:
        """Return whether there are words for a language (BCP 47), or for that of its region."""
        return has_language(code, self.sources.catalogs())


def compile_templates(overrides: Path | None = None, *, look: str = USUAL_LOOK) -> Templates:
    """Return the templates that ship, or what a directory of the user's puts in their place, in one look.

    The issue is compiled at once, so that a mistake is told before anything else is done; the same content is compiled
    once per process, however often this is called.
    """
    templates = Templates(read_sources(overrides, look=look))
    templates.parts()
    return templates


@lru_cache(maxsize=64)
def _parts(sources: Sources, document: str, code: str) -> Parts:
    language = language_of(code, sources.catalogs())
    joined = _html(sources, document, language.direction)
    text = join(flatten(f"{document}/{document}.txt.j2", sources.by_name(), files=sources.own_files()))
    return Parts(
        as_template(f"{document}/{document}.mjml.j2", joined, language, autoescape=True),
        as_template(f"{document}/{document}.txt.j2", text, language, autoescape=False),
        language,
    )


@lru_cache(maxsize=16)
def _html(sources: Sources, document: str, direction: str) -> Joined:
    """Return one email's HTML with its Jinja intact, for every language of a direction."""
    by_name, files = sources.by_name(), sources.own_files()
    pieces = tuple(flatten(f"{document}/{document}.mjml.j2", by_name, files=files))
    css = by_name[CSS_NAME]
    if direction == "rtl":
        pieces = tuple(mirror(pieces))
        css = join(mirror(flatten(CSS_NAME, by_name, files=files))).text
    name = f"{document}/{document}.mjml.j2"
    return compile_html(pieces, css=css, name=name, css_name=files.get(CSS_NAME, CSS_NAME))


def compile_html(
    pieces: tuple[Piece, ...], *, css: str, name: str = "", css_name: str = CSS_NAME, inliner: Inliner = inline
) -> Joined:
    """Return the pieces of an MJML template as HTML with styles inlined and its Jinja intact."""
    if not pieces:
        raise TemplateError("is empty", template=name)
    # A mistake in Jinja is best reported before anything else.
    as_template(name, join(pieces), language_of("en", {}), autoescape=True)
    styles, protected = flatten(css_name, {css_name: css}), protect(pieces)
    guards.check_styles(join(styles))
    guards.check_fetches(protected.markup)
    guards.check_markup(protected.markup)
    html = re.sub(r"\n\s+", "\n", inliner(mjml_to_html(protected.markup), css))
    guards.check_tokens(html, protected.constructs)
    guards.check_balance(html, protected.constructs)
    return join(_on_own_lines(restore(html, protected.constructs)))


def _on_own_lines(pieces: Iterable[Piece]) -> Iterator[Piece]:
    """Yield the pieces with a line end before and after what is filled in, and no other: lines are encoded and kept.

    What is filled once stands on lines of its own, see `once`.
    """
    for piece in pieces:
        text = _BETWEEN_BLOCKS.sub("\n", piece.text)
        first, *inner = text.split("\n") if piece.kind is Kind.DATA else (piece.text,)
        if len(inner) > 1:
            first = "\n".join((first, " ".join(inner[:-1]), inner[-1]))
            yield replace(piece, text=first)
        else:
            yield piece


def mjml_to_html(markup: Joined) -> str:
    """Return the HTML of MJML, by mrml, with nothing fetched and no web font added."""
    from mjml import mjml2html  # noqa: PLC0415 - a shared library of 8 MB, needed only here

    try:
        return str(mjml2html(markup.text, fonts={}, include_loader=None))
    except BaseException as error:
        # mrml raises ValueError, with offsets if we are lucky, and rarely panics, which is a BaseException.
        if not isinstance(error, Exception) and type(error).__name__ != "PanicException":
            raise
        found = re.search(r"position (\d+)", str(error))
        place = markup.at_offset(_characters(markup.text, int(found[1])) if found else 0)
        raise TemplateError(f"MJML: {error}", template=place.template, line=place.line if found else 0) from error


def as_template(name: str, joined: Joined, language: Language, *, autoescape: bool) -> Compiled:
    """Return joined pieces as a template that can be filled; TemplateError for a mistake in its Jinja."""
    jinja = environment(language, autoescape=autoescape)
    try:
        code = jinja.compile(joined.text, name=name, filename=name)
    except jinja2.TemplateSyntaxError as error:
        place = joined.at_line(error.lineno)
        raise TemplateError(error.message or "syntax error", template=place.template, line=place.line) from error
    except (jinja2.TemplateError, SyntaxError) as error:
        raise TemplateError(str(error), template=name) from error
    return Compiled(name, joined, jinja2.Template.from_code(jinja, code, jinja.make_globals(None)))


def _failing_line(error: BaseException, name: str) -> int:
    """Return the line of the template at which `error` was raised; Jinja tells it only in the traceback."""
    line, frame = 1, error.__traceback__
    while frame:
        if frame.tb_frame.f_code.co_filename == name:
            line = frame.tb_lineno
        frame = frame.tb_next
    return line


def _characters(text: str, octets: int) -> int:
    return len(text.encode()[:octets].decode(errors="ignore"))
