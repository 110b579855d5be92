"""Further taxonomies of hazards: overlays over the shared one, each a table of categories and what they correspond to.

A taxonomy is a file ``builders/taxonomies/NAME.tsv``, as SSSOM has mappings: lines with ``#`` hold YAML about all of
it, then comes a row for each category and each hazard that it corresponds to: docs/taxonomies.md has the columns.
Rows keep their hazards and their source's own categories; a taxonomy is looked at through them, and stored nowhere.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, cast, get_args

from demur.errors import FormatError, UsageError, nearest, shown
from demur.project import Project, bundled
from demur.records.hazards import HAZARDS, OURS, Hazard

FOLDER = Path("builders", "taxonomies")
COLUMNS = ("subject_id", "subject_label", "predicate_id", "object_id", "mapping_justification", "comment")
NO_TERM = "sssom:NoTermFound"
"""In the place of a hazard: somebody looked, and none corresponds. Source: SSSOM 1.0, "object_id"."""

Relation = Literal["exactMatch", "closeMatch", "narrowMatch", "broadMatch", "relatedMatch"]
TELLING: tuple[Relation, ...] = ("exactMatch", "closeMatch", "narrowMatch")
"""Relations by which a hazard tells the category: the same, nearly the same, or the hazard is a part of the category.
Of a broader hazard, or one that is only related, a row may belong to the category or not."""


@dataclass(frozen=True)
class Category:
    """One category.

    Attributes:
        hazards: those that it corresponds to, each with how: read "the hazard is a ... match of the category".
    """

    code: str
    name: str
    hazards: tuple[tuple[Hazard, Relation], ...] = ()


@dataclass(frozen=True)
class Taxonomy:
    """A taxonomy.

    Attributes:
        native: sources whose own categories are codes of the taxonomy.
        categories: by code.
    """

    name: str
    title: str
    path: Path
    native: tuple[str, ...] = ()
    categories: dict[str, Category] = field(default_factory=dict)

    def of(self, hazards: Sequence[str], source: str = "", native: Sequence[str] = ()) -> tuple[str, ...]:
        """The codes of a row, sorted as the table has them; none if the row cannot be told to be in any category.

        The source's own categories, where they are codes of this taxonomy, say it themselves; else hazards do, by the
        relations of `TELLING`.

        Example:
            >>> from demur.project import bundled
            >>> v05 = taxonomy_of(bundled(), "mlcommons-0.5")
            >>> v05.of(["vcr", "spc"]), v05.of(["oth"])
            (('violent-crimes', 'specialized-advice'), ())
        """
        if source in self.native and native and all(each in self.categories for each in native):
            return tuple(code for code in self.categories if code in native)
        return tuple(
            code
            for code, each in self.categories.items()
            if any(hazard in hazards and how in TELLING for hazard, how in each.hazards)
        )

    @property
    def unmapped(self) -> tuple[Category, ...]:
        """Categories that no hazard tells: rows are in them only by their source's own categories."""
        return tuple(each for each in self.categories.values() if not any(how in TELLING for _, how in each.hazards))


def taxonomies(project: Project) -> dict[str, Taxonomy]:
    """Every taxonomy by name: the bundled ones, and the project's own, which take the place of those of their name.

    Raises:
        FormatError: a table is broken.
    """
    paths = {path.stem: path for root in (bundled().root, project.root) for path in (root / FOLDER).glob("*.tsv")}
    return {name: read_taxonomy(path) for name, path in sorted(paths.items())}


def taxonomy_of(project: Project, name: str) -> Taxonomy:
    """A taxonomy by its name, or from a file.

    Raises:
        UsageError: there is no such name, and no such file.
        FormatError: the table is broken.
    """
    for root in (project.root, bundled().root):
        if (path := root / FOLDER / f"{name}.tsv").is_file() and Path(name).name == name:
            return read_taxonomy(path)
    if (path := Path(name)).is_file():
        return read_taxonomy(path)
    msg = f"No taxonomy {name!r}, and no such file"
    raise UsageError(msg, fix=nearest(name, taxonomies(project)))


def read_taxonomy(path: Path) -> Taxonomy:
    """A taxonomy from its table.

    Raises:
        FormatError: it is not such a table; everything that is wrong with it is listed.
    """
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        msg = "The taxonomy cannot be read"
        raise FormatError(msg, where=path, got=type(error).__name__) from None
    begin = next((number for number, line in enumerate(lines) if not line.startswith("#")), len(lines))
    about, wrong = _about(lines[:begin])
    reader = csv.DictReader(lines[begin:], delimiter="\t", quoting=csv.QUOTE_NONE)
    missing = [name for name in COLUMNS if name not in (reader.fieldnames or ())]
    rows: list[dict[str | None, Any]] = [*reader]
    if missing or not rows:
        msg = "The table of the taxonomy lacks a column, or has no rows"
        expected, got = f"{', '.join(COLUMNS)}, parted by tabs", f"no {missing[0]}" if missing else "no rows"
        raise FormatError(msg, where=path, expected=expected, got=got, fix="See docs/taxonomies.md.")
    categories: dict[str, Category] = {}
    for number, row in enumerate(rows, begin + 2):
        wrong += [f"line {number}: {each}" for each in _faults(row, categories)]
        if not wrong:
            _add(categories, row)
    if wrong:
        msg = "The table of the taxonomy is broken"
        raise FormatError(msg, where=path, got="\n            ".join(wrong), fix="See docs/taxonomies.md.")
    title = about.get("mapping_set_title") or path.stem
    return Taxonomy(path.stem, str(title), path, tuple(map(str, about.get("native_in") or ())), categories)


def _about(lines: Sequence[str]) -> tuple[dict[str, Any], list[str]]:
    """What the head says, and what is wrong with it."""
    import yaml

    try:
        found = yaml.safe_load("\n".join(line[1:] for line in lines)) or {}
    except yaml.YAMLError:
        return {}, ["the lines with # are no YAML"]
    if not isinstance(found, dict) or not isinstance(found.get("native_in") or [], list):
        return {}, ["the lines with # are names with values, and native_in a list of sources"]
    return found, []


def _faults(row: dict[str | None, Any], known: dict[str, Category]) -> list[str]:
    if None in row or None in row.values():
        return [f"expected {len(COLUMNS)} cells, as the first line has"]
    found = [f"{name} is empty" for name in COLUMNS[:-1] if not row[name].strip()]
    if found:
        return found
    prefix, _, code = row["object_id"].partition(":")
    wanted = "demur" if code in OURS else "ailuminate"
    if row["object_id"] != NO_TERM and (code not in HAZARDS or prefix != wanted):
        found.append(f"object_id {shown(row['object_id'])} is no hazard: {_codes()} or {NO_TERM}")
    if row["predicate_id"].removeprefix("skos:") not in get_args(Relation):
        found.append(f"predicate_id {shown(row['predicate_id'])} is none of skos:{', skos:'.join(get_args(Relation))}")
    if ":" not in row["subject_id"]:
        found.append(f"subject_id {shown(row['subject_id'])} is no PREFIX:CODE")
    mine = known.get(row["subject_id"].partition(":")[2])
    if mine and mine.name != row["subject_label"]:
        found.append(f"subject_id {shown(row['subject_id'])} has two labels")
    if mine and (row["object_id"] == NO_TERM or not mine.hazards or code in dict(mine.hazards)):
        found.append(f"subject_id {shown(row['subject_id'])} is mapped twice to one hazard, or to one and to none")
    return found


def _add(categories: dict[str, Category], row: dict[str | None, Any]) -> None:
    code = row["subject_id"].partition(":")[2]
    mine = categories.get(code) or Category(code, row["subject_label"])
    hazard, how = row["object_id"].partition(":")[2], row["predicate_id"].removeprefix("skos:")
    more = () if row["object_id"] == NO_TERM else ((cast("Hazard", hazard), cast("Relation", how)),)
    categories[code] = Category(code, mine.name, (*mine.hazards, *more))


def _codes() -> str:
    return ", ".join(f"{'demur' if code in OURS else 'ailuminate'}:{code}" for code in HAZARDS)
