"""A tokenizer from a folder, a GGUF file or a name, for commands; functions of the library take the object itself."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from demur.errors import UsageError
from demur.tokens.gguf import is_gguf, tokenizer_of


def load_tokenizer(name: str) -> Any:
    """A fast tokenizer.

    Args:
        name: a folder with a ``tokenizer.json``, a ``.gguf`` file, or a name on the Hugging Face Hub.

    Raises:
        UsageError: transformers is not installed, there is no such tokenizer, or it is a slow one.
    """
    try:
        import transformers
    except ModuleNotFoundError as error:
        msg = "Tokens need transformers"
        raise UsageError(
            msg, where=name, got=error.msg, fix="Run `pip install 'demur[models]'`, or count words: leave it out."
        ) from error
    path = Path(name)
    try:
        if is_gguf(path):
            found = tokenizer_of(path)
        else:
            found = transformers.AutoTokenizer.from_pretrained(name, local_files_only=path.is_dir())
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


def token_ends(texts: Sequence[str], tokenizer: Any) -> list[list[int]]:
    """Where every token of each text ends, in characters; one batch call of a fast tokenizer.

    A token that holds a part of a character ends with that character, so that a prefix is always whole characters.
    """
    encoded = backend(tokenizer).encode_batch(list(texts), add_special_tokens=False)
    return [_rising([end for _, end in each.offsets], len(text)) for each, text in zip(encoded, texts, strict=True)]


def backend(tokenizer: Any) -> Any:
    """The Rust tokenizer behind a fast tokenizer, with truncation and padding off.

    Any call with ``truncation=True`` leaves it switched on for later ones; so this is asked for anew for every batch.

    Raises:
        UsageError: a slow tokenizer, which cannot say where its tokens stand.
    """
    found = getattr(tokenizer, "backend_tokenizer", None)
    if found is None or not getattr(tokenizer, "is_fast", False):
        msg = "A slow tokenizer gives no offsets"
        raise UsageError(
            msg,
            where=type(tokenizer).__name__,
            expected="a fast tokenizer (backed by the tokenizers library)",
            fix="Load it with AutoTokenizer.from_pretrained(..., use_fast=True), or convert it.",
        )
    found.no_truncation()
    found.no_padding()
    return found


def _rising(places: list[int], length: int) -> list[int]:
    """Ends that never step back, for tokenizers that trim white space off their offsets."""
    highest = 0
    for number, place in enumerate(places):
        highest = max(highest, min(place, length))
        places[number] = highest
    return places
