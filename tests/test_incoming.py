"""Mail that came back leads to the right state, once, and nobody can be made to leave by what anybody can write."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from types import MappingProxyType
from urllib.parse import unquote

import pytest
from makers import DAY, NOW, a_config, a_newsletter, a_paper, a_subscriber, an_edition
from outgoing import a_message_id, delivered, stored
from stores import a_store

from newsletter.config import Config
from newsletter.models import DeliveryState
from newsletter.pipeline.incoming import Fate, Taken, take_replies
from newsletter.render.addresses import less_url, more_url, unsubscribe_mailto
from newsletter.render.headers import message_id
from newsletter.replies import ReplyKind
from newsletter.store import Store
from newsletter.tokens import bounce_address, leave_token

MAILS = Path(__file__).parent / "data" / "replies"
SECRET = b"a secret of thirty-two characters"
ADA, GRACE = "ada@example.org", "grace@example.org"
QUEUED, SENT, FAILED, UNKNOWN = (
    DeliveryState.QUEUED,
    DeliveryState.SENT,
    DeliveryState.FAILED,
    DeliveryState.UNKNOWN,
)
PAPERS = tuple(a_paper(f"Paper number {number}", id=f"arxiv:2611.0000{number}") for number in range(1, 6))


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """Give a store with an edition of five papers."""
    with a_store(tmp_path) as opened:
        opened.editions.save(an_edition(*PAPERS), collected_at=NOW)
        yield opened


def settings(*subscribers: str, secret: bytes = SECRET) -> Config:
    """Return the settings of a newsletter whose inbox is read, with Ada and Grace unless others are named."""
    newsletter = a_newsletter(inbox="papers@example.org", plus=True, secret=secret)
    return a_config(*map(a_subscriber, subscribers or (ADA, GRACE)), newsletter=newsletter)


def saved(name: str, instead: Mapping[str, str] = MappingProxyType({})) -> bytes:
    """Return a saved mail with Ada's token in it, and other words replaced."""
    message = (MAILS / f"{name}.eml").read_bytes().replace(b"TOKEN", leave_token(SECRET, ADA).encode())
    for old, new in instead.items():
        message = message.replace(old.encode(), new.encode())
    return message


def written(text: str = "", *, sender: str = ADA, subject: str = "hello", **fields: str) -> bytes:
    """Return a mail that a person wrote."""
    head = {"From": sender, "To": "papers@example.org", "Subject": subject, **fields}
    lines = [f"{name.replace('_', '-')}: {value}" for name, value in head.items()]
    return ("\n".join(lines) + "\n\n" + text + "\n").encode()


def take(store: Store, *messages: bytes, config: Config | None = None, dry_run: bool = False) -> tuple[Taken, ...]:
    """Take mails."""
    return take_replies(config or settings(), store, messages, now=NOW, dry_run=dry_run)


def reasons(store: Store) -> dict[str, str]:
    """Return who is suppressed, and why."""
    return {each.address: each.reason for each in store.suppressions.all()}


# ------------------------------------------------------------------ to leave


@pytest.mark.parametrize(
    "name",
    ["leave-link", "leave-program", "leave-gmail", "leave-outlook", "leave-german", "leave-french", "leave-chinese"],
)
def test_who_asks_to_leave_leaves(store: Store, name: str) -> None:
    """By the link from any mailbox, or in words from their own; what is queued is withdrawn."""
    delivered(store, day=DAY - timedelta(days=1))
    delivered(store, state=QUEUED)
    delivered(store, GRACE, state=QUEUED)

    (taken,) = take(store, saved(name))

    assert (taken.fate, taken.kind, taken.subscriber) == (Fate.DONE, ReplyKind.UNSUBSCRIBE, ADA)
    assert reasons(store) == {ADA: "unsubscribed"}
    assert (stored(store).state, stored(store).detail) == (FAILED, "withdrawn: unsubscribed")
    assert stored(store, GRACE).state is QUEUED


def test_a_former_reader_leaves_by_an_old_email(store: Store) -> None:
    """They stand in no settings any more; if they ever do again, they still get nothing."""
    delivered(store)

    (taken,) = take(store, saved("leave-link"), config=settings(GRACE))

    assert (taken.fate, reasons(store)) == (Fate.DONE, {ADA: "unsubscribed"})


def test_a_token_that_is_none_leaves_it_to_who_writes(store: Store) -> None:
    """A damaged one of a reader is a wish all the same; of a stranger it is for a person."""
    subject = "unsubscribe " + "x" * 22

    own, foreign = take(store, written(subject=subject), written(subject=subject, sender="eve@example.net"))

    assert (own.fate, own.subscriber) == (Fate.DONE, ADA)
    assert (foreign.fate, foreign.subscriber) == (Fate.LEFT, "")
    assert "no reader" in foreign.did
    assert reasons(store) == {ADA: "unsubscribed"}


def test_nobody_leaves_by_anothers_address(store: Store) -> None:
    """Whoever knows it can write it in a subject; only from it, or answering what was sent to it, does it count."""
    delivered(store)
    subject = f"unsubscribe {ADA}"

    (stranger,) = take(store, written(subject=subject, sender="eve@example.net"))
    (other,) = take(store, written(subject=subject, sender=GRACE))
    assert [each.fate for each in (stranger, other)] == [Fate.LEFT, Fate.LEFT]
    assert f"newsletter subscribers unsubscribe {ADA}" in stranger.did
    assert reasons(store) == {}

    (answer,) = take(store, written(subject=subject, sender="ada@home.example", In_Reply_To=a_message_id()))
    assert (answer.fate, answer.subscriber) == (Fate.DONE, ADA)
    (own,) = take(store, written(subject=f"unsubscribe {GRACE}", sender="Grace@Example.org"))
    assert (own.fate, own.subscriber) == (Fate.DONE, GRACE)


def test_a_command_to_paste_is_harmless(store: Store) -> None:
    """What a stranger wrote stands in quotes."""
    (taken,) = take(store, written(subject="unsubscribe $(reboot)@example.org", sender="eve@example.net"))

    assert "`newsletter subscribers unsubscribe '$(reboot)@example.org'`" in taken.did


def test_who_answers_from_another_mailbox_is_known_by_what_they_answer(store: Store) -> None:
    """Nobody else has the Message-ID; an address that is a reader's own comes first."""
    delivered(store)

    alias, forwarded = take(
        store,
        written("unsubscribe", sender="countess@example.net", In_Reply_To=a_message_id()),
        written("unsubscribe", sender=GRACE, In_Reply_To=a_message_id()),
    )

    assert (alias.subscriber, forwarded.subscriber) == (ADA, GRACE)


def test_a_wish_to_leave_outweighs_a_bounce(store: Store) -> None:
    """And a second wish changes nothing."""
    store.suppressions.add(ADA, reason="bounced", detail="550", at=NOW)

    first, second = take(store, written("unsubscribe"), written("stop"))

    assert (first.did, second.did) == (
        "unsubscribed: nothing more is sent",
        "unsubscribed; nothing was sent any more anyway",
    )
    assert reasons(store) == {ADA: "unsubscribed"}


# ------------------------------------------------------------------ bounces


@pytest.mark.parametrize("name", ["bounce-postfix", "bounce-exchange", "bounce-exim", "bounce-qmail", "bounce-vague"])
@pytest.mark.parametrize("state", [SENT, UNKNOWN])
def test_a_dead_address_gets_nothing_more(store: Store, name: str, state: DeliveryState) -> None:
    """The delivery failed, and the reader is suppressed; nobody else is touched."""
    delivered(store, state=state)
    delivered(store, GRACE)

    (taken,) = take(store, saved(name))

    assert (taken.fate, taken.kind, taken.subscriber) == (Fate.DONE, ReplyKind.BOUNCE, ADA)
    assert reasons(store) == {ADA: "bounced"}
    assert stored(store).state is FAILED
    assert stored(store).detail.startswith("bounced: 550")
    assert stored(store, GRACE).state is SENT


def test_a_bounce_is_known_by_the_address_it_is_sent_to(store: Store) -> None:
    """Even where it returns nothing, and in any case of letters."""
    delivered(store)
    ours = bounce_address("papers@example.org", day=DAY, address=ADA, secret=SECRET)

    (taken,) = take(store, saved("bounce-verp-only", {"papers+BOUNCE@example.org": ours.upper()}))

    assert (taken.fate, stored(store).state, reasons(store)) == (Fate.DONE, FAILED, {ADA: "bounced"})


def test_a_forged_bounce_counts_for_nothing(store: Store) -> None:
    """Who guesses the form of the address has no secret; it is left for a person, whomever it names."""
    delivered(store)
    forged = bounce_address("papers@example.org", day=DAY, address=ADA, secret=b"a guess")

    (taken,) = take(store, saved("bounce-verp-only", {"papers+BOUNCE@example.org": forged}))

    assert (taken.fate, taken.subscriber) == (Fate.LEFT, "")
    assert (stored(store).state, reasons(store)) == (SENT, {})
    assert store.replies.soft_bounces(ADA) == ()


def test_a_bounce_with_a_guessed_message_id_counts_for_nothing(store: Store) -> None:
    """Only one that was sent is found."""
    delivered(store)

    (taken,) = take(store, saved("bounce-of-a-stranger", {"private.1": "i20261120.s000000000000.0"}))

    assert (taken.fate, stored(store).state, reasons(store)) == (Fate.FOREIGN, SENT, {})


def test_a_bounce_without_anything_of_ours_never_decides_alone(store: Store) -> None:
    """It counts as one issue that did not arrive, and moves no delivery; three of them in a row do decide."""
    for ago in (2, 1, 0):
        day = DAY - timedelta(days=ago)
        delivered(store, day=day)
        again = [saved("bounce-without-ours", {"070211.": f"{number}.{ago}."}) for number in (1, 2)]
        assert {each.fate for each in take(store, *again)} == {Fate.DONE}
        assert stored(store, day=day).state is SENT
        assert reasons(store) == ({} if ago else {ADA: "bounced"})


def test_a_bounce_of_somebody_long_gone_is_left(store: Store) -> None:
    """Nothing was sent to them within a week."""
    delivered(store, day=DAY - timedelta(days=20))

    known, stranger = take(store, saved("bounce-without-ours"), saved("bounce-of-a-stranger"))

    assert (known.fate, stranger.fate) == (Fate.LEFT, Fate.FOREIGN)


def test_a_bounce_about_another_address_kills_none(store: Store) -> None:
    """The reader forwards their mail, or is a group with one dead member: it stays for a person and moves nothing."""
    days = [DAY - timedelta(days=ago) for ago in (3, 2, 1, 0)]
    for day in days:
        delivered(store, day=day)
        (taken,) = take(store, saved("bounce-forwarded", {a_message_id(): a_message_id(day=day)}))
        assert (taken.fate, taken.subscriber) == (Fate.LEFT, ADA)
        assert f"the issue of {day} of {ADA} did not reach " in taken.did

    assert {stored(store, day=day).state for day in days} == {SENT}
    assert (reasons(store), store.replies.soft_bounces(ADA)) == ({}, ())


def soft(day: date, number: int = 1) -> bytes:
    """Return the bounce of a day's issue from a full mailbox."""
    return saved("bounce-full", {a_message_id(): a_message_id(day=day), "bounce-full": f"full{number}.{day}"})


def test_a_full_mailbox_is_given_up_after_three_issues(store: Store) -> None:
    """Two mails about one issue are one; each issue failed, so its papers may come later."""
    days = [DAY - timedelta(days=ago) for ago in (2, 1, 0)]
    for day in days:
        delivered(store, day=day)

    first = take(store, soft(days[0]), soft(days[0], 2), soft(days[1]))
    assert [each.did[-18:] for each in first] == [f" ({row} of 3 in a row)" for row in (1, 1, 2)]
    assert reasons(store) == {}

    (last,) = take(store, soft(days[2]))
    assert last.did.endswith("(3 in a row); bounced: nothing more is sent")
    assert reasons(store) == {ADA: "bounced"}
    assert {stored(store, day=day).state for day in days} == {FAILED}


def test_a_mailbox_that_was_emptied_starts_anew(store: Store) -> None:
    """An answer between, and an issue that arrived, both end the row."""
    days = [DAY - timedelta(days=ago) for ago in (6, 5, 4, 3, 2, 1)]
    for day in days:
        delivered(store, day=day)

    take(store, soft(days[0]), soft(days[1]))
    take(store, written("Thank you!", Date=f"{days[1]:%d %b %Y} 20:00:00 +0000"))
    take(store, soft(days[2]), soft(days[4]), soft(days[5]))

    assert reasons(store) == {}
    take(store, soft(days[3]))
    assert reasons(store) == {ADA: "bounced"}


def test_what_is_not_the_readers_doing_costs_them_nothing(store: Store) -> None:
    """A policy of their server is for the operator to read; the issue did not arrive."""
    days = [DAY - timedelta(days=ago) for ago in (3, 2, 1)]
    for day in days:
        delivered(store, day=day)
        (taken,) = take(store, saved("refusal-policy", {a_message_id(): a_message_id(day=day)}))
        assert (taken.fate, taken.kind) == (Fate.LEFT, ReplyKind.REFUSAL)

    assert {stored(store, day=day).state for day in days} == {FAILED}
    assert reasons(store) == {}


def test_what_is_still_tried_changes_nothing(store: Store) -> None:
    """It may arrive yet, three days in a row and longer."""
    days = [DAY - timedelta(days=ago) for ago in (3, 2, 1)]
    for day in days:
        delivered(store, day=day, state=UNKNOWN)
        (taken,) = take(store, saved("delay-postfix", {a_message_id(): a_message_id(day=day)}))
        assert taken.fate is Fate.DONE

    assert {stored(store, day=day).state for day in days} == {UNKNOWN}
    assert reasons(store) == {}


# ------------------------------------------------------------------ complaints


@pytest.mark.parametrize("name", ["complaint-arf", "complaint-redacted"])
def test_who_complains_gets_nothing_more(store: Store, name: str) -> None:
    """At once; known by the Message-ID, or by the token where the provider took all else away."""
    delivered(store)

    (taken,) = take(store, saved(name))

    assert (taken.fate, taken.subscriber, reasons(store)) == (Fate.DONE, ADA, {ADA: "complained"})
    assert stored(store).state is SENT


def test_a_complaint_that_returns_nothing_of_ours_is_for_a_person(store: Store) -> None:
    """Anybody can write one about anybody."""
    delivered(store)

    (taken,) = take(store, saved("complaint-empty"))

    assert (taken.fate, reasons(store)) == (Fate.LEFT, {})
    assert f"newsletter subscribers unsubscribe {ADA}" in taken.did


def test_other_feedback_suppresses_nobody(store: Store) -> None:
    """That it is no spam proves that it arrived; a failed signature is for a person, if it is about us at all."""
    foreign = take(store, saved("feedback-not-spam"), saved("feedback-auth-failure"))
    delivered(store, state=UNKNOWN)
    later = {"09:30:00": "09:31:00"}
    ours = take(store, saved("feedback-not-spam", later), saved("feedback-auth-failure", later))

    assert [each.fate for each in foreign] == [Fate.FOREIGN, Fate.FOREIGN]
    assert [each.fate for each in ours] == [Fate.DONE, Fate.LEFT]
    assert (stored(store).state, reasons(store)) == (SENT, {})


# ------------------------------------------------------------------ automatic


@pytest.mark.parametrize("name", ["vacation-exchange", "vacation-subject", "receipt-read", "receipt-delivered"])
def test_an_automatic_answer_proves_only_that_it_arrived(store: Store, name: str) -> None:
    """It holds "unsubscribe" or a vote, and asks for neither."""
    delivered(store, state=UNKNOWN, papers=PAPERS)

    (taken,) = take(store, saved(name))

    assert (taken.fate, taken.kind) == (Fate.DONE, ReplyKind.AUTOMATIC)
    assert (stored(store).state, reasons(store), store.votes.of(ADA)) == (SENT, {}, ())


def test_an_automatic_answer_to_the_address_for_bounces_is_known_by_it(store: Store) -> None:
    """Vacation notes go to the envelope's sender (RFC 3834 §4)."""
    delivered(store, state=UNKNOWN)
    ours = bounce_address("papers@example.org", day=DAY, address=ADA, secret=SECRET)

    (taken,) = take(store, saved("vacation-bulk", {"To: papers@example.org": f"To: {ours}"}))

    assert (taken.fate, taken.subscriber, stored(store).state) == (Fate.DONE, ADA, SENT)


def test_other_automatic_mail_is_left_alone(store: Store) -> None:
    """Another list the operator reads, or a reader's robot that answers nothing of ours."""
    assert [each.fate for each in take(store, saved("foreign-list"), saved("vacation-bulk"))] == [Fate.FOREIGN] * 2


# ------------------------------------------------------------------ votes and answers


def test_a_vote_is_cast_by_the_link(store: Store) -> None:
    """It names the paper; the reader is who writes. A later one takes its place."""
    (taken,) = take(store, saved("vote-link"))
    assert (taken.fate, taken.subscriber, taken.did) == (Fate.DONE, ADA, "more like arxiv:2611.00001")
    assert [(vote.paper_id, vote.value) for vote in store.votes.of(ADA)] == [("arxiv:2611.00001", 1)]

    take(store, saved("vote-link", {"more": "less"}))
    assert [(vote.paper_id, vote.value) for vote in store.votes.of(ADA)] == [("arxiv:2611.00001", -1)]


def test_numbers_are_those_of_the_issue_that_is_answered(store: Store) -> None:
    """Not of the latest one."""
    delivered(store, papers=PAPERS)
    delivered(store, day=DAY + timedelta(days=1), papers=PAPERS[:1])

    (taken,) = take(store, saved("vote-numbers"))

    assert taken.fate is Fate.DONE
    cast = {vote.paper_id[-1]: vote.value for vote in store.votes.of(ADA)}
    assert cast == {"1": 1, "2": -1, "3": -1, "4": 1}


def test_numbers_without_an_answer_are_those_of_the_latest_issue(store: Store) -> None:
    """Of their own; somebody else's answer decides nothing."""
    delivered(store, papers=PAPERS[1:])
    delivered(store, GRACE, papers=PAPERS)

    take(store, written("more 1", In_Reply_To=a_message_id(GRACE)))

    assert [vote.paper_id for vote in store.votes.of(ADA)] == ["arxiv:2611.00002"]


def test_a_vote_for_what_is_not_there_is_told(store: Store) -> None:
    """What is there counts; the rest is for a person."""
    delivered(store, papers=PAPERS)

    (taken,) = take(store, written("more 1, less 6, more arxiv:2401.99999"))

    assert (taken.fate, taken.did) == (Fate.LEFT, "more like arxiv:2611.00001; no paper is 6, arxiv:2401.99999")
    assert len(store.votes.of(ADA)) == 1


def test_a_stranger_has_no_vote(store: Store) -> None:
    """The links are the same for all, so From decides; whoever answers a reader's email votes for that reader."""
    delivered(store, papers=PAPERS)

    stranger, alias = take(
        store,
        written(subject="more arxiv:2611.00001", sender="eve@example.net"),
        written(subject="more arxiv:2611.00002", sender="countess@example.net", In_Reply_To=a_message_id()),
    )

    assert (stranger.fate, alias.subscriber) == (Fate.LEFT, ADA)
    assert store.votes.voters() == {ADA}


def test_a_vote_proves_that_its_paper_arrived(store: Store) -> None:
    """The link stood in that email and in no other."""
    delivered(store, papers=PAPERS[:2], state=UNKNOWN)
    delivered(store, GRACE, papers=PAPERS[:2], state=UNKNOWN)
    other = DAY - timedelta(days=1)
    delivered(store, day=other, papers=PAPERS[2:], state=UNKNOWN)

    take(store, saved("vote-link"))

    assert stored(store).state is SENT
    assert {stored(store, GRACE).state, stored(store, day=other).state} == {UNKNOWN}


def test_an_answer_stays_for_a_person_and_proves_that_it_arrived(store: Store) -> None:
    """Whatever it says."""
    delivered(store, state=UNKNOWN)

    thanks, question, stranger = take(
        store, saved("answer-quote-only"), saved("answer-question"), written("hello", sender="eve@example.net")
    )

    assert [each.fate for each in (thanks, question, stranger)] == [Fate.LEFT, Fate.LEFT, Fate.FOREIGN]
    assert thanks.did == "writes: Thank you, number one was just what I needed."
    assert (stored(store).state, reasons(store)) == (SENT, {})


# ------------------------------------------------------------------ what an email of ours says


def followed(mailto: str, sender: str) -> bytes:
    """Return the mail that a mail program makes of a mailto address (RFC 6068)."""
    address, _, query = mailto.removeprefix("mailto:").partition("?")
    subject = unquote(query.removeprefix("subject="))
    return written(sender=sender, subject=subject, Delivered_To=unquote(address))


@pytest.mark.parametrize("plus", [True, False])
@pytest.mark.parametrize("reader", [ADA, "Émilie@bücher.example", "o'neil+papers@example.org"])
def test_the_link_in_an_email_lets_its_reader_leave(store: Store, reader: str, plus: bool) -> None:  # noqa: FBT001
    """From any mailbox, and nobody but its reader."""
    config = settings(reader, GRACE)
    newsletter = replace(config.newsletter, plus=plus)
    link = unsubscribe_mailto(newsletter, reader)

    (taken,) = take(store, followed(link, "eve@example.net"), config=replace(config, newsletter=newsletter))

    assert (taken.fate, reasons(store)) == (Fate.DONE, {reader: "unsubscribed"})


def test_the_links_of_a_paper_vote_for_it(store: Store) -> None:
    """Whatever it is called."""
    names = ("arxiv:math/0309136", "doi:10.1/a-b_(c)", "title:0a1b2c3d4e5f", "openreview:AbC_d-1", "s2:12345")
    papers = tuple(a_paper(f"Paper called {name}", id=name) for name in names)
    day = DAY + timedelta(days=1)
    store.editions.save(an_edition(*papers, day=day), collected_at=NOW)
    newsletter = settings().newsletter

    take(store, *(followed(more_url(newsletter, paper.id), ADA) for paper in papers))
    take(store, *(followed(less_url(newsletter, paper.id), GRACE) for paper in papers))

    assert {vote.paper_id: vote.value for vote in store.votes.of(ADA)} == dict.fromkeys(names, 1)
    assert {vote.paper_id: vote.value for vote in store.votes.of(GRACE)} == dict.fromkeys(names, -1)


def test_the_bounce_of_an_email_finds_it(store: Store) -> None:
    """By the Message-ID and the envelope that were really made, of this reader and this day."""
    newsletter = settings().newsletter
    made = [message_id(reader, DAY, ["arxiv:1"], newsletter) for reader in (ADA, GRACE)]
    for reader, name in zip((ADA, GRACE), made, strict=True):
        delivered(store, reader, message_id=name)
    envelope = bounce_address("papers@example.org", day=DAY, address=GRACE, secret=SECRET)
    named = {a_message_id(): made[0]}
    sent_to = {"papers+BOUNCE@example.org": envelope, "ada@example.org": GRACE}

    first, second = take(store, saved("bounce-postfix", named), saved("bounce-verp-only", sent_to))

    assert (first.subscriber, second.subscriber) == (ADA, GRACE)
    assert reasons(store) == {ADA: "bounced", GRACE: "bounced"}


# ------------------------------------------------------------------ once


def test_a_mail_counts_once(store: Store) -> None:
    """Also in another run, with other line ends, and after the operator undid what it led to."""
    delivered(store)
    first, again = take(store, saved("bounce-postfix"), saved("bounce-postfix"))
    store.suppressions.remove(ADA)
    (later,) = take(store, saved("bounce-postfix").replace(b"\n", b"\r\n"))

    assert (first.new, again.new, later.new) == (True, False, False)
    assert (later.fate, later.kind) == (Fate.DONE, ReplyKind.BOUNCE)
    assert reasons(store) == {}


def test_what_was_left_before_is_still_left(store: Store) -> None:
    """And what was not ours is still not."""
    messages = (saved("answer-question"), saved("foreign-list"), saved("refusal-policy"))
    delivered(store)

    first, second = take(store, *messages), take(store, *messages)

    assert [each.fate for each in first] == [each.fate for each in second] == [Fate.LEFT, Fate.FOREIGN, Fate.LEFT]
    assert not any(each.new for each in second)


def test_a_dry_run_changes_nothing(store: Store) -> None:
    """It says what would be done, and the next run does it."""
    delivered(store, papers=PAPERS)
    delivered(store, GRACE, state=UNKNOWN)
    names = ("leave-link", "bounce-postfix", "bounce-full", "complaint-arf", "vote-link", "vacation-exchange")
    messages = [saved(name) for name in names]

    dry = take(store, *messages, dry_run=True)

    assert (reasons(store), store.votes.of(ADA), stored(store).state) == ({}, (), SENT)
    assert stored(store, GRACE).state is UNKNOWN
    wet = take(store, *messages)
    assert [(each.fate, each.kind, each.subscriber) for each in dry] == [
        (each.fate, each.kind, each.subscriber) for each in wet
    ]
    assert all(each.new for each in wet)
    assert reasons(store) == {ADA: "complained"}


def test_without_a_secret_no_token_counts(store: Store) -> None:
    """An empty one would be anybody's."""
    forged = leave_token(b"", ADA)

    (taken,) = take(
        store, written(subject=f"unsubscribe {forged}", sender="eve@example.net"), config=settings(secret=b"")
    )

    assert (taken.fate, reasons(store)) == (Fate.LEFT, {})
