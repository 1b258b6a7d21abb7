"""Summaries: what a paper found or made, in its authors' own sentences."""

from __future__ import annotations

import gzip
import json
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.summary import LONGEST, split, summarise
from newsletter.summary.cues import _CUES, evidence

STREAM = Path(__file__).parent.parent.parent / "shared/data/relevance/dev/stream_docs.jsonl.gz"
BRACKETS = (("(", ")"), ("[", "]"), ("{", "}"), ("“", "”"))


def summary(abstract: str, title: str = "Notes on kites") -> str:
    """Return the summary of an abstract under a title that shares no word with it."""
    return summarise(title, abstract)


# ------------------------------------------------------------------ sentences


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "We follow Noether et al. and add a term. It helps.",
            ["We follow Noether et al. and add a term.", "It helps."],
        ),
        ("This was shown by Hopper et al. We extend it.", ["This was shown by Hopper et al.", "We extend it."]),
        ("Small words, e.g. Articles, matter. So do names.", ["Small words, e.g. Articles, matter.", "So do names."]),
        ("See Fig. 3 and Eq. (2). They agree.", ["See Fig. 3 and Eq. (2).", "They agree."]),
        ("It is CNN vs. Transformer. Neither wins.", ["It is CNN vs. Transformer.", "Neither wins."]),
        ("The error is 0.5 m. It was 1.25 m.", ["The error is 0.5 m.", "It was 1.25 m."]),
        ("Our score is SOTA. The code is short.", ["Our score is SOTA.", "The code is short."]),
        ("E. Noether proved it. A. B. Lovelace did too.", ["E. Noether proved it.", "A. B. Lovelace did too."]),
        ("We add vitamin C. We then wait.", ["We add vitamin C.", "We then wait."]),
        ("It takes approx. 5 min. on one core. Good.", ["It takes approx. 5 min. on one core.", "Good."]),
        ("See arXiv:2001.00001 or https://example.org/a.B for it. Done.", None),
        ("For x. Then y ≤ z holds. (We stop here. It is late.) Next.", None),
        ("1. We build kites. 2. We fly them.", ["1. We build kites.", "2. We fly them."]),
        ("The gain is large.We propose a kite.", ["The gain is large.", "We propose a kite."]),
        ("我们提出了一种方法。它很快。", ["我们提出了一种方法。", "它很快。"]),
    ],
    ids=lambda value: str(value)[:25],
)
def test_a_full_stop_ends_a_sentence_only_where_one_ends(text: str, expected: list[str] | None) -> None:
    """Abbreviations, initials, decimals, addresses, numbers of a list and brackets end none."""
    found = list(split(text))

    assert " ".join(found).replace(" ", "") == text.replace(" ", "")
    if expected is not None:
        assert found == expected


def test_a_bracket_holds_its_sentences_together() -> None:
    """A remark of two sentences in brackets is no place to cut."""
    assert list(split("We stop (It is late. We are tired.) here. Done.")) == [
        "We stop (It is late. We are tired.) here.",
        "Done.",
    ]


# ------------------------------------------------------------------ which sentence

BACKGROUND = "Kites have become popular in recent years. However, existing methods often struggle with gusts."
PARTS = (
    "Background: The tail of a kite matters. Methods: We flew 40 kites in the wind. "
    "Results: Longer tails cut crashes by 31%. Conclusions: The tail may be long."
)
FINDING = "We show that a longer tail halves the number of crashes in gusts of up to 12 m/s."


@pytest.mark.parametrize(
    ("abstract", "expected"),
    [
        (f"{BACKGROUND} In this paper, we study flight. {FINDING} Future work will look at rain.", FINDING),
        (f"{BACKGROUND} {FINDING} Code is available at https://example.org/kites.", FINDING),
        (f"{FINDING} Comments: 12 pages, 3 figures. Accepted at the Kite Workshop.", FINDING),
        (f"{FINDING} It remains a challenge to fly at night. They are dark.", FINDING),
        (f"Can a kite fly without wind? {FINDING}", FINDING),
        (f"We report two main findings. {FINDING}", FINDING),
        (f"We previously proposed a kite with two tails. {FINDING}", FINDING),
        (PARTS, "Longer tails cut crashes by 31%."),
        (
            "OBJECTIVE. We ask how tails act. RESULTS. Tails of 3 m damp every turn by 40%.",
            "Tails of 3 m damp every turn by 40%.",
        ),
    ],
    ids=lambda value: str(value)[-40:],
)
def test_the_sentence_that_tells_is_chosen(abstract: str, expected: str) -> None:
    """What was found or made, never background, questions, announcements or where the code is."""
    assert summary(abstract) == expected


def test_two_sentences_say_what_was_made_and_what_it_achieves() -> None:
    """Both are kept where both fit."""
    assert summary(
        f"{BACKGROUND} We introduce TailNet, a model of kites in gusts. "
        "Experiments show that TailNet reduces crashes by 31% and costs 4 g."
    ) == (
        "We introduce TailNet, a model of kites in gusts. "
        "Experiments show that TailNet reduces crashes by 31% and costs 4 g."
    )


# ------------------------------------------------------------------ standing alone


@pytest.mark.parametrize(
    ("abstract", "expected"),
    [
        ("Moreover, our kite flies 30% longer than all others.", "Our kite flies 30% longer than all others."),
        ("In this paper, we propose a kite without a tail.", "We propose a kite without a tail."),
        ("However, furthermore, we find that kites like wind.", "We find that kites like wind."),
        ("To address these issues, we present a kite of paper.", "We present a kite of paper."),
        ("Motivated by this, here we prove that kites fly.", "We prove that kites fly."),
        ("We also show that strings may be short.", "We show that strings may be short."),
        ("These results demonstrate that kites need tails.", "Kites need tails."),
        ("Furthermore, mRNA of the crew is unchanged by flight.", "mRNA of the crew is unchanged by flight."),
        # What is no connective stays, and so does a hedge.
        ("In spring, we find that kites fly higher.", "In spring, we find that kites fly higher."),
        ("Our results suggest that kites need tails.", "Our results suggest that kites need tails."),
    ],
    ids=lambda value: value[:25],
)
def test_what_only_joins_a_sentence_to_another_is_dropped(abstract: str, expected: str) -> None:
    """A leading connective goes, the capital is restored, and nothing of the claim changes."""
    assert summary(abstract) == expected


def test_a_sentence_about_it_follows_the_sentence_it_needs_or_is_left_out() -> None:
    """A summary never begins with "It" or "They" where another sentence tells."""
    text = summary(
        "We present Gust, a kite that reads the wind by its tail alone. It improves lift by 20% over other kites. "
        "They are happy."
    )

    assert text == (
        "We present Gust, a kite that reads the wind by its tail alone. It improves lift by 20% over other kites."
    )


# ------------------------------------------------------------------ fitting

ASIDE = "as paper is light and wind is free and strings hold "
LONG = " and cloth, thread, wood, glue and paper as in all of the kites that were built before it in our town"


@pytest.mark.parametrize(
    ("abstract", "expected"),
    [
        (
            f"We show that kites with long tails crash less often in strong wind, outperforming all with{LONG * 2}.",
            "We show that kites with long tails crash less often in strong wind.",
        ),
        (
            f"We propose a kite that holds its height in gusts of any speed at sea; its frame is of willow{LONG * 2}.",
            "We propose a kite that holds its height in gusts of any speed at sea.",
        ),
        (
            f"We prove that every kite of width (w, in m; at most 3) has a stable height, which takes{LONG}{LONG}.",
            "We prove that every kite of width (w, in m; at most 3) has a stable height.",
        ),
    ],
    ids=["participle", "semicolon", "brackets"],
)
def test_a_long_sentence_is_cut_where_a_clause_ends(abstract: str, expected: str) -> None:
    """What remains is a sentence, and no bracket is open."""
    assert summary(abstract) == expected


@pytest.mark.parametrize("limit", ["if", "unless", "only when", "without", "on three of nine days with"])
def test_what_limits_a_claim_is_not_cut_away_behind_a_full_stop(limit: str) -> None:
    """Half a claim ends with an ellipsis, so that nobody takes it for the whole."""
    text = summary(f"We show that our new kite outperforms all of the older kites {limit} its tail is wet{LONG}{LONG}.")

    assert text.endswith("…") or limit in text


def test_a_cut_between_words_leaves_no_number_and_no_preposition_behind() -> None:
    """Never "… by 3": half a figure is a wrong figure."""
    text = summary(f"Kites {'of paper ' * 20}gain height by 3 500 m {'of paper ' * 20}.")

    assert re.search(r"[a-z]{4,}…$", text)
    assert not text.endswith(("of…", "by…"))
    assert len(text) <= LONGEST


@pytest.mark.parametrize(("opening", "closing"), BRACKETS)
def test_no_bracket_is_left_open(opening: str, closing: str) -> None:
    """An aside is kept whole or left out whole."""
    text = summary(f"We show that kites fly well {opening}{ASIDE * 6}{closing} in rain.")

    assert text.count(opening) == text.count(closing)


# ------------------------------------------------------------------ every text


def test_nothing_to_say_is_said_with_nothing() -> None:
    """No abstract, signs without letters, or the title once more."""
    assert summarise("A title", "") == ""
    assert summarise("A title", "  … ") == ""
    assert summarise("On the flight of kites", "On the Flight of Kites.") == ""


@pytest.mark.parametrize(
    ("abstract", "expected"),
    [
        (
            "Nous montrons que les cerfs-volants volent. Ils sont beaux.",
            "Nous montrons que les cerfs-volants volent. Ils sont beaux.",
        ),
        ("Wir zeigen, dass Drachen steigen.", "Wir zeigen, dass Drachen steigen."),
        ("我们提出了一种方法。它很快。还有更多。", "我们提出了一种方法。它很快。"),
    ],
    ids=["french", "german", "chinese"],
)
def test_other_languages_give_their_first_sentences(abstract: str, expected: str) -> None:
    """Rules of English prose are for English prose."""
    assert summary(abstract) == expected


@given(st.text(), st.text())
def test_no_text_fails_and_none_is_too_long(title: str, abstract: str) -> None:
    """Whatever comes from outside."""
    assert len(summarise(title, abstract)) <= LONGEST


PROSE = st.lists(
    st.sampled_from(
        """we show that kites fly in the wind of (a paper) which is 0.5 m, however; by using this and to improve them
        Moreover, Results: These results “ ” $x$ ( ) [ , e.g. et al. – 12% it outperforming while Fig. 3""".split()
    ),
    max_size=120,
).map(" ".join)


CUED = st.lists(
    st.sampled_from(
        """we also further propose show that it is the paper results experiments suggest new novel outperforms 31% 12
        have been has become in recent years a new method. code is publicly available at https://example.org/x: will be
        released three designs, the rest of this as follows: both. of mentioned the first two Why how they are?
        the gains existing methods typically may (we our) “this” these-findings data_we
        above-mentioned 12 pages""".split()
    ),
    max_size=30,
).map(" ".join)


@given(CUED)
def test_no_cue_is_overlooked(text: str) -> None:
    """Which cues are looked for is told by the words of a text; that finds what looking for all of them would."""
    found = ((pattern.search(text.lower()), weight) for weight, pattern in _CUES)

    assert evidence(text).cues == tuple((cue.end(), weight) for cue, weight in found if cue)


@given(PROSE, PROSE)
def test_prose_of_any_shape_gives_a_short_line(title: str, abstract: str) -> None:
    """No cut makes a text longer, splits it into lines or pads it."""
    text = summarise(title, abstract)

    assert len(text) <= LONGEST
    assert text == " ".join(text.split())


@given(
    st.sampled_from(["", "Moreover, ", "In this paper, ", "Results: ", "These results show that "]), st.integers(1, 12)
)
def test_summarising_a_summary_of_one_sentence_changes_nothing(lead: str, length: int) -> None:
    """A sentence that has been cut to fit is a sentence that fits."""
    clauses = ", which is why the tail of a kite is the part that we like most" * length
    once = summary(f"{lead}we find that kites are stable in the wind of the sea{clauses}.")

    assert summary(once) == once


@pytest.mark.parametrize(
    "hostile",
    [
        "(",
        "((",
        "a (",
        '"',
        "$",
        "we ",
        "Here, ",
        "Results: ",
        "that ",
        ", and",
        "a. ",
        "et al. ",
        "to this ",
        "1 ",
        "…",
        "。",
    ],
)
def test_a_huge_text_is_only_read_at_its_beginning(hostile: str) -> None:
    """Beyond some thousand characters nothing is looked at, so nothing can take long."""
    text = hostile * (200_000 // len(hostile))

    assert summary(text) == summary(text[:30_000])


def test_the_same_text_gives_the_same_summary_whatever_the_white_space() -> None:
    """Line breaks of a feed are no content."""
    abstract = f"{BACKGROUND} {FINDING}"

    assert summary(abstract.replace(" ", "\n  ")) == summary(abstract)


@pytest.mark.skipif(not STREAM.exists(), reason="needs the shared papers")
def test_summaries_of_a_day_are_sentences_of_their_abstracts() -> None:
    """Of real papers, nearly every summary is a beginning, an end or a whole of what the authors wrote."""
    with gzip.open(STREAM, "rt", encoding="utf-8") as lines:
        papers = [json.loads(line) for _, line in zip(range(150), lines, strict=False)]

    for paper in papers:
        text = summarise(paper["title"], paper["abstract"])
        source = " ".join(paper["abstract"].split()).lower()
        assert 20 < len(text) <= LONGEST
        assert "https://" not in text
        assert set(re.findall(r"\w+", text.lower())) <= set(re.findall(r"\w+", source))
