"""A new kind of set is one folder and one builder file; a new rule is one file: no other file is touched.

The engine is copied, the folder and the file are added, and the real command builds, checks, counts and rebuilds.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from demur.sets.folder import BuiltSet
from tests.conftest import ROOT, Tiny

KIND = '''"""Haiku: what is asked, and how long it is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, ClassVar

import pyarrow as pa
import pyarrow.compute as pc

from demur.kinds.haiku.row import HaikuRow
from demur.records.record import Count, Frozen
from demur.records.rejects import rejected
from demur.records.schema import arrow_schema
from demur.sets.kind import Given, Kind, Made, facts_of, stated_of
from demur.sets.manifest import ConfigEntry, Manifest


class Longest(Frozen):
    """How long a prompt may be."""

    most: Count


class HaikuCounts(Frozen):
    """Characters of all prompts."""

    characters: Count


class Haiku(Kind):
    """Prompts below a length."""

    name: ClassVar[str] = "haiku"
    facts: ClassVar[type[Frozen]] = HaikuCounts
    stated: ClassVar[type[Frozen]] = Longest

    most: int

    def make(self, records: pa.Table, given: Given) -> Made:
        """Those that are short enough."""
        short = pc.less_equal(pc.utf8_length(records["prompt"]), self.most)
        rows = given.to_rows(records.filter(short))
        rows = rows.append_column("characters", pc.cast(pc.utf8_length(rows["prompt"]), pa.int64()))
        schema = arrow_schema(self.row)
        rows = rows.select(schema.names).cast(schema)
        total = pc.sum(rows["characters"]).as_py() or 0
        left = rejected(records.filter(pc.invert(short)), given.config, "too-long")
        return Made(rows, left, rows.num_rows, HaikuCounts(characters=total))

    @classmethod
    def recount(cls, rows: pa.Table, manifest: Manifest, entry: ConfigEntry) -> Mapping[str, Any]:
        """The same from the rows."""
        return {"characters": pc.sum(rows["characters"]).as_py() or 0}

    @classmethod
    def lines(cls, manifest: Manifest) -> Iterator[str]:
        """The total."""
        for entry in manifest.configs:
            yield f"{entry.name}: {facts_of(manifest, entry).characters} characters, most {stated_of(manifest).most}"
'''
ROW = '''"""A haiku row."""

from __future__ import annotations

from typing import Annotated

from demur.records.record import Access, Count, Lineage, RecordId, Slug, Text, UseLimit
from demur.records.row import Bookkeeping, Facet, Origin, Row, TextOf


class HaikuRow(Row):
    """One short prompt."""

    record_id: RecordId
    """A hash over the prompt."""
    prompt: Annotated[Text, TextOf("prompt")]
    """What is asked."""
    mood: Annotated[str, Facet()]
    """How it sounds."""
    characters: Count
    """How many it has."""
    hazards: tuple[str, ...]
    """None, one hopes."""
    source: Annotated[Slug, Bookkeeping()]
    """Where it comes from."""
    group_id: Annotated[RecordId, Bookkeeping()]
    """Near-duplicates share it."""
    split: str
    """By a hash of the group."""
    license: Annotated[str, Bookkeeping()]
    """Of the source."""
    use_limits: Annotated[tuple[UseLimit, ...], Bookkeeping()]
    """Of the source."""
    access: Access
    """Of the source."""
    lineage: Annotated[Lineage, Origin()]
    """The row of the source."""
'''
RULES = '''"""Rules of haiku."""

from __future__ import annotations

from collections.abc import Iterator

from demur.checks.finding import Finding, hit
from demur.checks.rule import rule
from demur.checks.subject import Subject


@rule("DMR380", "no-winter", summary="No haiku is about winter.", why="It is cold.", fix="Wait.", applies=("haiku",))
def no_winter(subject: Subject) -> Iterator[Finding]:
    """Rows of a mood."""
    for config, table in subject.folder.configs.items() if subject.folder else ():
        for row, mood in enumerate(table["mood"].to_pylist()):
            if mood == "winter":
                yield hit("is about winter", *subject.folder.place(config, row))
'''
PAGE = """{% extends "dataset.md.jinja" %}
{% block warning %}
> **Content warning.** Haiku of {{ stated.most }} characters or fewer.
{% endblock %}
{% block body %}
{% for config in manifest.configs %}
{{ config.name }} has {{ facts[config.name].characters }} characters.
{% endfor %}
{% endblock %}
"""
BUILDER = '''"""A set of haiku."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from demur.kinds.haiku.kind import Haiku, HaikuRow
from demur.sets.builder import builder
from demur.sets.kind import Config


@builder(
    title="Haiku",
    summary="Short prompts.",
    kind=Haiku(row=HaikuRow, most=90),
    configs=(Config(name="default", sources=("tiny-refuse",)),),
    splits={"test": 1.0},
)
def tiny_haiku(records: pa.Table) -> pa.Table:
    """Every prompt has a mood."""
    records = records.append_column("source", pc.struct_field(records["lineage"], "source"))
    return records.append_column("mood", pa.repeat("MOOD", len(records)))
'''
RULE = '''"""A rule in a file of its own."""

from __future__ import annotations

from collections.abc import Iterator

from demur.checks.finding import Finding, hit
from demur.checks.rule import ANY, rule
from demur.checks.subject import Subject


@rule("DMR980", "few-files", summary="One file is enough.", why="More are many.", fix="Join them.", applies=ANY)
def few_files(subject: Subject) -> Iterator[Finding]:
    """Sets of two files or more."""
    if len(subject.files) > 1:
        yield hit(f"{len(subject.files)} files", subject.label)
'''


@pytest.fixture
def engine(tmp_path: Path, tiny: Tiny) -> Path:
    """A copy of the engine with one folder more, and the tiny project with one builder file more."""
    root = tmp_path / "engine"
    for name in ("demur", "schemas", "cards", "builders"):
        shutil.copytree(ROOT / name, root / name)  # compiled kernels come along
    kind = root / "demur" / "kinds" / "haiku"
    kind.mkdir()
    for name, text in {"__init__": "", "kind": KIND, "row": ROW, "rules": RULES}.items():
        (kind / f"{name}.py").write_text(text)
    (kind / "page.md.jinja").write_text(PAGE)
    (tiny.root / "project" / "builders" / "tiny_haiku.py").write_text(BUILDER.replace("MOOD", "spring"))
    return root


def test_a_kind_is_built_checked_counted_and_built_again(engine: Path, tiny: Tiny) -> None:
    env, out = {"PYTHONPATH": str(engine)}, tiny.root / "build" / "haiku"
    done = tiny.run("build", "tiny-haiku", "--out", str(out), **env)
    assert done.returncode == 0, done.stderr
    manifest = json.loads((out / "manifest.json").read_text())
    assert (manifest["kind"], manifest["row"]) == ("haiku", "row")
    assert f"{manifest['configs'][0]['facts']['characters']} characters, most 90" in done.stdout
    assert "Haiku of 90 characters or fewer" in (out / "README.md").read_text()
    assert "How it sounds." in (out / "README.md").read_text()
    checked = tiny.run("check", str(out), **env)
    assert checked.returncode == 0, checked.stdout
    counted = json.loads(tiny.run("stats", str(out), "--json", **env).stdout)
    assert counted["default"]["mood"]["spring"]["test"] == counted["default"]["rows"]
    assert tiny.run("rebuild", str(out), **env).returncode == 0


def test_its_own_rule_and_the_recount_find_what_is_wrong(engine: Path, tiny: Tiny) -> None:
    (tiny.root / "project" / "builders" / "tiny_haiku.py").write_text(BUILDER.replace("MOOD", "winter"))
    env, out = {"PYTHONPATH": str(engine)}, tiny.root / "build" / "haiku"
    assert tiny.run("build", "tiny-haiku", "--out", str(out), **env).returncode == 0
    manifest = json.loads((out / "manifest.json").read_text())
    manifest["configs"][0]["facts"]["characters"] += 1
    (out / "manifest.json").write_text(json.dumps(manifest))
    found = tiny.run("check", str(out), **env)
    assert found.returncode == 1
    assert "DMR380 no-winter" in found.stdout
    assert "DMR503" in found.stdout
    assert "characters" in found.stdout
    assert "no-winter" in tiny.run("rule", "DMR380", **env).stdout


def test_a_set_of_a_kind_that_is_not_there_is_told(engine: Path, tiny: Tiny) -> None:
    out = tiny.root / "build" / "haiku"
    assert tiny.run("build", "tiny-haiku", "--out", str(out), PYTHONPATH=str(engine)).returncode == 0
    without = tiny.run("check", str(out), PYTHONPATH=str(ROOT))
    assert without.returncode == 2
    assert "There is no kind of set 'haiku'" in without.stderr


def test_a_rule_is_one_file(engine: Path, tiny: Tiny) -> None:
    (engine / "demur" / "checks" / "rules" / "haiku.py").write_text(RULE)
    for name in ("one", "two"):
        (tiny.root / "data").mkdir(exist_ok=True)
        (tiny.root / "data" / f"{name}.csv").write_text(f"prompt\nWhat rhymes with {name}?\n")
    found = tiny.run("check", str(tiny.root / "data"), "--license", "mit", PYTHONPATH=str(engine))
    assert "DMR980 few-files: 2 files" in found.stdout
    assert found.returncode == 1


def test_the_copy_is_the_engine_that_ran(engine: Path, tiny: Tiny) -> None:
    """Without the folder there is no such kind: the tests above test what they say."""
    shutil.rmtree(engine / "demur" / "kinds" / "haiku")
    done = tiny.run("build", "tiny-haiku", "--out", str(tiny.root / "x"), PYTHONPATH=str(engine))
    assert done.returncode == 2
    assert "demur.kinds.haiku" in done.stderr
    assert not BuiltSet.__module__.startswith("haiku")
