"""What mail programs support: the data that ships, how it is made, and what is let pass."""

from __future__ import annotations

import gzip
import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from test_checks import HTML, a_message

from newsletter.checks import Severity, check
from newsletter.checks.slim import CLIENTS, main, pack, slim
from newsletter.checks.support import ACCEPTED, support

NOTICE = Path(__file__).parent.parent / "NOTICE"


def a_feature(slug: str, title: str, **stats: dict[str, dict[str, str]]) -> dict[str, Any]:
    """Return a feature as caniemail.com tells it."""
    return {"slug": slug, "title": title, "stats": {name.replace("_", "-"): told for name, told in stats.items()}}


def told(*features: dict[str, Any]) -> dict[str, Any]:
    """Return data of caniemail.com."""
    return {"last_update_date": "2026-05-13 14:45:41 +0000", "data": list(features)}


def test_the_last_test_of_each_program_counts() -> None:
    """A program that has learnt a property has it; one that was never tested is not accused."""
    windows = {"2007": "n", "2016": "n", "2019": "n #1"}
    kept = slim(
        told(
            a_feature(
                "css-filter",
                "filter",
                outlook={"windows": windows, "ios": {"2019-01": "n", "2024-01": "y"}},
                gmail={"ios": {"2019-01": "a #2"}, "android": {"2019-01": "u"}},
                hey={"desktop-webmail": {"2020-06": "n"}},
            )
        )
    )

    assert [kept["clients"][number] for number in kept["properties"]["filter"]] == ["Outlook Windows"]
    assert kept["date"] == "2026-05-13"


@pytest.mark.parametrize(
    ("slug", "title", "kind", "names"),
    [
        ("css-filter", "filter", "properties", {"filter"}),
        ("css-height", "height property", "properties", {"height"}),
        ("css-gap", "gap, column-gap, row-gap", "properties", {"gap", "column-gap", "row-gap"}),
        ("css-function-min", "min()", "values", {"min()"}),
        ("css-unit-vh", "vh unit", "values", {"1vh"}),
        ("css-display-flex", "display:flex", "values", {"display:flex"}),
        ("html-ruby", "<ruby> element", "elements", {"ruby"}),
        ("html-lists", "<ul>, <ol> and <dl>", "elements", {"ul", "ol", "dl"}),
        ("css-at-media", "@media", "properties", set()),
        ("css-pseudo-class-hover", ":hover", "properties", set()),
        ("html-role", "role attribute", "elements", set()),
        ("image-webp", "webP image format", "elements", set()),
    ],
)
def test_a_feature_is_kept_by_the_names_it_has_in_an_email(slug: str, title: str, kind: str, names: set[str]) -> None:
    """Properties, values and elements are kept; what an inline style cannot hold is not."""
    kept = slim(told(a_feature(slug, title, gmail={"ios": {"2026-01": "n"}})))

    assert set(kept[kind]) == names


def test_the_file_is_made_the_same_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same data gives the same bytes, on another day too."""
    source = tmp_path / "caniemail.json"
    source.write_text(json.dumps(told(a_feature("css-filter", "filter", gmail={"ios": {"2026": "n"}}))))
    monkeypatch.setattr("newsletter.checks.slim.__file__", str(tmp_path / "slim.py"))

    assert main([str(source)]) == 0
    assert (tmp_path / "support.json.gz").read_bytes() == pack(slim(json.loads(source.read_text())))
    assert main([]) == 2


def test_what_ships_says_where_it_is_from() -> None:
    """A licence travels with what it is for, and a date with what grows old."""
    packed = (Path(__file__).parent.parent / "newsletter" / "checks" / "support.json.gz").read_bytes()
    kept = json.loads(gzip.decompress(packed))
    notice = " ".join(NOTICE.read_text(encoding="utf-8").split())

    assert len(packed) < 5_000
    assert date.fromisoformat(kept["date"]) >= date(2026, 5, 13)
    assert kept["clients"] == list(CLIENTS)
    assert "caniemail.com" in kept["notice"]
    for owner in ("HTeuMeuLeu", "Avi Goldman", "Andrew Powell"):
        assert owner in kept["notice"]
        assert owner in notice
    assert "Permission is hereby granted" in notice
    assert "Permission is hereby granted" in kept["notice"]


def test_every_accepted_degradation_has_its_reason_and_is_one() -> None:
    """What no program lacks needs no excuse."""
    known = support()

    assert all(reason.strip() for reason in ACCEPTED.values())
    assert ACCEPTED.keys() <= known.properties.keys() | known.values.keys()


def test_a_finding_names_the_programs() -> None:
    """A warning without names helps nobody to decide."""
    (finding,) = check(a_message(html=HTML.replace('<p style="margin:0"', '<p style="float:left"')))

    assert (finding.rule, finding.severity) == ("support", Severity.WARNING)
    assert finding.message.startswith("float is not known to Outlook Windows: ")
    assert finding.excerpt == "<p> float: left"
