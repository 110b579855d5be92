"""A causal language model and its tokenizer from a folder, a GGUF file or a name, and what identifies its weights."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from demur.errors import UsageError
from demur.files.digest import file_sha256
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
        return getattr(self.model.config, "max_position_embeddings", None) or None


def load(name: str, dtype: Dtype = "float32", device: str = "auto") -> Loaded:
    """Load a model for reading: no gradients, no dropout.

    Args:
        name: a folder that ``save_pretrained`` wrote, a ``.gguf`` file, or a name on the Hugging Face Hub.
        dtype: number format of weights and states.
        device: ``cpu``, ``cuda``, or ``auto``: the GPU if there is one.

    Raises:
        UsageError: torch or transformers is not installed; there is no such model, tokenizer or device.
    """
    try:
        import torch
        from transformers import AutoModelForCausalLM
    except ModuleNotFoundError as error:
        msg = "Models need torch and transformers"
        raise UsageError(msg, where=name, got=error.msg, fix="Run `pip install 'demur[models]'`.") from error
    path = Path(name)
    tokenizer = load_tokenizer(name)
    gguf = path.suffix == ".gguf" and path.is_file()
    where = {"gguf_file": path.name} if gguf else {}
    try:
        model = AutoModelForCausalLM.from_pretrained(
            str(path.parent) if gguf else name,
            dtype=getattr(torch, dtype),
            local_files_only=path.exists(),
            **where,
        )
        model = model.eval().to(_device(device))
    except Exception as error:  # a dozen libraries read these files, each with errors of its own
        msg = "The model cannot be loaded"
        raise UsageError(
            msg,
            where=name,
            expected="a folder with a causal language model, a .gguf file, or a name on the Hub",
            got=type(error).__name__,
            fix="A GGUF file needs the packages gguf and accelerate." if gguf else "Check the name and the device.",
        ) from error
    return Loaded(model, tokenizer, path.stem if path.exists() else name, weights_digest(path, model))


def weights_digest(path: Path, model: Any) -> str:
    """What identifies weights: of files their hashes, of a repository its commit."""
    if not path.exists():
        return str(model.config._commit_hash)
    files = [path] if path.is_file() else sorted(each for pattern in _WEIGHTS for each in path.glob(pattern))
    return hashlib.sha256("".join(file_sha256(each) for each in files).encode()).hexdigest()


def _device(asked: str) -> str:
    import torch

    return ("cuda" if torch.cuda.is_available() else "cpu") if asked == "auto" else asked
