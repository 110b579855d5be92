"""Rebuilding: equal, or the first difference by name; a manifest that cannot be read says so."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from demur.errors import ManifestError
from demur.release.rebuild import _differences
from demur.sets.manifest import Manifest
from demur.sets.manifest_file import read_manifest
from tests.conftest import Tiny


def tampered(built: Tiny, tmp_path: Path, change: Callable[[Any], object]) -> Path:
    document = json.loads((built.out / "manifest.json").read_text())
    change(document)
    path = tmp_path / "manifest.json"
    path.write_text(json.dumps(document))
    return path


def test_the_same_pins_give_the_same_bytes(built: Tiny) -> None:
    files = read_manifest(built.out).files
    done = built.run("rebuild", str(built.out), "--offline")
    assert (done.returncode, done.stdout) == (0, f"tiny-eval: equal, {len(files)} files with the same sha256\n")


def test_a_tampered_manifest_and_its_first_difference(built: Tiny, tmp_path: Path) -> None:
    def change(document: Any) -> None:
        document["files"]["default/test-00000-of-00001.parquet"]["sha256"] = "0" * 64
        document["sources"][0]["license"] = "mit"
        document["configs"][0]["candidates"] += 1

    path = tampered(built, tmp_path, change)
    done = built.run("rebuild", str(path), "--offline")
    assert done.returncode == 1
    built.golden(done.stdout, "tampered-manifest")
    as_json = built.run("rebuild", str(path), "--offline", "--json")
    assert as_json.returncode == 1
    assert [each["where"] for each in json.loads(as_json.stdout)] == [
        "manifest.json configs[0] candidates",
        "manifest.json sources[0] license",
        "default/test-00000-of-00001.parquet (bytes)",
    ]


CHANGES: dict[str, tuple[Callable[[Any], object], str]] = {
    "environment": (
        lambda m: m["environment"].update(pyarrow="1.0"),
        "environment pyarrow: expected 1.0, got ",
    ),
    "threshold": (
        lambda m: m["parameters"].update(near_duplicate=0.5),
        "manifest.json parameters near_duplicate: expected 0.5, got 0.8",
    ),
    "split": (
        lambda m: m["configs"][0]["rows"].pop("test"),
        "manifest.json configs[0] rows test: expected absent, got ",
    ),
    "source": (lambda m: m["sources"].pop(), "manifest.json sources: expected 2 entries, got 3 entries"),
    "commit": (
        lambda m: m["sources"][0]["pins"][0].update(revision="d" * 40),
        f"manifest.json sources[0] pins[0] revision: expected {'d' * 40}, got c0ffee",
    ),
    "rows of a file": (
        lambda m: m["files"]["rejects.parquet"].update(rows=99),
        "rejects.parquet (bytes): expected ",
    ),
    "content of a file": (
        lambda m: m["files"]["rejects.parquet"].update(content="0" * 64),
        "rejects.parquet (rows): expected ",
    ),
    "size of a file": (lambda m: m["files"]["README.md"].update(bytes=1), "README.md (bytes): expected 1 bytes"),
    "missing file": (lambda m: m["files"].pop("README.md"), "README.md: expected absent, got present"),
}


@pytest.mark.parametrize("what", CHANGES)
def test_every_kind_of_difference_is_named(built: Tiny, tmp_path: Path, what: str) -> None:
    change, said = CHANGES[what]
    recorded = read_manifest(tampered(built, tmp_path, change))
    (difference,) = _differences(recorded, read_manifest(built.out))
    assert str(difference).startswith(said)


def test_no_difference(built: Tiny) -> None:
    manifest: Manifest = read_manifest(built.out)
    assert _differences(manifest, manifest) == []


BROKEN: dict[str, tuple[Callable[[str], str], str, str]] = {
    "not-json": (lambda text: text[:1], "The manifest is broken (1 issues)", "Invalid JSON: "),
    "empty": (lambda text: "", "The manifest is broken (1 issues)", "Invalid JSON: "),
    "another-format": (lambda text: text.replace('"format": 2', '"format": 3'), "The manifest has another format", "3"),
    "unknown-field": (lambda text: text.replace("{", '{"more": 1, ', 1), "The manifest is broken (1 issues)", "more: "),
    "wrong-type": (lambda text: text.replace('"seed": 0', '"seed": "0"'), "The manifest is broken (1 issues)", "param"),
}


@pytest.mark.parametrize("fault", BROKEN)
def test_a_broken_manifest(built: Tiny, tmp_path: Path, fault: str) -> None:
    change, what, got = BROKEN[fault]
    text = (built.out / "manifest.json").read_text()
    assert change(text) != text
    (tmp_path / "manifest.json").write_text(change(text))
    with pytest.raises(ManifestError) as caught:
        read_manifest(tmp_path)
    assert (caught.value.what, caught.value.where) == (what, tmp_path / "manifest.json")
    assert str(caught.value.got).startswith(got)


def test_a_manifest_that_is_not_text(tmp_path: Path) -> None:
    (tmp_path / "manifest.json").write_bytes(b"\xff\xfe")
    with pytest.raises(ManifestError, match="The manifest is broken"):
        read_manifest(tmp_path)


@pytest.mark.parametrize("command", ["rebuild", "stats"])
def test_every_command_refuses_a_folder_without_a_manifest(built: Tiny, tmp_path: Path, command: str) -> None:
    done = built.run(command, str(tmp_path))
    assert (done.returncode, done.stdout) == (2, "")
    assert "There is no manifest" in done.stderr


def test_another_lock_file_than_the_recorded_one(built: Tiny) -> None:
    done = built.run("rebuild", str(built.out), "--offline", "--lock", str(built.out / "splits.lock"))
    assert (done.returncode, done.stdout) == (2, "")
    assert "The build used another lock file" in done.stderr
