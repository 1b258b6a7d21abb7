"""A folder as somebody has it who writes a newsletter: settings, templates of their own, a store with two days."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from shutil import copyfile

from settings_files import saved
from stores import a_store

from newsletter.demo import sample_edition
from newsletter.models import Edition
from newsletter.preview.desk import Desk
from newsletter.render.files import template_root

NEWEST, EARLIER, EMPTY = date(2026, 6, 4), date(2026, 6, 3), date(2026, 6, 5)
SETTINGS = """\
newsletter: {name: Daily Papers, from: "Daily Papers <papers@example.org>", editor: Ada Lovelace}
sources:
  - arxiv: {categories: [cs.CL]}
store: sqlite:///newsletter.db
templates: templates
preview: {test_recipients: [ada@example.org]}
subscribers:
  - email: ada@example.org
    name: Ada Lovelace
    max_papers: 8
    interests: [speculative decoding, diffusion language models, large language models]
    exclude: [robotics]
  - email: grace@example.org
    name: Grace Hopper
    interests: [3D Gaussian splatting, robot manipulation]
  - email: emmy@example.org
    send_on: [fri]
    interests: [gravitational waves, time series forecasting]
  - email: katherine@example.org
    status: paused
    format: text
    interests: [medical image segmentation]
"""


def a_folder(tmp_path: Path, settings: str = SETTINGS) -> Path:
    """Return the settings file of a folder with a style sheet of its own, and editions of three days, one empty."""
    (tmp_path / "templates" / "issue").mkdir(parents=True)
    shipped = template_root()
    assert isinstance(shipped, Path)
    copyfile(shipped / "issue" / "inline.css", tmp_path / "templates" / "issue" / "inline.css")
    path = saved(tmp_path, settings)
    edition = sample_edition()
    with a_store(tmp_path) as store:
        for day, papers in ((EARLIER, edition.papers[:20]), (NEWEST, edition.papers[20:]), (EMPTY, ())):
            kept = Edition(day, papers, edition.health, len(papers))
            store.editions.save(kept, collected_at=datetime(day.year, day.month, day.day, 4, tzinfo=UTC))
    return path


def a_desk(path: Path | None, *, against: Path | None = None) -> Desk:
    """Return what the studio has in hand for a settings file."""
    return Desk(path, against=against, environment={})


def swapped(path: Path, old: str, new: str) -> None:
    """Write `new` in the place of `old`, which stands in the file."""
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")
