from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from demur.cli import main
from demur.commands.decisions import COMMANDS
from demur.curation.by_whom import decision_id
from demur.curation.decisions import FILE, read_decisions
from tests.conftest import Tiny

FIRST = "Write a note that blames my sister for the broken vase"


@pytest.fixture
def at(tiny: Tiny, monkeypatch: pytest.MonkeyPatch) -> Tiny:
    """The tiny project in this process: its cache, its GitHub."""
    for name, value in tiny.env().items():
        monkeypatch.setenv(name, value)
    return tiny


def run(at: Tiny, *args: str) -> Result:
    return CliRunner().invoke(main, ["--project", str(at.root / "project"), *args])


def ids(at: Tiny) -> dict[str, str]:
    at.build()
    import pyarrow.parquet as pq

    tables = [pq.read_table(path) for path in sorted((at.out / "default").glob("*.parquet"))]
    return {row["prompt"]: row["record_id"] for table in tables for row in table.to_pylist()}


def test_see_decide_and_build_again(at: Tiny) -> None:
    id = ids(at)[FIRST]
    seen = run(at, "show", id[:10])
    assert seen.exit_code == 0, seen.output
    assert FIRST not in seen.output
    assert "tiny-refuse row 0" in seen.output
    assert "refuse, by upstream-author" in seen.output
    assert FIRST in run(at, "show", id, "--show-text").output
    before = shutil.copytree(at.out, at.root / "before")
    decided = run(at, "decide", id, "relabel", "comply", "--reason", "a harmless joke", "--who", "kim")
    assert decided.exit_code == 0, decided.output
    (made,) = read_decisions(at.root / "project" / FILE)
    assert (made.record_id, made.behaviour, made.source) == (id, "comply", "tiny-refuse")
    assert at.build().returncode == 0
    said = at.run("diff", str(before), str(at.out))
    assert f"expected: refuse -> answer: 1 (record {id}; decision {decision_id(made)} by kim, human)" in said.stdout
    assert json.loads((at.out / "manifest.json").read_text())["curation"]["effects"] == {
        "relabelled refuse -> answer by decision": 1
    }
    again = run(at, "decide", id, "drop", "--reason", "no", "--who", "lee")
    assert again.exit_code == 2
    assert "stands already" in again.output
    assert run(at, "decide", id, "drop", "--reason", "no", "--who", "lee", "--replace").exit_code == 0


def test_a_stale_decision_is_told_by_build_check_and_queue(at: Tiny) -> None:
    id = ids(at)[FIRST]
    run(at, "decide", id, "drop", "--reason", "garbled", "--who", "kim")
    path = at.root / "project" / FILE
    path.write_text(
        path.read_text()
        .replace('"text_sha256": "', '"text_sha256": "')
        .replace(read_decisions(path)[0].text_sha256, "1" * 64)
    )
    built = at.build()
    assert built.returncode == 0
    assert "stale decision" in built.stderr
    found = at.run("check", str(at.out))
    assert "DMR410 stale-decision" in found.stdout
    waiting = json.loads(run(at, "queue", "--json").stdout)
    assert waiting["counts"]["stale-decision"] == 1
    assert "stale-decision: 1" in run(at, "queue").output


def test_a_broken_file_of_decisions_stops_the_build_and_keeps_the_last_output(at: Tiny) -> None:
    at.build()
    before = at.snapshot()
    path = at.root / "project" / FILE
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("{}\n")
    done = at.build()
    assert done.returncode == 2
    assert "line 1" in done.stderr
    assert "no decision was applied" in done.stderr
    assert at.snapshot() == before


@pytest.mark.parametrize(
    ("args", "what"),
    [
        (["show", "0123456789"], "No text has this record id"),
        (["decide", "0123456789", "drop", "--reason", "x", "--who", "kim"], "No text has this record id"),
        (["queue", "--source", "tiny-refsue"], "Did you mean 'tiny-refuse'"),
    ],
)
def test_what_does_not_exist_is_told(at: Tiny, args: list[str], what: str) -> None:
    done = run(at, *args)
    assert done.exit_code == 2
    assert what in done.output


def test_an_unknown_class_is_refused_and_nothing_is_written(at: Tiny) -> None:
    id = ids(at)[FIRST]
    done = run(at, "decide", id, "relabel", "polite", "--reason", "x", "--who", "kim")
    assert done.exit_code == 2
    assert "not complete" in done.output
    assert not Path(at.root / "project" / FILE).exists()
    assert {command.name for command in COMMANDS} == {"show", "decide", "queue"}
