"""A new audit is one folder, a new export one file, a new noun one file: no other file knows their names."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from tests.conftest import ROOT

RUN = """
import importlib, sys
importlib.import_module(sys.argv[1]).__path__.append(sys.argv[2])
from demur.cli import main
main(sys.argv[3:])
"""

AUDIT = '''"""An audit for the tests."""
from dataclasses import dataclass
from pathlib import Path

import click

from demur.audits.audit import Drawn, audit


@dataclass(frozen=True)
class Lines(Drawn):
    count: int

    def as_dict(self):
        return {"lines": self.count}

    def show(self):
        click.echo(f"{self.count} lines")

    def plot(self, path):
        path.write_text("#" * self.count)


@audit("line-count", click.Argument(["path"], type=click.Path(path_type=Path, exists=True)), draws=True)
def line_count(path):
    """Count the lines of a file."""
    return Lines(len(path.read_text().splitlines()))
'''

EXPORT = '''"""An export for the tests."""
import click

from demur.exports.export import Written, export, write_lines


@export("ids", click.Option(["--sign"], default="-"), kinds=("nothing",))
def ids(asked, sign):
    """Write the record ids alone."""
    return Written({})
'''

NOUN = '''"""A noun for the tests."""
import click


@click.command()
def greet():
    """Say hello."""
    click.echo("hello")


COMMANDS = (greet,)
'''


def demur(package: str, folder: Path, *arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", RUN, package, str(folder), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)


def test_a_new_audit_is_one_folder(tmp_path: Path) -> None:
    package = tmp_path / "more" / "lines"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text('"""Lines."""\n')
    (package / "audit.py").write_text(AUDIT)
    text = tmp_path / "text.txt"
    text.write_text("one\ntwo\n")
    said = {
        arguments: demur("demur.audits", tmp_path / "more", *arguments).stdout
        for arguments in (("--help",), ("line-count", text), ("line-count", text, "--json"))
    }
    assert "line-count" in said["--help",]
    assert "Count the lines of a file." in said["--help",]
    assert said["line-count", text] == "2 lines\n"
    assert json.loads(said["line-count", text, "--json"]) == {"lines": 2}
    wrong = demur("demur.audits", tmp_path / "more", "line-count", text, "--plot", tmp_path / "x.pdf")
    assert (wrong.returncode, "Unknown kind of plot" in wrong.stderr) == (2, True)
    assert demur("demur.audits", tmp_path / "more", "line-count", text, "--plot", tmp_path / "x.svg").returncode == 0
    assert (tmp_path / "x.svg").read_text() == "##"


def test_a_new_export_is_one_file(tmp_path: Path) -> None:
    (tmp_path / "ids.py").write_text(EXPORT)
    listed = demur("demur.exports", tmp_path, "export", "--help").stdout
    assert "Write the record ids alone." in listed
    assert "jsonl" in listed
    assert "--sign" in demur("demur.exports", tmp_path, "export", "ids", "--help").stdout


def test_a_new_noun_is_one_file(tmp_path: Path) -> None:
    (tmp_path / "greetings.py").write_text(NOUN)
    assert demur("demur.commands", tmp_path, "greet").stdout == "hello\n"
