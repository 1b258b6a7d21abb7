"""Headings: noun phrases that somebody could print, distinct within an issue, the same from day to day."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from makers import DECODING, GALAXIES, a_paper

from newsletter.cluster.labels import Namer, label, namer
from newsletter.cluster.phrases import alike, read, spans
from newsletter.cluster.usage import in_number, spelled, usage_of
from newsletter.models import Paper
from newsletter.vectors import Vectors
from newsletter.weights import Weights

UNLIKE = (
    a_paper("Bread that rises overnight", id="x:1", abstract="Flour, water, salt and patience."),
    a_paper("The bicycle of my aunt", id="x:2", abstract="It squeaks on Sundays."),
    a_paper("Seven kinds of rain", id="x:3", abstract="Drizzle comes first."),
)


def label_of(papers: tuple[Paper, ...], weights: Weights, rest: tuple[Paper, ...] = ()) -> str:
    """Return the heading of a group."""
    return label(papers, rest=rest, encode=weights.vectors.encode, background=weights.background)


def namer_of(papers: tuple[Paper, ...], weights: Weights, earlier: tuple[tuple[str, Vectors], ...] = ()) -> Namer:
    """Return the namer of an edition, with headings of earlier days."""
    return namer(papers, encode=weights.vectors.encode, background=weights.background, earlier=earlier)


def about(phrase: str, *begin: str) -> tuple[Paper, ...]:
    """Return papers about a phrase, one for each beginning of a title."""
    return tuple(a_paper(f"{each} {phrase}", abstract=f"We look at {phrase} in detail.") for each in begin)


@pytest.mark.parametrize(
    ("papers", "heading"), [(DECODING, "Speculative decoding"), (GALAXIES, "High-redshift galaxies")]
)
def test_a_group_is_named_by_what_its_papers_share(papers: tuple[Paper, ...], heading: str, weights: Weights) -> None:
    """A heading is a noun phrase in running capitals."""
    assert label_of(papers, weights, rest=DECODING + GALAXIES) == heading


@pytest.mark.parametrize(
    "title",
    ["<script>alert(1)</script>", "{{ 7*7 }}", "the of and", "", "量子誤り訂正", "a" * 5_000, "\u202eevil", "--- ---"],
)
def test_any_title_gets_some_heading(title: str, weights: Weights) -> None:
    """Where no phrase can be found, the title itself stands, and nothing raises."""
    papers = (a_paper(title, id="x:1", abstract=""), a_paper(title, id="x:2", abstract=""))

    assert label_of(papers, weights)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.text(max_size=60), min_size=1, max_size=4))
def test_no_text_stops_the_naming(weights: Weights, titles: list[str]) -> None:
    """Titles are other people's."""
    papers = tuple(a_paper(title, id=f"x:{row}", abstract=title[::-1]) for row, title in enumerate(titles))

    assert label_of(papers, weights)


def test_a_heading_does_not_end_with_what_waits_for_its_noun(weights: Weights) -> None:
    """“Gravitational” and “gravitational wave” go on; “gravitational waves” can stand."""
    papers = tuple(
        a_paper(f"{begin} gravitational wave {end}", abstract="We detect gravitational waves and measure them.")
        for begin, end in (("Lunar", "detectors"), ("A stochastic", "background"), ("Simulated", "signals"))
    )

    assert label_of(papers, weights) == "Gravitational waves"


def test_a_noun_that_is_counted_stands_in_the_plural(weights: Weights) -> None:
    """A section is about several black holes. Energy and matter are not counted, and letters stay as they are."""
    usage = usage_of(weights.background)

    assert [
        in_number(each, usage) for each in ("movable antenna", "black hole", "dark energies", "dark matter", "NMR")
    ] == [
        "movable antennas",
        "black holes",
        "dark energy",
        "dark matter",
        "NMR",
    ]


def test_a_form_of_a_verb_is_no_noun(weights: Weights) -> None:
    """“Lensing” is a subject, “estimating” what somebody does."""
    usage = usage_of(weights.background)

    assert (usage.verbal("estimating"), usage.verbal("lensing"), usage.verbal("string")) == (True, False, False)


def test_a_method_keeps_its_name(weights: Weights) -> None:
    """“Finite element” is cut off; “finite element methods” is not."""
    begin = ("A mixed", "An adaptive", "A stabilised")

    assert label_of(about("finite element method", *begin), weights) == "Finite element methods"


def test_a_name_keeps_its_capitals(weights: Weights) -> None:
    """Abstracts write “Milky Way” inside sentences, so a heading does too."""
    papers = tuple(a_paper(f"Dust lanes {row}", abstract="Stars of the Milky Way are old.") for row in range(2))
    texts = [read(paper, {}) for paper in papers]

    assert spelled("milky way", texts, weights.background) == "Milky Way"


def test_a_name_being_introduced_proves_nothing(weights: Weights) -> None:
    """In “the Odd Thing (OT)” the capitals explain the letters."""
    papers = tuple(a_paper(f"Dust lanes {row}", abstract="We use the Odd Lantern (OL) here.") for row in range(2))
    texts = [read(paper, {}) for paper in papers]

    assert spelled("odd lantern", texts, weights.background) == "odd lantern"


def test_two_phrases_with_one_noun_share_it(weights: Weights) -> None:
    """“Image and video compression”, not “image compression and video compression”."""
    papers = about("image compression", "Learned", "Lossless", "Fast") + about(
        "video compression", "Neural", "Live", "Old"
    )

    assert label_of(papers, weights) in {"Image and video compression", "Video and image compression"}


def test_a_title_s_own_prose_is_no_heading() -> None:
    """“Towards”, “efficient” and “a study” are true of any paper."""
    words = {word for phrase in spans("Towards Efficient Image Segmentation: A Study") for word in phrase.key.split()}

    assert words == {"image", "segmentation"}


def test_punctuation_cuts_phrases() -> None:
    """A heading never runs over a colon."""
    assert "LoRA Adapters" not in {phrase.surface for phrase in spans("LoRA: Adapters for models")}


def test_acronyms_keep_their_capitals(weights: Weights) -> None:
    """LLM and JWST are not ordinary words."""
    assert label_of(about("LLM judges", "Biased", "Careful", "Cheap"), weights) == "LLM judges"


def test_papers_that_share_nothing_get_what_the_caller_says(weights: Weights) -> None:
    """No heading is better than a bad one; without the caller's word there is some heading all the same."""
    papers = UNLIKE + DECODING
    name = namer(
        papers, encode=weights.vectors.encode, background=weights.background, fallback=lambda part: f"{len(part)} more"
    )

    assert (name(UNLIKE), name(DECODING)) == ("3 more", "Speculative decoding")
    assert label_of(UNLIKE, weights)


def test_the_same_subject_keeps_its_name(weights: Weights) -> None:
    """Yesterday's heading stays where it says about as much, though another would be a little better today."""
    today = about("speculative decoding of language models", "Fast", "Cheap", "Careful")
    yesterday = namer_of(DECODING, weights)
    earlier = ((yesterday(DECODING), yesterday.centre(today)),)

    assert namer_of(today, weights, earlier)(today) == "Speculative decoding"


def test_another_subject_does_not_get_an_old_name(weights: Weights) -> None:
    """A heading that does not stand in the papers is not theirs, however near its vector is said to be."""
    name = namer_of(GALAXIES, weights)

    assert namer_of(GALAXIES, weights, (("Speculative decoding", name.centre(GALAXIES)),))(GALAXIES) == name(GALAXIES)
    assert namer_of(GALAXIES, weights, (("JWST", np.zeros(256, dtype=np.float32)),))(GALAXIES) == name(GALAXIES)


def test_headings_of_one_issue_differ_or_are_one_topic(weights: Weights) -> None:
    """Parts with nearly the same heading get another that is good, or the same."""
    parts = (DECODING, DECODING[:2], GALAXIES)

    found = namer_of(DECODING + GALAXIES, weights).several(parts)

    assert found[0] == "Speculative decoding"
    assert found[1] == found[0] or not alike(found[0], found[1])
    assert found[2] == "High-redshift galaxies"


def test_headings_that_differ_in_a_word_look_alike() -> None:
    """“3D Gaussian splatting” under “Gaussian splatting” reads as a mistake; two kinds of models do not."""
    assert alike("3D Gaussian splatting", "Gaussian splatting")
    assert alike("LLM agents", "LLM agent")
    assert not alike("Diffusion models", "World models")


def test_the_order_of_the_edition_changes_no_heading(weights: Weights) -> None:
    """The same papers have the same heading, whichever source was faster."""
    papers = DECODING + GALAXIES

    assert namer_of(papers, weights)(DECODING) == namer_of(papers[::-1], weights)(DECODING)
