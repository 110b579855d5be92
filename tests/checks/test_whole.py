"""From a changed file to its data set."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from demur.checks.whole import widened
from demur.cli import main
from tests.conftest import Tiny

FILES = (
    "lakes/train.jsonl", "lakes/test.jsonl", "lakes/demur-baseline.json", "lakes/notes.md", "lakes/old/train.jsonl",
    "rivers/train/a.csv", "rivers/test/b.csv", "loose.jsonl",
)  # fmt: skip


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in FILES:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(json.dumps({"prompt": "Name a lake."}) + "\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def whole(*paths: str, data: tuple[str, ...] = ()) -> list[str]:
    return [path.as_posix() for path in widened([Path(path) for path in paths], data, Path.cwd())]


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("lakes/train.jsonl", ["lakes/test.jsonl", "lakes/train.jsonl"]),
        ("lakes/old/train.jsonl", ["lakes/old/train.jsonl"]),
        ("rivers/test/b.csv", ["rivers/test/b.csv", "rivers/train/a.csv"]),
        ("loose.jsonl", ["loose.jsonl"]),
        ("lakes", ["lakes"]),
    ],
)
def test_files_that_belong_together(here: Path, path: str, expected: list[str]) -> None:
    assert whole(path) == expected
    assert whole(str(here / path)) == (expected if path != "lakes" else [str(here / "lakes")])


def test_settings_name_data_sets(here: Path) -> None:
    data = ("lakes", "*.jsonl", "gone")
    assert whole("lakes/old/train.jsonl", data=data) == [
        "lakes/old/train.jsonl", "lakes/test.jsonl", "lakes/train.jsonl",
    ]  # fmt: skip
    assert whole("loose.jsonl", "rivers/test/b.csv", data=data) == [
        "loose.jsonl", "rivers/test/b.csv", "rivers/train/a.csv",
    ]  # fmt: skip
    assert whole("loose.jsonl", data=("**/*.jsonl",)) == [
        "lakes/old/train.jsonl", "lakes/test.jsonl", "lakes/train.jsonl", "loose.jsonl",
    ]  # fmt: skip


def test_a_file_of_a_built_folder_means_the_folder(built: Tiny) -> None:
    file = next(built.out.rglob("*.parquet"))
    assert widened([file], (), None) == [built.out.absolute()]
    beside = built.out.parent / "beside.jsonl"
    assert built.out not in widened([file, beside], (), None)


def test_the_command_finds_a_leak_from_one_of_its_files(here: Path) -> None:
    args = ["check", "lakes/test.jsonl", "--license", "mit", "--select", "DMR101"]
    assert CliRunner().invoke(main, args).exit_code == 0
    done = CliRunner().invoke(main, [*args, "--whole"])
    assert (done.exit_code, done.stdout.startswith("lakes/train.jsonl:1: error DMR101")) == (1, True)
    (here / "demur.toml").write_text('data = ["lakes"]\n')
    more = CliRunner().invoke(main, ["check", "lakes/old/train.jsonl", "--select", "DMR101", "--whole"])
    assert (more.exit_code, more.stdout.count("DMR101")) == (1, 2)
