"""What every export has in common: what it takes, what it says of itself, and that nothing is half written."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from demur.cli import main
from demur.errors import OutputError, UsageError
from demur.exports.export import MADE, Asked, Export, Written, export, exports, write_lines
from demur.files.digest import file_sha256
from demur.sets.folder import BuiltSet
from tests.conftest import ROOT, files_of


@export("counts")
def counts(asked: Asked) -> Written:
    """Rows of every split."""
    lines = (f"{split} {asked.rows(split).num_rows}\n" for split in asked.splits)
    return Written({"counts.txt": write_lines(lines, asked.out / "counts.txt")})


def test_the_splits_that_are_asked_for_reach_the_consumer(training: BuiltSet, tmp_path: Path) -> None:
    (config,) = training.manifest.configs
    counts.run(training, tmp_path / "all")
    said = (tmp_path / "all" / "counts.txt").read_text()
    assert said == "".join(f"{split} {rows}\n" for split, rows in config.rows.items())
    counts.run(training, tmp_path / "one", config.name, ["train", "train"])
    assert (tmp_path / "one" / "counts.txt").read_text() == f"train {config.rows['train']}\n"


def test_what_it_says_of_itself(queries: BuiltSet, tmp_path: Path) -> None:
    said = counts.run(queries, tmp_path / "out", "seed_1")
    assert said == json.loads((tmp_path / "out" / MADE).read_text())
    config = queries.manifest.configs[1]
    assert (said["set"], said["config"], said["license"]) == (queries.manifest.name, "seed_1", config.license)
    assert said["manifest_sha256"] == file_sha256(queries.path / "manifest.json")
    assert said["files"] == {"counts.txt": len(config.rows)}
    assert (tmp_path / "out" / "NOTICE").read_bytes() == (queries.path / "NOTICE").read_bytes()


def test_names_that_are_not_there(queries: BuiltSet, tmp_path: Path) -> None:
    for asked, message in (
        ({"config": "seed_9"}, "Did you mean 'seed_"),
        ({"splits": ["tset"]}, "Did you mean 'test'?"),
    ):
        with pytest.raises(UsageError, match=message):
            counts.run(queries, tmp_path / "out", **asked)
    assert not (tmp_path / "out").exists()


def test_a_folder_that_is_no_export_is_left_alone(queries: BuiltSet, tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("keep me")
    with pytest.raises(OutputError, match="holds something"):
        counts.run(queries, tmp_path)
    assert files_of(tmp_path) == {"mine.txt": b"keep me"}


def test_an_export_that_fails_leaves_the_last_one(queries: BuiltSet, tmp_path: Path) -> None:
    def half(asked: Asked) -> Written:
        (asked.out / "half.txt").write_text("half")
        raise KeyboardInterrupt

    counts.run(queries, tmp_path / "out")
    before = files_of(tmp_path / "out")
    with pytest.raises(KeyboardInterrupt):
        Export("half", (), half, ()).run(queries, tmp_path / "out")
    assert files_of(tmp_path / "out") == before


@pytest.mark.parametrize("each", exports(), ids=lambda each: each.name)
def test_every_export_is_a_command_and_stands_in_the_documentation(each: Export) -> None:
    done = CliRunner().invoke(main, ["export", each.name, "--help"])
    assert done.exit_code == 0, done.output
    assert " ".join(each.summary.split()) in " ".join(done.output.split())
    assert f"demur export {each.name}" in (ROOT / "docs" / "exports.md").read_text(encoding="utf-8")
