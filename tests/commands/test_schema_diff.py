"""``demur schema diff``: what it prints, what it exits with, and what is no schema of rows."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from demur.cli import main
from tests.conftest import Tiny

TEXT = {"type": "string"}


def schema(**fields: Any) -> dict[str, Any]:
    return {"properties": fields}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Path("old.json").write_text(json.dumps(schema(id=TEXT)))
    Path("new.json").write_text(json.dumps(schema(id=TEXT, n={"type": "integer"})))
    Path("empty").mkdir()
    return tmp_path


def run(*args: str) -> tuple[int, str]:
    done = CliRunner().invoke(main, ["schema", "diff", *args])
    assert "should not" not in done.output
    return done.exit_code, done.output


def test_what_it_says(folder: Path) -> None:
    assert run("old.json", "new.json") == (0, "compatible: n: is new\na minor version\n")
    assert run("new.json", "old.json") == (1, "breaking: n: is gone\na major version\n")
    assert run("old.json", "old.json") == (0, "no difference\n")


def test_json(folder: Path) -> None:
    code, said = run("new.json", "old.json", "--json")
    change = {"field": "n", "what": "is gone", "breaking": True}
    assert (code, json.loads(said)) == (1, {"bump": "major", "changes": [change]})
    code, said = run("old.json", "old.json", "--json")
    assert (code, json.loads(said)) == (0, {"bump": None, "changes": []})


def test_kinds_and_folders(folder: Path, built: Tiny) -> None:
    assert run("evaluation_item", str(built.out)) == (0, "no difference\n")
    assert run("evaluation_item", "evaluation_reference")[0] == 1


@pytest.mark.parametrize("name", ["gone.json", "empty", "evaluation_itm"])
def test_no_such_schema(folder: Path, name: str) -> None:
    code, said = run(name, "old.json")
    assert (code, f"No schema {name!r}" in said) == (2, True), said
    assert ("Did you mean 'evaluation_item'?" in said) == (name == "evaluation_itm")


@pytest.mark.parametrize("text", [b"{", b"[1]", b'{"a": "\xff"}', b'{"properties": 3}', b"[" * 100_000, b""])
def test_no_schema(folder: Path, text: bytes) -> None:
    Path("bad.json").write_bytes(text)
    for names in (("bad.json", "old.json"), ("old.json", "bad.json")):
        code, said = run(*names)
        assert (code, "Not a JSON Schema of rows\n" in said, "bad.json" in said) == (2, True, True), said


LINKED = {"type": "object", "properties": {"next": {"$ref": "#/$defs/node"}}}


@pytest.mark.parametrize(
    "bad",
    [
        schema(id=True),
        schema(id=3),
        schema(id={"$ref": "#/$defs/gone"}),
        schema(id={"$ref": "https://example.org/x.json"}),
        schema(id={"type": "string", "enum": [["a"], {"b": 1}]}),
        schema(id={"anyOf": 3}),
        {**schema(id={"$ref": "#/$defs/node"}), "$defs": {"node": LINKED}},
        {**schema(id=TEXT), "required": 3},
    ],
    ids=["true", "number", "dangling", "remote", "enum", "choices", "recursive", "required"],
)
def test_a_schema_that_cannot_be_compared_is_named(folder: Path, bad: dict[str, Any]) -> None:
    Path("bad.json").write_text(json.dumps(bad))
    for names in (("bad.json", "old.json"), ("old.json", "bad.json")):
        code, said = run(*names)
        assert (code, "where:    bad.json\n" in said) == (2, True), said


def test_bounds_that_do_not_compare(folder: Path) -> None:
    for name, bound in (("two.json", "two"), ("one.json", 1)):
        Path(name).write_text(json.dumps(schema(id={**TEXT, "minLength": bound})))
    code, said = run("one.json", "two.json")
    assert (code, "where:    one.json, two.json\n" in said) == (2, True), said
