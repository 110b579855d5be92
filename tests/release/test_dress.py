"""What stands beside the rows of a release, each file read by the library that its readers use."""

from __future__ import annotations

import json
import uuid
import warnings
from pathlib import Path

import pyarrow.parquet as pq
import pytest
import yaml

from demur.records.licenses import LICENSES
from demur.sets.card import built_card
from demur.sets.manifest_file import read_manifest
from tests.conftest import TEXTS, Tiny, files_of


def header(folder: Path) -> dict[str, object]:
    found = yaml.safe_load((folder / "README.md").read_text().split("---\n")[1])
    assert isinstance(found, dict)
    return found


def test_croissant_is_read_and_gives_the_rows(dressed: Path) -> None:
    mlcroissant = pytest.importorskip("mlcroissant")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = mlcroissant.Dataset(jsonld=str(dressed / "croissant.json"), mapping={"repository": str(dressed)})
        assert not found.metadata.issues.errors
        assert not found.metadata.issues.warnings
        for config in read_manifest(dressed).configs:
            for split, rows in config.rows.items():
                name = f"{config.name}/{split}"
                ids = sorted(record[f"{name}/record_id"].decode() for record in found.records(name))
                path = dressed / config.name / f"{split}-00000-of-00001.parquet"
                assert ids == sorted(pq.read_table(path)["record_id"].to_pylist())
                assert len(ids) == rows
    hashes = {file.name.removeprefix("file/"): file.sha256 for file in found.metadata.file_objects}
    manifest = read_manifest(dressed)
    assert {name: hashes[name] for name in hashes if name != "repository"} == {
        name: entry.sha256 for name, entry in manifest.files.items() if name.endswith(".parquet")
    }


def test_the_header_says_what_the_manifest_says(dressed: Path) -> None:
    manifest, said = read_manifest(dressed), header(dressed)
    assert said["license"] == sorted(config.license for config in manifest.configs)
    info = said["dataset_info"]
    assert isinstance(info, list)
    assert [each["config_name"] for each in info] == [config.name for config in manifest.configs]
    for each, config in zip(info, manifest.configs, strict=True):
        assert {split["name"]: split["num_examples"] for split in each["splits"]} == config.rows
        files = [manifest.files[name] for name in manifest.files if name.startswith(f"{config.name}/")]
        assert each["download_size"] == sum(file.bytes for file in files)
        first = next((dressed / config.name).glob("*.parquet"))
        assert [feature["name"] for feature in each["features"]] == pq.read_schema(first).names
    for field in ("language", "size_categories", "task_categories", "annotations_creators", "source_datasets", "tags"):
        assert said[field], field


def test_every_evaluation_file_carries_the_canary_and_no_row_does(dressed: Path) -> None:
    manifest = read_manifest(dressed)
    assert manifest.canary is not None
    assert str(uuid.UUID(manifest.canary)) == manifest.canary
    assert manifest.canary in (dressed / "README.md").read_text()
    for config in manifest.configs:
        for path in (dressed / config.name).glob("*.parquet"):
            metadata = pq.read_schema(path).metadata
            assert manifest.canary in metadata[b"canary"].decode()
            assert "do not train" in metadata[b"canary"].decode()
            assert manifest.canary not in json.dumps(pq.read_table(path).to_pylist())


def test_the_notice_names_every_source_with_its_license_and_pins(dressed: Path) -> None:
    text = (dressed / "NOTICE").read_text()
    for source in read_manifest(dressed).sources:
        assert f"{source.title}\n" in text
        assert f"{LICENSES[source.license].name} ({source.license})" in text
        assert all(pin.revision in text for pin in source.pins)


def test_eval_yaml_names_columns_and_splits_that_exist(dressed: Path) -> None:
    said, manifest = yaml.safe_load((dressed / "eval.yaml").read_text()), read_manifest(dressed)
    configs = {each["config_name"]: each for each in header(dressed)["configs"]}  # type: ignore[attr-defined]
    assert [task["id"] for task in said["tasks"]] == list(configs)
    assert {config.name for config in manifest.configs} <= configs.keys()
    for task in said["tasks"]:
        (pattern,) = [each["path"] for each in configs[task["config"]]["data_files"] if each["split"] == task["split"]]
        files = list(dressed.glob(pattern))
        names = pq.read_schema(files[0]).names
        spec = task["field_spec"]
        assert {spec["input"], spec["target"], spec["id"], *spec["metadata"]} <= {*names}
        template = task["scorers"][0]["args"]["template"]
        assert all(f"{{{part}}}" in template for part in ("question", "answer", "criterion", "instructions"))


def test_a_release_is_the_build_and_what_says_so(dressed: Path, built: Tiny) -> None:
    before, after = built.snapshot(), files_of(dressed)
    assert {name for name in after if before.get(name) != after[name]} == {
        "README.md",
        "croissant.json",
        "manifest.json",
    }
    assert built_card(dressed) == built_card(built.out)
    assert "### v1.0.0" in after["README.md"].decode()
    assert not any(text in data.decode(errors="replace") for text in TEXTS for name, data in after.items()
                   if not name.endswith(".parquet"))  # fmt: skip
