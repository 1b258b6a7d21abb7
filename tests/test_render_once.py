"""What is filled once for many: never another email than a new start would make, and nothing but what is named."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path

import pytest
from makers import NOW, a_match, a_newsletter, a_paper, a_reason, a_section, a_subscriber, an_issue

from newsletter.errors import TemplateError
from newsletter.models import Issue, Picture
from newsletter.render import Abstract, Renderer, compile_templates, render
from newsletter.render import once as once_module
from newsletter.render.compile import Compiled, as_template
from newsletter.render.language import language_of
from newsletter.render.once import Filled
from newsletter.render.protect import flatten
from newsletter.sample.cases import cases

NEWSLETTER = a_newsletter(editor="Ada Lovelace")


def template(source: str, *, autoescape: bool = False) -> Compiled:
    """Return a template of a test's own."""
    return as_template("mail", flatten("mail", {"mail": source}), language_of("en", {}), autoescape=autoescape)


def in_language(issue: Issue, code: str) -> Issue:
    """Return an issue whose reader reads another language."""
    return replace(issue, subscriber=replace(issue.subscriber, language=code))


@pytest.mark.parametrize("abstract", ["summary", 0, 1, None])
@pytest.mark.parametrize("look", ["issue", "gallery"])
def test_no_email_depends_on_those_before_it(look: str, abstract: Abstract) -> None:
    """Every case, in every language, by a renderer that has made all of them in any order, is what a new one makes."""
    templates = compile_templates(look=look)
    issues = [in_language(issue, code) for issue in cases().values() for code in ("en", "de", "zh")]
    pictures = {
        matched.paper.id: Picture(f"{number}.jpg", "image/jpeg", b"x", 176, 110)
        for number, matched in enumerate(matched for issue in issues for matched in issue.papers)
    }
    warm = Renderer(NEWSLETTER, templates, abstract=abstract, readers=3)
    for issue in random.Random(1).sample(issues, len(issues)):
        warm.render(issue, date=NOW, pictures=pictures)

    for issue in issues:
        new = render(issue, NEWSLETTER, templates, date=NOW, abstract=abstract, readers=3, pictures=pictures)
        assert warm.render(issue, date=NOW, pictures=pictures) == new


def test_a_paper_that_changed_is_not_shown_as_it_was() -> None:
    """A line that a language model wrote meanwhile, or a new version."""
    renderer = Renderer(NEWSLETTER, compile_templates())
    before, after = (
        an_issue(a_section("Trees", a_match(a_paper("The same one", tldr=line))), lead=None) for line in ("", "New.")
    )
    renderer.render(before, date=NOW)

    assert "New." in renderer.render(after, date=NOW).html


def test_a_row_says_what_this_reader_should_know() -> None:
    """The same paper, other reasons."""
    renderer = Renderer(NEWSLETTER, compile_templates())
    told = [
        renderer.render(an_issue(a_section("Trees", a_match(reasons=(a_reason(interest=name),)))), date=NOW).html
        for name in ("drafting", "decoding", "drafting")
    ]

    assert told[0] == told[2]
    assert "drafting" in told[0]
    assert "drafting" not in told[1]


def test_what_is_filled_once_is_filled_once() -> None:
    """And anew for other values, or in another place."""
    filled, calls = Filled(), list[str]()
    source = "{% once a %}{{ a.say() }}{% endonce %}{% once a %}{{ a.say() }} {% endonce %}"

    class Speaker:
        def say(self) -> str:
            calls.append("")
            return str(len(calls))

    one, two = Speaker(), Speaker()

    assert [template(source).fill(filled, a=each) for each in (one, one, two)] == ["12 ", "12 ", "34 "]


def test_bodies_that_are_alike_are_filled_once_for_all() -> None:
    """A row that several sections include is one part."""
    filled = Filled()
    source = "{% for x in a %}{% once x %}<{{ x }}>{% endonce %}{% endfor %}"
    made = as_template(
        "mail",
        flatten("mail", {"mail": "{% include 'row' %}-{% include 'row' %}", "row": source}),
        language_of("en", {}),
        autoescape=False,
    )

    assert made.fill(filled, a=["1", "2"]) == "<1><2>-<1><2>"
    assert len(filled) == 2


def test_what_is_around_a_part_decides_whether_it_escapes() -> None:
    """As it does for everything else."""
    source = "{% autoescape false %}{% once a %}{{ a }}{% endonce %}{% endautoescape %}{{ a }}"

    assert "".join(template(source, autoescape=True).fill(a="<").split()) == "<&lt;"


def test_too_many_parts_are_begun_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    """A run of a million readers stays small."""
    monkeypatch.setattr(once_module, "MOST_FILLED", 3)
    filled = Filled()
    for number in range(10):
        assert template("{% once a %}{{ a }}{% endonce %}").fill(filled, a=number) == str(number)

    assert len(filled) <= 3


def test_html_that_is_filled_once_is_escaped_once() -> None:
    """Neither raw nor twice."""
    filled = Filled()
    source = template("{% once a %}{{ a }}{% endonce %}", autoescape=True)

    assert {source.fill(filled, a="<b>&").strip() for _ in range(2)} == {"&lt;b&gt;&amp;"}


@pytest.mark.parametrize(
    ("source", "message"),
    [
        (
            "x\n{% once a.b %}{{ a.c }}{% endonce %}",
            'mail:2: "a.c" is not among what this part is filled once for',
        ),
        ("{% once a %}{{ b }}{% endonce %}", '"b" is not among'),
        ("{% once a.b %}{% if a.b %}{{ a }}{% endif %}{% endonce %}", '"a" is not among'),
        ("{% once a %}{% for x in a %}{{ x }}{{ y | upper }}{% endfor %}{% endonce %}", '"y" is not among'),
        ("{% once a %}{% set x = a %}{{ x }}{{ _('%(z)s', z=z) }}{% endonce %}", '"z" is not among'),
        ("{% once a %}", '"once" is never closed'),
        ("{% macro who() %}{{ b }}{% endmacro %}{% once a %}{{ who() }}{% endonce %}", '"who" is not among'),
        ("{% set x = b %}{% once a %}{{ x }}{% if 0 %}{% set x = 1 %}{% endif %}{% endonce %}", '"x" is not among'),
        ("{% set x = b %}{% once a %}{{ x }}{% for x in [] %}{% endfor %}{% endonce %}", '"x" is not among'),
        ("{% once a %}{{ once_filled }}{% endonce %}", '"once_filled" is not among'),
    ],
    ids=[
        *("another attribute", "another name", "more of it", "in a loop", "in a message", "never closed"),
        *("a macro", "set in a branch", "shadowed by a loop", "the parts themselves"),
    ],
)
def test_a_part_may_read_nothing_but_what_its_tag_names(source: str, message: str) -> None:
    """Else the first reader's would be shown to all."""
    with pytest.raises(TemplateError) as caught:
        template(source)

    assert message in str(caught.value)


def test_what_a_part_makes_itself_it_may_read() -> None:
    """Loop variables and names that are set inside."""
    loop = "{% for x in a.b %}{% set y = x ~ a.b | length %}{{ y }}{% if not loop.last %},{% endif %}{% endfor %}"

    assert template(f"{{% once a.b %}}{loop}{{% endonce %}}").fill(a={"b": "cd"}) == "c2,d2"


@pytest.mark.parametrize(
    "expression",
    [
        "issue.__class__",
        "issue.papers.__class__.__mro__",
        "_.__class__.__init__.__globals__",
        "_.__call__.__globals__",
        "ngettext._language",
        "once_filled.clear()",
        "''.__class__.__base__.__subclasses__()",
        "issue._replace",
        "(issue | attr('__class__')).__mro__",
        "'{0.__class__}'.format(issue)",
    ],
)
def test_a_template_cannot_leave_its_sandbox(tmp_path: Path, expression: str) -> None:
    """Whoever may edit the look may not run code."""
    (tmp_path / "issue").mkdir()
    (tmp_path / "issue" / "headline.j2").write_text(f"{{{{ {expression} }}}}", encoding="utf-8")

    with pytest.raises(TemplateError, match=r"unsafe|undefined|has no|not safely"):
        render(an_issue(subscriber=a_subscriber()), NEWSLETTER, compile_templates(tmp_path), date=NOW)
