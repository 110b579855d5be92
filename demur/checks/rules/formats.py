"""Rules about format and schema (DMR0xx): what can be read at all, and whether cells are what their column says."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from demur.checks.batch import Batch, bare
from demur.checks.columnar import invalid
from demur.checks.finding import Finding, hit
from demur.checks.hashes import filled
from demur.checks.layouts import TEXTS, model_of
from demur.checks.rule import ANY, BUILT, rule
from demur.checks.subject import Subject
from demur.errors import nearest, shown
from demur.files.bounds import TooLarge, bounds
from demur.files.packed import unpacked_name
from demur.files.reading import Fault, bounded_table, why
from demur.records.schema import arrow_schema, json_schema
from demur.sets.folder import BuiltSet
from demur.sets.manifest_file import NAME

_AGAIN = "Build it again."
_FIXES = {
    "header": "Put a line with the names of the columns before it.",
    "ragged": "Quote cells that hold the separator or a line break.",
}
_CAUSES = {
    "PermissionError": "Let it be read.",
    "FileNotFoundError": "It is a link to nothing: mend it, or delete it.",
    "ArrowNotImplementedError": "Write that column as texts or numbers.",
    "a number in it is too long": "Write the number as text.",
    "it is nested too deeply": "Write it with fewer levels.",
}
_ANSWER = re.compile(r"answer|target|gold|ideal|solution|ground_?truth|reference|choice|option", re.IGNORECASE)
"""Columns in which true and false may be the words of an answer."""


@rule(
    "DMR001",
    "unreadable",
    invariants=(1,),
    summary="Every file can be read to its end, and every row is a row.",
    why="A loader that skips what it cannot read trains or scores on fewer rows than the card says, and says nothing.",
    fix="Write the file again from its origin; a download may have been cut off.",
    applies=ANY,
)
def unreadable(subject: Subject) -> Iterator[Finding]:
    """What readers stumbled on; of a built folder, whether its Parquet files open."""
    for name, faults in subject.faults.items():
        for fault in faults:
            if fault.kind in ("unreadable", "ragged", "header"):
                yield hit(fault.message, name, fault.row, line=fault.line, fix=_fix(fault))
    if subject.folder is None and len(names := subject.split_rows) > bounds().splits:
        message = f"rows name {len(names):,} splits, and leaks are searched between {bounds().splits} of them alone"
        yield hit(message, subject.label, fix="Name real splits, or raise --limit splits=N.")
    if subject.folder is None or subject.faults:
        return
    yield from _unreadable(subject.folder)


def _fix(fault: Fault) -> str:
    """What to do about what a reader stumbled on; empty for what the rule says."""
    if "--limit" in fault.message:
        return "Split the file, or raise the limit."
    return _FIXES.get(fault.kind) or _CAUSES.get(fault.got or "", "")


def _unreadable(folder: BuiltSet) -> Iterator[Finding]:
    """What of a built folder cannot be read: configs, tables beside them, the lock."""
    if not folder.manifest.configs:
        yield hit("the manifest lists no config", NAME)
    for config in folder.manifest.configs:
        shards = folder.shards(config.name)
        if not shards:
            yield hit("a config without Parquet files", config.name)
        told = [_unread(path) for path in shards]
        names = [path.relative_to(folder.path).as_posix() for path in shards]
        yield from (hit(said, name) for said, name in zip(told, names, strict=True) if said)
        try:
            if shards and not any(told):
                pa.unify_schemas([pq.read_schema(path) for path in shards])
        except pa.ArrowException:
            yield hit("its files have columns of one name and of differing types", config.name)
    for name in ("rejects.parquet", "conflicts.parquet"):
        if said := _unread(folder.present(name)):
            yield hit(said, name)


def _unread(path: Path) -> str | None:
    """Why a table cannot be read."""
    try:
        bounded_table(path)
    except TooLarge as error:
        return f"cannot be read: {error}"
    except (pa.ArrowException, OSError, UnicodeError) as error:
        return f"cannot be read: {why(error)}"
    return None


@rule(
    "DMR002",
    "encoding",
    invariants=(1,),
    summary="Texts are UTF-8, and none lost a character when it was decoded.",
    why="A file in another encoding is read with other characters in place of letters; prompts that were published "
    "once with a replacement character no longer match their originals, so duplicates and leaks are missed.",
    fix="Write the file as UTF-8 from the original; a replacement character cannot be undone.",
    each="both",
)
def encoding(judged: Subject | Batch) -> Iterator[Finding]:
    """A whole file in another encoding; a text with a replacement character in it."""
    if isinstance(judged, Subject):
        for name, faults in judged.faults.items():
            yield from (hit(fault.message, name, fault.row) for fault in faults if fault.kind == "encoding")
        return
    for row, what, column in judged.holding("\ufffd", signs=b"\xef"):
        message = f"{what} holds a replacement character: a letter was lost in decoding"
        yield judged.hit(row, message, judged.native(column))


@rule(
    "DMR003",
    "no-rows",
    summary="A file holds at least one row.",
    why="A check, a filter or an evaluation of nothing passes. An empty shard usually means that a step before it "
    "failed.",
    fix="Find out which step wrote it, or remove the file.",
)
def no_rows(subject: Subject) -> Iterator[Finding]:
    """Files without rows that can be read."""
    for file in subject.files:
        if not subject.rows.get(file.name) and not subject.faults.get(file.name):
            yield hit("holds no rows", file.name)


@rule(
    "DMR004",
    "unknown-layout",
    summary="The columns with the texts are known.",
    why="A linter that finds no prompt column and says nothing looks like a clean bill. AdvBench, StrongREJECT, "
    "HarmBench and XSTest call the prompt goal, forbidden_prompt, Behavior and prompt.",
    fix="Say which columns are what: --map prompt=NAME,response=NAME, or a layout's name.",
)
def unknown_layout(subject: Subject) -> Iterator[Finding]:
    """Files whose columns fit no layout."""
    for name, layout in subject.layouts.items():
        if layout.name == "unknown":
            columns = ", ".join(shown(each) for each in subject.names[name][:8] if each) or "none"
            yield hit(f"no known layout has its columns ({columns})", name)


@rule(
    "DMR005",
    "missing-column",
    invariants=(1,),
    summary="A file has every column of the layout that it is read by.",
    why="A renamed column is read as empty by `row.get`: a label that is always absent becomes a label that is "
    "always no.",
    fix="Correct the mapping, or the step that writes the file.",
)
def missing_column(subject: Subject) -> Iterator[Finding]:
    """Columns that were asked for and are not there."""
    for name, layout in subject.layouts.items():
        known = [each for each in subject.names[name] if shown(each) == repr(each)]
        for column in layout.missing(subject.names[name]):
            near = subject.reached[name].near.get(column) or nearest(column.partition("[")[0].partition(".")[0], known)
            message = f"there is no such column, which the layout {shown(layout.name)} has"
            yield hit(f"{message}. {near}" if near.startswith("Did") else message, name, column=bare(column))


@rule(
    "DMR006",
    "empty-text",
    invariants=(11,),
    summary="Prompts and responses are there, and hold more than white space.",
    why="The evaluation file of CoCoNot has a response column that is empty in all 1,001 rows; a scorer that reads "
    "it compares every answer with nothing.",
    fix="Fill the texts in, drop the rows with a stated reason, or leave an empty column out.",
    each="batch",
)
def empty_text(batch: Batch) -> Iterator[Finding]:
    """Missing, empty or blank texts."""
    for canonical in TEXTS:
        texts = batch.texts(canonical) if batch.native(canonical) else None
        if texts is None:
            continue
        for row in batch.where(pa.array(~filled(texts))):
            yield batch.hit(row, f"the {canonical} is empty", batch.native(canonical))


@rule(
    "DMR007",
    "mixed-types",
    invariants=(1,),
    summary="A column has cells of one type.",
    why="One reader takes the type of the first row and turns the rest into nulls, another turns all into text; the "
    "same file then has two contents.",
    fix="Write one type; where something is absent, write null.",
    severity="warning",
)
def mixed_types(subject: Subject) -> Iterator[Finding]:
    """Columns with cells of several kinds; the first cell that differs in each batch."""
    for name, faults in subject.faults.items():
        told = set()
        for fault in faults:
            if fault.kind == "mixed" and fault.column not in told:
                told.add(fault.column)
                yield hit(fault.message, name, fault.row, column=bare(fault.column))


@rule(
    "DMR008",
    "string-flag",
    invariants=(1,),
    summary="True and false are booleans, not words.",
    why='DeRTa\'s released rows write "safe": "true" and "safe": "false". In Python both words are true, so a '
    "plain `if row['safe']` takes every row for safe.",
    fix="Write JSON's true and false, or an enumeration with telling values.",
    each="batch",
    severity="warning",
)
def string_flag(batch: Batch) -> Iterator[Finding]:
    """Cells that say true or false in words, in files that have booleans."""
    if unpacked_name(batch.file.path.name).endswith((".csv", ".tsv", ".txt")):
        return  # CSV has words only
    texts_here = {batch.native(canonical) for canonical in TEXTS}
    texts_here |= {name for name in batch.rows.schema.names if _ANSWER.search(name)}
    for name in batch.rows.schema.names:
        column = batch.rows.column(name)
        if name in texts_here or not (pa.types.is_string(column.type) or pa.types.is_large_string(column.type)):
            continue
        said = pc.is_in(pc.utf8_lower(column), pa.array(["true", "false"], column.type))
        for row in batch.where(said):
            yield batch.hit(row, "says true or false in words", name)


@rule(
    "DMR010",
    "schema",
    invariants=(1,),
    summary="Every cell fits its column's declared type and closed list of values.",
    why="A label outside its list is counted as the default by whoever compares it with one word: 'Unsafe' is not "
    "'unsafe', so it is safe.",
    fix="Correct the row at its source; do not guess.",
    applies=ANY,
    each="both",
)
def schema(judged: Subject | Batch) -> Iterator[Finding]:
    """Pydantic's own messages, for the rows that fail; of anybody's file, for what its layout declares."""
    if isinstance(judged, Batch):
        if judged.subject.kind is None:
            typed = not unpacked_name(judged.file.path.name).endswith((".csv", ".tsv", ".txt"))
            rows = judged.rows
            for canonical in (*TEXTS, "split"):  # turns are no text, and what stands for them is
                name = judged.native(canonical)
                if name and (texts := judged.texts(canonical)) is not None:
                    rows = rows.set_column(rows.schema.get_field_index(name), name, texts)
            for issue in invalid(model_of(judged.layout, typed=typed), rows):
                yield judged.hit(judged.first + issue.row, issue.message, issue.place)
        return
    if (folder := judged.folder) is None:
        return
    for entry in folder.manifest.configs:
        for issue in invalid(folder.model_of(entry), folder.configs[entry.name]):
            name, row = folder.place(entry.name, issue.row)
            id = folder.configs[entry.name]["record_id"][issue.row].as_py()
            yield hit(f"{issue.place}: {issue.message}" if issue.place else issue.message, name, row, record_id=id)


@rule(
    "DMR011",
    "columns",
    invariants=(1,),
    summary="The columns of a built set are those of its schema, and schema.json is that schema.",
    why="A column that nobody declared has no meaning, no license and no access tier, and every reader guesses "
    "another.",
    fix=_AGAIN,
    applies=BUILT,
)
def columns(subject: Subject) -> Iterator[Finding]:
    """Columns beyond or short of the schema."""
    folder = subject.folder
    if folder is None:
        return
    if folder.present("schema.json").read_text(encoding="utf-8", errors="replace") != json_schema(folder.model):
        message = "is not the schema that this release of Demur has for the kind"
        yield hit(message, "schema.json", fix="Check with the release that built it.")
    for entry in folder.manifest.configs:
        expected, table = arrow_schema(folder.model_of(entry)), folder.configs[entry.name]
        if not table.schema.equals(expected):
            same = {each.name for each in expected if each in list(table.schema)}
            names = [shown(name) for name in sorted({*table.schema.names, *expected.names} - same)]
            yield hit(f"columns differ from the schema: {', '.join(names) or 'their order'}", entry.name)
