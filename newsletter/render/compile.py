"""Templates compiled once: MJML and the inliner run over the template, and per subscriber only Jinja runs.

flatten → protect → checks → MJML → inliner → checks → restore → Jinja. Measured against running MJML and premailer
on each finished email this is some twenty times faster, and no paper's title ever reaches an XML or CSS parser. Every
step keeps what it made of the same input, so that after an edit only what the edit touches is compiled again.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cached_property, lru_cache
from pathlib import Path

import jinja2

from newsletter.errors import TemplateError
from newsletter.render import guards
from newsletter.render.environment import RECORDS, environment
from newsletter.render.files import USUAL_LOOK, Sources, read_sources
from newsletter.render.inline import Inliner, inline
from newsletter.render.language import Language, has_language, language_of
from newsletter.render.once import FILLING, Filled, Filling
from newsletter.render.protect import Joined, Kind, Piece, Place, flatten, join, mirror, protect, restore
from newsletter.render.skeleton import Parted, Slot, compiled, part, text_of, with_texts
from newsletter.transfer import in_ascii

CSS_NAME = "issue/inline.css"
# Where a line end is no text: between rows and before what is a block of its own; if need be, between attributes or
# styles. No line begins with a dot, which would be doubled on its way (RFC 5321 §4.5.2).
_LINE_END = re.compile(
    r"(?<=</tr>)(?=<tr[ >]|</tbody>|$)|(?<=<tbody>)(?!\n)|(?<=>)(?=<(?:p|h[1-6])[ >])|\n(?!\.)"
    r"""|(?P<inside>(?<=["']) (?=[a-z][a-z:-]*=["'])|(?<=[{;}]) (?=[a-z#@*]))"""
)
_LINE = 400  # octets: with what is filled in, hardly a line has more than the 998 that a message takes
DOCUMENTS = ("issue", "confirm", "welcome", "goodbye")
"""What emails there are: each has `NAME/NAME.mjml.j2` and `NAME/NAME.txt.j2`."""


@dataclass(frozen=True, slots=True, eq=False)
class Compiled:
    """One template, ready to be filled as often as there are subscribers."""

    name: str
    parted: Parted
    templates: tuple[jinja2.Template, ...]
    """The template of each unit."""

    def fill(self, filled: Filled | None = None, /, **values: object) -> str:
        """Return the template with `values` in it; whatever goes wrong is a TemplateError with its line.

        `filled` holds what is filled once for many; without it that is done anew.
        """
        filling = Filling(Filled() if filled is None else filled, self.templates, values)
        texts = self.pieces(filling)
        return "".join([text if text.isascii() else _kept(text) for text in texts] if filling.in_html else texts)

    def pieces(self, filling: Filling) -> list[str]:
        """Return what `fill` gives, in pieces."""
        token = FILLING.set(filling)
        try:
            # What one of the outermost sets, the next ones find.
            return [text for number in self.parted.outermost for text in filling.texts(number)]
        except Exception as error:  # a template may be the user's own and fail in any way
            place = self._place(error)
            raise TemplateError(_told(error), template=place.template or self.name, line=place.line) from error
        finally:
            FILLING.reset(token)

    def _place(self, error: BaseException) -> Place:
        """Return where the template failed: the innermost frame of the traceback that is a template's."""
        place, frame = Place("", 1), error.__traceback__
        while frame:
            template = frame.tb_frame.f_globals.get("__jinja_template__")
            if template is not None and template in self.templates:
                source = self.parted.units[self.templates.index(template)].source
                place = source.at_line(template.get_corresponding_lineno(frame.tb_lineno))
            frame = frame.tb_next
        return place


_kept = lru_cache(maxsize=8_192)(in_ascii)  # papers, and sentences, are those of many emails


def _told(error: Exception) -> str:
    """Return what went wrong, in the words of templates and not of Python."""
    found = re.fullmatch(r"'(?:[\w.]*\.)?(\w+)(?: object)?' (?:object )?has no attribute '(\w+)'", str(error))
    if not found or found[1] not in RECORDS:
        return str(error)
    near = get_close_matches(found[2], RECORDS[found[1]], n=1)
    record = found[1].removesuffix("View").removesuffix("Facts").lower()
    return f'"{record}" has no "{found[2]}"' + (f'; did you mean "{near[0]}"?' if near else "")


@dataclass(frozen=True, eq=False)
class Parts:
    """The two parts of an email, compiled, in one language."""

    html: Compiled
    language: Language
    _compile_text: Callable[[], Compiled]

    @cached_property
    def text(self) -> Compiled:
        """Return the text part, compiled when it is first asked for; TemplateError for a mistake in it."""
        return self._compile_text()


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
    templates.parts().text  # noqa: B018 - it is compiled when it is asked for
    return templates


@lru_cache(maxsize=64)
def _parts(sources: Sources, document: str, code: str) -> Parts:
    language = language_of(code, sources.catalogs())
    html, name = html_of(sources, document, language.direction), f"{document}/{document}.txt.j2"

    def text() -> Compiled:
        pieces = flatten(name, sources.by_name(), files=sources.own_files())
        return as_template(name, pieces, language, autoescape=False)

    return Parts(as_template(f"{document}/{document}.mjml.j2", html, language, autoescape=True), language, text)


@lru_cache(maxsize=16)
def html_of(sources: Sources, document: str, direction: str) -> tuple[Piece, ...]:
    """Return one email's HTML with its Jinja intact, for every language of a direction."""
    pieces, css = mjml_of(sources, document, direction)
    css_name = sources.own_files().get(CSS_NAME, CSS_NAME)
    return compile_html(pieces, css=css, name=f"{document}/{document}.mjml.j2", css_name=css_name)


def mjml_of(sources: Sources, document: str, direction: str) -> tuple[tuple[Piece, ...], str]:
    """Return one email's MJML, and the styles that are inlined into it, for every language of a direction."""
    by_name, files = sources.by_name(), sources.own_files()
    pieces, css = tuple(flatten(f"{document}/{document}.mjml.j2", by_name, files=files)), by_name[CSS_NAME]
    if direction != "rtl":
        return pieces, css
    return tuple(mirror(pieces)), join(mirror(flatten(CSS_NAME, by_name, files=files))).text


def compile_html(
    pieces: tuple[Piece, ...], *, css: str, name: str = "", css_name: str = CSS_NAME, inliner: Inliner = inline
) -> tuple[Piece, ...]:
    """Return the pieces of an MJML template as those of HTML: styles inlined, its Jinja intact."""
    if not pieces:
        raise TemplateError("is empty", template=name)
    try:
        protected = protect(pieces)
        guards.check_styles(join(flatten(css_name, {css_name: css})))
        html = styled(protected.markup, css, inliner)
        guards.check_tokens(html, protected.constructs)
        guards.check_balance(html, protected.constructs)
    except TemplateError:
        # A mistake in Jinja is best reported before anything else.
        compiled(part(pieces), autoescape=True)
        raise
    return tuple(in_short_lines(restore(html, protected.constructs)))


@lru_cache(maxsize=16)
def styled(markup: Joined, css: str, inliner: Inliner = inline) -> str:
    """Return MJML as HTML with styles inlined, tokens in the place of its constructs."""
    guards.check_fetches(markup)
    guards.check_markup(markup)
    return re.sub(r"\n\s+", "\n", inliner(mjml_to_html(markup), css))


def in_short_lines(pieces: Iterable[Piece]) -> Iterator[Piece]:
    """Yield the pieces of HTML with line ends before and after what is filled in, and no more than short lines need."""
    for piece in pieces:
        ends = line_ends(piece.text) if piece.kind is Kind.DATA else ()
        if not ends:
            yield piece
            continue
        starts, stops = (0, *(end.end() for end in ends)), (*(end.start() for end in ends), None)
        lines = (piece.text[start:stop].replace("\n", " ") for start, stop in zip(starts, stops, strict=True))
        yield Piece(piece.kind, "\n".join(lines), piece.place)


def line_ends(text: str) -> tuple[re.Match[str], ...]:
    """Return the places for line ends in a text of HTML, where there is a blank now, or nothing."""
    found = tuple(_LINE_END.finditer(text))
    first = next((place for place in found if not place["inside"]), None)
    chosen, begin, before = list[re.Match[str]](), 0, _LINE // 4
    for place, until in zip(found, (*(following.start() for following in found[1:]), len(text)), strict=False):
        line = text[begin:until].encode("ascii", "xmlcharrefreplace")
        if place is first or before + len(line) > _LINE:
            chosen.append(place)
            begin, before = place.end(), 0
    return tuple(chosen)


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


def as_template(
    name: str,
    pieces: Iterable[Piece],
    language: Language,
    *,
    autoescape: bool,
    show: Callable[[Slot], str | int] = text_of,
) -> Compiled:
    """Return pieces as a template that can be filled; TemplateError for a mistake in its Jinja.

    `show` gives what a slot of a unit shows.
    """
    parted, jinja = part(pieces), environment(language, autoescape=autoescape)
    shared = jinja.make_globals(None)
    templates = (
        jinja2.Template.from_code(jinja, with_texts(code.code, [show(slot) for slot in unit.slots]), shared)
        for unit, code in zip(parted.units, compiled(parted, autoescape=autoescape), strict=True)
    )
    return Compiled(name, parted, tuple(templates))


def _characters(text: str, octets: int) -> int:
    return len(text.encode()[:octets].decode(errors="ignore"))
