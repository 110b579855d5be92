"""A tokenizer from a folder, a GGUF file or a name, for commands; functions of the library take the object itself."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from demur.errors import UsageError
from demur.training.units import backend


def load_tokenizer(name: str) -> Any:
    """A fast tokenizer.

    Args:
        name: a folder with a ``tokenizer.json``, a ``.gguf`` file, or a name on the Hugging Face Hub.

    Raises:
        UsageError: transformers is not installed, there is no such tokenizer, or it is a slow one.
    """
    try:
        from transformers import AutoTokenizer
    except ModuleNotFoundError as error:
        msg = "Tokens need transformers"
        raise UsageError(
            msg, where=name, got=error.msg, fix="Run `pip install 'demur[models]'`, or count words: leave it out."
        ) from error
    path = Path(name)
    try:
        if path.suffix == ".gguf" and path.is_file():
            found = AutoTokenizer.from_pretrained(str(path.parent), gguf_file=path.name)
        else:
            found = AutoTokenizer.from_pretrained(name, local_files_only=path.is_dir())
    except Exception as error:  # a dozen libraries read these files, each with errors of its own
        msg = "The tokenizer cannot be loaded"
        raise UsageError(
            msg,
            where=name,
            expected="a folder with tokenizer.json, a .gguf file, or a name on the Hub",
            got=type(error).__name__,
            fix="Name a folder that save_pretrained wrote." if path.exists() else "Check the name, and the network.",
        ) from error
    backend(found)
    return found
