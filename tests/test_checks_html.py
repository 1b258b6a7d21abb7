"""Every rule of the HTML part: one message that breaks it, and nothing else, is told once, at its line."""

from __future__ import annotations

import pytest
from test_checks import HTML, TEXT, a_message, a_picture, rules

from newsletter.checks import Finding, Part, Severity, check
from newsletter.checks.legible import LEAST_CONTRAST

H1 = '<h1 style="font-size:32px">Two papers worth your time</h1>'
IMAGE = '<img src="cid:one" alt="A tree of tokens" width="88">'
COLOURS = 'background-color:#ffffff; font-size:16px; line-height:24px; color:#374151"'


def before_h1(markup: str) -> tuple[str, str]:
    """Return a replacement that puts `markup` before the heading."""
    return H1, markup + H1


def told(old: str, new: str, *pictures: str) -> tuple[Finding, ...]:
    """Return the findings of the clean message with one thing changed."""
    assert old in HTML
    return check(a_message(*pictures, html=HTML.replace(old, new, 1)))


# rule, what is replaced, by what; the line is that of the first difference
CASES = [
    # document
    ("document-doctype", "<!doctype html>\n", "\n"),
    ("document-lang", '<html lang="en" dir="ltr">', '<html dir="ltr">'),
    ("document-dir", '<html lang="en" dir="ltr">', '<html lang="en">'),
    ("document-title", "<title>Daily Papers</title>", "<title> </title>"),
    ("document-zoom", "initial-scale=1", "initial-scale=1, user-scalable=no"),
    ("document-zoom", "initial-scale=1", "maximum-scale=1"),
    ("body-lang", '<div class="card" lang="en"', '<div class="card"'),
    ("body-dir", 'lang="en" dir="ltr" style', 'lang="en" style'),
    ("lang-form", '<div class="card" lang="en"', '<div class="card" lang="english_language"'),
    ("lang-form", '<div class="card" lang="en"', '<div class="card" xml:lang="de" lang="en"'),
    ("dir-form", 'lang="en" dir="ltr" style', 'lang="en" dir="left" style'),
    ("preheader", "Draft trees for faster decoding, and a second paper on the same subject", "Two papers"),
    ("preheader", "Draft trees for faster decoding, and", "Draft trees for faster decoding, and " * 4),
    # outline
    ("heading-one", H1, f"{H1}<h1>Again</h1>"),
    ("heading-empty", "<ul>", "<h3>&nbsp;</h3><ul>"),
    ("heading-skip", "<ul>", "<h4>Too deep</h4><ul>"),
    ("table-role", '<table role="presentation" width="100%">', '<table width="100%">'),
    ("table-role", '<!--[if mso]><table role="presentation"', "<!--[if mso]><table"),
    ("table-header", *before_h1('<table role="none"><tr><th>Year</th></tr></table>')),
    ("table-header", *before_h1("<table><tr><th> </th><td>2026</td></tr></table>")),
    ("list-structure", "<ul><li>One pass</li>", "<ul><li>One pass</li><p>So</p>"),
    ("list-structure", "<ul>", "<div><li>Alone</li></div><ul>"),
    ("list-structure", *before_h1('<div><p role="listitem">Alone</p></div>')),
    ("list-fake", *before_h1("<div><p>• one</p><p>• two</p></div>")),
    ("aria-role", "<ul>", '<ul role="papers">'),
    ("aria-attribute", "<ul>", '<ul aria-name="papers">'),
    ("aria-role", *before_h1('<div role="heading">Without a level</div>')),
    ("aria-role", *before_h1('<div role="img"></div>')),
    ("aria-attribute", "<ul>", '<ul aria-label=" ">'),
    ("aria-attribute", "<ul>", '<ul aria-hidden="yes">'),
    ("aria-attribute", "<ul>", '<ul aria-labelledby="nobody">'),
    ("aria-attribute", *before_h1('<p aria-hidden="true"><a href="https://example.org/1">Trees</a></p>')),
    ("duplicate-id", *before_h1('<p id="x">One</p><p id="x">Two</p>')),
    ("tabindex", '<a href="https://example.org/1"', '<a tabindex="2" href="https://example.org/1"'),
    ("accesskey", "<ul>", '<ul accesskey="a">'),
    # links
    ("link-href", '<a href="https://example.org/1">', "<a>"),
    ("link-href", '<a href="https://example.org/1">', '<a href="#">'),
    ("link-anchor", *before_h1('<p><a href="#papers">To the papers</a></p>')),
    ("link-scheme", *before_h1('<p><a href="javascript:alert(1)">A script</a></p>')),
    ("link-scheme", *before_h1('<p><a href="/papers/1">A relative address</a></p>')),
    ("link-scheme", *before_h1('<p><a href="mailto:?subject=x">Mail to nobody</a></p>')),
    ("link-scheme", *before_h1('<p><a href="ftp://example.org/x">Files</a></p>')),
    ("link-name", *before_h1('<p><a href="https://example.org/1"><b> </b></a></p>')),
    ("link-vague", *before_h1('<p><a href="https://example.org/1">Read more…</a></p>')),
    ("link-same", *before_h1('<p><a href="https://example.org/1">PDF</a> <a href="https://example.org/2">PDF</a></p>')),
    (
        "link-distinct",
        *before_h1('<p>See <a style="color:#3b4252; text-decoration:none" href="https://example.org/1">Trees</a></p>'),
    ),
    # legible
    ("font-size", '<p style="margin:0"', '<p style="font-size:8pt"'),
    ("font-size", '<p style="margin:0"', '<p style="font:11px/20px Georgia"'),
    ("line-height", '<p style="margin:0"', '<p style="line-height:0"'),
    ("contrast", '<p style="margin:0"', '<p style="color:#8a8a8a"'),
    ("contrast", '<p style="margin:0"', '<p style="background:rgb(55, 65, 81)"'),
    ("text-justify", '<p style="margin:0"', '<p style="text-align:justify"'),
    ("text-justify", '<p style="margin:0"', '<p align="justify"'),
    ("text-justify", "color: #57534e", "text-align: justify"),
    # styles
    ("css-nested-at", ".card p, ", "@media print { .x { margin:0 } } .card p, "),
    ("css-import", ".dim {", "@import 'x.css'; .dim {"),
    ("css-font-face", ".dim {", "@font-face { src: url(https://example.org/f) } .dim {"),
    ("css-url", "color: #57534e", "background: url(https://example.org/x.png)"),
    ("css-braces", "color: #57534e }", "color: #57534e } }"),
    ("css-braces", ".dim { color: #57534e }", ".dim { color: #57534e"),
    ("css-inline-url", '<p style="margin:0"', "<p style=\"background:url('cid:one')\""),
    ("css-layout", '<p style="margin:0"', '<p style="display:flex"'),
    ("css-layout", '<p style="margin:0"', '<p style="width:calc(100% - 2px)"'),
    ("css-layout", '<p style="margin:0"', '<p style="margin:var(--gap)"'),
    ("css-layout", '<p style="margin:0"', '<p style="position:relative"'),
    ("support", '<p style="margin:0"', '<p style="filter:blur(1px)"'),
    ("support", '<p style="margin:0"', '<p style="margin:1vh"'),
    ("support", *before_h1("<section><p>Papers</p></section>")),
    # Outlook
    ("outlook-comment", "<!--[if mso]></td></tr></table><![endif]-->", "<!--[if mso]></td></tr></table>-->"),
    ("outlook-comment", *before_h1("<!--[if mso]><!--[if lt 9]><p>x</p><![endif]-->")),
    ("outlook-comment", *before_h1("<!--[endif]-->")),
    ("outlook-table", "</td></tr></table><![endif]-->", "</td></table><![endif]-->"),
    ("vml-alt", *before_h1('<!--[if mso]><v:rect fill="true"></v:rect><![endif]-->')),
    ("vml-content", *before_h1('<!--[if mso]><v:rect alt="A box"><h2>In</h2></v:rect><![endif]-->')),
    # content
    ("content-control", "Whole trees at once", "Whole\x92 trees at once"),
    ("content-token", "Whole trees at once", "Whole jx0007xj at once"),
    ("content-leftover", "Whole trees at once", "Whole {{ paper }} at once"),
    ("content-leftover", *before_h1("<mj-text></mj-text>")),
    ("content-forbidden", *before_h1("<script>1</script>")),
    ("content-forbidden", *before_h1('<form action="https://example.org"></form>')),
    ("content-forbidden", *before_h1('<iframe src="https://example.org"></iframe>')),
    ("content-forbidden", *before_h1('<object data="https://example.org/x"></object>')),
    ("content-forbidden", *before_h1('<video src="https://example.org/x"></video>')),
    ("content-forbidden", *before_h1("<svg></svg>")),
    ("content-forbidden", "<style>.dim", '<base href="https://example.org"><style>.dim'),
    ("content-forbidden", "<style>.dim", '<link rel="stylesheet" href="https://example.org/x.css"><style>.dim'),
    ("content-forbidden", "<style>.dim", '<meta http-equiv="refresh" content="0"><style>.dim'),
    ("content-forbidden", "<ul>", '<ul onclick="go()">'),
    ("remote-resource", *before_h1('<img src="https://example.org/x.png" alt="A tree" width="88">')),
    ("remote-resource", *before_h1('<table role="none" background="//example.org/x.png"><tr><td>A</td></tr></table>')),
    ("remote-resource", *before_h1('<!--[if mso]><v:fill src="https://example.org/x.png" /><![endif]-->')),
    (
        "tracking-link",
        '<a href="https://example.org/1"',
        '<a ping="https://example.org/p" href="https://example.org/1"',
    ),
    # images
    ("image-alt", *before_h1(IMAGE.replace(' alt="A tree of tokens"', ""))),
    ("image-alt", *before_h1(IMAGE.replace("A tree of tokens", "IMG_0042.png"))),
    ("image-redundant", *before_h1(f'<p><a href="https://example.org/1">{IMAGE}A tree of tokens</a></p>')),
    ("image-width", *before_h1(IMAGE.replace('"88"', '"100%"'))),
    ("image-source", *before_h1(IMAGE.replace("cid:one", "data:image/png;base64,AAAA"))),
    ("image-source", *before_h1(IMAGE.replace("cid:one", "one.png"))),
    ("picture-missing", *before_h1(IMAGE.replace("cid:one", "cid:two"))),
    ("tracking-pixel", *before_h1(IMAGE.replace('"88"', '"1" height="1"'))),
]


@pytest.mark.parametrize(("rule", "old", "new"), CASES)
def test_a_broken_rule_is_told_once_and_where(rule: str, old: str, new: str) -> None:
    """One mistake is one finding, with the line it stands on."""
    pictures = (a_picture(),) if "cid:one" in new or rule in {"image-source", "picture-missing"} else ()
    shown = f"<p>{IMAGE}</p>" if pictures and "cid:one" not in new else ""
    html = HTML.replace("<ul>", f"{shown}<ul>")
    first = next((at for at, (one, other) in enumerate(zip(old, new, strict=False)) if one != other), len(old))

    (finding,) = check(a_message(*pictures, html=html.replace(old, new, 1)))

    assert (finding.rule, finding.part, finding.times) == (rule, Part.HTML, 1)
    nearest = html.count("\n", 0, html.index(old) + first) + 1
    assert abs(finding.line - nearest) <= 1 or finding.rule in FAR


# An h1 too many is known at the second, a tag that is never closed at the end.
FAR = {"outlook-comment", "outlook-table"}

ABSENT = [
    ("document-charset", '<meta charset="utf-8">', Severity.ERROR),
    ("document-title", "<title>Daily Papers</title>", Severity.ERROR),
    ("document-viewport", '<meta name="viewport" content="width=device-width, initial-scale=1">', Severity.WARNING),
    ("document-color-scheme", '<meta name="color-scheme" content="light dark">', Severity.WARNING),
    ("document-format-detection", '<meta name="format-detection" content="telephone=no">', Severity.WARNING),
    ("document-reformatting", '<meta name="x-apple-disable-message-reformatting">', Severity.WARNING),
    ("heading-one", H1, Severity.ERROR),
]


@pytest.mark.parametrize(("rule", "absent", "severity"), ABSENT)
def test_what_is_not_there_is_told_without_a_line(rule: str, absent: str, severity: Severity) -> None:
    """What is missing stands nowhere."""
    (finding,) = told(absent, "")

    assert (finding.rule, finding.severity, finding.line, finding.part) == (rule, severity, 0, Part.HTML)


PASSES = [
    ("a data table with headers", *before_h1("<table><tr><th>Year</th></tr><tr><td>2026</td></tr></table>")),
    ("text that is hidden", *before_h1('<p style="display:none; font-size:1px; color:#ffffff">Too small</p>')),
    ("a spacer", *before_h1('<div style="font-size:1px; line-height:1px">&#8202;</div>')),
    ("underlined in text", *before_h1('<p>See <a href="https://example.org/1" style="color:#374151">it</a></p>')),
    ("a named link to what others are called", *before_h1('<p><a href="https://example.org/1">Draft trees</a></p>')),
    ("an anchor", *before_h1('<a name="papers"></a>')),
    ("a label instead of vague text", '<a href="https://example.org/1">', '<a aria-label="Trees" href="https://example.org/1">'),
    ("an unknown ground", '<p style="margin:0"', '<p style="background:currentcolor; color:#888"'),
    ("a list that Safari still takes for one", "<ul>", '<ul role="list">'),
    ("a heading by its role", *before_h1('<p role="heading" aria-level="2">Picks</p>')),
    ("a language of a title", "<h2><a", '<h2 lang="zh-Hant" dir="auto"><a'),
    ("two media blocks side by side", ".dim {", "@media (min-width:1px) { .x { margin:0 } } .dim {"),
    ("what is only in a comment of CSS", ".dim {", "/* @import url(x) } */ .dim {"),
    ("numbers in a list", "<li>One pass</li>", "<li>1. One pass</li><li>2. Two</li>"),
    ("maths that looks like markup", "Whole trees at once", "Whole trees at a &lt; b &amp; c &gt; d"),
    ("a downlevel-revealed comment", *before_h1("<!--[if !mso]><!--><p>Not for Outlook</p><!--<![endif]-->")),
    ("what somebody accepted", '<p style="margin:0"', '<p style="border-radius:8px; word-break:break-word"'),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new"), [case[1:] for case in PASSES], ids=[case[0] for case in PASSES])
def test_what_is_fine_is_not_told(old: str, new: str) -> None:
    """A rule that cries without need is soon not read."""
    assert told(old, new) == ()


def test_a_linked_image_needs_a_name() -> None:
    """An empty alt is right for decoration, and not for the only thing in a link."""
    image = IMAGE.replace("A tree of tokens", "")

    assert rules(a_message(a_picture(), html=HTML.replace(H1, f"<p>{image}</p>{H1}"))) == []
    linked = f'<p><a href="https://example.org/1">{image}</a></p>{H1}'
    assert rules(a_message(a_picture(), html=HTML.replace(H1, linked))) == ["link-name"]


@pytest.mark.parametrize("address", ["http://[", "https:///x", "https://"])
def test_an_address_that_is_none_is_told(address: str) -> None:
    """What no program can open; the text part lacks it too."""
    html = HTML.replace(H1, f'<p><a href="{address}">No address</a></p>{H1}')

    assert set(rules(a_message(html=html))) >= {"link-scheme"}


def test_an_image_of_a_kind_that_is_not_shown_is_told_wherever_it_is() -> None:
    """A remote one is told for being remote, and for its kind."""
    image = '<img src="https://example.org/x.webp?w=88" alt="A tree" width="88">'

    assert rules(a_message(html=HTML.replace(H1, image + H1))) == ["image-format", "remote-resource"]


def test_a_page_of_nothing_is_told() -> None:
    """An HTML part without an element is an empty email."""
    assert "html-empty" in rules(a_message(html=" \n"))


def test_a_link_with_a_user_name_is_told() -> None:
    """`https://arxiv.org@evil.example` leads to evil.example."""
    html = HTML.replace("https://example.org/1", "https://arxiv.org@example.org/1")
    found = check(a_message(html=html, text=TEXT.replace("https://example.org/1", "https://arxiv.org@example.org/1")))

    assert [finding.rule for finding in found] == ["link-userinfo"]


def test_a_link_that_counts_clicks_is_told_in_both_parts() -> None:
    """No tracking is a promise, and a query is where it hides."""
    counted = "https://example.org/1?utm_source=newsletter"
    found = check(
        a_message(
            html=HTML.replace("https://example.org/1", counted), text=TEXT.replace("https://example.org/1", counted)
        )
    )

    assert [(finding.rule, finding.part) for finding in found] == [
        ("tracking-link", Part.HTML),
        ("tracking-link", Part.TEXT),
    ]


def test_a_link_that_nobody_sees_is_none_to_unsubscribe_by() -> None:
    """The way out must be in sight."""
    (finding,) = told('<p class="foot" style="', '<p class="foot" style="display:none; ')

    assert finding.rule == "unsubscribe-visible"


def test_another_way_out_than_the_header_names_is_told() -> None:
    """Two addresses are two things that can break."""
    (finding,) = told("?subject=unsubscribe", "?subject=leave")

    assert (finding.rule, finding.line) == ("unsubscribe-visible", 24)


def test_contrast_is_that_of_wcag() -> None:
    """#767676 on white is the lightest grey of 4.5, #777777 is under it."""
    assert told(COLOURS, COLOURS.replace("#374151", "#767676")) == ()
    (finding,) = told(COLOURS, COLOURS.replace("#374151", "#777777"))

    assert finding.rule == "contrast"
    assert f"4.48, under {LEAST_CONTRAST}" in finding.message


def test_colours_shine_through() -> None:
    """A colour half through is judged by what is behind it."""
    assert told('<p style="margin:0"', '<p style="color:#000000cc"') == ()
    (finding,) = told('<p style="margin:0"', '<p style="color:#00000066"')

    assert (finding.rule, finding.message[16:34]) == ("contrast", "#999999 on #ffffff")


def test_an_email_without_a_ground_lies_on_white() -> None:
    """Where no colour is set behind the text, programs show it on white in their light theme."""
    html = HTML.replace("background-color:#ffffff; ", "").replace(' style="background-color:#f3f2ee"', "")

    assert rules(a_message(html=html)) == []
    assert rules(a_message(html=html.replace("color:#374151", "color:#999999"))) == ["contrast"]


def test_the_dark_theme_is_read_too() -> None:
    """A new class without a dark rule is black on black for half of the readers."""
    html = HTML.replace(".card p, ", "").replace('<p style="margin:0"', '<p style="color:#374151"')
    (finding,) = check(a_message(html=html))

    assert (finding.rule, finding.excerpt) == ("contrast-dark", "<p>A small model drafts a tree of tokens.")


@pytest.mark.parametrize(
    ("selector", "matches"),
    [
        ("p", True),
        (".note", True),
        ("p.note#n", True),
        ("div.card > table td p", True),
        ("* > p", True),
        (".card > p.note", False),
        ("li p", False),
        ("p:hover", False),
    ],
)
def test_dark_rules_reach_whom_they_name(selector: str, *, matches: bool) -> None:
    """Tags, classes, ids, children and descendants are understood, and other selectors reach nobody."""
    html = HTML.replace(".card p, .card a, .card > h1 {", f"{selector} {{").replace(
        '<p style="margin:0"', '<p id="n" class="note" style="color:#374151"'
    )

    assert rules(a_message(html=html)) == ([] if matches else ["contrast-dark"])
