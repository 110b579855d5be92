"""The real sets, released and loaded: two versions of refusal-eval, one of refusal-training behind its gate.

PYTEST_DONT_REWRITE: a failing assertion must not show the values it compared, which may be published prompts.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from demur.files.digest import content_digest, file_sha256
from demur.files.parquet import write_parquet
from demur.records.schema import arrow_schema
from demur.sets.folder import BuiltSet
from demur.sets.manifest import Manifest
from demur.sets.manifest_file import read_manifest, write_manifest
from tests.hub.access import STRANGER
from tests.hub.running import Hub
from tests.real import real

pytestmark = pytest.mark.network
EVAL, TRAINING = "lab/refusal-eval", "lab/refusal-training"

LOAD = """
import json, sys
from datasets import load_dataset
said = {}
for repo, config, version in json.loads(sys.argv[1]):
    pinned = {"revision": version}
    for way, how in {"tag": pinned, "branch": {}, "stream": {**pinned, "streaming": True}}.items():
        sets = load_dataset(repo, config, **how)
        said[f"{repo} {config} {version} {way}"] = {
            split: [sum(1 for _ in rows), repr(sorted(rows.features.items()))] for split, rows in sets.items()
        }
print(json.dumps(said))
"""


def released(hub: Hub, *args: str) -> str:
    done = hub.run("release", *args, "--yes")
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture
def sets(
    hub: Hub, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> dict[str, Manifest]:
    monkeypatch.setenv("DEMUR_CACHE", str(tmp_path / "cache"))
    released(hub, "refusal-eval", "--to", EVAL)
    released(hub, "refusal-eval", "--to", EVAL, "--config", "default", "--config", "undecided")
    released(hub, "refusal-training", "--to", TRAINING, "--folder", str(real("refusal-training", tmp_path_factory).out))
    manifests = {}
    for name, ref in {"v1.0.0": f"{EVAL}@v1.0.0", "v1.1.0": f"{EVAL}@v1.1.0", "training": f"{TRAINING}@v1.0.0"}.items():
        done = hub.run("pull", ref, "--to", str(tmp_path / name))
        assert done.returncode == 0, done.stderr
        manifests[name] = read_manifest(tmp_path / name)
    return manifests


def test_two_releases_and_a_gated_one_load_as_their_manifests_say(
    hub: Hub, sets: dict[str, Manifest], tmp_path: Path
) -> None:
    from datasets import Features

    asked = [
        (EVAL, "default", "v1.0.0"),
        (EVAL, "default", "v1.1.0"),
        (EVAL, "undecided", "v1.1.0"),
        (TRAINING, "default", "v1.0.0"),
    ]
    done = hub.python(LOAD, json.dumps(asked), home=tmp_path / "user")
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    for repo, config, version in asked:
        name = "training" if repo == TRAINING else version
        entry = next(each for each in sets[name].configs if each.name == config)
        schema = arrow_schema(BuiltSet.open(tmp_path / name).model_of(entry))
        shown = repr(sorted(Features.from_arrow_schema(schema).items()))
        for way in ("tag", "stream", "branch"):
            if way == "branch" and version == "v1.0.0" and repo == EVAL:
                continue  # the branch has moved on
            loaded = said[f"{repo} {config} {version} {way}"]
            assert {split: rows for split, (rows, _) in loaded.items()} == entry.rows
            assert all(each == shown for _, each in loaded.values())
    gated = hub.store.repo(TRAINING)
    assert gated is not None
    assert (gated.gated, gated.private) == ("manual", True)
    hub.store.settings(TRAINING, private=False, gated="manual")
    refused = hub.run("pull", f"{TRAINING}@v1.0.0", user=STRANGER, home=tmp_path / "stranger")
    assert refused.returncode == 2
    assert "gated, and the token has no access" in refused.stderr


def test_a_public_row_with_harmful_text_is_not_released(
    hub: Hub, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every hash and count of the doctored folder is right; its tier is not."""
    monkeypatch.setenv("DEMUR_CACHE", str(tmp_path / "cache"))
    built = tmp_path / "built"
    shutil.copytree(real("refusal-training", tmp_path_factory).out, built)
    manifest, name = read_manifest(built), next(iter((built / "default").glob("train-*"))).name
    path = built / "default" / name
    table = pq.read_table(path)
    rows = [{**row, "access": "public"} for row in table.to_pylist()]
    doctored = pa.Table.from_pylist(rows, schema=table.schema)
    write_parquet(doctored, path)
    entry = manifest.files[f"default/{name}"].model_copy(
        update={"sha256": file_sha256(path), "bytes": path.stat().st_size, "content": content_digest(doctored)}
    )
    files = {**manifest.files, f"default/{name}": entry}
    write_manifest(manifest.model_copy(update={"access": "public", "files": files}), built)
    refused = hub.run("release", "refusal-training", "--to", TRAINING, "--folder", str(built), "--yes")
    assert refused.returncode == 2
    assert "breaks its invariants" in refused.stderr
    assert "gated or withheld" in refused.stderr
    assert hub.store.repo(TRAINING) is None
    shutil.rmtree(built)
