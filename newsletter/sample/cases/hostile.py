"""What no honest source sends: markup, scripts, template code, addresses that act, characters that hide or reverse."""

from __future__ import annotations

from datetime import timedelta

from newsletter.models import HealthState, Issue, MatchedPaper, Reason, ReasonKind, Signals, Unconfirmed
from newsletter.sample.cases.records import DAY, MOMENT, health, issue, matched, paper, reader, section

MARK = "hostileScriptRan"
"""The property of `window` that every script of these cases would set."""

TEXTS = (
    f"<script>window.{MARK}=1</script>",
    f'"><img src=x onerror="window.{MARK}=1"><a name="',
    f"'><svg/onload=window.{MARK}=1>",
    f"</title></style></textarea><script>alert(window.{MARK}=1)</script>",
    "--><!--[if mso]><h1>Outlook only</h1><![endif]--><!--",
    "{{ 7*7 }} {% for x in range(9) %}{{ x }}{% endfor %} {# hidden #} {{ ''.__class__.__mro__ }}",
    "jx0003xj and <!--jx0001xj--> where templates once had code",
    "left \u202eright to left\u202c \u2066isolated\u2069 \u200fmarked",
    "nul \x00 escape \x1b[31m next \x85 line \u2028 feed \x0c end",
    "half \ud800 of a pair, \udc80 and \uffff nobody's character \ufdd0",
    "=?utf-8?q?Bcc=3A_everybody=40example=2Eorg?=\r\nBcc: everybody@example.org\r\n\r\n<h1>Body</h1>",
    "&lt;b&gt; &amp;amp; &#x3c;i&#x3e; &nbsp &quot;",
    "]]><![CDATA[ <?xml version='1.0'?> <!DOCTYPE x [<!ENTITY y SYSTEM 'file:///etc/hostname'>]> &y;",
    "e" + "\u0301" * 24 + " a letter under a tower of accents",
    "\u200b\u200c\u200d\ufeff",
)
ADDRESSES = (
    f"javascript:window.{MARK}=1",
    f"JaVaScRiPt:window.{MARK}=1",
    f"data:text/html,<script>window.{MARK}=1</script>",
    f"vbscript:window.{MARK}=1",
    "file:///etc/hostname",
    "//example.org/no-scheme",
    "https://ada:secret@example.org/",
    'https://example.org/"onmouseover="alert(1)',
    "https://example.org/\r\nBcc: everybody@example.org",
    "https://example.org/?of=\ud800",
    "http://[::1",
    "mailto:",
)


def cases() -> dict[str, Issue]:
    """Return the cases by name."""
    return {"hostile": _hostile(), "flood": _flood()}


def _hostile() -> Issue:
    rows = [_attack(number) for number in range(len(TEXTS))]
    return issue(
        *(section(text, row, interest=text) for text, row in zip(TEXTS[1:7], rows[1:7], strict=True)),
        section(TEXTS[0], *rows[7:12]),
        lead=rows[0],
        trending=tuple(rows[12:14]),
        picks=tuple(rows[14:]),
        subscriber=reader(*TEXTS, name=TEXTS[10], email="ada+{{7*7}}&'b@example.org"),
        health=tuple(health(text, state, detail=text) for text, state in zip(TEXTS, HealthState, strict=False)),
        unconfirmed=Unconfirmed(
            DAY - timedelta(days=1),
            tuple(paper(360 + at, TEXTS[at], url=address) for at, address in enumerate(ADDRESSES)),
        ),
    )


def _attack(number: int) -> MatchedPaper:
    text, address = TEXTS[number], ADDRESSES[number % len(ADDRESSES)]
    kinds = (ReasonKind.PICK, ReasonKind.EXAMPLE, ReasonKind.WORDS, ReasonKind.AUTHOR)
    return matched(
        paper(
            300 + number,
            text,
            abstract=f"{text} {text}. And more: {text}",
            authors=(text, "Ada Lovelace", text),
            url=address,
            categories=(text,),
            byline=text,
            tldr=text if number % 3 == 0 else "",
            signals=Signals(
                upvotes=10**30, upvotes_at=MOMENT, venue=text, comment=text, code_url=address, project_url=address
            ),
        ),
        Reason(kinds[number % 4], text, (text, text), example=text, note=text, editor=text, count=10**30),
        score=0.7,
    )


def _flood() -> Issue:
    """Return papers whose every field is far too long: together more than a mail program shows."""
    flood = "A sentence that says nothing is written again and again. " * 1800
    rows = [
        matched(
            paper(330 + at, f"{at} {flood}", abstract=flood, authors=(flood,) * 9, summary=flood, byline=flood),
            Reason(ReasonKind.PICK, flood, (flood,) * 50, example=flood, note=flood, editor=flood),
        )
        for at in range(3)
    ]
    return issue(section(flood, *rows[1:]), lead=rows[0], health=(health(flood, detail=flood),) * 40)
