"""Addresses: which are some, and what of them is never shown."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.sources.addresses import check_address, shown, web_address, without_secrets_of
from newsletter.sources.labels import LONGEST_LABEL, short_label

TOKEN = "aB3dE5gH7jK9mN1p"
LOGINS = [
    "ada:hunter2",
    "ada:p@hunter2",
    "ada@example.com:hunter2",
    "hunter2",
    "ada:hunter2 x",
    "ada:hunter2/x",
    "a:hunter2#",
]


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        *((f"http://{login}@example.org:8080/rss?x=1", "http://example.org:8080/rss?x=1") for login in LOGINS),
        ("https://ada@[::1]:8080/rss", "https://[::1]:8080/rss"),
        ("https://example.org/@ada/rss", "https://example.org/@ada/rss"),
        ("https://example.org/rss?key=hunter2&x=1", "https://example.org/rss?key=…&x=1"),
        ("https://example.org/rss?tok%65n=hunter2", "https://example.org/rss?tok%65n=…"),
        ("https://example.org/rss?k=hunter2;access=hunter2", "https://example.org/rss?k=…;access=…"),
        ("https://example.org/rss?PHPSESSID=hunter2&sid=hunter2", "https://example.org/rss?PHPSESSID=…&sid=…"),
        ("https://example.org/rss?auth_code=hunter2&jwt=hunter2", "https://example.org/rss?auth_code=…&jwt=…"),
        ("https://example.org/rss?X-Amz-Signature=hunter2", "https://example.org/rss?X-Amz-Signature=…"),
        ("https://example.org/rss?contact=x&email=ada@example.com", "https://example.org/rss?contact=x&email=…"),
        ("https://example.org/rss;jsessionid=hunter2/x;v=1?y", "https://example.org/rss;jsessionid=…/x;v=1?y"),
        ("https://example.org/rss#access_token=hunter2", "https://example.org/rss#access_token=…"),
        (f"https://example.org/rss?view={TOKEN}", "https://example.org/rss?view=…"),
        (f"https://example.org/rss?{TOKEN}", "https://example.org/rss?…"),
        ("https://example.org/rss?u=550e8400-e29b-41d4-a716-446655440000", "https://example.org/rss?u=…"),
        ("https://example.org/rss?u=eyJhbGciOi.eyJzdWIiOiIx.c2lnbmF0dXJl", "https://example.org/rss?u=…"),
        ("https://example.org/rss?u=12345678901234567890", "https://example.org/rss?u=…"),
    ],
)
def test_login_and_secrets_are_not_shown(address: str, expected: str) -> None:
    """Whatever their name, and however the password is written."""
    assert shown(address) == expected
    assert shown(expected) == expected


@pytest.mark.parametrize(
    "address",
    [
        "https://api.example.org/works?filter=from-created-date:2026-11-19,type:journal-article&cursor=*&rows=200",
        "https://api.example.org/query?search_query=cat:cs.CL+AND+submittedDate:[202611181900+TO+202611191900]",
        "https://api.example.org/notes?invitation=EXAMPLE.cc/2027/Conference/-/Submission&sort=tmdate:desc",
        "https://api.example.org/papers?fields=title,abstract,authors.name,externalIds,publicationDate",
        "https://api.example.org/papers?date=2026-11-20&limit=100&p=1#2026-11-19..2026-11-20,page=1",
        "https://api.example.org/fetch?id=40000001,40000002,40000003&author=ada&keywords=covid19+vaccines+in+mice",
        "https://bücher.example.org/rss?category=pharmacology_and_toxicology",
        "saved/*?key=1.txt",
    ],
)
def test_what_services_are_asked_is_shown(address: str) -> None:
    """Words, dates, categories and ids are no secrets; what is hidden is not kept in the cache either."""
    assert shown(address) == address


@given(st.text(max_size=60))
def test_anything_can_be_shown(text: str) -> None:
    """No address makes it fail, and showing twice shows nothing new."""
    assert shown(shown(f"https://{text}")) == shown(f"https://{text}")


@pytest.mark.parametrize(
    "address",
    [
        "https://example.org",
        "HTTP://example.org:8080/rss?x=1#y",
        "https://ada:p@ss@example.org/rss",
        "https://[2001:db8::1]:8080/",
        "https://bücher.example.org/ü",
    ],
)
def test_a_web_address_is_taken_as_it_is(address: str) -> None:
    """With its login, which the server wants."""
    assert check_address(address) == address


@pytest.mark.parametrize(
    "address",
    [
        "http://ada:hunter2 x@example.org/rss",
        "http://ada:hunter2/x@example.org/rss",
        "htps://ada:hunter2@example.org/rss",
        "ada:hunter2@example.org/rss",
        "example.org/rss?token=hunter2",
        "https://example.org/a b?token=hunter2",
        "http://ada:hunter2@",
        "https://example.org:hunter2@:80/",
    ],
)
def test_a_mistake_in_an_address_is_told_without_its_secrets(address: str) -> None:
    """It is written into logs and issues of trackers."""
    with pytest.raises(ValueError, match="is not a web address; it begins with https:// and has no spaces") as raised:
        check_address(address)
    assert "hunter2" not in str(raised.value)


def test_a_link_keeps_what_is_its_own() -> None:
    """Only the secrets of the address that was asked go; other parameters stay as they are written."""
    link = "https://example.org/3?b=%20&a=1&token=other"

    assert without_secrets_of(link, "https://example.org/rss?token=hunter2&a=1") == link
    assert without_secrets_of(f"{link}&key=x", "https://example.org/rss?key=x") == link
    assert without_secrets_of(link, "saved/feed.xml") == link


@pytest.mark.parametrize("base", ["saved/feed.xml", "", "https://[bad/", "file:///etc/"])
def test_a_relative_address_needs_a_web_address_before_it(base: str) -> None:
    """Else it leads nowhere."""
    assert web_address("/3", base=base) == ""


def test_an_endless_address_is_none() -> None:
    """It would fill the email."""
    assert web_address("https://example.org/" + "x" * 2_000) == ""


@pytest.mark.parametrize("separator", ["+", " ", ", ", ""])
def test_a_long_label_stays_readable_and_its_own(separator: str) -> None:
    """It ends at a separator where there is one; labels that differ anywhere stay different."""
    labels = [short_label("kind " + separator.join([*["part"] * 40, last])) for last in ("one", "two")]

    assert labels[0] != labels[1]
    assert all(LONGEST_LABEL // 2 < len(label) <= LONGEST_LABEL for label in labels)
    if separator:
        assert all(label[:-9].endswith("part…") for label in labels)


def test_a_label_of_eighty_characters_is_whole() -> None:
    """There is nothing to cut."""
    assert short_label("x" * LONGEST_LABEL) == "x" * LONGEST_LABEL
