"""Real processes of this project's Python, for what only another process can show: races, kills, other users."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path


def start(program: str, *arguments: str) -> subprocess.Popen[str]:
    """Start `program` with `arguments` in `sys.argv[1:]`; it can be written to and read from."""
    return subprocess.Popen(
        [sys.executable, "-c", program, *arguments],
        cwd=Path(__file__).parent.parent,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def run(program: str, *arguments: str) -> tuple[str, str]:
    """Run `program` to its end and return what it wrote to stdout and stderr."""
    with start(program, *arguments) as child:
        return child.communicate()


def first_line(child: subprocess.Popen[str]) -> str:
    """Wait for the first line that `child` writes, and return it without its end."""
    assert child.stdout is not None
    return child.stdout.readline().rstrip("\n")
