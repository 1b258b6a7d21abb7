"""Looks and languages that there are no templates for, told with their line; the same ones that `render` knows."""

from __future__ import annotations

from pathlib import Path

import pytest
from settings_files import ADA, HEAD, loaded, problems, saved

from newsletter.config.looks import language_codes, look_names
from newsletter.render.files import read_sources
from newsletter.render.language import has_language

EMMY = "  - {email: emmy@example.org, interests: [trees], language: %s}\n"


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """Return a folder of templates with a look, a language, and folders that are neither."""
    for name in ("mine/parts/row.j2", "letter/letter.css", "empty/readme.txt", "translations/pt_BR.po"):
        (tmp_path / "own" / name).parent.mkdir(parents=True, exist_ok=True)
        saved(tmp_path / "own", "", name)
    return tmp_path / "own"


@pytest.mark.parametrize("with_own", [True, False])
def test_looks_and_languages_are_those_that_render_knows(own: Path, *, with_own: bool) -> None:
    """Settings may not import a stage, so both look for themselves and are held together here."""
    overrides = own if with_own else None
    sources = read_sources(overrides)

    assert set(look_names(overrides)) == {"default" if name == "issue" else name for name in sources.looks()}
    assert set(language_codes(overrides)) == {"en", *sources.catalogs()}
    assert ("mine" in look_names(overrides)) is ("pt-BR" in language_codes(overrides)) is with_own


def test_a_look_that_is_not_there_stops_who_sends_and_warns_others(tmp_path: Path) -> None:
    """The studio shows what is being written, folder by folder."""
    text = HEAD + ADA + "issue: {template: galery}\n"
    told = "there is no such look 'galery'; there is default, gallery, plain; did you mean 'gallery'?"

    assert problems(tmp_path, text) == [f"subscribers.yaml:7:19: issue.template: {told}"]
    assert [(warning.line, warning.column) for warning in loaded(tmp_path, text, sending=False).warnings] == [(7, 19)]


@pytest.mark.parametrize("name", ["default", "issue", "gallery", "plain", "mine"])
def test_a_look_that_is_there_is_not_spoken_of(tmp_path: Path, own: Path, name: str) -> None:
    """Those that ship, and one's own."""
    text = HEAD + ADA + f"templates: {own.name}\nissue: {{template: {name}}}\n"

    assert loaded(tmp_path, text).warnings == ()


def test_a_folder_of_templates_that_is_missing_is_told_alone(tmp_path: Path) -> None:
    """The look would be in it."""
    [problem] = problems(tmp_path, HEAD + "templates: gone\nissue: {template: mine}\n")

    assert "templates: no such folder 'gone'" in problem


def test_a_language_without_words_is_a_warning_at_its_line(tmp_path: Path) -> None:
    """It is one reader's problem: the others get their issues."""
    text = HEAD + "defaults: {language: sv}\n" + ADA + EMMY % "tlh" + (EMMY % "de-AT").replace("emmy", "grace")
    config = loaded(tmp_path, text)

    assert [(warning.line, warning.column, warning.message) for warning in config.warnings] == [
        (4, 22, "defaults: translations: there is none for the language 'sv'; there is de, en, fr, zh"),
        (
            8,
            61,
            "subscriber emmy@example.org: translations: there is none for the language 'tlh'; there is de, en, fr, zh",
        ),
    ]


@pytest.mark.parametrize(
    "code",
    ["en", "en-GB", "EN-us", "de", "DE-at", "fr-CA", "zh", "zh-CN", "zh-Hant", "zh-TW", "zh-hk", "pt", "pt-br", "tlh"],
)
def test_a_language_is_there_where_render_finds_it(tmp_path: Path, own: Path, code: str) -> None:
    """By its region, else by itself; other scripts are other languages."""
    text = HEAD + ADA + f"    language: {code}\ntemplates: {own.name}\n"
    config = loaded(tmp_path, text)

    assert (config.warnings == ()) is has_language(config.subscribers[0].language, read_sources(own).catalogs())
