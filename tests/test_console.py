"""What is printed cannot take over the terminal."""

from __future__ import annotations

import json
import logging

import pytest

from newsletter.cli.console import LogFormatter, columns, note, say, say_json

HOSTILE = "a\x1b[2Jb\x9b31mc\x07d\x7fe\rf\u2028g\udc80h\0"
HARMLESS = "a[2Jb31mcdefgh"


def test_a_line_loses_what_controls_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    """ESC, its C1 twin, bells, returns and half surrogates; ends of lines and tabs are ours."""
    say(f"{HOSTILE}\n\té")
    note(HOSTILE)

    assert capsys.readouterr() == (f"{HARMLESS}\n\té\n", f"{HARMLESS}\n")


def test_a_row_is_one_line_and_stays_aligned(capsys: pytest.CaptureFixture[str]) -> None:
    """A file's name may hold an end of line."""
    columns([(f"{HOSTILE}\nforged", "1"), ("b", "2")])

    assert capsys.readouterr().out == f"{HARMLESS} forged  1\nb{' ' * len(f'{HARMLESS} forge')}  2\n"


def test_json_says_everything_and_controls_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    """What is harmful is written as a reference, and read back as it was."""
    say_json({HOSTILE: [HOSTILE, "é"]})
    written = capsys.readouterr().out

    assert json.loads(written) == {HOSTILE: [HOSTILE, "é"]}
    assert written.encode().isascii() is False
    assert not [one for one in written if (ord(one) < 32 and one != "\n") or 0x7F <= ord(one) < 0xA0]


def test_a_log_line_is_harmless_too() -> None:
    """It quotes what servers and feeds wrote; its line breaks are the traceback's."""
    record = logging.LogRecord("a", logging.INFO, "", 0, "odd \x1b[2J\x9b title\nsecond", None, None)

    assert LogFormatter("%(message)s").format(record) == "odd [2J title\nsecond"
