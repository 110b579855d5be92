"""Rows that are not public: a store has no gate, so they go there only when that is said."""

from __future__ import annotations

from pathlib import Path

import pytest

from demur import project
from demur.errors import ManifestError, UsageError
from demur.release import plan as module
from demur.release.plan import Plan, plan
from demur.release.publish import publish
from demur.release.store import Store
from demur.sets.manifest_file import NAME, read_manifest, write_manifest
from tests.conftest import Tiny, files_of


def test_gated_rows_are_refused_to_a_store(built: Tiny, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    gated = read_manifest(built.out).model_copy(update={"access": "gated"})
    monkeypatch.setattr(module, "sound", lambda folder: (gated, ()))
    store = Store.of(f"folder:{tmp_path}/sets/tiny-eval")
    with pytest.raises(UsageError, match="Some rows are not public, and a store has no gate") as raised:
        plan(store, built.out, project.find(built.root / "project"), tmp_path, "2026-01-31")
    assert "--without-gate" in str(raised.value)
    asked: list[Store] = []
    monkeypatch.setattr(Store, "state", lambda self: asked.append(self))
    monkeypatch.setattr(module, "builder_of", lambda *_: None)
    monkeypatch.setattr(module, "dress", lambda *_: gated)
    with pytest.raises(ManifestError, match="changed while it was looked at"):  # past the gate
        plan(store, built.out, project.find(built.root / "project"), tmp_path, "2026-01-31", ungated=True)
    assert asked == [store]


def test_the_plan_says_that_there_is_no_gate(stored: Path, tmp_path: Path) -> None:
    files = tmp_path / "files"
    for name, data in files_of(stored / "tiny-eval" / "v1.0.0").items():
        (files / name).parent.mkdir(parents=True, exist_ok=True)
        (files / name).write_bytes(data)
    store = Store.of(f"folder:{tmp_path}/sets/tiny-eval")
    for access in ("public", "gated"):
        write_manifest(read_manifest(files).model_copy(update={"access": access}), files)
        manifest = read_manifest(files)
        made = Plan(store, store.state(), manifest, files, None, (), (NAME, *manifest.files), None)
        assert ("there is no gate" in "\n".join(made.lines())) == (access == "gated")
    publish(made)
    state = store.state()
    assert state is not None
    assert (list(state.tags), state.gated) == (["v1.0.0"], None)
