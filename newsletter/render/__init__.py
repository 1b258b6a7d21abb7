"""Issue → Email: both parts from templates compiled once, the header fields, and a size no mail program clips.

files → protect → guards → inline → compile   the templates, once per process
view → fit · headers                          one issue
"""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from newsletter.models import Email, Issue, Newsletter
from newsletter.render.compile import Templates, compile_templates
from newsletter.render.filters import harmless
from newsletter.render.fit import fit
from newsletter.render.headers import headers, message_id, subject
from newsletter.render.view import IssueView, view

__all__ = ["Templates", "compile_templates", "render"]


def render(
    issue: Issue,
    newsletter: Newsletter,
    templates: Templates,
    *,
    date: datetime,
    abstract_sentences: int | Literal["summary"] | None = "summary",
) -> Email:
    """Return an issue as the email that is sent: the same arguments give the same bytes.

    `date` is the message's own time; the issue's day stands in the text. `abstract_sentences` is how much of each
    abstract is shown, 0 for none and None for all of it; with `summary` its summary, or a model's, stands there.
    What would pass 100,000 bytes is shortened, see `fit`.
    Raises TemplateError if a template of the user's own cannot show this issue.
    """
    shown = view(issue, newsletter, sentences=abstract_sentences)

    def html_of(some: IssueView) -> str:
        return templates.html.fill(issue=some)

    return Email(
        sender=(harmless(newsletter.sender_name), newsletter.sender_email),
        recipient=(harmless(issue.subscriber.name), issue.subscriber.email),
        subject=subject(issue),
        html=fit(shown, html_of),
        text=templates.text.fill(issue=shown).rstrip() + "\n",
        message_id=message_id(issue, newsletter),
        date=date,
        headers=headers(issue, newsletter),
    )
