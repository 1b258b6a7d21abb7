"""A folder in Maildir format: https://cr.yp.to/proto/maildir.html

`new` holds what nobody has seen, `cur` what a program has, with flags behind the name: `S` for read. What is settled
goes to `cur` with an `S`, by a rename, so that it is in one place or the other whatever happens.
"""

from __future__ import annotations

import stat
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path

from newsletter.errors import NewsletterError
from newsletter.mailbox.letter import LONGEST, Letter

_OLDEST = timedelta(days=60)  # nothing tells which files were looked at, so all of these are, by their content


class Maildir:
    """The mails in `new` and `cur` of a folder, and not in its subfolders."""

    def __init__(self, folder: Path, *, now: datetime, read_only: bool) -> None:
        self._folder, self._read_only = folder, read_only
        self._since = (now - _OLDEST).timestamp()
        if not all((folder / name).is_dir() for name in ("new", "cur")):
            raise NewsletterError(
                f"inbox.maildir: {folder} is no Maildir, which has the folders new, cur and tmp; name one, or make them"
            )

    def letters(self) -> Iterator[Letter]:
        """Yield the mails of the last 60 days, by the time they came."""
        for _, name in sorted(self._found()):
            with suppress(FileNotFoundError):  # somebody read it meanwhile, and it has another name
                path = self._folder / name
                try:
                    with path.open("rb") as file:
                        yield Letter(name, file.read(LONGEST))
                except PermissionError as error:
                    raise NewsletterError(f"{path}: {error.strerror}; it must be readable by who runs this") from None

    def done(self, letter: Letter) -> None:
        """Mark a mail as read, in `cur`."""
        if self._read_only:
            return
        path = self._now_at(letter.name)
        if path is None:
            return  # deleted, or in another folder
        base, _, flags = path.name.partition(":2,")
        target = self._folder / "cur" / f"{base}:2,{''.join(sorted({*flags, 'S'}))}"
        try:
            path.rename(target)
        except FileNotFoundError:
            return  # its reader was faster
        except OSError as error:
            raise NewsletterError(f"{path}: {error.strerror}; it must be writable by who runs this") from None

    def leave(self, letter: Letter) -> None:
        """Do nothing: unread mail is for a person."""

    def _now_at(self, name: str) -> Path | None:
        """Return where a mail is: programs rename what they show."""
        path = self._folder / name
        if path.exists():
            return path
        base = path.name.partition(":2,")[0]
        names = (each for each in (self._folder / "cur").iterdir() if each.name.partition(":2,")[0] == base)
        return next(names, None)

    def _found(self) -> Iterator[tuple[float, str]]:
        for place in ("new", "cur"):
            for path in (self._folder / place).iterdir():
                with suppress(FileNotFoundError):
                    status = path.lstat()
                    visible = stat.S_ISREG(status.st_mode) and not path.name.startswith(".")
                    if visible and status.st_mtime >= self._since:
                        yield status.st_mtime, f"{place}/{path.name}"
