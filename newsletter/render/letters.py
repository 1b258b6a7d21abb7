"""What is written to a reader besides issues: to confirm, to welcome, to say goodbye."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from newsletter.models import Email, Newsletter, Subscriber
from newsletter.render.addresses import leave_url
from newsletter.render.compile import Templates
from newsletter.render.facts import LONGEST_NAME, text
from newsletter.render.filters import harmless, safe_url
from newsletter.render.fit import BUDGET_BYTES, sent_bytes
from newsletter.render.headers import headers, message_id
from newsletter.render.language import Language
from newsletter.render.view import answers_are_read

_MOST_INTERESTS, _LONGEST_INTEREST = 40, 90


class LetterKind(StrEnum):
    """What a letter is for."""

    CONFIRM = "confirm"  # somebody subscribed this address: was it you?
    WELCOME = "welcome"  # what was understood, and when issues come
    GOODBYE = "goodbye"  # nothing more will be sent


@dataclass(frozen=True, slots=True)
class InterestView:
    """One interest as the reader wrote it, and what it was taken for (an `InterestKind`)."""

    name: str
    kind: str


@dataclass(frozen=True, slots=True)
class LetterView:
    """Everything the template of a letter may say.

    `link` is where the button leads: to confirm, or to come back; "" where there is none. `unnamed` and `unlisted`
    count the interests and exclusions that are not shown. `weekdays` are ISO numbers, `send_at` is such as `07:00`.
    `answers` says that who wants to leave may answer so.
    """

    name: str
    editor: str
    language: str
    direction: str
    subject: str
    headline: str
    preheader: str
    address: str
    link: str
    leave_url: str
    interests: tuple[InterestView, ...]
    unnamed: int
    excluded: tuple[str, ...]
    unlisted: int
    max_papers: int
    weekdays: tuple[int, ...]
    send_at: str
    timezone: str
    answers: bool


def letter(
    kind: LetterKind,
    subscriber: Subscriber,
    newsletter: Newsletter,
    templates: Templates,
    *,
    date: datetime,
    link: str = "",
) -> Email:
    """Return a letter to a reader: the same arguments give the same bytes.

    `link` is the address that confirms, or by which who left comes back. Raises TemplateError if a template of the
    user's own cannot show it.
    """
    if kind is LetterKind.CONFIRM and safe_url(link or "#") == "#":
        raise ValueError("a letter that asks to confirm needs the address where that is done")
    parts = templates.parts(kind.value, subscriber.language)
    shown = _view(kind, subscriber, newsletter, parts.language, link)
    html = "" if subscriber.text_only else parts.html.fill(letter=shown)
    listed = _MOST_INTERESTS
    while sent_bytes(html) > BUDGET_BYTES and listed:
        listed //= 2
        shown = _view(kind, subscriber, newsletter, parts.language, link, listed)
        html = parts.html.fill(letter=shown)
    day = date.date()
    return Email(
        sender=(harmless(newsletter.sender_name), newsletter.sender_email),
        recipient=(harmless(subscriber.name), subscriber.email),
        subject=shown.subject.replace("=?", "= ?"),
        html=html,
        text=parts.text.fill(letter=shown).rstrip() + "\n",
        message_id=message_id(subscriber.email, day, [kind.value, link], newsletter),
        date=date,
        headers=headers(newsletter, subscriber.email, day, kind=kind.value, language=parts.language.code),
    )


def _view(
    kind: LetterKind,
    subscriber: Subscriber,
    newsletter: Newsletter,
    language: Language,
    link: str,
    listed: int = _MOST_INTERESTS,
) -> LetterView:
    name = text(newsletter.name, LONGEST_NAME)
    subject, headline, preheader = _words(kind, language, name)
    asked = subscriber.interests[:listed]
    return LetterView(
        name=name,
        editor=text(newsletter.editor, LONGEST_NAME),
        language=language.code,
        direction=language.direction,
        subject=subject,
        headline=headline,
        preheader=preheader,
        address=text(subscriber.email, 254),
        link="" if safe_url(link) == "#" else link,
        leave_url=leave_url(newsletter, subscriber.email),
        interests=tuple(InterestView(text(each.name, _LONGEST_INTEREST), str(each.kind)) for each in asked),
        unnamed=len(subscriber.interests) - len(asked),
        unlisted=len(subscriber.exclude[listed:]),
        excluded=tuple(text(each.name, _LONGEST_INTEREST) for each in subscriber.exclude[:listed]),
        max_papers=subscriber.max_papers,
        weekdays=tuple(sorted(subscriber.weekdays)),
        send_at=f"{subscriber.send_at:%H:%M}",
        timezone=subscriber.timezone,
        answers=kind is LetterKind.WELCOME and answers_are_read(newsletter),
    )


def _words(kind: LetterKind, language: Language, name: str) -> tuple[str, str, str]:
    """Return the subject, the headline and the preheader."""
    _ = language.gettext
    if kind is LetterKind.CONFIRM:
        return (
            _("%(name)s: please confirm your subscription") % {"name": name},
            _("Is this you?"),
            _("One click, and it begins; without it you will not hear from us again."),
        )
    if kind is LetterKind.WELCOME:
        return (
            _("Welcome to %(name)s") % {"name": name},
            _("You are subscribed"),
            _("When it comes, and what was understood of what you follow."),
        )
    return (
        _("You are unsubscribed from %(name)s") % {"name": name},
        _("You are unsubscribed"),
        _("Nothing more will be sent to you, unless you subscribe again."),
    )
