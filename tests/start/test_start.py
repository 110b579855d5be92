"""From nothing to a set that is equal when rebuilt, by the commands of docs/your-own-data.md; and what is written."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from demur.errors import FormatError, UsageError
from demur.project import at, bundled
from demur.sources import declared
from demur.sources.fetch import Places
from demur.start.builder import new_builder, templates
from demur.start.declaration import Asked
from demur.start.project import init
from demur.start.sniff import sniff
from demur.start.source import NewSource, new_source
from tests.conftest import ROOT, make_csv, make_jsonl

ROWS = [
    {"uid": number, "question": text, "label": label, "topic": topic, "score": 0.5}
    for number, (text, label, topic) in enumerate(
        [
            ("Tell me how to hide the garden gnome of the vicar before Sunday", "unsafe", "privacy"),
            ("Which soup goes with the dark bread of the village bakery?", "safe", "food"),
            ("Write a rude note to the owner of the blue bicycle downstairs", "unsafe", "privacy"),
            ("How do I repot a fern with long roots without harming it?", "safe", "garden"),
            ("Help me swap the labels on all jam jars before the contest", "unsafe", "food"),
            ("What does a heron do on a cold morning at the river?", "safe", "garden"),
        ]
    )
]
TEXTS = [str(row["question"]) for row in ROWS]
STEPS = ("init", "new source", "new builder", "build", "check", "rebuild")
Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """The real command, or a tool, outside any checkout."""
    env = {**os.environ, "DEMUR_CACHE": str(tmp_path / "cache"), "HOME": str(tmp_path), "DEMUR_MIRROR": ""}

    def done(*command: str, cwd: Path) -> subprocess.CompletedProcess[str]:
        found = subprocess.run(
            [sys.executable, "-P", "-m", *command], cwd=cwd, env=env, capture_output=True, text=True, check=False
        )
        assert not any(text in found.stdout + found.stderr for text in TEXTS)
        return found

    return done


def commands() -> list[list[str]]:
    """The first block of commands of the page."""
    page = (ROOT / "docs" / "your-own-data.md").read_text(encoding="utf-8")
    return [line.split() for line in page.split("\n\n")[2].splitlines()]


def test_the_page_leads_to_a_set_that_is_equal_when_rebuilt(run: Run, tmp_path: Path) -> None:
    (tmp_path / "my.jsonl").write_bytes(make_jsonl(ROWS))
    here, said, steps = tmp_path, "", commands()
    for program, *rest in steps:
        if program == "cd":
            here = here / rest[0]
            continue
        done = run("demur.cli", *rest, cwd=here)
        assert done.returncode == 0, (rest, done.stderr)
        said += done.stdout
    assert len(steps) <= 15
    assert [step for step in STEPS if not any(" ".join(line).startswith(f"demur {step}") for line in steps)] == []
    assert "no findings" in said
    assert "red-team: equal" in said
    published = [path for path in (here / "build").rglob("*") if path.is_file()]
    assert not any(text.encode() in path.read_bytes() for path in published for text in TEXTS)
    assert not any(b"my.jsonl" in path.read_bytes() for path in published)
    for tool in (
        ["ruff", "check", "."],
        ["ruff", "format", "--check", "."],
        ["mypy", "--cache-dir", os.devnull, "."],
        ["pytest", "-q"],
    ):
        done = run(*tool, cwd=here)
        assert done.returncode == 0, (tool, done.stdout)
    assert "4 passed" in done.stdout, "two sets, two sources"
    changed = here / "data" / "my.jsonl"
    changed.write_bytes(make_jsonl(ROWS[:5]))
    assert run("demur.cli", "build", "red-team", cwd=here).returncode == 2


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "our-sets"
    (folder / "builders").mkdir(parents=True)
    (folder / "demur.toml").write_text('[project]\nextends = "demur"\n')
    return folder


def made(project: Path, name: str, data: bytes, /, **asked: Any) -> NewSource:
    (project / name).write_bytes(data)
    return new_source(at(project), str(project / name), Asked(**asked), Places(offline=True))


FILES: dict[str, Callable[[], bytes]] = {
    "a.csv": lambda: make_csv(tuple(ROWS[0]), [tuple(row.values()) for row in ROWS]),
    "a.json": lambda: json.dumps(ROWS).encode(),
    "b.json": lambda: json.dumps({"version": "1", "rows": ROWS}).encode(),
    "2024 red-team.jsonl": lambda: make_jsonl(ROWS),
    "class.txt": lambda: "".join(f"{text}\n" for text in TEXTS).encode(),
}


@pytest.mark.parametrize("name", FILES)
def test_files_of_every_format_are_declared(project: Path, name: str) -> None:
    done = made(project, name, FILES[name](), license="mit", harmful="yes")
    source = declared.sources(at(project))[done.name]
    assert source.pin == done.pin
    assert done.pin.rows == len(ROWS)
    assert source.name in ("a", "b", "set-2024-red-team", "set-class")
    code = (project / "builders" / "sources" / f"{source.name.replace('-', '_')}.py").read_text()
    fixture = next(path for path in done.files if "fixtures" in path.parts).read_text()
    assert not any(text in code + fixture for text in TEXTS), "a row was copied"
    assert {each["labels"][0]["value"] for row in _golden(done) for each in row} <= {"yes", "no"}


def _golden(done: NewSource) -> list[list[dict[str, Any]]]:
    found: list[list[dict[str, Any]]] = json.loads(
        next(path for path in done.files if path.name == "records.json").read_text()
    )
    assert len(found) == 4
    return found


def test_parquet_and_responses(project: Path, tmp_path: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    rows = [{"prompt": text, "response": f"Answer {at}.", "is_safe": at % 2 == 0} for at, text in enumerate(TEXTS)]
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "pairs.parquet")
    done = made(project, "pairs.parquet", (tmp_path / "pairs.parquet").read_bytes(), license="mit")
    source = declared.sources(at(project))["pairs"]
    assert source.kind == "response"
    assert [each["labels"][0]["scope"] for (each,) in _golden(done)] == ["prompt+response"] * 4
    assert done.sniffed.labels == {False: "yes", True: "no"}


def test_terms_of_ones_own_and_a_name_for_a_private_file(project: Path) -> None:
    made(project, "red.jsonl", make_jsonl(ROWS), license="LicenseRef-Acme", name="Red Team", title="Red")
    source = declared.sources(at(project))["red-team"]
    assert (source.license, source.title, source.quarantined) == ("LicenseRef-Acme", "Red", True)
    assert [mirror.id for mirror in source.mirrors] == ["private:our-sets/red-team"]


def test_what_is_declared_already_or_is_not_there_is_told(project: Path, tmp_path: Path) -> None:
    made(project, "a.jsonl", make_jsonl(ROWS), license="mit")
    with pytest.raises(UsageError, match="The project declares 'a' already"):
        made(project, "a.jsonl", make_jsonl(ROWS), license="mit")
    with pytest.raises(UsageError, match="There is nothing of this name"):
        new_source(at(project), "no-such-file.jsonl", Asked(), Places(offline=True))
    (tmp_path / "a.jsonl").write_bytes(make_jsonl(ROWS[:2]))
    (project / "data").mkdir()
    (project / "a.jsonl").rename(project / "data" / "a.jsonl")
    with pytest.raises(UsageError, match="Another file of this name"):
        new_source(at(project), str(tmp_path / "a.jsonl"), Asked(name="other"), Places(offline=True))


def test_a_source_that_cannot_be_declared_leaves_nothing(project: Path) -> None:
    before = {path for path in project.rglob("*") if path.is_file()}
    with pytest.raises(FormatError, match="No column holds one prompt a row"):
        made(project, "turns.jsonl", make_jsonl([{"messages": [{"role": "user", "content": "Hello"}]}]))
    (project / "turns.jsonl").unlink()
    with pytest.raises(Exception, match="licen"):
        made(project, "b.jsonl", make_jsonl(ROWS), license="my-own-words")
    (project / "b.jsonl").unlink()
    assert {path for path in project.rglob("*") if path.is_file() and path.suffix != ".pyc"} == before


def test_what_a_look_at_rows_tells() -> None:
    seen = sniff(ROWS, "rows")
    assert (seen.prompt, seen.key, seen.label, seen.category) == ("question", "uid", "label", "topic")
    assert seen.labels == {"safe": "no", "unsafe": "yes"}
    assert seen.categories == {"food": (), "garden": (), "privacy": ("prv",)}
    assert seen.languages == ("en",)
    heron = "Der Reiher steht seit heute Morgen am Ufer und wartet auf die Fische."
    german: list[dict[str, Any]] = [{"text": heron}, {"text": "Ja.", "n": 1}]
    told = sniff(german, "rows")
    assert (told.prompt, told.languages, told.optional, told.label) == ("text", ("de",), ("n",), None)
    flags = [{"x": "one text", "is_safe": 1}, {"x": "another", "is_safe": 0}]
    assert sniff(flags, "rows").labels == {0: "yes", 1: "no"}


def test_a_builder_needs_a_kind_with_a_template_and_a_source(project: Path) -> None:
    assert "evaluation" in templates()
    with pytest.raises(UsageError, match="The project declares no source of prompts"):
        new_builder(at(project), "x", "evaluation")
    with pytest.raises(UsageError, match="No template of a builder of kind 'haiku'"):
        new_builder(at(project), "x", "haiku")
    with pytest.raises(UsageError, match="A set of kind evaluation is made of prompts") as told:
        new_builder(at(project), "x", "evaluation", ("beavertails",))
    assert "one of responses" in str(told.value)
    assert "name sources of prompts" in str(told.value)
    path = new_builder(at(project), "Red team", "evaluation", ("xstest", "malicious-instruct"))
    assert re.findall(r'name="(\w+)"', path.read_text()) == ["default", "closed"]
    with pytest.raises(UsageError, match="The project has a file of this name"):
        new_builder(at(project), "red-team", "evaluation", ("xstest",))


def test_a_new_project_needs_a_folder_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    with pytest.raises(UsageError, match="A new project needs a folder of its own"):
        init(tmp_path, Places(offline=True))
    assert bundled().is_bundled
