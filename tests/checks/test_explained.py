"""How a file is read, told without reading all of it."""

from __future__ import annotations

import json
from pathlib import Path

from click.testing import CliRunner

from demur.checks.explained import explained
from demur.checks.layouts import layout_of
from demur.checks.rules import RULES
from demur.cli import main


def told(path: Path, mapping: str | None = None) -> list[str]:
    layout = None if mapping is None else layout_of(mapping)
    return [line.strip() for line in explained(path, layout, {}, tuple(RULES.values()))]


def codes(lines: list[str], begins: str) -> set[str]:
    return {code for line in lines if line.startswith(begins) for code in line.rpartition(": ")[2].split(", ")}


def test_columns_and_rules(tmp_path: Path) -> None:
    row = {"prompt": "Name a lake.", "chosen": "Garda.", "rejected": "No.", "mood": "good"}
    (tmp_path / "train.jsonl").write_text(json.dumps(row) + "\n")
    lines = told(tmp_path / "train.jsonl")
    assert lines[:8] == [
        (tmp_path / "train.jsonl").as_posix(), "layout: prompt-chosen-rejected", "prompt: column prompt",
        "chosen: column chosen", "rejected: column rejected", "not read: mood", "split: train", "trained on: yes",
    ]  # fmt: skip
    on, off = codes(lines, "judged"), codes(lines, "off")
    assert {"DMR006", "DMR104", "DMR312"} <= on
    assert {"DMR603", "DMR306", "DMR201"} <= off
    assert on | off == {rule.code for rule in RULES.values() if rule.judges(None)}
    assert not on & off


def test_what_is_off_without_texts_or_training(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text('{"colour": 1}\n')
    lines = told(tmp_path / "a.jsonl")
    assert {"layout: unknown", "split: not known", "trained on: no"} < {*lines}
    assert {"DMR101", "DMR104", "DMR006", "DMR102"} <= codes(lines, "off")
    (tmp_path / "a.jsonl").write_text('{"ask": "Name a lake.", "n": 1}\n')
    lines = told(tmp_path / "a.jsonl", "prompt=ask")
    assert "layout: given (as --map says)" in lines
    assert codes(lines, "off, no rows that are trained on") == {"DMR104"}


def test_turns_and_what_a_reader_stumbled_on(tmp_path: Path) -> None:
    turns = [{"role": "user", "content": "Hello."}, {"role": "assistant", "content": "Hi."}]
    (tmp_path / "a.jsonl").write_text(json.dumps({"messages": turns}) + "\n{\n")
    lines = told(tmp_path / "a.jsonl")
    assert "messages: column messages (turns)" in lines
    assert lines[-1] == "stumbled on: is no JSON"


def test_the_command_quotes_nothing_and_tells_every_file(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("prompt,Describe the lamp in the harbour office\nName a lake.,x\n")
    (tmp_path / "b.jsonl").write_text('{"prompt": "Name a river."}\n')
    done = CliRunner().invoke(main, ["check", str(tmp_path), "--explain-layout", "--select", "DMR1"])
    assert done.exit_code == 0
    assert [done.stdout.count(name) for name in ("a.csv", "b.jsonl")] == [1, 1]
    assert "lamp" not in done.stdout
    assert "DMR006" not in done.stdout
