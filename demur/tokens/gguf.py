"""The tokenizer of a GGUF file: converted once, which takes seconds, and kept in the cache as a ``tokenizer.json``."""

from __future__ import annotations

import hashlib
import json
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import Any

from demur.errors import OutputError
from demur.files.digest import file_sha256
from demur.files.folder import staged
from demur.files.kept import default_root

_FILE = "tokenizer.json"


def is_gguf(path: Path) -> bool:
    """Whether this is a GGUF file."""
    return path.suffix == ".gguf" and path.is_file()


def tokenizer_of(path: Path) -> Any:
    """The fast tokenizer of a GGUF file; nothing is written beside the file.

    What is read from the cache is equal to what was converted: one that does not come back as it was is not kept.
    """
    place = place_of(path)
    found = _read(place)
    if found is None:
        from transformers import AutoTokenizer

        found = AutoTokenizer.from_pretrained(str(path.parent), gguf_file=path.name)
        with suppress(OutputError):  # the cache cannot be written, or another run writes it
            _keep(found, place)
    found.name_or_path = str(path.parent)
    return found


def place_of(path: Path) -> Path:
    """The folder in the cache: named by the file's bytes and by the version of the library that converts them."""
    import transformers

    digest = hashlib.sha256(f"{transformers.__version__}\0{gguf_sha256(path)}".encode()).hexdigest()
    return default_root() / "tokenizers" / digest


def gguf_sha256(path: Path) -> str:
    """The sha256 of a large file, which is read once by a process unless it changes."""
    found = path.stat()
    return _sha256(path, found.st_ino, found.st_size, found.st_mtime_ns)


@lru_cache(16)
def _sha256(path: Path, *_state: int) -> str:
    return file_sha256(path)


def _keep(found: Any, place: Path) -> None:
    with staged(place, (_FILE,)) as stage:
        found.save_pretrained(stage)
        if (again := _read(stage)) is None or _told(again) != _told(found):
            msg = "The tokenizer does not come back as it was"
            raise OutputError(msg, where=place)


def _read(place: Path) -> Any:
    """The tokenizer in a folder, or None. One of no model's own class is read without loading torch."""
    if not (place / _FILE).is_file():
        return None
    from transformers import PreTrainedTokenizerFast

    try:
        named = json.loads((place / "tokenizer_config.json").read_bytes())["tokenizer_class"]
        if named in ("PreTrainedTokenizerFast", PreTrainedTokenizerFast.__name__):
            return PreTrainedTokenizerFast.from_pretrained(place, local_files_only=True)
        from transformers import AutoTokenizer

        return AutoTokenizer.from_pretrained(place, local_files_only=True)
    except Exception:  # a damaged copy counts as none, whatever the library says of it
        return None


def _told(tokenizer: Any) -> tuple[Any, ...]:
    """All that a tokenizer does here."""
    parts = type(tokenizer), tokenizer.chat_template, tokenizer.special_tokens_map, tokenizer.all_special_ids
    return *parts, tokenizer.added_tokens_decoder, tokenizer.backend_tokenizer.to_str()
