"""Vectors that are kept between runs, by the sha256 of their text, for one encoder each."""

from __future__ import annotations

import hashlib
import io
import zipfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from demur.curation.meaning.encoder import Encoder, Vectors
from demur.files.digest import text_sha256
from demur.files.whole import write_whole
from demur.progress import track

_PART = 2048  # texts that are encoded before they are kept: what an interrupted run loses at most


def vectors_of(texts: Sequence[str], encoder: Encoder, cache: Path) -> Vectors:
    """The vector of every text: from the cache, or encoded now and kept.

    Args:
        texts: each once or several times.
        encoder: what encodes those that are not known.
        cache: the root of the cache; a damaged part of it is encoded again.
    """
    folder = cache / "vectors" / f"{encoder.model.name}-{encoder.model.sha256[:16]}"
    keys = [text_sha256(text) for text in texts]
    known = _kept(folder)
    new = sorted({*keys} - {*known})
    by_key = dict(zip(keys, texts, strict=True))
    new.sort(key=lambda key: (len(by_key[key]), key))
    parts = [new[start : start + _PART] for start in range(0, len(new), _PART)]
    for part in track(parts, f"{encoder.model.name}: parts encoded", len(parts)) if parts else ():
        made = encoder.encode([by_key[key] for key in part])
        known |= dict(zip(part, made, strict=True))
        _keep(folder, part, made)
    return np.stack([known[key] for key in keys]) if keys else np.empty((0, 0), np.float32)


def _keep(folder: Path, keys: list[str], vectors: Vectors) -> None:
    out = io.BytesIO()
    np.savez(out, keys=np.array(keys, "S64"), vectors=vectors)
    name = hashlib.sha256("".join(keys).encode()).hexdigest()[:32]
    fix = "Free some space, or set DEMUR_CACHE to another folder."
    write_whole(folder / f"{name}.npz", out.getvalue(), "The cache cannot be written", folders=True, fix=fix)


def _kept(folder: Path) -> dict[str, Vectors]:
    found: dict[str, Vectors] = {}
    for path in sorted(folder.glob("*.npz")):
        try:
            with path.open("rb") as file, np.load(file, allow_pickle=False) as part:
                keys, vectors = part["keys"], part["vectors"]
        except (OSError, ValueError, KeyError, zipfile.BadZipFile, EOFError):
            path.unlink(missing_ok=True)  # a zip knows its checksums: what does not fit them is made anew
            continue
        found |= {key.decode(): vector for key, vector in zip(keys.tolist(), vectors, strict=False)}
    return found
