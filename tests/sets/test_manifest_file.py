"""``manifest.json``: one stable form, and the first format, whose every kind of set is read as today's."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from demur.errors import ManifestError
from demur.sets.folder import BuiltSet
from demur.sets.kind import kind_of, kinds
from demur.sets.manifest import FORMAT
from demur.sets.manifest_file import read_manifest, write_manifest

SCORES = {"accuracy": {"value": 0.5, "low": 0.4, "high": 0.6}, "auroc": {"value": 0.55, "low": 0.45, "high": 0.65}}
OF_KINDS = ("training", "contrast", "queries", "comparisons")
"""Parameters of which a manifest of the first format had the one of its kind."""


def first_format(kind: str, parameters: dict[str, Any], config: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A manifest of the first format: every kind had fields of its own, and null in those of the others."""
    pin = {"mirror": "github:demo/kettles", "revision": "0" * 40, "files": {"a.csv": {"sha256": "1" * 64, "size": 9}}}
    source = {
        "name": "kettles", "title": "Kettles", "homepage": "https://example.org", "license": "mit", "use_limits": [],
        "citation": "kettles", "rows": 9, "records": 9, "digest": "2" * 64, "pins": [pin | {"wheel": None}],
    }  # fmt: skip
    entry = {
        "name": "default", "sources": ["kettles"], "license": "mit", "use_limits": [], "candidates": 9,
        "rows": {"test": 6}, "rejects": {"exact-duplicate": 3}, "references": None,
        **dict.fromkeys(("training", "baseline", "queries", "comparisons")),
    }  # fmt: skip
    return {
        "format": 1,
        "name": "tea",
        "kind": kind,
        "title": "Tea",
        "parameters": {"near_duplicate": 0.8, "splits": {"test": 1.0}, "balance": None, "seed": 7}
        | dict.fromkeys(OF_KINDS)
        | parameters,
        "added_sources": {},
        "lock_sha256": None,
        "sources": [source],
        "configs": [entry | config],
        "groups": {"groups": 8, "near_duplicates": 1, "largest": 2, "chained": 0},
        "label_conflicts": 0,
        "moves": [],
        "overlaps": [],
        "access": "public",
        "environment": {"demur": "0.1.0"},
        "canary": None,
        "release": None,
        "files": {"README.md": {"sha256": "3" * 64, "bytes": 5, "rows": None, "content": None}},
        **more,
    }


TRAINING = {
    "triples": 1, "published": 1, "project_written": 0, "answered": 3, "most_common_opening": 1, "distinct_openings": 1,
    "kinds": {"refusal_mle": 1, "prefix_mle": 1, "rto": 1, "helpful_mle": 3},
}  # fmt: skip
TRAINING_STATED = {
    "shares": {"rto": 0.2}, "law": "derta-paper", "unit": "word", "triples_per_group": 2, "opening_words": 5,
    "opening_share": 0.05, "fixed_token": {"text": " Sorry", "id": 7, "tokenizer": "demo"},
    "left_out": {"mugs": "Hot."}, "refusals_sha256": "4" * 64, "refusals": 12, "protected": {"kettles": 3},
}  # fmt: skip
BASELINE = {
    "pairs": 3, "folds": 3, "seed": 0, "ceiling": 0.7, "naive": {"combined": SCORES}, "nested": None, "across": None
}  # fmt: skip
CONTRAST_STATED = {
    "mined": {}, "ceilings": {"default": 0.7}, "calipers": [0.5], "models": 4, "seed": 0, "apart": "train", "folds": 3
}  # fmt: skip
CONTRAST = {
    "pairs": 3, "origins": {}, "folds": 3, "seed": 0, "ceiling": 0.7, "text": {"combined": SCORES}, "unread": 0,
    "read": [], "embedded": None,
}  # fmt: skip
CONTRAST_NOW = {
    "near": {}, "wording": {}, "ceilings": {"default": 0.7}, "length": 0.0, "folds": 3, "seed": 0
}  # fmt: skip
SETS = {
    "teas": {
        "records": 9, "distinct": 8, "complete": 9, "unknown": 0, "length": 200, "short_of": {},
        "sides": {"safe": {"labelled": 9, "within": {"200": 9}, "unique": {"200": 8}, "drawn": 6}},
    }
}  # fmt: skip
QUERIES_STATED = {
    "sets": {"teas": {"sources": ["kettles"], "sides": ["safe"], "rule": "Harmless."}},
    "seeds": {"default": 0}, "per_side": 6, "lengths": [200],
}  # fmt: skip
OVERLAP = {
    "configs": ["default", "other"], "set": "teas", "side": "safe", "drawn": 6, "of": 8,
    "shared": {"default other": 5},
}  # fmt: skip
RESPONSES = {"queries": 2, "kinds": {"safe": 2, "harmful": 2, "other_harmful": 2}}

EVALUATION: dict[str, Any] = {"rates": {}, "whole": [], "most": {}, "borderline": {}, "undecided": []}
OLD = {
    "evaluation": first_format("evaluation_item", {"balance": "expected"}, {}),
    "training": first_format("training_row", {"training": TRAINING_STATED}, {"training": {"used": 5, **TRAINING}}),
    "contrast": first_format("contrast_item", {"contrast": CONTRAST_STATED}, {"baseline": BASELINE}),
    "queries": first_format("safety_query", {"queries": QUERIES_STATED}, {"queries": SETS}, overlaps=[OVERLAP]),
    "responses": first_format(
        "compared_response", {"comparisons": {"left_out": {"mugs": "Hot."}}}, {"comparisons": {"used": 4, **RESPONSES}}
    ),
}
"""Kind -> a manifest of it in the first format, as releases have it."""

NEW: dict[str, tuple[int, dict[str, Any], dict[str, Any], list[dict[str, Any]]]] = {
    "evaluation": (6, EVALUATION, {}, []),
    "training": (5, TRAINING_STATED, TRAINING, []),
    "contrast": (6, CONTRAST_NOW, CONTRAST, []),
    "queries": (6, QUERIES_STATED, {"sets": SETS}, [OVERLAP]),
    "responses": (4, {"left_out": {"mugs": "Hot."}}, RESPONSES, []),
}
"""Kind -> records used, and what is stated of its declaration, of its config, and across its configs."""


def written(folder: Path, document: Any) -> Path:
    path = folder / "manifest.json"
    path.write_text(json.dumps(document), encoding="utf-8")
    return path


def test_every_kind_that_the_first_format_had_is_read_here() -> None:
    assert {*OLD} == {*NEW} == {name for name in kinds() if kind_of(name).was}


@pytest.mark.parametrize("name", OLD)
def test_the_first_format_is_read_as_todays(name: str, tmp_path: Path) -> None:
    written(tmp_path, OLD[name])
    manifest = read_manifest(tmp_path)
    used, stated, facts, across = NEW[name]
    (config,) = manifest.configs
    assert (manifest.format, manifest.kind, manifest.row) == (FORMAT, name, OLD[name]["kind"])
    assert (config.used, config.candidates, config.rows, config.references) == (used, 9, {"test": 6}, None)
    assert manifest.parameters.stated == stated
    assert (manifest.parameters.seed, manifest.parameters.splits) == (7, {"test": 1.0})
    assert config.facts == facts
    assert list(manifest.across) == across
    opened = BuiltSet.open(tmp_path)  # what stands there fits the kind of today
    assert opened.stated == type(opened.stated).model_validate_json(json.dumps(stated))
    found = opened.facts(config)
    assert found == type(found).model_validate_json(json.dumps(facts))


@pytest.mark.parametrize("name", OLD)
def test_what_is_read_is_written_and_read_again(name: str, tmp_path: Path) -> None:
    manifest = read_manifest(written(tmp_path, OLD[name]))
    write_manifest(manifest, tmp_path)
    first = (tmp_path / "manifest.json").read_bytes()
    assert read_manifest(tmp_path) == manifest
    write_manifest(manifest, tmp_path)
    assert (tmp_path / "manifest.json").read_bytes() == first


def test_a_release_and_a_config_of_references_keep_what_they_say(tmp_path: Path) -> None:
    change = {"version": "v1.0.0", "date": "2026-01-02", "bump": "first", "reasons": ["First release."],
              "added": 6, "removed": 0, "changed": 0, "moved": 0, "rows": {"default": 6}}  # fmt: skip
    release = {"repo": "lab/tea", "previous": None, "changelog": [change]}
    old = first_format("evaluation_item", {}, {"references": "evaluation_reference"}, release=release)
    manifest = read_manifest(written(tmp_path, old))
    assert manifest.release is not None
    assert manifest.release.version == "v1.0.0"
    assert manifest.configs[0].references == "evaluation_reference"


@pytest.mark.parametrize("number", [0, 3, 99])
def test_a_format_that_nobody_knows(number: int, tmp_path: Path) -> None:
    path = written(tmp_path, OLD["training"] | {"format": number})
    with pytest.raises(ManifestError, match="The manifest has another format") as error:
        read_manifest(path)
    assert f"got:      {number}" in str(error.value)
    assert str(path) in str(error.value)


BROKEN: dict[str, Callable[[Any], object]] = {
    "another kind": lambda old: old.update(kind="limerick"),
    "no kind": lambda old: old.pop("kind"),
    "a kind that is a list": lambda old: old.update(kind=["training_row"]),
    "no parameters": lambda old: old.pop("parameters"),
    "no seed": lambda old: old["parameters"].pop("seed"),
    "no declaration": lambda old: old["parameters"].update(training=None),
    "a declaration that is a text": lambda old: old["parameters"].update(training="all of it"),
    "configs that are a number": lambda old: old.update(configs=4),
    "no rows": lambda old: old["configs"][0].pop("rows"),
    "no counts": lambda old: old["configs"][0].update(training=None),
    "used that is a text": lambda old: old["configs"][0]["training"].update(used="five"),
    "no sources": lambda old: old.pop("sources"),
    "a field that nobody knows": lambda old: old.update(mood="good"),
}


@pytest.mark.parametrize("fault", BROKEN.values(), ids=BROKEN)
def test_a_broken_manifest_of_the_first_format(fault: Callable[[Any], object], tmp_path: Path) -> None:
    old = json.loads(json.dumps(OLD["training"]))
    fault(old)
    path = written(tmp_path, old)
    with pytest.raises(ManifestError, match="The manifest is broken") as error:
        read_manifest(path)
    assert str(path) in str(error.value)


@pytest.mark.parametrize("text", ["", "[]", "null", "7", "{", '{"format": "1"}', "\x00", "[" * 200_000])
def test_what_is_no_manifest_at_all(text: str, tmp_path: Path) -> None:
    (tmp_path / "manifest.json").write_text(text, encoding="utf-8")
    with pytest.raises(ManifestError, match="The manifest is broken"):
        read_manifest(tmp_path)


def test_no_manifest(tmp_path: Path) -> None:
    with pytest.raises(ManifestError, match="There is no manifest"):
        read_manifest(tmp_path)


def test_facts_that_are_not_those_of_the_kind(tmp_path: Path) -> None:
    old = json.loads(json.dumps(OLD["responses"]))
    old["configs"][0]["comparisons"]["songs"] = 3
    written(tmp_path, old)
    with pytest.raises(ManifestError, match="The manifest is broken") as error:
        BuiltSet.open(tmp_path)
    assert "tea/default" in str(error.value)
    assert "songs" in str(error.value)
