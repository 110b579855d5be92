"""``manifest.json`` as a file: written in one stable form, read in today's format and in the first one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from demur.errors import ManifestError, issues
from demur.files.bounds import beginning
from demur.sets.kind import kind_of, kinds
from demur.sets.manifest import FORMAT, Manifest

NAME = "manifest.json"
_MOST = 1 << 25  # bytes of a manifest
HOSTED = frozenset({".gitattributes"})
"""Files that the Hub itself keeps in every repository; no manifest lists them."""


def write_manifest(manifest: Manifest, folder: Path) -> None:
    """Write ``manifest.json`` in one stable form."""
    text = json.dumps(manifest.model_dump(mode="json"), indent=1, ensure_ascii=False, sort_keys=True)
    (folder / NAME).write_text(text + "\n", encoding="utf-8")


def is_built(folder: Path) -> bool:
    """Whether a folder looks like one that Demur built: a manifest of ours lies in it, however broken."""
    try:
        document = json.loads(beginning(folder / NAME, _MOST))
    except (OSError, ValueError, RecursionError):
        return False
    return isinstance(document, dict) and {"format", "name", "configs"} <= document.keys()


def read_manifest(path: Path) -> Manifest:
    """Read a manifest from its file or the folder that holds it.

    Raises:
        ManifestError: it is missing, not JSON, or not a manifest of this format.
    """
    path = path / NAME if path.is_dir() else path
    try:
        data = beginning(path, _MOST)
    except OSError as error:
        msg = "There is no manifest"
        raise ManifestError(
            msg,
            where=path,
            got=error.strerror,
            fix="Name a folder that `demur build` wrote, or its manifest.json.",
        ) from error
    return parse_manifest(data, path)


def parse_manifest(data: bytes, path: object) -> Manifest:
    """The manifest in a file's bytes; ``path`` is what errors call it.

    Raises:
        ManifestError: it is not JSON, or not a manifest of this format.
    """
    try:
        document = json.loads(data)
    except (ValueError, RecursionError):
        document = None
    written = document.get("format") if isinstance(document, dict) else None
    if isinstance(written, int) and written not in (1, FORMAT):
        msg = "The manifest has another format"
        raise ManifestError(msg, where=path, expected=FORMAT, got=written, fix="Use the Demur release that wrote it.")
    try:
        return Manifest.model_validate_json(json.dumps(_upgraded(document)) if written == 1 else data)
    except ValidationError as error:
        found = issues(error)
    except (KeyError, TypeError, ValueError, AttributeError) as error:  # of the first format, and not what that holds
        found = [f"{type(error).__name__}: {error}"]
    msg = f"The manifest is broken ({len(found)} issues)"
    raise ManifestError(msg, where=path, got=found[0], fix="Build it again.")


def _upgraded(old: dict[str, Any]) -> dict[str, Any]:
    """A manifest of format 1, in which every kind of set had optional fields of its own, in today's form."""
    name = {kind_of(name).was: name for name in kinds()}[old["kind"]]
    kind, parameters = kind_of(name), old["parameters"]
    configs = []
    for entry in old["configs"]:
        facts = kind.upgraded(entry)
        used = facts.pop("used", sum(entry["rows"].values()))
        kept = ("name", "sources", "license", "use_limits", "candidates", "rows", "rejects", "references")
        configs.append({**{field: entry[field] for field in kept if field in entry}, "used": used, "facts": facts})
    stated = kind.upgraded(parameters)
    return {
        **{field: value for field, value in old.items() if field != "overlaps"},
        "format": FORMAT,
        "kind": name,
        "row": old["kind"],
        "parameters": {
            **{field: parameters[field] for field in ("near_duplicate", "splits", "seed")},
            "stated": stated,
        },
        "configs": configs,
        "across": old.get("overlaps", []),
    }
