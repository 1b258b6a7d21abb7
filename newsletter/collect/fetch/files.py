"""Files by pattern: saved pages, exported lists, feeds on disk."""

from __future__ import annotations

from collections.abc import Iterator
from glob import glob
from pathlib import Path

from newsletter.errors import SourceError


def read_files(pattern: str, *, base: Path, max_bytes: int) -> Iterator[tuple[str, bytes]]:
    """Return (name as shown, body) of each file, sorted by name; relative patterns begin at `base`.

    A pattern without files raises `SourceError` at once. An unreadable or too large file raises it when its turn comes,
    and the iterator goes on with the next.
    """
    return map(_Reader(max_bytes).read, _files(pattern, base))


def size(size_bytes: int) -> str:
    """Return a size as people say it."""
    return f"{size_bytes / 1e6:,.0f} MB" if size_bytes >= 1e6 else f"{size_bytes:,} bytes"


def _files(pattern: str, base: Path) -> list[tuple[str, Path]]:
    names = str(Path(pattern).expanduser())
    # A name may hold the characters of a pattern: browsers save `page [1].txt`.
    found = [names] if (base / names).is_file() else glob(names, root_dir=base, recursive=True)  # noqa: PTH207 Path.glob refuses absolute patterns
    files = [(Path(name).as_posix(), base / name) for name in sorted(found) if (base / name).is_file()]
    if not files:
        raise SourceError(f"{pattern}: no file has this name or pattern in {base}; correct the path under sources")
    return files


class _Reader:
    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes

    def read(self, file: tuple[str, Path]) -> tuple[str, bytes]:
        name, path = file
        try:
            with path.open("rb") as stream:
                body = stream.read(self._max_bytes + 1)
        except OSError as error:
            raise SourceError(f"{name}: cannot be read ({error.strerror}); check its permissions") from error
        if len(body) > self._max_bytes:
            raise SourceError(f"{name}: larger than {size(self._max_bytes)}; is it the right file?")
        return name, body
