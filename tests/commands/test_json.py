"""``--json``: every command that prints facts has it, and prints one JSON value. Those of releases: tests/release."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator
from typing import Any

import click
import pytest

from demur.cli import main
from tests.conftest import ROOT, Tiny


def leaves(command: click.Command, *before: str) -> Iterator[tuple[str, click.Command]]:
    path = (*before, command.name or "")
    if isinstance(command, click.Group):
        for each in command.commands.values():
            yield from leaves(each, *path)
    else:
        yield " ".join(path[1:]), command


LEAVES = dict(leaves(main))


@pytest.mark.parametrize("name", LEAVES)
def test_every_command_has_it_and_the_page_says_what_it_prints(name: str) -> None:
    options = [each for each in LEAVES[name].params if "--json" in each.opts]
    assert [each.name for each in options] == ["as_json"]
    page = (ROOT / "docs" / "cli.md").read_text(encoding="utf-8")
    row = "export NAME" if name.startswith("export ") else name
    assert any(line.startswith("| ") and f"`{row}`" in line.split(" | ")[0] for line in page.splitlines()), row


def test_the_page_names_no_command_that_is_not_there() -> None:
    page = (ROOT / "docs" / "cli.md").read_text(encoding="utf-8")
    table = page.partition("## JSON")[2].partition("\n## ")[0]
    rows = [line.split(" | ")[0] for line in table.splitlines() if line.startswith("| `")]
    named = {cell for row in rows for cell in row.split("`")[1::2]}
    assert named - {"export NAME", "check --fix", "check --explain-layout", "check --write-baseline"} <= {*LEAVES}


def said(tiny: Tiny, line: str, code: int = 0) -> Any:
    """The one JSON value that a command prints."""
    done = tiny.run(*shlex.split(line), DEMUR_MIRROR=str(tiny.root / "mirror"))
    assert done.returncode == code, done.stdout + done.stderr
    value = json.loads(done.stdout)
    assert isinstance(value, dict | list)
    return value


def test_sources(tiny: Tiny) -> None:
    fetched = said(tiny, "fetch tiny-comply tiny-refuse --json")
    assert [(each["name"], each["rows"], each["place"]) for each in fetched] == [
        ("tiny-comply", 8, "cache"),
        ("tiny-refuse", 6, "cache"),
    ]
    assert fetched[0]["bytes"] == tiny.raw("comply/comply.jsonl").stat().st_size
    pinned = said(tiny, "pin tiny-comply --json")
    assert [each["digest"] for each in pinned] == [fetched[0]["digest"]]
    assert {each["status"] for each in said(tiny, "sources --json")} == {"ready"}


def test_sets(tiny: Tiny) -> None:
    assert "tiny-eval" in [each["name"] for each in said(tiny, "build --json")]
    assert said(tiny, f"build tiny-eval --out {tiny.out} --json")["out"] == str(tiny.out)
    assert said(tiny, f"rebuild {tiny.out} --json") == []
    counted = said(tiny, f"stats {tiny.out} --taxonomy mlcommons-0.5 --json")
    assert counted["default"]["taxonomy"]["name"] == "mlcommons-0.5"
    written = said(tiny, f"schema export {tiny.root / 'schemas'} --json")
    assert sorted(path.name for path in (tiny.root / "schemas").iterdir()) == sorted(written["files"])
    assert said(tiny, "schema diff prompt prompt --json") == {"bump": None, "changes": []}
    exported = said(tiny, f"export jsonl {tiny.out} --out {tiny.root / 'rows'} --json")
    assert sum(exported["files"].values()) == sum(counted["default"]["split"].values())


def test_checks(tiny: Tiny) -> None:
    (tiny.root / "rows.csv").write_text("prompt,response\nWho wrote it?, Somebody. \nWho wrote it?, Somebody. \n")
    assert said(tiny, "check rows.csv --json", 1)["counts"]
    (explained,) = said(tiny, "check rows.csv --explain-layout --json")
    assert explained["path"] == "rows.csv"
    assert "layout: prompt-response" in [line.strip() for line in explained["lines"]]
    (mended,) = said(tiny, "check rows.csv --fix --fixed out --json")
    assert (mended["rows"], mended["duplicates"]) == (2, 1)
    known = said(tiny, "check rows.csv --write-baseline known.json --json")
    assert known == {"baseline": "known.json", "known": known["known"]}
    assert said(tiny, "rule DMR101 --json")["name"] == "split-leak"
    every, some = said(tiny, "rule --json"), said(tiny, "rule --profile sft --json")
    assert {each["code"] for each in every} > {each["code"] for each in some}
    judged = said(tiny, "decontaminate rows.csv --against tiny-comply --json")
    assert (judged["rows"], judged["contaminated"]["rows"]) == (2, 0)


def test_curation(tiny: Tiny) -> None:
    waiting = said(tiny, "queue --json")
    assert set(waiting) == {"counts", "waiting"}
    import pyarrow.parquet as pq

    path = next((tiny.out / "default").glob("*.parquet"))
    id = pq.read_table(path)["record_id"][0].as_py()
    (shown,) = said(tiny, f"show {id} --json")
    assert shown
    decided = said(tiny, f"decide {id} drop --reason 'a test' --who kim --json")
    assert (decided["decision"]["record_id"], decided["decision"]["action"]) == (id, "drop")


def test_errors_are_no_json_and_stand_on_standard_error(tiny: Tiny) -> None:
    done = tiny.run("fetch", "tiny-compyl", "--json")
    assert (done.returncode, done.stdout) == (2, "")
    assert "Did you mean 'tiny-comply'?" in done.stderr
