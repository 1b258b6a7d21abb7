"""An issue becomes an email: subject, header fields, both parts, and a size no mail program clips."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import html as lxml_html
from makers import (
    NOW,
    a_health,
    a_match,
    a_newsletter,
    a_paper,
    a_reason,
    a_section,
    a_subscriber,
    an_entry,
    an_interest,
    an_issue,
)

from newsletter.models import (
    Email,
    HealthState,
    Issue,
    MatchedPaper,
    Newsletter,
    Reason,
    ReasonKind,
    Section,
    Signals,
    SourceHealth,
)
from newsletter.render import Abstract, compile_templates, render
from newsletter.render.facts import facts_of
from newsletter.render.fit import BUDGET_BYTES, sent_bytes, shortened
from newsletter.render.language import language_of
from newsletter.render.view import view


def rendered(
    issue: Issue,
    newsletter: Newsletter | None = None,
    *,
    abstract: Abstract = 2,
) -> Email:
    """Return an issue as its email."""
    newsletter = newsletter or a_newsletter()
    return render(issue, newsletter, compile_templates(), date=NOW, abstract=abstract)


def seen(markup: str) -> str:
    """Return what a reader sees of HTML, on one line, a blank between elements; without the preheader."""
    [article] = lxml_html.document_fromstring(markup).xpath("//div[@role='article']")
    return " ".join(" ".join(article.itertext()).split())


def only(match: MatchedPaper, **fields: object) -> Issue:
    """Return an issue of one paper in one section."""
    return an_issue(a_section("Speculative decoding", match, **fields), lead=None)


def titled(title: str) -> MatchedPaper:
    """Return a match of a paper with that title."""
    return a_match(a_paper(title))


# ------------------------------------------------------------------ subject and header fields


def test_the_subject_counts_the_papers_names_their_topics_and_is_dated() -> None:
    """A date keeps mail programs from threading one issue under another."""
    issue = an_issue(a_section("Speculative decoding"), a_section("Dark matter"))

    assert rendered(issue).subject == "3 papers · Speculative decoding, Dark matter · 20 Nov"


def test_the_subject_names_as_many_topics_as_fit() -> None:
    """It stays within 78 characters and ends in no half topic."""
    issue = an_issue(*(a_section(f"A topic with a longer name {n}") for n in range(5)))

    assert rendered(issue).subject == "6 papers · A topic with a longer name 0, A topic with a longer name 1 · 20 Nov"


def test_the_subject_shortens_a_first_topic_that_does_not_fit() -> None:
    """One long label is better cut than left out."""
    subject = rendered(an_issue(a_section("word " * 60))).subject

    assert len(subject) <= 78
    assert "word… · 20 Nov" in subject


def test_the_subject_names_the_lead_when_there_is_no_topic() -> None:
    """It always says something."""
    assert "A lead worth reading" in rendered(an_issue(sections=())).subject


@pytest.mark.parametrize("label", ["Bcc: evil\r\nBcc: x@example.org", "a\u2028b\x85c\x00d", "=?utf-8?q?a=0ABcc:_x?="])
def test_no_label_can_inject_a_header(label: str) -> None:
    """Line ends go, and nothing is left that a mail library would decode: CVE-2024-6923."""
    subject = rendered(an_issue(a_section(label))).subject

    assert len(subject.splitlines()) == 1
    assert "=?" not in subject


def test_people_the_reader_follows_are_counted_in_the_subject() -> None:
    """Nothing is opened sooner."""
    author = a_reason(kind=ReasonKind.AUTHOR, interest="Grace Hopper", words=())
    issue = an_issue(a_section("People you follow", a_match(reasons=(author,)), interest=""), a_section("Dark matter"))

    assert rendered(issue).subject == "3 papers · 1 by people you follow · Dark matter · 20 Nov"


def test_header_fields_come_in_their_order() -> None:
    """List fields first, then what silences automatic answers."""
    email = rendered(an_issue(), a_newsletter(reply_to="editor@example.org"))

    assert email.headers == (
        ("List-Id", "Daily Papers <daily-papers.example.org>"),
        ("List-Unsubscribe", "<mailto:editor@example.org?subject=unsubscribe%20ada@example.org>"),
        ("Feedback-ID", "i20261120:issue:daily-papers:e3ba59b0235e"),
        ("Auto-Submitted", "auto-generated"),
        ("Precedence", "bulk"),
        ("Reply-To", "editor@example.org"),
        ("Content-Language", "en"),
    )


def test_an_address_of_ones_own_for_unsubscribing_comes_first_and_allows_one_click() -> None:
    """RFC 8058; the link in the email goes there too, and the way by email stays."""
    newsletter = a_newsletter(unsubscribe="https://example.org/leave?address={email}")
    email = rendered(an_issue(subscriber=a_subscriber("ada+papers@example.org")), newsletter)
    fields = dict(email.headers)

    assert fields["List-Unsubscribe"] == (
        "<https://example.org/leave?address=ada%2Bpapers%40example.org>, "
        "<mailto:papers@example.org?subject=unsubscribe%20ada%2Bpapers@example.org>"
    )
    assert fields["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert 'href="https://example.org/leave?address=ada%2Bpapers%40example.org"' in email.html
    assert "  https://example.org/leave?address=ada%2Bpapers%40example.org\n" in email.text


def test_an_archive_is_linked_by_its_date() -> None:
    """In the header, in both parts, and where papers did not fit."""
    newsletter = a_newsletter(archive="https://example.org/papers/{date}")
    email = rendered(an_issue_of(500), newsletter)

    assert dict(email.headers)["List-Archive"] == "<https://example.org/papers/2026-11-20>"
    assert re.search(r'href="https://example.org/papers/2026-11-20"[^>]*>and \d+ more papers</a>', email.html)
    assert "Read in the browser" in seen(email.html)
    assert "  https://example.org/papers/2026-11-20\n" in email.text


def test_who_reads_text_only_gets_no_html() -> None:
    """The same words, in one part."""
    email = rendered(an_issue(subscriber=a_subscriber(text_only=True)))

    assert (email.html, email.text) == ("", rendered(an_issue()).text)


def test_unsubscribing_names_the_address_that_was_subscribed() -> None:
    """A reader may answer from another mailbox; characters with a meaning in mailto are escaped."""
    email = rendered(an_issue(subscriber=a_subscriber("ada+papers&x@example.org")))

    assert dict(email.headers)["List-Unsubscribe"] == (
        "<mailto:papers@example.org?subject=unsubscribe%20ada%2Bpapers%26x@example.org>"
    )


@pytest.mark.parametrize(
    ("name", "list_id"),
    [
        ("Papers, daily", '"Papers, daily" <papers-daily.example.org>'),
        ("Tägliches", "=?utf-8?q?T=C3=A4gliches?= <tagliches.example.org>"),
        ("論文", "=?utf-8?b?6KuW5paH?= <newsletter.example.org>"),
        ("a\r\nBcc: x", '"a Bcc: x" <a-bcc-x.example.org>'),
    ],
)
def test_every_name_makes_a_valid_list_id(name: str, list_id: str) -> None:
    """Quoted or encoded where RFC 5322 asks for it, and always ASCII."""
    assert dict(rendered(an_issue(), a_newsletter(name=name)).headers)["List-Id"] == list_id


def test_the_message_id_depends_on_day_reader_and_papers_alone() -> None:
    """Each attempt carries the same one; another issue of the day carries another."""
    first, again = rendered(an_issue()), rendered(an_issue(considered=41))
    other_reader = rendered(an_issue(subscriber=a_subscriber("grace@example.org")))
    other_papers = rendered(an_issue(a_section("Dark matter", titled("Another one"))))

    assert re.fullmatch(r"<i20261120\.s[0-9a-f]{12}\.[0-9a-f]{8}@example\.org>", first.message_id)
    assert first.message_id == again.message_id
    assert len({first.message_id, other_reader.message_id, other_papers.message_id}) == 3


def test_an_international_domain_is_written_in_ascii() -> None:
    """Message-ID and List-Id are never encoded, so they must not need it."""
    email = rendered(an_issue(), a_newsletter(sender_email="papers@bücher.example"))

    assert email.message_id.endswith("@xn--bcher-kva.example>")
    assert all(value.isascii() for _, value in email.headers)


def test_a_domain_that_cannot_be_written_in_ascii_still_gives_a_message_id() -> None:
    """An unusable sender is the server's to refuse; nothing breaks here."""
    assert rendered(an_issue(), a_newsletter(sender_email="x@" + "ü" * 70)).message_id.endswith("@localhost>")


def test_the_email_is_the_same_byte_for_byte() -> None:
    """Nothing but the arguments decides."""
    assert rendered(an_issue()) == rendered(an_issue())


def test_the_email_carries_the_addresses_and_the_date_given() -> None:
    """The day of the issue and the time of the message are two things."""
    email = rendered(an_issue(subscriber=a_subscriber(name="Ada"), day=date(2026, 11, 19)))

    assert (email.sender, email.recipient) == (("Daily Papers", "papers@example.org"), ("Ada", "ada@example.org"))
    assert email.date == NOW
    assert "Thursday, 19 November 2026" in email.html
    assert "Thursday, 19 November 2026" in email.text


# ------------------------------------------------------------------ what it says


def test_the_headline_is_a_plain_fact() -> None:
    """How many, out of how many, for how many interests."""
    for part in (seen(rendered(an_issue(considered=1312)).html), rendered(an_issue(considered=1312)).text):
        assert "2 papers worth your time" in part
        assert "2 of 1,312 new papers, matched to your interest." in part
        assert "About 1 minute to read." in part


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({}, "Matches “speculative decoding” in the title"),
        ({"in_title": False}, "Matches “speculative decoding” in title or abstract"),
        ({"words": ("decoding",)}, "Has “decoding” – your interest “speculative decoding”"),
        ({"kind": ReasonKind.MEANING, "words": ()}, "Close in meaning to “speculative decoding”"),
        ({"kind": ReasonKind.CATEGORY, "interest": "cs.PL"}, "In cs.PL, which you follow"),
        ({"kind": ReasonKind.AUTHOR, "interest": "Barbara Liskov"}, "By Barbara Liskov, whom you follow"),
        (
            {"kind": ReasonKind.VENUE, "interest": "NeurIPS", "words": ("NeurIPS 2026 poster",)},
            "At NeurIPS, which you follow",
        ),
        (
            {"kind": ReasonKind.EXAMPLE, "interest": "arxiv:2401.10020", "example": "Trees that draft"},
            "Like “Trees that draft”, which you named",
        ),
        (
            {"kind": ReasonKind.EXAMPLE, "interest": "arxiv:2401.10020", "example": "A long title of words " * 9},
            "Like “A long title of words A long title of words A long title…”, which you named",
        ),
        (
            {"kind": ReasonKind.EXAMPLE, "interest": "arxiv:2401.10020"},
            "Like “arxiv:2401.10020”, which you named",
        ),
        (
            {"kind": ReasonKind.LIKED, "interest": "your votes", "example": "Trees that draft."},
            "Like “Trees that draft”, which you voted for",
        ),
        ({"kind": ReasonKind.LIKED, "interest": "your votes"}, "Like papers you voted for"),
    ],
    ids=[
        "title",
        "abstract",
        "some words",
        "meaning",
        "category",
        "author",
        "venue",
        "example",
        "long example",
        "unknown example",
        "liked",
        "liked ones",
    ],
)
def test_each_reason_has_its_sentence(fields: dict[str, object], sentence: str) -> None:
    """Reasons are data; a reader sees words, the same in both parts."""
    email = rendered(only(a_match(reasons=(a_reason(**fields),)), interest="another"))

    assert sentence in seen(email.html)
    assert f"> {sentence}" in " ".join(email.text.split())


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({}, "Your words are in the title"),
        ({"in_title": False}, "Your words are in title or abstract"),
        ({"words": ("decoding",)}, "Has “decoding” in the title"),
        ({"words": ("a", "b", "c", "d"), "in_title": False}, "Has “a”, “b”, “c” in title or abstract"),
        ({"kind": ReasonKind.MEANING, "words": ()}, "Close in meaning"),
        ({"kind": ReasonKind.MEANING, "words": ("decoding",)}, "Close in meaning; has “decoding”"),
    ],
    ids=["title", "abstract", "some in the title", "some in the abstract", "meaning", "meaning and words"],
)
def test_under_its_own_heading_an_interest_is_not_named_again(fields: dict[str, object], sentence: str) -> None:
    """The heading says whose papers these are; each says what is its own."""
    email = rendered(only(a_match(reasons=(a_reason(**fields),))))

    assert f"{sentence} cs.CL" in seen(email.html).replace("\xa0", "").replace("  ", " ")
    assert f"> {sentence}\n" in email.text
    assert seen(email.html).count("speculative decoding") == 1  # in the footer


def test_that_an_author_is_followed_is_said_first() -> None:
    """Whatever else brought the paper."""
    reasons = (a_reason(), a_reason(kind=ReasonKind.AUTHOR, interest="Grace Hopper", words=()))

    assert "> By Grace Hopper, whom you follow\n" in rendered(only(a_match(reasons=reasons))).text


def test_a_category_is_not_named_twice() -> None:
    """The reason has just said it."""
    reason = a_reason(kind=ReasonKind.CATEGORY, interest="cs.PL")
    email = rendered(only(a_match(a_paper(categories=("cs.PL",)), reasons=(reason,)), interest=""))

    assert seen(email.html).count("cs.PL") == 1


def test_a_paper_without_address_can_be_searched_for_and_has_no_button() -> None:
    """Listing pages carry none, and none is invented: the reader gets a search for the title, called so."""
    email = rendered(an_issue(lead=a_match(a_paper(url="")), sections=()))
    links = lxml_html.document_fromstring(email.html).xpath("//a/@href")

    search = "https://arxiv.org/search/?searchtype=title&query=Draft+trees+for+faster+decoding"
    assert [link for link in links if not link.startswith("mailto:")] == [search]
    assert "Find it on arXiv" in seen(email.html)
    assert "Read the paper" not in email.html


def test_a_paper_with_an_unsafe_address_has_no_link() -> None:
    """A dead link would be a lie."""
    email = rendered(only(a_match(a_paper(url="javascript:alert(1)"))))

    assert "javascript" not in email.html + email.text
    assert 'href="#"' not in email.html


def test_the_lead_has_the_only_button() -> None:
    """One thing to do first."""
    assert rendered(an_issue()).html.count("Read the paper") == 1


def test_an_issue_without_lead_has_no_top_match() -> None:
    """No empty box."""
    email = rendered(an_issue(lead=None))

    assert "Top match" not in email.html + email.text


def test_a_paper_without_abstract_leaves_no_gap() -> None:
    """No empty paragraph in either part."""
    email = rendered(only(a_match(a_paper(abstract=""))))

    assert not re.search(r"<p[^>]*>\s*</p>", email.html)
    assert "\n\n\n\n" not in email.text


def test_who_shared_a_paper_is_named() -> None:
    """The byline of a listing page is the community's recommendation."""
    paper = a_paper(entries=(an_entry(), an_entry(byline="AK and the research community")))
    email = rendered(only(a_match(paper)))

    assert "Shared by AK and the research community" in seen(email.html)
    assert "Shared by AK and the research community" in email.text


def test_a_topic_says_why_it_is_there() -> None:
    """The reader's own phrase, and how much of the topic they see."""
    email = rendered(an_issue(a_section("Dark matter", interest="WIMP searches", announced=37), lead=None))

    assert "Dark matter You follow “WIMP searches” – 1 of 37 new" in seen(email.html)
    assert "  - Dark matter: 1 of 37\n" in email.text
    assert "You follow “WIMP searches” – 1 of 37 new\n" in email.text


def test_a_topic_without_interest_only_counts() -> None:
    """Nothing is said that is not known."""
    email = rendered(an_issue(a_section("Dark matter", interest=""), lead=None))

    assert "You follow" not in email.html + email.text


def test_many_topics_make_a_short_list() -> None:
    """Six lines, the others in one."""
    email = rendered(an_issue(*(a_section(f"Topic {n}") for n in range(9))))

    assert "Topic 5 1 Also Topic 6, Topic 7, Topic 8" in seen(email.html)


def test_every_source_tells_how_it_answered() -> None:
    """Silence is explained, in words and not by colour."""
    health = (
        a_health(source="arxiv cs.CL", entries=214, warnings=("x",)),
        a_health(source="feed Distill", state=HealthState.EMPTY, entries=0, detail="weekend"),
        a_health(source="feed Types", state=HealthState.FAILED, entries=0, detail="the server answered 503"),
    )
    email = rendered(an_issue(health=health))

    assert "arXiv cs.CL: 214 entries, 1 unreadable; Distill: nothing new (weekend); Types: could not be read" in seen(
        email.html
    )
    assert "  - Types: could not be read\n" in email.text


@pytest.mark.parametrize(
    ("label", "name"),
    [
        ("arxiv cs.CL+cs.LG", "arXiv cs.CL, cs.LG"),
        ("huggingface daily_papers", "Hugging Face daily papers"),
        ("feed Distill", "Distill"),
        ("pages listing.txt", "listing.txt"),
        ("arxiv", "arxiv"),
        ("something else", "something else"),
    ],
)
def test_a_source_is_called_as_readers_know_it(label: str, name: str) -> None:
    """And one that nobody has heard of as its label says."""
    assert f"All sources answered. {name}: 40 entries." in seen(
        rendered(an_issue(health=(a_health(source=label),))).html
    )


@pytest.mark.parametrize(
    ("health", "told"),
    [
        (a_health(state=HealthState.LATE, entries=0, detail="not there yet"), "arXiv cs.CL: late (not there yet)"),
        (a_health(state=HealthState.LATE, entries=0), "arXiv cs.CL: late"),
        (a_health(state=HealthState.LATE, detail="old"), "arXiv cs.CL: 40 entries, late (old)"),
        (
            a_health(state=HealthState.THROTTLED, again_at=NOW + timedelta(hours=2, minutes=15)),
            "arXiv cs.CL: asks us to wait until 10:15 UTC",
        ),
        (
            a_health(state=HealthState.THROTTLED, again_at=NOW + timedelta(days=1)),
            "arXiv cs.CL: asks us to wait until 08:00 UTC, 21 November",
        ),
        (a_health(state=HealthState.THROTTLED), "arXiv cs.CL: asks us to wait"),
    ],
    ids=["late", "late, unexplained", "partly late", "throttled", "until tomorrow", "throttled, nobody knows"],
)
def test_a_source_without_papers_says_why(health: SourceHealth, told: str) -> None:
    """In both parts the same words."""
    email = rendered(an_issue(health=(health,)))

    assert f"Sources today. {told}." in seen(email.html).replace(" .", ".")
    assert f"  - {told}\n" in email.text.replace("\n    ", " ")


@pytest.mark.parametrize("state", [HealthState.FAILED, HealthState.THROTTLED])
def test_the_words_of_an_error_are_the_operators(state: HealthState) -> None:
    """No path, no address, no server's text reaches a reader."""
    email = rendered(an_issue(health=(a_health(state=state, detail="/srv/saved/page.txt: 429 from 10.0.0.7"),)))

    assert "/srv" not in email.html + email.text
    assert "10.0.0.7" not in email.html + email.text


# ------------------------------------------------------------------ signals, updates, trending


def signalling(**signals: object) -> MatchedPaper:
    """Return the match of a paper that somebody says something of."""
    return a_match(a_paper(signals=Signals(**signals)))  # type: ignore[arg-type]


def test_upvotes_stand_beside_a_paper_in_words_too() -> None:
    """A triangle alone says nothing to who cannot see it."""
    email = rendered(only(signalling(upvotes=41)))

    assert 'aria-label="41 upvotes on Hugging Face"' in email.html
    assert "&#9650;&#160;41" in email.html
    assert "     41 upvotes on Hugging Face · cs.CL\n" in email.text


@pytest.mark.parametrize("upvotes", [None, 0, -3])
def test_no_upvotes_are_not_shown(upvotes: int | None) -> None:
    """Nought is no recommendation, and unknown is not nought."""
    email = rendered(only(signalling(upvotes=upvotes)))

    assert "▲" not in email.html + email.text


def test_venue_and_code_are_shown() -> None:
    """Where it appears, and where it runs."""
    email = rendered(only(signalling(venue="NeurIPS 2026", code_url="https://example.org/code", upvotes=2)))

    assert "NeurIPS 2026" in seen(email.html)
    assert 'href="https://example.org/code"' in email.html
    assert "     2 upvotes on Hugging Face · NeurIPS 2026 · cs.CL\n" in email.text
    assert "     Code: https://example.org/code\n" in email.text


@pytest.mark.parametrize("address", ["javascript:alert(1)", "file:///etc/passwd", "https://a@b.example", "x" * 3000])
def test_code_at_an_unsafe_address_is_not_linked(address: str) -> None:
    """Signals are data like any other."""
    email = rendered(only(signalling(code_url=address)))

    assert ">Code</a>" not in email.html
    assert "Code:" not in email.text


@pytest.mark.parametrize(
    ("reason", "sentence"),
    [
        (Reason(ReasonKind.UPVOTES, count=41), "41 upvotes on Hugging Face"),
        (Reason(ReasonKind.UPVOTES, count=1), "1 upvote on Hugging Face"),
        (Reason(ReasonKind.VOTES, count=2), "2 readers of this newsletter recommend it"),
        (Reason(ReasonKind.VOTES, count=1), "1 reader of this newsletter recommends it"),
    ],
    ids=["upvotes", "one upvote", "votes", "one vote"],
)
def test_what_trends_says_who_recommends_it(reason: Reason, sentence: str) -> None:
    """In a section of its own, after the reader's own papers."""
    trend = a_match(a_paper("Known to many", signals=Signals(upvotes=41)), reasons=(reason,))
    email = rendered(an_issue(trending=(trend,)))

    assert "Trending Beside your interests: what others recommend Known to many" in seen(email.html)
    assert sentence in seen(email.html)
    assert f"     > {sentence}\n" in email.text
    assert seen(email.html).index("Known to many") > seen(email.html).index("Draft trees for faster decoding")
    assert email.html.count("41 upvotes") <= 1


def test_what_the_editor_picked_stands_before_the_topics_with_its_note() -> None:
    """It is for everybody, and says so; the headline counts what is the reader's own."""
    pick = a_match(a_paper("For all of us"), reasons=(Reason(ReasonKind.PICK, editor="Ada Lovelace", note="Read on."),))
    email = rendered(an_issue(picks=(pick,)), a_newsletter(editor="Ada Lovelace"))

    assert "Picked by Ada Lovelace For everybody, whatever they follow For all of us" in seen(email.html)
    assert "2 papers worth your time" in seen(email.html)
    for part in (seen(email.html), email.text):
        assert "“Read on.”" in part
        assert part.index("For all of us") < part.index("Draft trees for faster decoding")


def test_a_pick_that_the_reader_gets_anyway_says_so() -> None:
    """With the editor's note; nobody is named where the newsletter names nobody."""
    pick = Reason(ReasonKind.PICK, note="Read on.")
    email = rendered(only(a_match(reasons=(a_reason(), pick))))

    assert "“Read on.” Your words are in the title · Picked by the editor" in seen(email.html)
    assert "     “Read on.”\n" in email.text


def test_the_byline_counts_the_readers() -> None:
    """Where there is an editor; one reader is no crowd."""
    for readers, byline in ((14, "by Ada Lovelace and 14 readers"), (1, "by Ada Lovelace"), (0, "by Ada Lovelace")):
        email = render(an_issue(), a_newsletter(editor="Ada Lovelace"), compile_templates(), date=NOW, readers=readers)
        assert f"Daily Papers {byline} Friday" in seen(email.html)
        assert email.text.startswith(f"Daily Papers {byline}\n")


def test_what_trends_is_counted_apart() -> None:
    """The headline, the subject and the sections count what the reader asked for."""
    email = rendered(an_issue(trending=(titled("Known to many"),)))

    assert email.subject.startswith("2 papers · Speculative decoding")
    assert "2 papers worth your time 2 of 40 new papers," in seen(email.html)
    assert "Speculative decoding 1 Trending 1" in seen(email.html)


def test_an_update_says_its_version_and_when_the_reader_got_the_other() -> None:
    """It is not counted as new."""
    update = Reason(ReasonKind.UPDATE, count=3, since=date(2026, 5, 3))
    email = rendered(only(a_match(a_paper(version=3), reasons=(a_reason(), update))))

    assert "version 3 Updated; you got the earlier version on 3 May" in seen(email.html).replace("\xa0", "")
    assert "     Updated; you got the earlier version on 3 May\n" in email.text
    for part in (seen(email.html), email.text):
        assert "1 update of what you have. About 1 minute to read." in part
        assert "new paper" not in part


def test_updates_are_counted_beside_new_papers() -> None:
    """Each for itself."""
    update = Reason(ReasonKind.UPDATE, count=3, since=date(2026, 5, 3))
    email = rendered(an_issue(a_section("Trees", a_match(reasons=(a_reason(), update)))))

    for part in (seen(email.html), email.text.replace("\n", " ")):
        assert "1 of 40 new papers, matched to your interest. 1 update of what you have." in part


def test_a_date_of_another_year_says_the_year() -> None:
    """A month alone would mean the last one of its name."""
    update = Reason(ReasonKind.UPDATE, count=3, since=date(2025, 5, 3))
    email = rendered(only(a_match(a_paper(version=3), reasons=(a_reason(), update))))

    assert "you got the earlier version on 3 May 2025" in email.text


def test_what_trends_goes_first_where_an_email_is_too_large() -> None:
    """The reader's own papers keep their summaries for it; the text part has everything."""
    own = an_issue_of(38)
    wordy = (
        "In a sentence of their own they say so much that no line of an email has room for all of it, and then they "
        "go on for as long as they are let, to the end of the page."
    )
    crowd = tuple(a_match(a_paper(f"Known to many {n}", abstract=wordy), score=1.0) for n in range(20))
    alone, beside = (rendered(replace(own, trending=some)) for some in ((), crowd))

    assert sent_bytes(beside.html) <= BUDGET_BYTES
    assert beside.html.count("A sentence of an abstract") == alone.html.count("A sentence of an abstract") >= 2 * 38
    assert "In a sentence of their own" in beside.html
    assert crowd[0].paper.abstract not in beside.html
    assert beside.text.count("Known to many") == 20


def test_the_footer_says_why_and_how_to_leave() -> None:
    """In both parts."""
    email = rendered(an_issue(subscriber=a_subscriber(interests=(an_interest("trees"), an_interest("types")))))

    assert "ada@example.org subscribes to Daily Papers for trees, types." in seen(email.html)
    assert "ada@example.org subscribes to Daily Papers for trees, types." in email.text
    assert "mailto:papers@example.org?subject=unsubscribe%20ada@example.org" in email.html
    assert "  mailto:papers@example.org?subject=unsubscribe%20ada@example.org\n" in email.text


def test_an_empty_issue_says_so() -> None:
    """For readers who asked to hear of empty days."""
    email = rendered(an_issue(lead=None, sections=(), considered=40))

    assert email.subject == "No new papers for you · 20 Nov"
    for part in (seen(email.html), email.text):
        assert "None of 40 new papers matched your interest." in part


@pytest.mark.parametrize(("sentences", "expected"), [(0, []), (1, ["drafts"]), (None, ["drafts", "checks"])])
def test_summaries_are_as_long_as_asked_for(sentences: int | None, expected: list[str]) -> None:
    """None, one sentence, or the whole abstract."""
    email = rendered(only(titled("A title")), abstract=sentences)

    assert [word for word in ("drafts", "checks") if word in email.html] == expected
    assert [word for word in ("drafts", "checks") if word in email.text] == expected


MACHINE = "Summary by a language model"


def told(**fields: str) -> Email:
    """Return the email of an issue of one paper whose abstract opens with what everybody knows, with summaries."""
    abstract = f"Trees are popular. {'Many have seen them. ' * 9}We show that drafts of trees are fast. It is late."
    return rendered(only(a_match(a_paper(abstract=abstract, **fields))), abstract="summary")


def test_a_row_shows_the_summary_of_its_paper() -> None:
    """Made when the paper came, and not the beginning of its abstract."""
    email = told(summary="Drafts of trees are fast.")

    for part in (seen(email.html), email.text):
        assert "Drafts of trees are fast." in part
        assert "popular" not in part
        assert "language model" not in part


def test_a_paper_stored_without_summary_gets_one() -> None:
    """As papers of before have none."""
    email = told()

    assert "We show that drafts of trees are fast." in seen(email.html)
    assert "We show that drafts of trees are fast." in email.text


def test_what_a_model_wrote_is_called_so_in_the_row() -> None:
    """It stands instead of the summary, in both parts with its label, and is bounded and harmless like any data."""
    email = told(summary="Drafts are fast.", tldr="Trees <b>draft</b> well\x00." + " Very well." * 90)

    assert "Trees <b>draft</b> well. Very well." in seen(email.html)
    assert MACHINE in seen(email.html)
    assert f"({MACHINE})" in " ".join(email.text.split())
    assert "Drafts are fast" not in email.html + email.text
    assert len(email.text) < 1500


@pytest.mark.parametrize("sentences", [0, 2, None])
def test_who_asks_for_abstracts_gets_what_the_authors_wrote(sentences: int | None) -> None:
    """No summary, no model."""
    paper = a_paper(summary="A summary.", tldr="A robot.")
    email = rendered(only(a_match(paper)), abstract=sentences)

    assert "A summary" not in email.html + email.text
    assert "robot" not in email.html + email.text
    assert MACHINE not in email.html


def test_summaries_shorten_before_papers_go_where_an_email_is_too_large() -> None:
    """The best papers keep theirs; the text part has them all."""
    summary = "A summary of this paper says in two sentences what was found, at length. Then it goes on about it."
    many = tuple(a_match(a_paper(f"Paper {n} of many", summary=summary), score=n / 75) for n in range(75))
    email = rendered(an_issue(a_section("Trees", *many), lead=None), abstract="summary")

    assert sent_bytes(email.html) <= BUDGET_BYTES
    assert len(re.findall(r">Paper \d+ of many</a>", email.html)) == 75
    full = re.findall(r">Paper (\d+) of many</a>(?:(?!<h3).)*?" + re.escape(summary), email.html, re.DOTALL)
    assert full
    assert [int(number) for number in full] == list(range(75 - len(full), 75))
    assert " ".join(email.text.split()).count(summary) == 75


def test_a_section_of_likeness_names_what_it_is_like() -> None:
    """An id is nothing a reader follows; votes have no name."""
    example = a_reason(kind=ReasonKind.EXAMPLE, interest="arxiv:2401.10020", example="Trees that draft")
    liked = a_reason(kind=ReasonKind.LIKED, interest="your votes", example="Trees that draft")
    email = rendered(
        an_issue(
            a_section("Decoding", a_match(reasons=(example,)), interest="arxiv:2401.10020"),
            a_section("Parsing", a_match(reasons=(liked,)), interest="your votes"),
        )
    )

    assert "Decoding Like “Trees that draft”, which you named – 1 new" in seen(email.html)
    assert "Like “Trees that draft”, which you named – 1 new\n" in email.text
    assert "Parsing Like papers you voted for – 1 new" in seen(email.html)
    assert "Like papers you voted for – 1 new\n" in email.text
    assert "You follow" not in email.html + email.text


def test_a_venue_is_not_named_twice() -> None:
    """What the reason has just said, unless the paper says more of it."""
    reason = a_reason(kind=ReasonKind.VENUE, interest="NeurIPS", words=("NeurIPS",))
    same, more = (
        a_match(a_paper(signals=Signals(venue=venue)), reasons=(reason,)) for venue in ("neurips", "NeurIPS 2026")
    )

    assert seen(rendered(only(same, interest="")).html).lower().count("neurips") == 1
    assert "NeurIPS 2026" in seen(rendered(only(more, interest="")).html)


# ------------------------------------------------------------------ plain text


def test_the_text_part_fits_a_terminal() -> None:
    """72 columns, but for addresses."""
    long = a_match(a_paper("Long " * 50, abstract="Words and words. " * 20))
    lines = rendered(an_issue(a_section("Label " * 20, long), lead=long)).text.splitlines()

    assert [line for line in lines if len(line) > 72 and "://" not in line and "mailto:" not in line] == []


def test_papers_are_numbered_through_in_the_text_part() -> None:
    """The lead is the first."""
    text = rendered(an_issue(a_section("A", titled("One"), titled("Two")), a_section("B", titled("Three")))).text

    assert re.findall(r"^ {0,2}\d+\. .*", text, re.MULTILINE) == [
        "  1. A lead worth reading",
        "  2. One",
        "  3. Two",
        "  4. Three",
    ]


def test_an_address_stands_on_a_line_of_its_own_in_the_text_part() -> None:
    """Terminals then make it a link."""
    assert "\n     https://arxiv.org/abs/2611.01234\n" in rendered(an_issue()).text


# ------------------------------------------------------------------ hostile data

HOSTILE = [
    "{{ 7777*7777 }} {% raw %} {# x #}",
    "<script>alert(1)</script>",
    "\" onclick='x' <b>",
    "--> <!-- ]]> </style></table></td>",
    "jx0003xj <!--jx0004xj-->",
    "&amp; &lt;b&gt; &#x27;",
    "nul \x00 escape \x1b c1 \x92 lone \ud800 non \ufffe",
    "\u202egnihton\u2066 \u05e9\u05dc\u05d5\u05dd \u0645\u0631\u062d\u0628\u0627 暗黒物質の直接検出",
    "x" * 300,
    "=?utf-8?q?a=0ABcc:_x?=\r\nBcc: x@example.org",
    "",
]


def hostile_issue(text: str) -> Issue:
    """Return an issue that says `text` wherever data may stand."""
    paper = a_paper(
        text,
        id="title:x",
        abstract=text,
        authors=(text,) * 2000,
        url=text,
        categories=(text,),
        version=2,
        entries=(an_entry(byline=text),),
        signals=Signals(upvotes=3, venue=text, code_url=text),
        summary=text,
        tldr=text,
    )
    reasons = tuple(
        a_reason(kind=kind, interest=text, words=(text,), note=text, editor=text, example=text) for kind in ReasonKind
    )
    match = a_match(paper, reasons=reasons)
    return an_issue(
        Section(text, text + "x", (match,), 3),
        lead=match,
        subscriber=a_subscriber(text, name=text, interests=(an_interest(text),)),
        health=tuple(a_health(source=text, state=state, detail=text) for state in HealthState),
        trending=tuple(a_match(paper, reasons=(reason,)) for reason in reasons),
    )


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_no_data_changes_the_shape_of_an_email(text: str) -> None:
    """The same elements as with harmless text: nothing is run, opened or closed by what a source says."""

    def shape(some: str) -> list[str]:
        newsletter = a_newsletter(name=some, editor=some)
        document = lxml_html.document_fromstring(rendered(hostile_issue(some), newsletter).html)
        return [str(element.tag) for element in document.iter()]

    assert shape(text or "harmless") == shape("harmless")


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_data_can_be_encoded_and_sent(text: str) -> None:
    """No control, surrogate or override is left in either part."""
    email = rendered(hostile_issue(text))

    assert (email.html + email.text + email.subject).encode()
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", email.html + email.text)
    assert sent_bytes(email.html) <= BUDGET_BYTES


def test_jinja_in_data_is_shown_and_not_run() -> None:
    """A title is never a template."""
    email = rendered(only(titled("{{ 7777*7777 }}")))

    assert "{{ 7777*7777 }}" in seen(email.html)
    assert "{{ 7777*7777 }}" in email.text
    assert "60481729" not in email.html + email.text


def test_markup_in_data_is_shown_as_it_was_written() -> None:
    """A reader sees the title the authors gave."""
    title = "On <b>bold</b> & \"quoted\" 'titles' --> </style>"

    assert title in seen(rendered(only(titled(title))).html)


@settings(max_examples=60, deadline=None)
@given(st.text(st.characters(exclude_categories=()), max_size=400))
def test_rendering_never_raises_on_any_title(title: str) -> None:
    """Whatever Unicode holds, lone surrogates included."""
    email = rendered(only(titled(title)))

    assert (email.html + email.text + email.subject).encode()


# ------------------------------------------------------------------ size


def an_issue_of(
    count: int, *, sections: int = 5, text: str = "A sentence of an abstract, long enough to matter. "
) -> Issue:
    """Return an issue of `count` papers, better ones in later sections."""
    papers = [
        a_match(a_paper(f"Paper {n} of many", abstract=text * 6, identities=(f"arxiv:2611.{n:05}",)), score=n / count)
        for n in range(count)
    ]
    size = -(-count // sections)
    cut = (tuple(papers[start : start + size]) for start in range(0, count, size))
    return an_issue(*(a_section(f"Topic {n}", *some) for n, some in enumerate(cut)), lead=None)


def shown_in(html: str) -> list[int]:
    """Return the numbers of the papers whose titles stand in an email."""
    return [int(number) for number in re.findall(r">Paper (\d+) of many</a>", html)]


@pytest.mark.parametrize("count", [*range(1, 13), 20, 30, 40, 50, 75, 100, 200, 300, 500])
def test_an_email_is_never_large_enough_to_be_clipped(count: int) -> None:
    """From one paper to five hundred."""
    html = rendered(an_issue_of(count)).html

    assert sent_bytes(html) <= BUDGET_BYTES
    assert "Unsubscribe" in html
    assert len(shown_in(html)) == count or "more paper" in html


@pytest.mark.parametrize("text", ["& < > \" ' = ", "暗黒物質の直接検出 ", "\U0001f4c4" * 20 + " "])
def test_text_that_grows_in_encoding_is_kept_in_bounds_too(text: str) -> None:
    """Escapes and multi-byte characters count as they are sent."""
    many = an_issue_of(300, sections=300, text=text * 20)
    wordy = replace(
        many,
        sections=tuple(replace(section, label=text * 20, interest=text * 30) for section in many.sections),
        subscriber=a_subscriber(interests=tuple(an_interest(text * 30) for _ in range(200))),
        health=tuple(a_health(source=text * 30, state=HealthState.FAILED, detail=text * 30) for _ in range(50)),
    )

    assert sent_bytes(rendered(wordy).html) <= BUDGET_BYTES


def test_an_email_shortens_by_steps_the_lowest_ranked_first() -> None:
    """Summaries become a line, then papers their titles, then they are counted; never a better one before a worse."""
    shown = view(an_issue_of(10), a_newsletter(), language_of("en", {}), lambda paper: facts_of(paper, 2))
    ranked = [paper.number for paper in sorted(shown.papers, key=lambda paper: paper.score)]

    def details(steps: int) -> str:
        by_rank = {paper.number: str(int(paper.detail)) for paper in shortened(shown, ranked, steps).papers}
        return "".join(by_rank.get(number, "-") for number in ranked)

    assert [details(steps) for steps in (0, 3, 10, 14, 20, 28, 30)] == [
        "2222222222",
        "1112222222",
        "1111111111",
        "0000111111",
        "0000000000",
        "--------00",
        "----------",
    ]
    assert shortened(shown, ranked, 28).more == 8


def test_the_lowest_ranked_papers_are_gathered_last() -> None:
    """How many is said, the best stay, and the text part has them all."""
    email = rendered(an_issue_of(500))
    shown = shown_in(email.html)
    more = re.search(r"and (\d+) more papers", seen(email.html))

    assert more
    assert int(more[1]) == 500 - len(shown)
    assert shown == list(range(500 - len(shown), 500))
    assert email.text.count("of many") == 500


def test_papers_without_summaries_are_gathered_too() -> None:
    """Where nothing can be shortened, papers become their titles at once."""
    html = rendered(an_issue_of(500), abstract=0).html

    assert sent_bytes(html) <= BUDGET_BYTES
    assert "more papers" in html


@pytest.mark.parametrize("count", [60, 120, 500])
def test_no_more_is_left_out_than_must(count: int) -> None:
    """The budget is used."""
    assert sent_bytes(rendered(an_issue_of(count)).html) > BUDGET_BYTES * 0.97
