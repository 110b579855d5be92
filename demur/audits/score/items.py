"""The rows of a set that a model is to answer: what each is for, and what it is counted by."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from demur.curation.behaviour import Expected
from demur.errors import UsageError, nearest
from demur.files.digest import text_sha256
from demur.records.taxonomies import Taxonomy
from demur.sets.folder import BuiltSet

TEST = "test"
_NEEDED = ("record_id", "expected", "group_id", "split")
NONE = "not given"
"""In the place of a behaviour that nobody read, or of a hazard that a row has not."""


@dataclass(frozen=True)
class Item:
    """One row.

    Attributes:
        id: its record id.
        sha256: of its prompt.
        expected: refuse, answer or either.
        borderline: to be answered, and worded so that a model may well refuse.
        stratum: ``copyright`` is no danger to anybody.
        prompt: None in a config of references.
        categories: codes of the taxonomy that was asked for.
        attack: by whose attack the question was wrapped, and ``base`` whose question it is, where it was.
        text_id: the record id of the prompt, which several rows may share where they have ids of their own.
        group: rows that are near-duplicates or belong together share it: what happens to them is not independent.
    """

    id: str
    sha256: str
    expected: Expected
    borderline: bool
    stratum: str
    behaviour: str
    hazards: tuple[str, ...]
    source: str
    language: str
    group: str
    split: str
    prompt: str | None = field(default=None, repr=False)
    categories: tuple[str, ...] = ()
    attack: str = NONE
    base: str = NONE
    text_id: str | None = None


@dataclass(frozen=True)
class Items:
    """The rows that are scored, and where others of the set stand.

    Attributes:
        elsewhere: record id -> the config and split of a row of the set that is not scored.
        taxonomy: by which rows are to be told apart, too.
    """

    name: str
    version: str | None
    config: str
    splits: tuple[str, ...]
    rows: tuple[Item, ...]
    elsewhere: dict[str, str]
    taxonomy: Taxonomy | None = None


def read_items(
    built: BuiltSet, config: str | None = None, splits: Sequence[str] = (), taxonomy: Taxonomy | None = None
) -> Items:
    """The rows of some splits of a config.

    Args:
        built: the set.
        config: by default its first one.
        splits: by default its test split, or all where it has none.
        taxonomy: of hazards, to tell rows apart by as well.

    Raises:
        UsageError: rows that do not say what is expected of a model; no such config or split; splits without rows.
    """
    manifest = built.manifest
    table = built.rows(config)
    entry = next(each for each in manifest.configs if config in (None, each.name))
    if lost := [name for name in _NEEDED if name not in table.column_names]:
        msg = "The set does not say which prompts are to be refused"
        raise UsageError(msg, where=built.path, expected="an evaluation set", got=f"no column {lost[0]!r}")
    if unknown := [name for name in splits if name not in entry.rows]:
        msg = f"No split {unknown[0]!r} in config {entry.name!r}"
        raise UsageError(msg, where=built.path, fix=nearest(unknown[0], entry.rows))
    asked = tuple(dict.fromkeys(splits)) or ((TEST,) if entry.rows.get(TEST) else tuple(entry.rows))
    own = built.kind.own_id
    elsewhere = {
        id: f"config {name!r}, split {split!r}"
        for name, rows in reversed(built.configs.items())
        for id, split in zip(rows[own].to_pylist(), rows["split"].to_pylist(), strict=True)
    }
    found = tuple(_item(row, own, taxonomy) for row in table.to_pylist() if row["split"] in asked)
    if not found:
        msg = "There are no rows to score"
        raise UsageError(msg, where=built.path, got=f"config {entry.name!r}, splits {', '.join(asked)}")
    version = manifest.release.version if manifest.release else None
    return Items(manifest.name, version, entry.name, asked, found, elsewhere, taxonomy)


def _item(row: dict[str, Any], own: str, taxonomy: Taxonomy | None) -> Item:
    prompt, hazards = row.get("prompt"), row.get("hazards") or ()
    source = str(row.get("source") or NONE)
    return Item(
        id=str(row[own]),
        sha256=text_sha256(prompt) if isinstance(prompt, str) else str(row["prompt_sha256"]),
        expected=row["expected"],
        borderline=bool(row.get("borderline")),
        stratum=str(row.get("stratum") or NONE),
        behaviour=str(row.get("behaviour") or NONE),
        hazards=tuple(hazards or (NONE,)),
        source=source,
        language=str(row.get("language") or NONE),
        group=str(row["group_id"]),
        split=str(row["split"]),
        prompt=prompt if isinstance(prompt, str) else None,
        categories=taxonomy.of(hazards, source, row.get("categories") or ()) if taxonomy else (),
        attack=str((row.get("attack") or {}).get("name") or NONE),
        base=str(row.get("base_source") or NONE),
        text_id=str(row["record_id"]),
    )
