"""The emails that a browser opens: every edge case, the demo, one issue in each language and look that ships."""

from __future__ import annotations

from base64 import b64decode, b64encode
from dataclasses import replace
from datetime import UTC, datetime, time

from makers import a_newsletter

from newsletter.config import load
from newsletter.demo import example_path
from newsletter.models import Picture
from newsletter.preview import looks, setup_of
from newsletter.render import compile_templates, render
from newsletter.render.files import USUAL_LOOK, read_sources
from newsletter.sample.cases import cases

DEMO = ("demo: Ada", "demo: Grace", "demo: Emmy", "demo: Katherine")
LANGUAGES = tuple(f"everything: {code}" for code in sorted(read_sources().catalogs()))
LOOKS = tuple(f"everything: {look}" for look in read_sources().looks() if look != USUAL_LOOK)
NAMES = (*cases(), *DEMO, *LANGUAGES, *LOOKS)
_GIF = b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7")


class Emails:
    """The HTML of each of `NAMES`: made when it is asked for first, the demo's all at once."""

    def __init__(self) -> None:
        self._made: dict[str, str] = {}

    def __getitem__(self, name: str) -> str:
        """Return an email's HTML."""
        if name not in self._made:
            self._made |= _demo() if name in DEMO else {name: _case(name)}
        return self._made[name]


def _demo() -> dict[str, str]:
    config = load(example_path(), environment={}, sending=False)
    return {f"demo: {one.reader.name}": one.email.html for one in looks(setup_of(config), config.subscribers)}


def _case(name: str) -> str:
    """Return the HTML of a case, its pictures inside, where mail programs put them."""
    case, _, variant = name.partition(": ")
    issue, language = cases()[case], variant if name in LANGUAGES else "en"
    issue = replace(issue, subscriber=replace(issue.subscriber, language=language))
    templates = compile_templates(look=variant if name in LOOKS else USUAL_LOOK)
    thumbnails = {
        matched.paper.id: Picture(f"p{number}.gif", "image/gif", _GIF, 88, 88)
        for number, matched in enumerate(issue.papers)
    }
    date, sender = datetime.combine(issue.day, time(7), UTC), a_newsletter(editor="the reading group")
    email = render(issue, sender, templates, date=date, pictures=thumbnails)
    html = email.html
    for shown in email.pictures:
        html = html.replace(f"cid:{shown.name}", f"data:{shown.media_type};base64,{b64encode(shown.data).decode()}")
    return html
