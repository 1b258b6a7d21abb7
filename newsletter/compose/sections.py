"""The chosen papers in sections: by subject, one heading once, few papers left alone."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import numpy as np

from newsletter.compose.choose import LARGEST_SECTION
from newsletter.compose.subjects import WORDED, Subject
from newsletter.models import LEFTOVERS, PEOPLE, MatchedPaper, Section
from newsletter.vectors import Vectors

MOST_SECTIONS = 8
FEWEST_PAPERS = 2
NEAR = 0.3  # cosine of centred vectors from which a lone paper may join a section it has no interest in common with


def arrange(
    papers: Sequence[MatchedPaper],
    subjects: Sequence[Subject],
    vectors: Mapping[str, Vectors],
    *,
    lead: MatchedPaper | None = None,
) -> tuple[Section, ...]:
    """Return `papers` in at most 8 sections of two or more: people the reader follows, then as their best papers rank.

    The lead, which stands before them, counts for its subject. A paper alone with its subject joins the section of
    another of its interests, else one that it is like; what stays alone stands last, under a plain heading.
    """
    by_label: dict[str, list[MatchedPaper]] = {}
    subject_of = {paper: subject for subject in subjects for paper in subject.papers}
    led = _key(subject_of[lead.paper.id].label) if lead else ""
    for matched in papers:
        by_label.setdefault(_key(subject_of[matched.paper.id].label), []).append(matched)
    told = {_key(subject.label): subject for subject in reversed(subjects)}
    announced = {key: sum(subject.announced for subject in subjects if _key(subject.label) == key) for key in by_label}
    groups = {
        key: group
        for key, group in by_label.items()
        if key == _FOLLOWED or (key and key != _key(LEFTOVERS) and len(group) + (key == led) >= FEWEST_PAPERS)
    }
    kept = sorted(groups, key=lambda key: (key != _FOLLOWED, -len(groups[key]), *_best_first(groups[key][0])))
    # What is left over is a section too.
    kept = kept[: MOST_SECTIONS - (len(kept) > MOST_SECTIONS or sum(map(len, groups.values())) < len(papers))]
    groups = {key: sorted(groups[key], key=_best_first)[:LARGEST_SECTION] for key in kept}
    homes = {told[key].interest: key for key in sorted(groups, reverse=True) if told[key].interest}
    placed = {matched.paper.id for group in groups.values() for matched in group}
    alone = []
    for matched in papers:
        if matched.paper.id in placed:
            continue
        open_groups = {key: group for key, group in groups.items() if len(group) < LARGEST_SECTION and key != _FOLLOWED}
        home = _home(matched, homes, open_groups) or _nearest(matched, open_groups, vectors)
        if home:
            groups[home].append(matched)
        else:
            alone.append(matched)
    sections = [
        Section(
            told[key].label,
            told[key].interest,
            tuple(sorted(group, key=_best_first)),
            max(announced[key], len(group) + (key == led)),
            key == led,
        )
        for key, group in groups.items()
    ]
    sections.sort(key=lambda section: (section.label != PEOPLE, *_best_first(section.papers[0]), section.label))
    if alone:
        sections.append(Section(LEFTOVERS, "", tuple(sorted(alone, key=_best_first)), len(alone)))
    return tuple(sections)


def _home(matched: MatchedPaper, homes: Mapping[str, str], groups: Collection[str]) -> str:
    """Return the section of an interest in words that asked for the paper too."""
    asked = (homes.get(each.interest, "") for each in matched.reasons if each.kind in WORDED)
    return next((home for home in asked if home in groups), "")


def _nearest(
    matched: MatchedPaper, groups: Mapping[str, Sequence[MatchedPaper]], vectors: Mapping[str, Vectors]
) -> str:
    """Return the section that the paper is most like, "" where it is like none."""
    likeness = {
        key: round(float(np.mean([vectors[matched.paper.id] @ vectors[each.paper.id] for each in group])), 5)
        for key, group in groups.items()
    }
    nearest = min(likeness, key=lambda key: (-likeness[key], key), default="")
    return nearest if nearest and likeness[nearest] >= NEAR else ""


def _key(label: str) -> str:
    return label.casefold()


_FOLLOWED = _key(PEOPLE)


def _best_first(matched: MatchedPaper) -> tuple[float, str]:
    return (-matched.score, matched.paper.id)
