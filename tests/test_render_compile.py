"""Templates compiled once: the email that the whole pipeline would make each time, and every mistake with its line."""

from __future__ import annotations

import random
import re
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import cache, partial
from pathlib import Path

import css_inline
import jinja2
import pytest
from lxml import html as lxml_html
from makers import (
    DAY,
    NOW,
    a_health,
    a_match,
    a_newsletter,
    a_paper,
    a_reason,
    a_section,
    an_entry,
    an_issue,
)

from newsletter.errors import TemplateError
from newsletter.models import HealthState, Issue, MatchedPaper, ReasonKind, Signals
from newsletter.render import Templates, compile_templates, render
from newsletter.render import compile as compiling
from newsletter.render.compile import CSS_NAME, Compiled, as_template, compile_html, html_of, mjml_to_html
from newsletter.render.facts import facts_of
from newsletter.render.files import Sources, read_sources
from newsletter.render.guards import check_tokens
from newsletter.render.inline import Inliner, inline
from newsletter.render.language import Language, language_of
from newsletter.render.once import Filled, Once
from newsletter.render.protect import Joined, Kind, Piece, Place, flatten, join, mirror, protect
from newsletter.render.shown import IssueView
from newsletter.render.skeleton import code_of
from newsletter.render.view import view
from newsletter.transfer import in_ascii

HTML_NAME, TEXT_NAME = "issue/issue.mjml.j2", "issue/issue.txt.j2"


def by_css_inline(html: str, css: str) -> str:
    """Inline with the second engine, which parses HTML and CSS by other rules."""
    inliner = css_inline.CSSInliner(
        extra_css=css, inline_style_tags=False, keep_style_tags=True, load_remote_stylesheets=False
    )
    return inliner.inline(html)


def a_template(body: str, *, head: str = "") -> str:
    """Return MJML around what a test is about; the body begins on line 3."""
    return (
        f"<mjml><mj-head>{head}</mj-head><mj-body>\n<mj-section><mj-column>\n"
        f"{body}\n</mj-column></mj-section></mj-body></mjml>"
    )


def compiled(source: str, *, css: str = ".a { color: #123456; }", **others: str) -> Compiled:
    """Return a template of a test's own, compiled; `others` are files to include, named `x_css` for `x.css`."""
    sources = {"mail": source} | {name.replace("_", "."): text for name, text in others.items()}
    english = language_of("en", {})
    return as_template("mail", compile_html(tuple(flatten("mail", sources)), css=css), english, autoescape=True)


# ------------------------------------------------------------------ equality with the pipeline per email

WORDS = "draft trees λ 暗黒物質 <b> & \"quoted\" 'single' --> {{ 7777*7777 }} jx0003xj </style> <!-- ]]> é".split()


ARABIC = """msgid ""
msgstr "Content-Type: text/plain; charset=utf-8\\n"

msgid "Trending"
msgstr "الأكثر رواجا"
"""


def random_issue(seed: int) -> Issue:
    """Return an issue of random shape whose every text is hostile."""
    chance = random.Random(seed)

    def words(most: int) -> str:
        return " ".join(chance.choices(WORDS, k=chance.randint(0, most)))

    def matched() -> MatchedPaper:
        paper = a_paper(
            words(9),
            id=str(chance.random()),
            abstract=words(60),
            authors=tuple(words(3) for _ in range(chance.randint(0, 6))),
            url=chance.choice(["", "https://example.org/?a=1&b=2", "javascript:alert(1)"]),
            categories=(words(1),),
            version=chance.randint(0, 2),
            entries=(an_entry(byline=words(2)),),
            identities=chance.choice([(), ("arxiv:2611.01234",), ("openreview:a_b-cD",)]),
            signals=Signals(
                upvotes=chance.choice([None, 0, 41, 1041]),
                venue=words(2),
                code_url=chance.choice(["", "https://example.org/code?a=1&b=2"]),
            ),
            tldr=words(9),
        )
        kinds = chance.sample(list(ReasonKind), k=chance.randint(1, 3))
        reasons = (
            a_reason(kind=kind, interest=words(3), words=tuple(words(2).split()), note=words(5), count=3, since=DAY)
            for kind in kinds
        )
        return a_match(paper, reasons=tuple(reasons))

    sections = (
        a_section(words(4), *(matched() for _ in range(chance.randint(1, 4))), interest=words(3), announced=9)
        for _ in range(chance.randint(0, 8))
    )
    health = (a_health(source=words(2), state=state, detail=words(3)) for state in HealthState)
    return an_issue(
        *sections,
        lead=matched() if chance.random() < 0.7 else None,
        health=tuple(health),
        picks=tuple(matched() for _ in range(chance.randint(0, 2))),
        trending=tuple(matched() for _ in range(chance.randint(0, 3))),
    )


def dom(markup: str) -> list[object]:
    """Return a document as comparable parts: tags, attributes, styles in order, comments, words of text."""
    document = lxml_html.document_fromstring(markup)
    parts: list[object] = [document.getroottree().docinfo.doctype.lower()]
    for element in document.iter():
        attributes = {name: normal_style(value) if name == "style" else value for name, value in element.items()}
        name = element.tag if isinstance(element.tag, str) else "comment"
        parts += [name, attributes, (element.text or "").split(), (element.tail or "").split()]
    return parts


def normal_style(value: str) -> list[str]:
    """Return declarations without the blanks that engines write differently."""
    return sorted(re.sub(r"\s*([:,])\s*", r"\1", part.strip()) for part in value.split(";") if part.strip())


@dataclass(frozen=True, slots=True)
class BothWays:
    """The compiled template, and the pipeline that runs for each email, in one language."""

    once: Compiled
    each_time: Callable[[IssueView], str]
    language: Language
    filled: Filled


@cache
def both_ways(engine: Inliner, code: str) -> BothWays:
    """Return both for one of the two inliners and a language of either direction."""
    language = language_of(code, {"ar": ARABIC})
    sources = read_sources().by_name()
    pieces, css = tuple(flatten(HTML_NAME, sources)), sources[CSS_NAME]
    if language.direction == "rtl":
        pieces = tuple(mirror(pieces))
        css = join(mirror(flatten(CSS_NAME, sources))).text
    once = as_template(HTML_NAME, compile_html(pieces, css=css, inliner=engine), language, autoescape=True)
    as_mjml = as_template(HTML_NAME, pieces, language, autoescape=True)

    def each_time(shown: IssueView) -> str:
        mjml = as_mjml.fill(issue=shown)
        return engine(mjml_to_html(Joined(mjml, (0,), (Place("mail", 1),))), css)

    return BothWays(once, each_time, language, Filled())


@pytest.mark.parametrize(
    ("engine", "code", "seed"),
    [
        *((inline, "en", seed) for seed in range(200)),
        *((by_css_inline, "en", seed) for seed in range(200, 240)),
        *((inline, "ar", seed) for seed in range(240, 260)),
    ],
)
def test_a_compiled_template_gives_what_the_whole_pipeline_gives(engine: Inliner, code: str, seed: int) -> None:
    """Compiling first and filling later changes nothing, whatever the data, and whatever was filled before."""
    ways = both_ways(engine, code)
    facts = partial(facts_of, abstract=2 if seed % 2 else "summary")
    shown = view(random_issue(seed), a_newsletter(editor="<i>"), ways.language, facts, readers=seed)

    assert dom(ways.once.fill(ways.filled, issue=shown)) == dom(ways.each_time(shown))


# ------------------------------------------------------------------ protecting


def test_protected_markup_joined_again_is_the_template() -> None:
    """Nothing is lost between lexing and joining but comments."""
    source = '{# gone #}<p title="{{ a }}">{% if b %}x{% endif %}</p>'

    assert join(flatten("mail", {"mail": source})).text == '<p title="{{\n a }}">{%\n if b %}x{%\n endif %}</p>'


def test_each_construct_is_hidden_by_a_token_that_fits_its_place() -> None:
    """A block in content is a comment, which may stand anywhere; everything else is a word."""
    source = '{% if a %}<p title="{% if b %}{{ c }}{% endif %}">{{ d }}</p><!-- {{ e }} -->{% endif %}'
    protected = protect(flatten("mail", {"mail": source}))

    assert protected.markup.text == (
        '<!--jx0000xj--><p title="jx0001xjjx0002xjjx0003xj">jx0004xj</p><!-- jx0005xj --><!--jx0006xj-->'
    )
    assert [piece.kind for piece in protected.constructs].count(Kind.EXPRESSION) == 3


def test_a_string_that_looks_like_the_end_of_a_block_is_no_end() -> None:
    """Templates are lexed, not searched."""
    template = compiled(a_template("<mj-text>{% if x == '%}' %}yes{% endif %}</mj-text>"))

    assert "yes" in template.fill(x="%}")


def test_a_loop_may_have_an_alternative_between_whole_tags() -> None:
    """Blocks of every kind, each with its tags balanced; void elements need no end."""
    loop = "{% for a in x %}<p>{{ a }}<br /></p>{% else %}<i>none</i>{% endfor %}"
    template = compiled(a_template(f"<mj-text>{{% set y %}}<b>z</b>{{% endset %}}{loop}</mj-text>"))

    assert "<p>7<br></p>" in template.fill(x=[7])
    assert "<i>none</i>" in template.fill(x=[])


def test_an_included_file_is_part_of_the_template() -> None:
    """Markup and styles alike."""
    template = compiled(
        a_template('{% include "part" %}', head='<mj-style>{% include "my.css" %}</mj-style>'),
        part='<mj-text><p class="a">{{ x }}</p></mj-text>',
        my_css=".b > p { color: red; }",
    )

    assert '<p class="a" style="color:#123456">7</p>' in template.fill(x=7)
    assert ".b > p { color: red; }" in template.fill(x=7)


# ------------------------------------------------------------------ constructs compiled apart from their text

HOSTILE = ["0", "[0]", '[0, "x"]', "b'[0]'", "\\", "'\"", "}} %}", "\n\n", "\0\1", "λ", "<b>&</b>", "{ { ", "%s {0}"]


def english(pieces: Iterable[Piece], *, autoescape: bool = False) -> Compiled:
    """Return a template of a test's own."""
    return as_template("mail", pieces, language_of("en", {}), autoescape=autoescape)


PLAIN = ("TEXT", "TEXT", "{{ NAME }}", "{{ NAME | upper }}", "{{ NAME ~ '<0>' }}", "{{ '[0]' }}", "{{ 1000 | number }}")
SHAPES = (
    *PLAIN,
    "{% if 'a' in NAME %}BODY{% else %}BODY{% endif %}",
    "{% for NEW in [NAME, 0, NAME] %}BODY{{ loop.last }}TEXT{{ NEW }}{% endfor %}",
    "{% set NEW = NAME ~ '0' %}",
    "{% set NEW %}BODY{% endset %}",
    "{% with NEW = NAME %}{{ NEW }}BODY{% endwith %}",
    "{% filter upper %}BODY{% endfilter %}",
    "{% macro NEW(x) %}TEXT{{ x }}{% endmacro %}{{ NEW(NAME) }}",
    "{% once NAME %}OWN{% endonce %}",
)


def random_source(chance: random.Random, names: tuple[str, ...], depth: int = 0, *, once: bool = False) -> str:
    """Return a template of random shape, its texts hostile; what is filled `once` sets nothing under an if."""
    written, shapes = "", [shape for shape in SHAPES if not (once and shape.startswith(("{% set", "{% macro")))]
    for _ in range(chance.randint(1, 6)):
        shape, name = chance.choice(shapes if depth < 3 else PLAIN), chance.choice(names)
        new = f"n{chance.randrange(10**6)}"
        shape = shape.replace("NAME", name).replace("NEW", new).replace("TEXT", chance.choice(HOSTILE))

        def body(found: re.Match[str], name: str = name, known: tuple[str, ...] = names) -> str:
            own = found[0] == "OWN"
            return random_source(chance, (name,) if own else known, depth + 1, once=once or own)

        written += re.sub("BODY|OWN", body, shape)
        names += (new,) if shape.startswith("{% set") else ()
    return written


@pytest.mark.parametrize("autoescape", [True, False])
def test_what_is_compiled_apart_is_what_jinja_makes_of_the_whole(*, autoescape: bool) -> None:
    """Whatever the texts, whatever is set where, and on lines of its own if it is filled once."""
    plain = jinja2.Environment(autoescape=autoescape, undefined=jinja2.StrictUndefined, extensions=[Once])
    plain.keep_trailing_newline = True
    plain.filters["number"] = "{:,}".format
    for seed in range(300):
        pieces = tuple(flatten("mail", {"mail": random_source(random.Random(seed), ("a", "b"))}))
        whole = plain.from_string(join(pieces).text).render(a="<a>", b="b&0")
        ours = english(pieces, autoescape=autoescape).fill(a="<a>", b="b&0")
        blanks = re.compile(r"\s+") if autoescape else re.compile("(?!)")
        assert blanks.sub("", ours) == blanks.sub("", in_ascii(whole) if autoescape else whole), seed


@pytest.mark.parametrize("text", HOSTILE)
def test_a_text_is_never_taken_for_what_stands_for_it(text: str) -> None:
    """Between constructs, inside of what is captured, and beside constants."""
    before, after = (Piece(Kind.DATA, some, Place("mail", 1)) for some in (text, text[::-1]))
    shown = tuple(flatten("mail", {"mail": "{{ '[0]' }}{{ x }}{{ \"b'[0]'\" }}"}))
    opening, closing, use = flatten("mail", {"mail": "{% set y %}{% endset %}{{ y }}"})
    made = english((before, *shown, after, opening, before, *shown, closing, use))

    assert made.fill(x=text) == f"{text}[0]{text}b'[0]'{text[::-1]}{text}[0]{text}b'[0]'"


def edited(sources: Sources, name: str, before: str, after: str) -> Sources:
    """Return the templates after an edit of one."""
    texts = dict(sources.texts)
    assert before in texts[name]
    return replace(sources, texts=tuple(sorted({**texts, name: texts[name].replace(before, after, 1)}.items())))


def forget() -> None:
    """Forget what is compiled: what other tests compiled may have thrown out what is counted here."""
    for cached in (code_of, html_of, compiling._parts):
        cached.cache_clear()


@pytest.mark.parametrize(
    ("name", "before", "after", "most"),
    [
        (CSS_NAME, "{", "{ letter-spacing: 0.001em;", 0),
        ("issue/row.html.j2", 'class="meta"', 'class="meta mine"', 0),
        ("issue/footer.mjml.j2", "issue.archive_url | safe_url", "issue.archive_url  | safe_url", 1),
        ("issue/masthead.mjml.j2", "issue.name", "issue.name ~ 1", 1),
        ("issue/details.html.j2", "paper.facts.byline %}", "paper.facts.byline  %}", 1),
        ("issue/reason.j2", "{%- elif", "{%-  elif", 2),
    ],
)
def test_an_edit_compiles_only_what_it_touches(name: str, before: str, after: str, most: int) -> None:
    """An edit of styles or markup compiles no Jinja at all; one of a construct, the units that it stands in."""
    forget()
    sources = read_sources()
    assert Templates(sources).parts().html
    known = code_of.cache_info().misses

    assert Templates(edited(sources, name, before, after)).parts().html
    assert code_of.cache_info().misses - known <= most


def test_languages_share_what_is_compiled() -> None:
    """Words and filters are looked up when a template is filled."""
    forget()
    templates = compile_templates()
    known = code_of.cache_info().misses
    numbers = "{{ 1000 | number }}{{ _('Trending') }}"
    made = {
        code: as_template("mail", flatten("mail", {"mail": numbers}), language, autoescape=False)
        for code in ("en", "de")
        if (language := templates.parts("issue", code).language)
    }

    assert templates.parts("issue", "de").text.name == TEXT_NAME
    assert code_of.cache_info().misses - known <= 1
    assert [each.fill() for each in made.values()] == ["1,000Trending", "1.000Im Trend"]


@pytest.mark.parametrize(
    ("name", "part"),
    [("issue/reason.j2", "html"), ("issue/title.html.j2", "html"), ("issue/paper.txt.j2", "text"), (TEXT_NAME, "text")],
    ids=["in a row", "filled once inside a row", "in the text part", "around the rows"],
)
def test_an_error_of_one_issue_names_its_line(tmp_path: Path, name: str, part: str) -> None:
    """Wherever what failed is compiled, and whichever unit asked for it."""
    source = dict(read_sources().texts)[name]
    (tmp_path / "issue").mkdir()
    (tmp_path / name).write_text(f"{source}\n{{{{ [][3].x }}}}", encoding="utf-8")
    reader = replace(an_issue().subscriber, text_only=part == "text")

    with pytest.raises(TemplateError) as caught:
        render(replace(an_issue(), subscriber=reader), a_newsletter(), compile_templates(tmp_path), date=NOW)

    assert (caught.value.template, caught.value.line) == (name, source.count("\n") + 2)


def test_a_mistake_in_the_text_part_is_told_at_once(tmp_path: Path) -> None:
    """Though it is compiled when it is first asked for."""
    (tmp_path / "issue").mkdir()
    (tmp_path / TEXT_NAME).write_text("fine\n{{ x | upside_down }}", encoding="utf-8")

    assert Templates(read_sources(tmp_path)).parts().html
    with pytest.raises(TemplateError, match=r"issue\.txt\.j2:2: No filter named 'upside_down'"):
        compile_templates(tmp_path)


# ------------------------------------------------------------------ mistakes

MISTAKES = {
    "unknown tag": ("<mj-txt>x</mj-txt>", "<mj-txt> is not supported"),
    "unknown attribute": ('<mj-text colour="red">x</mj-text>', '<mj-text> has no attribute "colour"'),
    "include of MJML's": ('<mj-include path="x" />', "<mj-include> is not supported"),
    "script": ("<mj-text><script>x</script></mj-text>", "<script> is not allowed in an email"),
    "link": ('<mj-raw><link rel="stylesheet" href="https://x.example/" /></mj-raw>', "<link> is not allowed"),
    "unclosed tag": ("<mj-text><p>x</mj-text>", "<p> is never closed"),
    "unquoted attribute": ("<mj-text align=left>x</mj-text>", "not well-formed"),
    "missing endif": ("<mj-text>{% if x %}</mj-text>", '"if" is never closed'),
    "bad expression": ("<mj-text>{{ x + }}</mj-text>", "unexpected 'end of print statement'"),
    "open string": ("<mj-text>{{ 'x }}</mj-text>", "unexpected char"),
    "unknown filter": ("<mj-text>{{ x | upside_down }}</mj-text>", "No filter named 'upside_down'"),
    "unknown block": ("<mj-text>{% fi %}</mj-text>", "Encountered unknown tag 'fi'"),
    "raw": ("<mj-text>{% raw %}x{% endraw %}</mj-text>", '"raw" is not supported'),
    "extends": ('{% extends "x" %}', '"extends" is not supported'),
    "include by name": ("{% include name %}", "an include names one file in quotes"),
    "missing include": ('{% include "nowhere" %}', 'there is no template "nowhere"'),
    "endless include": ('{% include "mail" %}', '"mail" includes itself'),
    "reserved word": ("<mj-text>jx0001xj</mj-text>", "is reserved"),
    "between attributes": ("<mj-text {{ x }}>x</mj-text>", "not allowed between attributes"),
    "unsafe link": ('<mj-button href="{{ x }}">x</mj-button>', 'must end with "| safe_url"'),
    "unsafe colour": ('<mj-text><p style="color:{{ x }}">x</p></mj-text>', 'must end with "| hexcolor"'),
    "block across tags": ("<mj-text>{% if x %}<p>{% endif %}</p></mj-text>", "does not close the tags"),
    "else inside a tag": ("<mj-text>{% if x %}<p>a{% else %}</p>b{% endif %}</mj-text>", "stands inside an open <p>"),
    "closing what was open": ("<mj-text><p>{% if x %}</p>{% endif %}<b>y</b></mj-text>", "opened outside its block"),
    "computed width": ('<mj-image src="https://x.example/a.png" width="{{ x }}px" />', 'in the attribute "width"'),
    "event": ("<mj-text><p onclick='{% if y %}{{ x }}{% endif %}'>x</p></mj-text>", 'in the attribute "onclick"'),
    "background": ('<mj-spacer container-background-color="{{ x }}" />', 'must end with "| hexcolor"'),
    "no place for text": ("<mj-spacer>{{ x }}</mj-spacer>", "MJML: unexpected token"),
}


@pytest.mark.parametrize(("body", "message"), MISTAKES.values(), ids=MISTAKES.keys())
def test_a_mistake_in_a_template_is_named_with_its_line(body: str, message: str) -> None:
    """One line says what, and where in the file as its author sees it."""
    with pytest.raises(TemplateError) as caught:
        compiled(a_template(body))

    assert message in str(caught.value)
    assert (caught.value.template, caught.value.line) == ("mail", 3)


@pytest.mark.parametrize(
    "rule",
    [
        "@import url(https://x.example/a.css);",
        ".a { background: url(x.png); }",
        ".a { background: u\\72l(x.png); }",
        '.a { background-image: image-set("https://x.example/a.png" 1x); }',
        ".a { src: '//x.example/a'; }",
    ],
)
def test_styles_that_would_fetch_something_are_refused(rule: str) -> None:
    """In styles of the head and in those to be inlined."""
    with pytest.raises(TemplateError, match="not allowed"):
        compiled(a_template("", head=f"<mj-style>{rule}</mj-style>"))
    with pytest.raises(TemplateError, match="not allowed in styles") as caught:
        compiled(a_template(""), css=f".b {{ color: red; }}\n{rule}")

    assert (caught.value.template, caught.value.line) == (CSS_NAME, 2)


@pytest.mark.parametrize(
    "markup", ['<td background="https://x.example/a.png"></td>', '<img src="//x.example/a.png" />']
)
def test_markup_that_would_fetch_something_is_refused(markup: str) -> None:
    """Opening an email asks nobody."""
    with pytest.raises(TemplateError, match="would ask a server"):
        compiled(a_template(f"<mj-text>{markup}</mj-text>"))


@pytest.mark.parametrize("css", [".a { color: red;", ".a { color: {{ x }}; }", ".a { } <style>"])
def test_styles_that_are_none_are_refused(css: str) -> None:
    """A parser would drop what follows without a word."""
    with pytest.raises(TemplateError, match=r"not allowed in styles|braces are not balanced"):
        compiled(a_template(""), css=css)


@pytest.mark.parametrize("name", ["class", "from", "None", "import"])
def test_a_word_of_python_is_a_name_like_any_other(name: str) -> None:
    """It is undefined, and said so with its line."""
    with pytest.raises(TemplateError, match=f"mail:3: .*{name}"):
        compiled(a_template(f"<mj-text>{{{{ issue.{name} }}}}</mj-text>")).fill(issue=an_issue())


def test_a_template_may_ask_whether_a_value_is_there() -> None:
    """So that one file fits two versions."""
    source = "<mj-text>{% if issue.nope is defined %}yes{% endif %}{{ issue.nope | default('none') }}</mj-text>"
    shown = view(an_issue(), a_newsletter(), language_of("en", {}), partial(facts_of, abstract=2))

    assert "none" in compiled(a_template(source)).fill(issue=shown)


def test_a_name_that_is_nearly_right_is_offered() -> None:
    """In the words of templates, not of Python."""
    shown = view(an_issue(), a_newsletter(), language_of("en", {}), partial(facts_of, abstract=2))

    with pytest.raises(TemplateError, match='mail:3: "issue" has no "langage"; did you mean "language"'):
        compiled(a_template("<mj-text>{{ issue.langage }}</mj-text>")).fill(issue=shown)


def test_an_empty_template_says_so(tmp_path: Path) -> None:
    """By its name."""
    (tmp_path / "issue").mkdir()
    (tmp_path / "issue" / "issue.mjml.j2").write_text("", encoding="utf-8")

    with pytest.raises(TemplateError, match=r"issue/issue\.mjml\.j2: is empty"):
        compile_templates(tmp_path)


def test_jinja_in_styles_is_refused() -> None:
    """Escaping protects markup, not CSS."""
    with pytest.raises(TemplateError, match="not allowed in styles"):
        compiled(a_template("", head="<mj-style>.a { color: {{ x }}; }</mj-style>"))


@pytest.mark.parametrize(
    "body", ["{{ x.missing }}", "{{ missing }}", "{{ 1 + 'a' }}", "{{ x.__class__.__mro__[1] }}", "{{ x.append(1) }}"]
)
def test_a_template_that_fails_when_filled_names_its_line(body: str) -> None:
    """Undefined names and what the sandbox forbids are the template's mistakes, found where they were written."""
    template = compiled(
        a_template("<mj-text>{{ x }}</mj-text>{% include 'part' %}"), part=f"\n<mj-text>{body}</mj-text>"
    )

    with pytest.raises(TemplateError) as caught:
        template.fill(x=[])

    assert (caught.value.template, caught.value.line) == ("part", 2)


def test_an_error_of_mjml_is_a_template_error() -> None:
    """Only an error of ours reaches the command line."""
    with pytest.raises(TemplateError, match="MJML"):
        mjml_to_html(Joined("<mjml><mj-body><mj-text></mj-body></mjml>", (0,), (Place("mail", 1),)))


class PanicException(BaseException):
    """Stand for what a bug in mrml raises."""


@pytest.mark.parametrize(("raised", "expected"), [(PanicException, TemplateError), (KeyboardInterrupt,) * 2])
def test_a_panic_of_mjml_is_a_template_error_and_an_interrupt_is_not(
    monkeypatch: pytest.MonkeyPatch, raised: type[BaseException], expected: type[BaseException]
) -> None:
    """A panic is no Exception, yet it must not end the program; Ctrl-C must."""

    def fail(*_: object, **__: object) -> str:
        raise raised

    monkeypatch.setattr("mjml.mjml2html", fail)

    with pytest.raises(expected):
        mjml_to_html(Joined("<mjml></mjml>", (0,), (Place("mail", 1),)))


@pytest.mark.parametrize(
    ("html", "message"),
    [
        ("<p><!--jx0000xj--><!--jx0002xj--></p>", "was lost in compiling"),
        ("<!--jx0002xj-->jx0001xj<!--jx0000xj-->", "was moved or repeated"),
        ("<!--jx0000xj-->jx0001xj<!--jx0000xj--><!--jx0002xj-->", "was moved or repeated"),
        ("<!--jx0000xj-->jx0001xj<!--jx0002xj--><!--[endif]-->", "conditional comment came out broken"),
    ],
    ids=["lost", "moved", "repeated", "broken comment"],
)
def test_damage_done_by_a_parser_is_noticed(html: str, message: str) -> None:
    """Whatever MJML or the inliner do to a construct, no broken email is made of it."""
    constructs = protect(flatten("mail", {"mail": "{% if a %}{{ b }}{% endif %}"})).constructs

    with pytest.raises(TemplateError, match=message):
        check_tokens(html, constructs)


# ------------------------------------------------------------------ the inliner


def test_head_styles_stay_exactly_as_written() -> None:
    """Media queries and their !important are what phones and dark mode live by."""
    style = "@media (max-width: 9px) { .a { color: #222222 !important; } }"
    html = inline(
        f'<html><head><style type="text/css">{style}</style></head><body><p class="a">x</p></body></html>', ""
    )

    assert f'<style type="text/css">{style}</style>' in html
    assert '<p class="a">x</p>' in html


def test_the_doctype_stays() -> None:
    """Without one, browsers fall into quirks mode."""
    assert inline("<!doctype html><html><body></body></html>", "").lower().startswith("<!doctype html>")


def test_the_inliner_cannot_fetch(tmp_path: Path) -> None:
    """Even an import that reached it gives nothing, not even a local file."""
    (tmp_path / "more.css").write_text("b { color: #654321; }", encoding="utf-8")
    css = f"@import url({(tmp_path / 'more.css').as_uri()}); p {{ color: #123456; }}"

    assert '<p style="color:#123456"><b>x</b></p>' in inline("<html><body><p><b>x</b></p></body></html>", css)


def test_inliner_and_mjml_wait_until_they_are_needed() -> None:
    """Importing the package stays cheap; the command line answers at once."""
    source = Path(sys.modules["newsletter.render.inline"].__file__ or "").read_text(encoding="utf-8")

    assert not re.search(r"^(import|from) (premailer|cssutils)", source, re.MULTILINE)


# ------------------------------------------------------------------ files


def test_a_file_of_the_users_own_takes_the_place_of_ours(tmp_path: Path) -> None:
    """Dropping one file changes one part; the others stay."""
    (tmp_path / "issue").mkdir()
    (tmp_path / "notes.txt").write_bytes(b"not a template: \xff")
    (tmp_path / "issue" / "reason.html.j2").write_text("Because: {{ reason.interest }}", encoding="utf-8")
    email = render(an_issue(), a_newsletter(), compile_templates(tmp_path), date=NOW)

    assert "Because: speculative decoding" in email.html
    assert "Top match for you" in email.html


def test_a_mistake_in_a_file_of_the_users_own_names_that_file(tmp_path: Path) -> None:
    """Also in the text part."""
    (tmp_path / "issue").mkdir()
    (tmp_path / TEXT_NAME).write_text("fine\n\n{{ issue.nothing }}\n", encoding="utf-8")

    with pytest.raises(TemplateError) as caught:
        render(an_issue(), a_newsletter(), compile_templates(tmp_path), date=NOW)

    assert (caught.value.template, caught.value.line) == (TEXT_NAME, 3)


@pytest.mark.parametrize(("content", "message"), [(None, "no such directory"), (b"\xff", "is not UTF-8")])
def test_templates_that_cannot_be_read_are_reported(tmp_path: Path, content: bytes | None, message: str) -> None:
    """One line, no traceback."""
    directory = tmp_path / "mine"
    if content is not None:
        directory.mkdir()
        (directory / "inline.css").write_bytes(content)

    with pytest.raises(TemplateError, match=message):
        compile_templates(directory)


def test_the_same_content_is_compiled_once() -> None:
    """However many subscribers ask for it."""
    assert compile_templates().parts() is compile_templates().parts()


SHEETS = {
    "two rules": "p { color: red } .a { color: blue; font-weight: bold }",
    "comments": "/* p { color: red } */ p { color: red /* } */; margin: 0 } /* .a {",
    "a brace in a string": "p { font-family: 'a } b', \"c { d\"; color: red } .a { color: blue }",
    "quotes": ".a { font-family: Georgia, 'Times New Roman', serif } p { font-family: \"Segoe UI\" }",
    "important": "p { color: red !important } .a { color: blue }",
    "media": "p { color: red } @media (min-width: 1px) { .a { color: blue } }",
    "the same twice": "p { color: red } p { color: blue } p { color: red }",
    "many selectors": "p, .a, div > p { color: red } p.a { margin: 0 }",
    "braces out of order": "} p { color: red } { .a { color: blue } }",
    "escapes": '\\7b { color: red } p { color: red } a { content: "\\"{}" }',
    "comments in strings": 'a { content: "/*" } p { color: red } a { content: "*/" } /* it\'s */ .a { color: blue }',
    "a comment that is not closed": "/* p {} .a { color: blue } p { color: red }",
    "a rule that is not closed": "p { color: red } .a { color: blue",
    "nothing": "",
}


@pytest.mark.parametrize("name", SHEETS)
def test_a_sheet_read_rule_by_rule_gives_what_the_whole_gives(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rules are kept one by one so that an edit reads one; what stands in the style attributes is the same."""
    html = '<html><head></head><body><div><p class="a" style="margin: 1px">x</p><p>y</p></div></body></html>'

    by_rule = inline(html, SHEETS[name])
    monkeypatch.setattr(sys.modules["newsletter.render.inline"], "_rules", lambda css: [css])

    assert by_rule == inline(html, SHEETS[name])
