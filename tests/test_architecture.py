"""The arrows between the rooms: who may import whom, read from the source."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "newsletter"

LEAVES = {
    "models",
    "errors",
    "words",
    "vectors",
    "background",
    "tfidf",
    "text",
    "tex",
    "ids",
    "summary",
    "spelling",
    "quoted_printable",
    "transfer",
    "tokens",
}
# Pure rooms, each with the libraries it wraps.
CORE = {
    "sources": {"feedparser", "pydantic", "lxml", "bibtexparser"},
    "dedupe": {"numpy"},
    "embed": {"numpy"},
    "match": {"numpy"},
    "cluster": {"numpy"},
    "trending": set(),
    "compose": {"numpy"},
    "render": {"babel", "jinja2", "mjml", "premailer", "cssutils", "lxml", "markupsafe"},
    "checks": {"lxml"},
    "replies": {"flufl"},
}
EDGES = {"collect", "deliver", "store", "inbox", "mailbox", "weights", "sample", "tldr", "thumbnails"}
# What each of these may import of ours, besides the leaves.
ALLOWED = {
    "collect": {"sources", "__init__"},
    "deliver": set[str](),
    "store": set[str](),
    "inbox": set[str](),
    "mailbox": set[str](),
    "sample": set[str](),
    "weights": {"embed"},
    "train": {"embed", "weights"},
    "config": {"sources"},
    "tldr": set[str](),
    "thumbnails": {"collect", "sources", "store"},
    "pipeline": set(CORE) | EDGES | {"config"},
    "explain": set(CORE) | EDGES | {"config", "pipeline", "schedule"},
    "backtest": set(CORE) | EDGES | {"config", "explain", "pipeline", "schedule"},
    "schedule": EDGES | {"config", "pipeline", "render"},
    "search": {"match", "store", "weights"},
    "preview": set(CORE) | EDGES | {"config", "demo", "explain", "pipeline", "schedule"},
    "demo": set(CORE) | EDGES | {"config", "pipeline"},
    "doctor": set(CORE) | EDGES | {"config", "pipeline", "preview", "schedule"},
}
DOING = {
    "asyncio", "http", "os", "pathlib", "random", "requests", "shutil", "smtplib", "socket", "sqlalchemy", "sqlite3",
    "subprocess", "tempfile", "threading", "time", "urllib.request", "httpx2", "hishel", "stamina", "filelock",
    "apscheduler", "aiosmtpd", "glob",
}  # fmt: skip
# The one reads its templates, and nothing else; the other has a script beside it that makes its data.
EXEMPT = {("render", "pathlib"), ("checks", "pathlib")}


def rooms() -> set[str]:
    """Return the top-level modules and packages of the product."""
    names = {path.stem for path in PACKAGE.glob("*.py")} | {path.parent.name for path in PACKAGE.glob("*/__init__.py")}
    return names - {"__init__", "__main__"}


def sources_of(room: str) -> list[Path]:
    """Return the files of a room."""
    single = PACKAGE / f"{room}.py"
    return [single] if single.exists() else sorted((PACKAGE / room).rglob("*.py"))


def imports_of(path: Path) -> set[str]:
    """Return every module a file imports, wherever it does."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found |= {
                f"{node.module}.{alias.name}" if node.module == "newsletter" else str(node.module)
                for alias in node.names
            }
    return found


def ours(path: Path) -> set[str]:
    """Return the rooms of the product that a file imports."""
    parts = (name.split(".") for name in imports_of(path) if name.split(".")[0] == "newsletter")
    found = {part[1] if len(part) > 1 else "__init__" for part in parts}
    return {"__init__" if name.startswith("__") else name for name in found}


@pytest.mark.parametrize("room", sorted(CORE))
def test_a_stage_imports_leaves_only(room: str) -> None:
    """No stage knows another: only the pipeline knows their order."""
    imported = {name for path in sources_of(room) for name in ours(path)}

    assert imported <= LEAVES | {room}


@pytest.mark.parametrize("room", sorted(CORE))
def test_a_stage_does_no_input_or_output(room: str) -> None:
    """Deciding and doing are apart: no stage reaches for sockets, files, clocks or databases."""
    modules = {name for path in sources_of(room) for name in imports_of(path)}
    doing = {name for name in modules if {name, name.split(".")[0]} & DOING and (room, name) not in EXEMPT}

    assert doing == set()


@pytest.mark.parametrize("room", sorted(CORE))
def test_a_stage_wraps_only_its_own_library(room: str) -> None:
    """A library has one home among the stages."""
    wrapped = {library for libraries in CORE.values() for library in libraries}
    modules = {name.split(".")[0] for path in sources_of(room) for name in imports_of(path)}

    assert modules & wrapped <= CORE[room]


@pytest.mark.parametrize("room", sorted(LEAVES))
def test_a_leaf_imports_leaves_only(room: str) -> None:
    """Leaves hang on nothing but leaves."""
    imported = {name for path in sources_of(room) for name in ours(path)}

    assert imported <= LEAVES


@pytest.mark.parametrize("room", sorted(ALLOWED))
def test_arrows_point_inward(room: str) -> None:
    """Edges know what they need and never the way back."""
    imported = {name for path in sources_of(room) for name in ours(path)}

    assert imported <= LEAVES | ALLOWED[room] | {room}


def test_every_room_has_a_place() -> None:
    """A new room is put on the map, or it does not land."""
    assert rooms() == LEAVES | set(CORE) | set(ALLOWED) | {"cli"}


def test_only_the_command_line_prints() -> None:
    """Everyone else logs."""
    printing = {
        path.relative_to(PACKAGE).as_posix()
        for path in PACKAGE.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print"
    }

    assert {name for name in printing if not name.startswith("cli/")} == set()


def test_only_schedule_knows_the_scheduler() -> None:
    """APScheduler has one importer."""
    importers = {
        path.relative_to(PACKAGE).parts[0]
        for path in PACKAGE.rglob("*.py")
        if any(name.startswith("apscheduler") for name in imports_of(path))
    }

    assert importers == {"schedule"}


def test_only_the_studio_knows_a_web_server() -> None:
    """Nothing else listens for a browser; what it shows is found out without one."""
    importers = {
        path.relative_to(PACKAGE).parent.as_posix()
        for path in PACKAGE.rglob("*.py")
        if any(name.split(".")[0] in {"starlette", "uvicorn", "watchfiles"} for name in imports_of(path))
    }

    assert importers == {"preview/web"}


@pytest.mark.parametrize("path", sorted(PACKAGE.rglob("*.py")), ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_every_module_says_what_it_is(path: Path) -> None:
    """A module begins with its docstring and stays small enough to read."""
    text = path.read_text(encoding="utf-8")
    if path.name == "__init__.py" and not text.strip():
        pytest.fail("an empty __init__.py says nothing")

    assert ast.get_docstring(ast.parse(text))
    assert len(text.splitlines()) <= 320
