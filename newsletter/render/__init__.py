"""Issue → Email: both parts from templates compiled once, the header fields, and a size no mail program clips.

files → protect → guards → inline → compile      the templates, once per process; skeleton · once · language
facts                                            one paper, once for everybody
view → fit · subject · headers                   one issue
letters                                          what else is written to a reader: confirm, welcome, goodbye
trace                                            which line of a template wrote a line of an email
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import partial
from types import MappingProxyType

from newsletter.models import Email, Issue, Newsletter, Paper, Picture
from newsletter.render.compile import Parts, Templates, compile_templates
from newsletter.render.facts import Abstract, PaperFacts, facts_of
from newsletter.render.filters import harmless
from newsletter.render.fit import fit
from newsletter.render.headers import headers, message_id
from newsletter.render.letters import LetterKind, letter
from newsletter.render.once import Filled
from newsletter.render.shown import Detail, IssueView
from newsletter.render.subject import subject
from newsletter.render.trace import Traced, trace
from newsletter.render.view import view

__all__ = [
    "NO_PICTURES",
    "Abstract",
    "LetterKind",
    "Renderer",
    "Templates",
    "Traced",
    "compile_templates",
    "letter",
    "render",
]

NO_PICTURES: Mapping[str, Picture] = MappingProxyType({})


class Renderer:
    """Renders the issues of one run; what they say of the same papers is put together once."""

    def __init__(
        self,
        newsletter: Newsletter,
        templates: Templates,
        *,
        abstract: Abstract = "summary",
        readers: int = 0,
        before: Renderer | None = None,
    ) -> None:
        """Take what all issues share.

        `abstract` is how much of each abstract is shown. `readers` is how many the newsletter has, for its byline. What
        the renderer `before` put together of papers is taken over, unless it would say something else.
        """
        self._newsletter, self._templates, self.abstract, self._readers = newsletter, templates, abstract, readers
        self.basis = (abstract, newsletter.inbox, newsletter.plus)  # what all facts of papers depend on
        same = before is not None and before.basis == self.basis
        self.facts: dict[str, tuple[Paper, PaperFacts]] = before.facts if before and same else {}
        self._made: dict[str, tuple[Parts, Filled, Filled]] = {}

    def render(self, issue: Issue, *, date: datetime, pictures: Mapping[str, Picture] = NO_PICTURES) -> Email:
        """Return an issue as the email that is sent: the same arguments give the same bytes, whatever came before.

        `date` is the message's own time; the issue's day stands in the text. `pictures` gives thumbnails by paper id,
        for a look that shows them; those that are shown travel with the email. What would pass 100,000 bytes is
        shortened, see `fit`. Raises TemplateError if a template of the user's own cannot show this issue.
        """
        reader, newsletter = issue.subscriber, self._newsletter
        parts, in_html, in_text = self._parts(reader.language)
        shown = self.view(issue, pictures)

        def html_of(some: IssueView) -> str:
            return parts.html.fill(in_html, issue=some)

        html = "" if reader.text_only else fit(shown, html_of)
        return Email(
            sender=(harmless(newsletter.sender_name), newsletter.sender_email),
            recipient=(harmless(reader.name), reader.email),
            subject=subject(shown, parts.language),
            html=html,
            text=parts.text.fill(in_text, issue=shown).rstrip() + "\n",
            message_id=message_id(reader.email, issue.day, (each.paper.id for each in issue.papers), newsletter),
            date=date,
            headers=headers(newsletter, reader.email, issue.day, kind="issue", language=parts.language.code),
            pictures=_shown_in(html, shown),
        )

    def view(self, issue: Issue, pictures: Mapping[str, Picture] = NO_PICTURES) -> IssueView:
        """Return what the templates are given of an issue."""
        language = self._parts(issue.subscriber.language)[0].language
        facts = partial(self._facts_of, pictures)
        return view(issue, self._newsletter, language, facts, readers=self._readers)

    def trace(self, issue: Issue, *, date: datetime, pictures: Mapping[str, Picture] = NO_PICTURES) -> Traced:
        """Return which line of a template wrote each line of what `render` gives for the same arguments."""
        email, shown = self.render(issue, date=date, pictures=pictures), self.view(issue, pictures)
        parts, views = self._templates.parts("issue", issue.subscriber.language), dict[str, IssueView]()

        def html_of(some: IssueView) -> str:
            html = parts.html.fill(issue=some)
            views[html] = some
            return html

        if email.html:
            fit(shown, html_of)  # by the same steps to the same email, whose view is wanted
        html = (email.html, views.get(email.html, shown))
        return trace(self._templates.sources, issue.subscriber.language, html=html, text=(email.text, shown))

    def _parts(self, language: str) -> tuple[Parts, Filled, Filled]:
        """Return the two parts in one language, and what of each is filled already."""
        if language not in self._made:
            self._made[language] = (self._templates.parts("issue", language), Filled(), Filled())
        return self._made[language]

    def _facts_of(self, pictures: Mapping[str, Picture], paper: Paper) -> PaperFacts:
        known, picture = self.facts.get(paper.id), pictures.get(paper.id)
        if known is None or known[1].picture != picture or (known[0] is not paper and known[0] != paper):
            known = self.facts[paper.id] = (paper, facts_of(paper, self.abstract, picture, self._newsletter))
        return known[1]


def render(
    issue: Issue,
    newsletter: Newsletter,
    templates: Templates,
    *,
    date: datetime,
    abstract: Abstract = "summary",
    readers: int = 0,
    pictures: Mapping[str, Picture] = NO_PICTURES,
) -> Email:
    """Return one issue as the email that is sent, see `Renderer`."""
    renderer = Renderer(newsletter, templates, abstract=abstract, readers=readers)
    return renderer.render(issue, date=date, pictures=pictures)


def _shown_in(html: str, shown: IssueView) -> tuple[Picture, ...]:
    """Return the pictures that the HTML refers to, each once."""
    pictures = (paper.facts.picture for paper in shown.papers if paper.detail is Detail.FULL)
    used = {picture.name: picture for picture in pictures if picture and f"cid:{picture.name}" in html}
    return tuple(used.values())
