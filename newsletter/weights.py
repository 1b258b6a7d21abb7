"""The shipped term vectors and their background: the one place that knows the files they are kept in.

vectors.npz                q int8 [terms, dimensions], scale float32 [terms]
vocabulary.txt             a term a line, in the order of the rows
background.npz             papers, mean float32 [dimensions], covariance float32 [dimensions, dimensions]
document_frequency.tsv.gz  count, tab, token
title_phrases.tsv.gz       count, tab, phrase
heads.tsv.gz               hundredths, tab, word
spelling.txt               a word a line as it is usually written; its key is its lower case

`load` reads what `save` wrote; nothing is ever unpickled. Every file is read and its checksum proven at once; tables of
words are taken apart when they are first asked for, which is most of the time, and few commands need them all.
"""

from __future__ import annotations

import gzip
import io
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from newsletter.background import Background
from newsletter.embed import TermVectors
from newsletter.errors import WeightsError

V = TypeVar("V")

_DAMAGE = (OSError, EOFError, ValueError, KeyError, zipfile.BadZipFile, zlib.error)


@dataclass(frozen=True, slots=True, eq=False)
class Weights:
    """The term vectors, and what is usual for them."""

    vectors: TermVectors
    background: Background


def load(folder: Traversable | None = None) -> Weights:
    """Return the weights kept in `folder`, by default those that ship with the package."""
    place = files("newsletter") / "embed" / "weights" if folder is None else folder
    try:
        return _checked(Weights(vectors=_read_vectors(place), background=_read_background(place)))
    except _DAMAGE as error:
        raise _damaged(place, error) from error


def save(weights: Weights, folder: Path) -> None:
    """Write the files of `weights` into `folder`; the same weights give the same bytes."""
    folder.mkdir(parents=True, exist_ok=True)
    vectors, background = weights.vectors, weights.background
    np.savez(folder / "vectors.npz", q=vectors.rows, scale=vectors.scales)
    (folder / "vocabulary.txt").write_bytes(_lines(vectors.index))
    np.savez(
        folder / "background.npz",
        papers=np.int64(background.papers),
        mean=background.mean,
        covariance=background.covariance,
    )
    (folder / "document_frequency.tsv.gz").write_bytes(_packed_counts(background.document_frequency))
    (folder / "title_phrases.tsv.gz").write_bytes(_packed_counts(background.title_phrases))
    hundredths = {word: round(100 * share) for word, share in background.heads.items()}
    (folder / "heads.tsv.gz").write_bytes(_packed_counts(hundredths))
    (folder / "spelling.txt").write_bytes(_lines(sorted(background.spelling.values())))


def _read_vectors(folder: Traversable) -> TermVectors:
    arrays = _arrays(folder / "vectors.npz")
    terms = _text_lines((folder / "vocabulary.txt").read_bytes())
    scales = arrays["scale"].astype(np.float32)
    return TermVectors(
        index=dict(zip(terms, range(len(terms)), strict=True)),
        rows=_small_integers(arrays["q"]),
        scales=scales,
        name=f"terms2-{zlib.crc32(scales.tobytes()):08x}",  # no two trainings give the same 44,000 scales
    )


def _read_background(folder: Traversable) -> Background:
    arrays = _arrays(folder / "background.npz")
    frequencies = _unpacked((folder / "document_frequency.tsv.gz").read_bytes())
    phrases, heads = (_unpacked((folder / f"{name}.tsv.gz").read_bytes()) for name in ("title_phrases", "heads"))
    spelling = (folder / "spelling.txt").read_bytes()
    return Background(
        papers=int(arrays["papers"]),
        document_frequency=_Deferred(folder, lambda: _counts(frequencies)),
        mean=arrays["mean"].astype(np.float32),
        covariance=arrays["covariance"].astype(np.float32),
        title_phrases=_Deferred(folder, lambda: _counts(phrases)),
        heads=_Deferred(folder, lambda: {word: share / 100 for word, share in _counts(heads).items()}),
        spelling=_Deferred(folder, lambda: {word.lower(): word for word in _text_lines(spelling)}),
    )


class _Deferred(Mapping[str, V], Generic[V]):
    """A mapping that is made when it is first asked; WeightsError then if its file holds something else."""

    def __init__(self, folder: Traversable, make: Callable[[], dict[str, V]]) -> None:
        self._folder, self._make = folder, make

    @cached_property
    def _made(self) -> dict[str, V]:
        try:
            made = self._make()
        except _DAMAGE as error:
            raise _damaged(self._folder, error) from error
        # Asked a million times by some: from now on without a detour.
        vars(self).update(get=made.get, items=made.items, keys=made.keys, values=made.values)
        return made

    def __getitem__(self, key: str) -> V:
        return self._made[key]

    def __contains__(self, key: object) -> bool:
        return key in self._made

    def __iter__(self) -> Iterator[str]:
        return iter(self._made)

    def __len__(self) -> int:
        return len(self._made)


def _checked(weights: Weights) -> Weights:
    """Return `weights` if its parts fit together: files of two trainings would give silent nonsense."""
    vectors, background = weights.vectors, weights.background
    terms, dimensions = vectors.rows.shape
    if len(vectors.index) != terms or vectors.scales.shape != (terms,):
        raise ValueError("vocabulary.txt and vectors.npz do not belong together")
    if background.mean.shape != (dimensions,) or background.covariance.shape != (dimensions, dimensions):
        raise ValueError("background.npz and vectors.npz do not belong together")
    return weights


def _arrays(path: Traversable) -> Mapping[str, NDArray[np.generic]]:
    with np.load(io.BytesIO(path.read_bytes()), allow_pickle=False) as arrays:
        return {name: arrays[name] for name in arrays.files}


def _small_integers(array: NDArray[np.generic]) -> NDArray[np.int8]:
    if array.dtype != np.int8 or array.ndim != 2:
        raise ValueError("vectors.npz holds something else than int8 rows")
    return array.astype(np.int8, copy=False)


def _lines(words: Iterable[str]) -> bytes:
    return "".join(f"{word}\n" for word in words).encode()


def _text_lines(content: bytes) -> list[str]:
    return content.decode().split("\n")[:-1]


def _packed_counts(counts: Mapping[str, int]) -> bytes:
    # mtime=0: the same counts give the same bytes on another day.
    return gzip.compress(_lines(f"{counts[key]}\t{key}" for key in sorted(counts)), mtime=0)


def _unpacked(content: bytes) -> bytes:
    if not content:  # which gzip takes for an archive of nothing
        raise ValueError("a file is empty")
    return gzip.decompress(content)


def _counts(content: bytes) -> dict[str, int]:
    parts = content.decode().replace("\t", "\n").split("\n")[:-1]
    return dict(zip(parts[1::2], map(int, parts[::2]), strict=True))


def _damaged(place: Traversable, error: BaseException) -> WeightsError:
    way_out = "install the package again, or make them with `python -m newsletter.train`"
    return WeightsError(f"the term vectors in {place} are missing or damaged ({_first_line(error)}): {way_out}")


def _first_line(error: BaseException) -> str:
    return (str(error) or type(error).__name__).splitlines()[0]
