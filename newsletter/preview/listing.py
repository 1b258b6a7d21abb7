"""The page that lists issues written as files: in the look of the email, without scripts, from any folder.

It asks nobody for anything. Its policy allows one style sheet, by its digest, and pictures that lie beside it.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping, Sequence
from hashlib import sha256
from html import escape
from typing import Any
from urllib.parse import quote

_CLOSE_TO_THE_LIMIT = 0.9
_LINKS = (("html", "HTML"), ("text", "Text"), ("message", "Message"), ("checks", "Checks"), ("why", "Why"))
_PICTURES = {"desktop": "On a desktop", "phone": "On a phone", "dark": "In the dark"}


def listing(site: Mapping[str, Any]) -> str:
    """Return the page of what `index.json` holds; see `site.write` for its keys."""
    readers: Sequence[Mapping[str, Any]] = site["readers"]
    count = len(readers)
    return _PAGE.format(
        policy=_POLICY,
        style=_STYLE,
        newsletter=_text(site["newsletter"]),
        day=_text(site["label"]),
        headline=f"{count:,} issue{'' if count == 1 else 's'} to look at",
        facts=_text(_facts(site)),
        readers="\n".join(_reader(each, site["limits"]["html"]) for each in readers),
    )


def _facts(site: Mapping[str, Any]) -> str:
    readers = site["readers"]
    active = sum(each["status"] == "active" for each in readers)
    found = [sum(each[kind] for each in readers) for kind in ("errors", "warnings")]
    findings = [_counted(count, kind) for count, kind in zip(found, ("error", "warning"), strict=True) if count]
    told = "The checks found " + (" and ".join(findings) or "nothing") + "."
    waiting = f" {len(readers) - active:,} of these readers would receive nothing." if active < len(readers) else ""
    return f"Just as they would be sent. {told}{waiting}"


def _reader(each: Mapping[str, Any], limit: int) -> str:
    files, name = each["files"], each["name"] or each["as"]
    first = files.get("html") or files["text"]
    status = "" if each["status"] == "active" else f'<span class="chip held">{_text(each["status"])}</span>'
    left_out = f", {each['cut']:,} left out" if each["cut"] else ""
    address = f'<span dir="auto">{_text(each["as"])}</span> &#183; ' if each["name"] else ""
    return _READER.format(
        pictures=_pictures(each["pictures"], name),
        link=_link(first),
        name=_text(name),
        status=status,
        subject=_text(each["subject"]),
        address=address,
        papers=_text(f"{_counted(each['papers'], 'paper')} of {each['considered']:,} new{left_out}"),
        notes="".join(f'<p class="note">{_text(note)}</p>' for note in each["notes"]),
        size=_size(each["sizes"]["html"], limit) if files.get("html") else '<p class="size">Text alone</p>',
        verdict=_verdict(each),
        links="".join(
            f'<li><a href="{_link(files[kind])}">{label}<span class="unseen"> of {_text(name)}</span></a></li>'
            for kind, label in _LINKS
            if files.get(kind)
        ),
    )


def _size(size: int, limit: int) -> str:
    share = min(1.0, size / limit)
    kind = "over" if size > limit else "near" if share > _CLOSE_TO_THE_LIMIT else "fits"
    told = f"{size:,} of {limit:,} bytes"
    return (
        f'<p class="size"><svg viewBox="0 0 100 4" preserveAspectRatio="none" aria-hidden="true">'
        f'<rect class="room" width="100" height="4"/><rect class="{kind}" width="{100 * share:.1f}" height="4"/></svg>'
        f"{told}</p>"
    )


def _verdict(each: Mapping[str, Any]) -> str:
    kind = "bad" if each["errors"] else "fair" if each["warnings"] else "good"
    return f'<a class="chip {kind}" href="{_link(each["files"]["checks"])}">{_text(each["verdict"])}</a>'


def _pictures(pictures: Mapping[str, str], name: str) -> str:
    shown = "".join(
        f'<a class="{kind}" href="{_link(pictures[kind])}">'
        f'<img src="{_link(pictures[kind])}" alt="{label}: the issue of {_text(name)}" loading="lazy"></a>'
        for kind, label in _PICTURES.items()
        if kind in pictures
    )
    return f'<div class="pictures">{shown}</div>' if shown else ""


def _counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _link(name: str) -> str:
    """Return a file of the same folder as an address: never of a scheme, whatever it is called."""
    return escape("./" + quote(name))


def _text(text: str) -> str:
    return escape(text)


_STYLE = """
:root { color-scheme: light dark; --page: #f3f2ee; --card: #fff; --title: #111827; --body: #374151; --meta: #57534e;
  --link: #4338ca; --line: #e7e5e4; --room: #eae8e4; --good: #166534; --good-ground: #ecf7ef;
  --fair: #854d0e; --fair-ground: #fdf6e3; --bad: #991b1b; --bad-ground: #fdf0f0; --held-ground: #f0efeb }
@media (prefers-color-scheme: dark) { :root { --page: #16161a; --card: #212127; --title: #f4f4f5; --body: #d4d4d8;
  --meta: #a8a8b3; --link: #a5b4fc; --line: #38383f; --room: #38383f; --good: #86efac; --good-ground: #1d3226;
  --fair: #fcd34d; --fair-ground: #383019; --bad: #fca5a5; --bad-ground: #3d2426; --held-ground: #323239 } }
* { box-sizing: border-box }
body { margin: 0; background: var(--page); color: var(--body);
  font: 16px/24px -apple-system, BlinkMacSystemFont, "Segoe UI", Roboto, Helvetica, Arial, sans-serif }
main { max-width: 760px; margin: 24px auto; padding: 32px; background: var(--card); border-radius: 12px }
p { margin: 0 }
h1, h2, .name { font-family: "Source Serif 4", "Source Serif Pro", Charter, "Iowan Old Style", Georgia, serif;
  color: var(--title); margin: 0; overflow-wrap: anywhere }
h1 { font-size: 32px; line-height: 38px; margin: 28px 0 8px }
h2 { font-size: 19px; line-height: 25px; display: inline }
a { color: var(--link) }
h2 a { color: inherit; text-decoration: none }
h2 a:hover { text-decoration: underline }
a:focus-visible { outline: 3px solid var(--link); outline-offset: 2px; border-radius: 4px }
.top { display: flex; flex-wrap: wrap; gap: 4px 16px; justify-content: space-between; align-items: baseline }
.name { font-size: 18px; font-weight: bold }
.day, .meta, .size, .links, footer, .note { font-size: 14px; line-height: 20px; color: var(--meta) }
.issues { list-style: none; margin: 28px 0 0; padding: 0 }
.issue { border-top: 1px solid var(--line); padding: 20px 0; overflow-wrap: anywhere }
.issue:last-child { padding-bottom: 0 }
.subject { margin: 4px 0 2px }
.note { margin-top: 4px; font-style: italic }
.state { display: flex; flex-wrap: wrap; gap: 8px 20px; align-items: center; margin-top: 12px }
.size svg { display: inline-block; width: 120px; height: 6px; border-radius: 3px; margin-right: 10px;
  vertical-align: 2px }
.room { fill: var(--room) } .fits { fill: var(--link) } .near { fill: var(--fair) } .over { fill: var(--bad) }
.chip { display: inline-block; padding: 2px 10px; border-radius: 12px; font-size: 13px; line-height: 20px;
  text-decoration: none }
a.chip:hover { text-decoration: underline }
.good { color: var(--good); background: var(--good-ground) }
.fair { color: var(--fair); background: var(--fair-ground) }
.bad { color: var(--bad); background: var(--bad-ground) }
.held { color: var(--body); background: var(--held-ground); margin-left: 8px; vertical-align: 2px }
.links { list-style: none; margin: 8px 0 0; padding: 0; display: flex; flex-wrap: wrap; gap: 4px 20px }
.links a { display: inline-block; padding: 4px 0 }
.pictures { display: flex; gap: 16px; align-items: flex-start; margin-top: 16px }
.pictures a { display: block; border: 1px solid var(--line); border-radius: 8px; overflow: hidden; height: 220px;
  flex: 64 1 0; max-width: 256px }
.pictures .phone { flex-grow: 37 } .pictures img { display: block; width: 100%; height: auto }
.unseen { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap }
footer { max-width: 760px; margin: 0 auto; padding: 0 32px 40px }
@media (max-width: 560px) { main { margin: 0 0 24px; padding: 24px 20px; border-radius: 0 }
  h1 { font-size: 27px; line-height: 33px } footer { padding: 0 20px 32px } .pictures a { height: 150px }
  .pictures { gap: 8px } }
@media print { body { background: #fff } .issue { break-inside: avoid } }
"""
# `file:` is one's own folder where the page is opened from a disk, where 'self' means nothing.
_POLICY = (
    f"default-src 'none'; img-src 'self' file:; base-uri 'none'; form-action 'none'; "
    f"style-src 'sha256-{b64encode(sha256(_STYLE.encode()).digest()).decode()}'"
)
_PAGE = """<!doctype html>
<html lang="en" dir="ltr">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<title>{newsletter}: {headline}</title>
<style>{style}</style>
</head>
<body>
<main>
<div class="top"><p class="name" dir="auto">{newsletter}</p><p class="day">{day}</p></div>
<h1>{headline}</h1>
<p>{facts}</p>
<ol class="issues">
{readers}
</ol>
</main>
<footer><p>Made by <code>newsletter preview --once</code>. A message opens in a mail program. Programs are told the same
by <a href="./index.json">index.json</a>.</p></footer>
</body>
</html>
"""
_READER = """<li class="issue">
<h2 dir="auto"><a href="{link}">{name}</a></h2>{status}
<p class="subject" dir="auto">{subject}</p>
<p class="meta">{address}{papers}</p>{notes}
<div class="state">{size}{verdict}</div>
<ul class="links">{links}</ul>
{pictures}
</li>"""
