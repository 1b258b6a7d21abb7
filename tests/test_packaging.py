"""The wheel: built once, installed into an empty environment, run in another directory."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import venv
import zipfile
from pathlib import Path
from urllib.request import urlopen

import pytest

ROOT = Path(__file__).parent.parent

pytestmark = pytest.mark.slow


def run(*command: str | Path, cwd: Path) -> str:
    """Run a command that must succeed, without our sources on the path, and return what it printed."""
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    done = subprocess.run(
        list(map(str, command)), cwd=cwd, env=environment, check=False, text=True, capture_output=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the wheel, built by way of the source distribution."""
    out = tmp_path_factory.mktemp("dist")
    run(sys.executable, "-m", "build", "--outdir", out, ROOT, cwd=out)
    (built,) = out.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the `newsletter` command of an environment that has the wheel and what it needs, nothing else."""
    home = tmp_path_factory.mktemp("empty")
    venv.create(home, with_pip=True)
    run(home / "bin" / "pip", "install", "-q", wheel, cwd=home)
    return home / "bin" / "newsletter"


def test_the_wheel_holds_everything_the_program_reads(wheel: Path) -> None:
    """Templates, weights, samples, migrations and the example are data that is easily left behind."""
    names = set(zipfile.ZipFile(wheel).namelist())

    for needed in (
        "newsletter/templates/issue/issue.mjml.j2",
        "newsletter/checks/support.json.gz",
        "newsletter/embed/weights/vectors.npz",
        "newsletter/templates/translations/de.po",
        "newsletter/sample/arxiv.atom.xml",
        "newsletter/store/migrations/env.py",
        "newsletter/config/starter.yaml",
        "newsletter/preview/web/static/page.html",
        "newsletter/preview/web/static/main.js",
        "newsletter/subscribers.example.yaml",
        "newsletter/py.typed",
    ):
        assert needed in names
    assert not [name for name in names if name.startswith(("tests/", "benchmarks/")) or "__pycache__" in name]


def test_the_demo_works_from_the_wheel(installed: Path, tmp_path: Path) -> None:
    """The main job, from nothing but the package."""
    printed = run(installed, "demo", "--out", "out", cwd=tmp_path)

    summary = json.loads((tmp_path / "out" / "summary.json").read_text(encoding="utf-8"))
    assert "sent" in printed
    assert len(list((tmp_path / "out").glob("*.eml"))) == len(summary["subscribers"])


def test_init_check_and_preview_work_from_the_wheel(installed: Path, tmp_path: Path) -> None:
    """What a new user does first."""
    run(installed, "init", cwd=tmp_path)
    run(installed, "check", cwd=tmp_path)
    run(installed, "preview", "--once", cwd=tmp_path)

    assert (tmp_path / "preview" / "index.html").exists()


def test_the_studio_works_from_the_wheel(installed: Path, tmp_path: Path) -> None:
    """Its page, its scripts and an issue, in an empty folder."""
    command = [str(installed), "preview", "--port", "0"]
    with subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, text=True) as running:
        assert running.stdout is not None
        address = running.stdout.readline().strip()
        got = {
            path: urlopen(address + path).read().decode()
            for path in ("", "static/main.js", "static/studio.css", "api/desk", "email")
        }
        running.send_signal(signal.SIGINT)
        assert running.wait(20) == 0

    assert "/static/main.js" in got[""]
    assert json.loads(got["api/desk"])["trouble"] is None
    assert "papers worth your time" in got["email"]
    assert list(tmp_path.iterdir()) == []
