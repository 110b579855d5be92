"""`demur check` of URLs: findings name them, and folders bring their pages and splits."""

from __future__ import annotations

import json
from collections.abc import Iterator

import fsspec
import pytest
from click.testing import CliRunner

from demur.checks.engine import check
from demur.cli import main

LAKE, RIVER = "Name a lake in Italy.", "Which river crosses Turin?"


@pytest.fixture
def memory() -> Iterator[fsspec.AbstractFileSystem]:
    """Files in memory, gone afterwards."""
    system = fsspec.filesystem("memory")
    system.store.clear()
    system.pseudo_dirs[:] = [""]
    yield system
    system.store.clear()
    system.pseudo_dirs[:] = [""]


def rows(*prompts: str) -> bytes:
    return "".join(json.dumps({"prompt": prompt}) + "\n" for prompt in prompts).encode()


def test_a_file_and_a_folder(memory: fsspec.AbstractFileSystem) -> None:
    memory.pipe("/one/set.jsonl", rows(LAKE, LAKE))
    (finding,) = check("memory://one/set.jsonl", license="mit").findings
    assert (finding.code, finding.file, finding.row, finding.line) == ("DMR102", "memory:///one/set.jsonl", 1, 2)
    memory.pipe("/two/train/a.jsonl", rows(LAKE, RIVER))
    memory.pipe("/two/test/a.jsonl", rows(LAKE))
    memory.pipe("/two/LICENSE", b"MIT License\n")
    report = check("memory://two")
    assert [(each.code, each.file) for each in report.findings] == [("DMR101", "memory:///two/train/a.jsonl")]
    assert (report.root, report.files) == ("", 2)


def test_a_split_is_given_by_the_url(memory: fsspec.AbstractFileSystem) -> None:
    memory.pipe("/one/a.jsonl", rows(LAKE))
    memory.pipe("/one/b.jsonl", rows(LAKE))
    splits = {"memory:///one/a.jsonl": "train", "b.jsonl": "test"}
    assert [each.code for each in check("memory://one", splits=splits, license="mit", ignore=["DMR104"]).findings] == [
        "DMR101"
    ]


@pytest.mark.parametrize("form", ["text", "json", "junit", "sarif", "github"])
def test_every_form_names_the_url(memory: fsspec.AbstractFileSystem, form: str) -> None:
    memory.pipe("/one/set.jsonl", rows(LAKE, LAKE))
    arguments = ["check", "memory://one/set.jsonl", "--license", "mit", "--format", form, "--offline"]
    done = CliRunner().invoke(main, arguments)
    assert (done.exit_code, "Traceback" in done.output) == (1, False), done.output
    assert "memory:///one/set.jsonl" in done.output.replace("%3A", ":")
    assert "demur-" not in done.output


def test_what_is_wrong_with_a_url_is_said() -> None:
    for arguments, said in (
        (["memory://gone/a.csv"], "There is no such file or folder"),
        (["s3://bucket/a.csv", "--offline"], "--offline"),
        (["nosuch://a.csv"], "No way to read such a URL"),
    ):
        done = CliRunner().invoke(main, ["check", *arguments])
        assert (done.exit_code, said in done.output) == (2, True), done.output
