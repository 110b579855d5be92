"""A causal language model and its tokenizer from a folder, a GGUF file or a name, and what identifies its weights."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Literal, TypeAlias

import numpy as np

from demur.errors import OutputError, UsageError
from demur.files.digest import file_sha256
from demur.files.kept import Kept
from demur.tokens.gguf import gguf_sha256, is_gguf, place_of
from demur.tokens.tokenizer import load_tokenizer

Dtype = Literal["float32", "bfloat16"]
_WEIGHTS = ("*.safetensors", "*.bin", "*.gguf")


@dataclass(frozen=True)
class Loaded:
    """A model that can be asked.

    Attributes:
        model: in evaluation mode, on its device.
        tokenizer: a fast one.
        name: as it was asked for; of a path the last part.
        digest: sha256 over the files of the weights, or the commit of the repository: it names what was measured.
    """

    model: Any
    tokenizer: Any
    name: str
    digest: str

    @property
    def dtype(self) -> str:
        """The number format of its weights."""
        return str(next(self.model.parameters()).dtype).removeprefix("torch.")

    @property
    def context(self) -> int | None:
        """The longest text that it reads, in tokens; None where it does not say."""
        return _context(self.model.config)


@dataclass(frozen=True)
class Named:
    """A model of which all is known but its weights: they are read when it is asked.

    Attributes:
        read: gives the model; all else is as in `Loaded`.
    """

    read: Callable[[], Any]
    tokenizer: Any
    name: str
    digest: str
    dtype: str
    context: int | None

    @cached_property
    def model(self) -> Any:
        """In evaluation mode, on its device."""
        return self.read()


Model: TypeAlias = Loaded | Named


def load(name: str, dtype: Dtype = "float32", device: str = "auto") -> Loaded:
    """Load a model for reading: no gradients, no dropout.

    Args:
        name: a folder that ``save_pretrained`` wrote, a ``.gguf`` file, or a name on the Hugging Face Hub.
        dtype: number format of weights and states.
        device: ``cpu``, ``cuda``, or ``auto``: the GPU if there is one.

    Raises:
        UsageError: torch or transformers is not installed; there is no such model, tokenizer or device.
    """
    tokenizer, model = load_tokenizer(name), _read(name, dtype, device)
    return Loaded(model, tokenizer, _called(name), weights_digest(name, model.config))


def named(name: str, dtype: Dtype = "float32", device: str = "auto") -> Model:
    """As `load`, but weights are read when the model is first asked: what is in the cache needs none.

    Raises:
        UsageError: transformers is not installed; there is no such model or tokenizer. What else `load` raises comes
            when the model is asked.
    """
    path = Path(name)
    if not is_gguf(path):
        tokenizer = load_tokenizer(name)
        config = _config(name)
        context, digest = _context(config), weights_digest(name, config)
    else:  # its config takes seconds to read
        kept = Kept.under("contexts", place_of(path).name)
        known = kept.load()
        if known is None:
            loaded = load(name, dtype, device)
            with suppress(OutputError):
                kept.keep(np.array([loaded.context or 0]))
            return loaded
        tokenizer, context, digest = load_tokenizer(name), int(known[0]) or None, weights_digest(name, None)
    return Named(lambda: _read(name, dtype, device), tokenizer, _called(name), digest, dtype, context)


def _read(name: str, dtype: Dtype, device: str) -> Any:
    try:
        import torch
        from transformers import AutoModelForCausalLM
    except ModuleNotFoundError as error:
        msg = "Models need torch and transformers"
        raise UsageError(msg, where=name, got=error.msg, fix="Run `pip install 'demur[models]'`.") from error
    path = Path(name)
    gguf = is_gguf(path)
    where = {"gguf_file": path.name} if gguf else {}
    try:
        model = AutoModelForCausalLM.from_pretrained(
            str(path.parent) if gguf else name,
            dtype=getattr(torch, dtype),
            local_files_only=path.exists(),
            **where,
        )
        return model.eval().to(_device(device))
    except Exception as error:  # a dozen libraries read these files, each with errors of its own
        raise _unloaded(name, error) from error


def _config(name: str) -> Any:
    from transformers import AutoConfig

    try:
        return AutoConfig.from_pretrained(name, local_files_only=Path(name).exists())
    except Exception as error:
        raise _unloaded(name, error) from error


def _unloaded(name: str, error: Exception) -> UsageError:
    msg = "The model cannot be loaded"
    return UsageError(
        msg,
        where=name,
        expected="a folder with a causal language model, a .gguf file, or a name on the Hub",
        got=type(error).__name__,
        fix="A GGUF file needs the packages gguf and accelerate."
        if is_gguf(Path(name))
        else "Check the name and the device.",
    )


def _called(name: str) -> str:
    return Path(name).stem if Path(name).exists() else name


def _context(config: Any) -> int | None:
    return getattr(config, "max_position_embeddings", None) or None


def weights_digest(name: str, config: Any) -> str:
    """What identifies weights: of files their hashes, of a repository its commit, which its config says."""
    path = Path(name)
    if not path.exists():
        return str(config._commit_hash)
    files = [path] if path.is_file() else sorted(each for pattern in _WEIGHTS for each in path.glob(pattern))
    return hashlib.sha256(
        "".join(gguf_sha256(each) if is_gguf(each) else file_sha256(each) for each in files).encode()
    ).hexdigest()


def _device(asked: str) -> str:
    import torch

    return ("cuda" if torch.cuda.is_available() else "cpu") if asked == "auto" else asked
