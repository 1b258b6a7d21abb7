"""Tokens in addresses: the same for ever, made by nobody else, and short enough to be an address."""

from __future__ import annotations

import re
from datetime import date
from urllib.parse import unquote

import pytest
from makers import DAY, a_newsletter

from newsletter.models import Newsletter
from newsletter.render.addresses import answers_to, less_url, more_url, unsubscribe_mailto
from newsletter.render.headers import headers, message_id
from newsletter.tokens import (
    bounce_address,
    canonical,
    is_bounce_address,
    is_leave_token,
    leave_address,
    leave_token,
    looks_like_token,
    read_bounce_address,
    reader_key,
    token_in,
)

SECRET = b"a secret of thirty-two characters"
ADA = "ada@example.org"


def with_inbox(**fields: object) -> Newsletter:
    """Return a newsletter whose inbox a program reads."""
    return a_newsletter(**{"inbox": "papers@example.org", "secret": SECRET, **fields})


# ------------------------------------------------------------------ addresses


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Ada@Bücher.example", "ada@xn--bcher-kva.example"),
        (" ADA@EXAMPLE.ORG ", "ada@example.org"),
        ("straße@example.org", "STRASSE@example.org"),
    ],
)
def test_spellings_of_one_mailbox_are_one(one: str, other: str) -> None:
    """Case folds, and a domain counts as its A-label."""
    assert canonical(one) == canonical(other)
    assert reader_key(one) == reader_key(other)
    assert leave_token(SECRET, one) == leave_token(SECRET, other)


@pytest.mark.parametrize("address", ["", "ada", "@", "ada@" + "ü" * 80, "ada@a..ü", "a\ud800@example.org", "\0@\0"])
def test_what_is_no_address_breaks_nothing(address: str) -> None:
    """A token of it is a token all the same."""
    assert looks_like_token(leave_token(SECRET, address))
    assert re.fullmatch("[0-9a-f]{12}", reader_key(address))


# ------------------------------------------------------------------ leaving


def test_a_token_is_the_same_for_ever() -> None:
    """An email of years ago still lets its reader leave: this value may never change."""
    assert leave_token(SECRET, ADA) == "SB8P4dtqM02lRqHYSDUd6Q"


def test_a_token_belongs_to_one_reader_and_one_secret() -> None:
    """Others have others, and an empty secret lets nobody leave."""
    token = leave_token(SECRET, ADA)

    assert is_leave_token(token, SECRET, "Ada@Example.org")
    assert is_leave_token(f" {token.lower()} ", SECRET, ADA)  # mail servers fold the case of local parts
    assert not is_leave_token(token, SECRET, "grace@example.org")
    assert not is_leave_token(token, b"another secret", ADA)
    assert not is_leave_token(token[:-1], SECRET, ADA)
    assert not is_leave_token("ü" * 22, SECRET, ADA)
    assert not is_leave_token(leave_token(b"", ADA), b"", ADA)


def test_an_address_carries_the_token() -> None:
    """As the detail of RFC 5233; where the local part would be too long there is none."""
    token = leave_token(SECRET, ADA)

    assert leave_address("papers@example.org", token) == f"papers+u.{token}@example.org"
    assert token_in(f"papers+u.{token}@example.org") == token
    assert len(leave_address("p" * 39 + "@example.org", token).partition("@")[0]) == 64
    assert leave_address("p" * 40 + "@example.org", token) == ""
    assert [token_in(each) for each in ("papers@example.org", f"papers+v.{token}@example.org", "", "+u.@x")] == [""] * 4


# ------------------------------------------------------------------ bounces


def test_a_bounce_address_says_whose_issue_bounced() -> None:
    """The day and the reader, whatever case it comes back in."""
    made = bounce_address("papers@example.org", day=date(2026, 11, 21), address="Ada@example.org", secret=SECRET)

    assert re.fullmatch(r"papers\+b20261121\.[0-9a-f]{12}\.[0-9a-f]{12}@example\.org", made)
    for spelled in (made, made.upper()):
        assert read_bounce_address(spelled, SECRET) == (date(2026, 11, 21), reader_key(ADA))


def test_a_forged_bounce_address_says_nothing() -> None:
    """Another day, reader, code or secret: it has the form, and is not one of ours."""
    made = bounce_address("papers@example.org", day=DAY, address=ADA, secret=SECRET)
    forged = (
        made.replace("20261120", "20261121"),
        made.replace(reader_key(ADA), reader_key("grace@example.org")),
        made.replace("@", "0@"),
        re.sub(r"\.[0-9a-f]{12}@", ".000000000000@", made),
    )

    assert [read_bounce_address(each, SECRET) for each in forged] == [None] * 4
    assert read_bounce_address(made, b"another secret") is None
    assert read_bounce_address(made, b"") is None
    empty = bounce_address("papers@example.org", day=DAY, address=ADA, secret=b"\0")  # the same key to HMAC as none
    assert read_bounce_address(empty, b"") is None
    assert is_bounce_address(forged[3])
    assert is_bounce_address(made)
    assert not any(map(is_bounce_address, ("papers@example.org", "papers+b2026@example.org", "")))


def test_a_bounce_address_is_never_longer_than_an_address_can_be() -> None:
    """64 octets before the @, counted as UTF-8; without room, or a secret, bounces go where they went."""
    longest, longer, wide = ("p" * 28 + "@example.org", "p" * 29 + "@example.org", "ü" * 15 + "@example.org")

    made = [bounce_address(each, day=DAY, address=ADA, secret=SECRET) for each in (longest, longer, wide)]

    assert len(made[0].partition("@")[0]) == 64
    assert made[1:] == [longer, wide]
    assert bounce_address("papers@example.org", day=DAY, address=ADA, secret=b"") == "papers@example.org"


def test_no_token_is_good_for_another_purpose() -> None:
    """What lets a reader leave makes no bounce, and the other way round."""
    token = leave_token(SECRET, ADA)
    bounce = bounce_address("papers@example.org", day=DAY, address=ADA, secret=SECRET)

    assert token not in bounce
    assert token_in(bounce) == ""
    assert not is_bounce_address(leave_address("papers@example.org", token))


# ------------------------------------------------------------------ what an email says


def test_without_an_inbox_everything_is_as_it_was() -> None:
    """A person reads the mail, so it names the address; and no paper can be voted for."""
    plain = a_newsletter(secret=SECRET)

    assert unsubscribe_mailto(plain, ADA) == "mailto:papers@example.org?subject=unsubscribe%20ada@example.org"
    assert (more_url(plain, "arxiv:2401.10020"), less_url(plain, "arxiv:2401.10020")) == ("", "")
    assert "Reply-To" not in dict(headers(plain, ADA, DAY, kind="issue", language="en"))


def test_with_an_inbox_the_way_out_carries_the_token() -> None:
    """In the subject, or in the address where mail to that arrives too."""
    token = leave_token(SECRET, ADA)

    assert unsubscribe_mailto(with_inbox(), ADA) == f"mailto:papers@example.org?subject=unsubscribe%20{token}"
    plus = with_inbox(plus=True)
    assert unsubscribe_mailto(plus, ADA) == f"mailto:papers+u.{token}@example.org?subject=unsubscribe"
    long = with_inbox(plus=True, inbox="p" * 50 + "@example.org")
    assert unsubscribe_mailto(long, ADA).endswith(f"@example.org?subject=unsubscribe%20{token}")


def test_a_preview_without_a_secret_makes_no_token() -> None:
    """One made of nothing could be made by anybody."""
    made = unsubscribe_mailto(with_inbox(secret=b""), ADA)

    assert made == "mailto:papers@example.org?subject=unsubscribe%20ada@example.org"


def test_the_headers_are_not_folded_and_carry_the_same_address() -> None:
    """One line each, and the web address first where there is one (RFC 8058)."""
    newsletter = with_inbox(plus=True, unsubscribe="https://news.example.org/u/{email}")
    fields = dict(headers(newsletter, ADA, DAY, kind="issue", language="en"))

    assert fields["List-Unsubscribe"] == (
        f"<https://news.example.org/u/ada%40example.org>, <{unsubscribe_mailto(newsletter, ADA)}>"
    )
    assert not re.search(r"[\r\n]", "".join(fields.values()))


@pytest.mark.parametrize(
    ("paper", "said"),
    [("arxiv:2401.10020", "arxiv:2401.10020"), ("doi:10.1/a b&c?d", "doi:10.1%2Fa%20b%26c%3Fd")],
)
def test_a_vote_names_the_paper_and_nobody(paper: str, said: str) -> None:
    """The same for every reader; who votes is told by From."""
    newsletter = with_inbox()

    assert more_url(newsletter, paper) == f"mailto:papers@example.org?subject=more%20{said}"
    assert less_url(newsletter, paper) == f"mailto:papers@example.org?subject=less%20{said}"
    assert unquote(said) == paper


def test_an_inbox_cannot_break_out_of_its_address() -> None:
    """Whatever stands in the settings, one line and one mailto."""
    made = unsubscribe_mailto(with_inbox(inbox="a b?x=1&y\r\nBcc:\x00@example.org"), ADA)

    assert not re.search(r"[\s<>]", made)
    assert made.count("?") == 1


def test_answers_go_where_they_are_read() -> None:
    """To the inbox where it is not the sender's address and nobody named a third."""
    other = with_inbox(inbox="answers@example.org")

    assert answers_to(with_inbox()) == ""
    assert answers_to(with_inbox(inbox="Papers@Example.org")) == ""
    assert answers_to(other) == "answers@example.org"
    assert answers_to(with_inbox(inbox="answers@example.org", reply_to="ada@example.org")) == "ada@example.org"


def test_nobody_else_can_make_a_message_id() -> None:
    """With a secret it is not told by content and reader; it stays the same on every attempt."""
    plain = message_id(ADA, DAY, ["arxiv:1", "arxiv:2"], a_newsletter())
    secret = message_id(ADA, DAY, ["arxiv:1", "arxiv:2"], with_inbox())

    assert re.fullmatch(r"<i20261120\.s[0-9a-f]{12}\.[0-9a-f]{8}@example\.org>", plain)
    assert re.fullmatch(r"<i20261120\.s[0-9a-f]{12}\.[0-9a-f]{16}@example\.org>", secret)
    assert secret == message_id("Ada@Example.org", DAY, ["arxiv:1", "arxiv:2"], with_inbox())
    others = {
        message_id(ADA, DAY, ["arxiv:1"], with_inbox()),
        message_id("grace@example.org", DAY, ["arxiv:1", "arxiv:2"], with_inbox()),
        message_id(ADA, DAY, ["arxiv:1", "arxiv:2"], with_inbox(secret=b"another")),
    }
    assert len(others | {secret}) == 4
