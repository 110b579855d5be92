"""Rules about licenses, access and provenance (DMR4xx)."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from itertools import product

import pyarrow as pa

from demur.checks import pages
from demur.checks.batch import Batch
from demur.checks.finding import Finding, hit
from demur.checks.rule import ANY, BUILT, FILES, rule
from demur.checks.stated import stated
from demur.checks.subject import Subject
from demur.errors import DemurError, shown
from demur.records.licenses import LICENSES, License, combine, license_of, of_references
from demur.records.record import ACCESS_TIERS
from demur.records.row import Origin, TextOf, columns_with
from demur.records.terms import Terms
from demur.sets.folder import BuiltSet
from demur.sets.manifest import ConfigEntry, SourceEntry
from demur.sets.manifest_file import NAME
from demur.sets.terms import inherited

_AGAIN = "Build it again."
_QUOTE = 20  # characters of a text that is known again where it is quoted


@rule(
    "DMR401",
    "no-license",
    invariants=(17,),
    summary="A license stands beside the data: in a card, in a LICENSE file, or in --license.",
    why="Without a license nobody may copy, change or publish the rows. MaliciousInstruct is scored in many papers "
    "and copied into many repositories; it states none.",
    fix="Ask the authors, keep hashes and references only, or state the license with --license if you know it.",
    applies=FILES,
    severity="warning",
)
def no_license(subject: Subject) -> Iterator[Finding]:
    """Folders of checked files with no license beside them."""
    if subject.license is not None:
        if subject.license in ("", "none", "unknown", "none-stated"):
            yield hit("no license is stated", subject.label)
        return
    for folder in sorted({file.path.parent for file in subject.files}):
        if subject.license_near(folder) is None:
            here = [file for file in subject.files if file.path.parent == folder]
            files = [file.name for file in here if pages.license_in(file.path) is None]
            if not files:
                continue
            more = f" and {len(files) - 1} more files beside it" if len(files) > 1 else ""
            yield hit(f"no license is stated{more}: neither card nor LICENSE", files[0])


@rule(
    "DMR402",
    "license-strictness",
    invariants=(17,),
    summary="A set's license is at least as strict as that of everything in it.",
    why="A set under MIT with rows of BeaverTails in it (CC BY-NC 4.0) gives away rights that its makers do not have.",
    fix="Release it under the license that its sources demand, or leave rows out.",
    applies=ANY,
)
def license_strictness(subject: Subject) -> Iterator[Finding]:
    """The config's license follows from its sources'; of anybody's files, the stated one allows every row's."""
    folder = subject.folder
    if folder is None:
        yield from stated(subject)
        return
    declared = {source.name: source for source in folder.manifest.sources}
    for entry in folder.manifest.configs:
        if undeclared := sorted(set(entry.sources) - declared.keys()):
            yield hit(f"the manifest says nothing of its sources {', '.join(undeclared)}", entry.name, fix=_AGAIN)
            continue
        try:
            license = _of_config(entry, declared, folder.manifest.own_terms)
        except DemurError as error:
            yield hit(error.what, entry.name, fix=error.fix or "")
            continue
        if license.id != entry.license:
            yield hit(f"license is {entry.license}, its sources demand {license.id}", entry.name)


def _of_config(entry: ConfigEntry, declared: Mapping[str, SourceEntry], terms: Mapping[str, Terms]) -> License:
    """The license that a config's sources demand, and rows that they took over from others."""
    licenses = {name: declared[name].license for name in entry.sources}
    inner = inherited(declared[name] for name in entry.sources)
    if entry.references:
        return of_references({**licenses, **inner}, entry.name, terms)
    kept = {name: id for name, id in inner.items() if LICENSES[id].redistribution}
    ways = [combine({**licenses, **some}, entry.name, terms) for some in (kept, _commercial(kept))]
    return next((way for way in ways if way.id == entry.license), ways[0])


def _commercial(licenses: Mapping[str, str]) -> dict[str, str]:
    """Those that allow commercial use: a config that promises it holds no other row."""
    return {name: id for name, id in licenses.items() if LICENSES[id].commercial}


@rule(
    "DMR403",
    "row-license",
    invariants=(17,),
    summary="Every row of a built set has the license of its source (or of the set that its source took it over from), "
    "or of several texts one that all of them allow.",
    why="Rows are filtered by their license column; one wrong cell publishes a row that may not be. 32 rows of "
    "StrongREJECT come from sets that state no license, and stood under its MIT license wherever it was copied.",
    fix=_AGAIN,
    applies=BUILT,
)
def row_license(subject: Subject) -> Iterator[Finding]:
    """Rows with another license than follows from the manifest."""
    folder = subject.folder
    declared = {source.name: source for source in folder.manifest.sources} if folder else {}
    for entry in folder.manifest.configs if folder else ():
        if folder and set(entry.sources) <= declared.keys():
            yield from _row_licenses(folder, entry, declared)


def _row_licenses(folder: BuiltSet, entry: ConfigEntry, declared: Mapping[str, SourceEntry]) -> Iterator[Finding]:
    table = folder.configs[entry.name]
    origins = list(columns_with(folder.model_of(entry), Origin))
    native = [name for name in ("native_labels",) if name in table.column_names]
    allowed: dict[tuple[frozenset[str], str | None], set[str]] = {}
    for number, row in enumerate(table.select(["record_id", "source", "license", *native, *origins]).to_pylist()):
        given = frozenset({row["source"], *(row[name]["source"] for name in origins if row[name])})
        labels = row.get("native_labels") or ()
        origin = next((label["value"] for label in labels if label["name"] == "origin"), None)
        if (given, origin) not in allowed:
            several = None if len(origins) > 1 else row["source"]
            allowed[given, origin] = _allowed(given, origin, entry, declared, several)
        if row["license"] not in allowed[given, origin]:
            message = f"license {shown(row['license'])} is not that of {', '.join(map(repr, sorted(given)))}"
            yield hit(message, *folder.place(entry.name, number), record_id=row["record_id"])


def _allowed(
    given: frozenset[str],
    origin: str | None,
    entry: ConfigEntry,
    declared: Mapping[str, SourceEntry],
    source: str | None,
) -> set[str]:
    """The licenses that a row from these sources may have; none where a source is not the config's.

    A row of one text has the license of its ``source`` (or of the set that this took it over from); one that may hold
    several has a license that all of them allow. There is one, unless the row does not say where it was taken over.
    """
    if not given <= {*entry.sources}:
        return set()
    if source:
        return _licenses(declared[source], origin)
    found = set()
    for chosen in product(*(_licenses(declared[name], origin) for name in sorted(given))):
        with suppress(DemurError):
            found.add(combine(dict(zip(sorted(given), chosen, strict=True))).id)
    return found


def _licenses(source: SourceEntry, origin: str | None) -> set[str]:
    """The licenses of a source's rows, or of those from one origin."""
    if origin is not None and source.origins:
        return {source.origins[origin]} if origin in source.origins else set()
    return {source.license, *source.origins.values()}


@rule(
    "DMR404",
    "use-limits",
    invariants=(17,),
    summary="A config inherits every use limit of its sources, and the terms of the licenses of their own.",
    why="HH-RLHF's card says that its pairs are not meant for supervised training. A set that drops the sentence is "
    "used for just that.",
    fix=_AGAIN,
    applies=BUILT,
)
def use_limits(subject: Subject) -> Iterator[Finding]:
    """Limits that got lost."""
    folder = subject.folder
    if folder is None:
        return
    declared = {source.name: source for source in folder.manifest.sources}
    for entry in folder.manifest.configs:
        limits = {limit for name in entry.sources if name in declared for limit in declared[name].use_limits}
        if missing := sorted(limits - set(entry.use_limits)):
            yield hit(f"use limits are not inherited: {', '.join(missing)}", entry.name)
        with suppress(DemurError, KeyError):  # what cannot be combined at all is DMR402's
            license = _of_config(entry, declared, folder.manifest.own_terms)
            if (license.terms if license.own else None) != entry.terms:
                yield hit(f"the terms of {', '.join(license.own) or license.id} are not inherited", entry.name)


@rule(
    "DMR405",
    "access-tier",
    invariants=(22,),
    summary="No row is more open than its tier allows; harmful responses are not public.",
    why="Harmful answers that people labelled are training data for the reverse purpose. A gate tells who asks what "
    "the rows are, and a withheld text stays with its publisher.",
    fix="Release the row as a reference, or put the set behind a gate (extra_gated_prompt in the card).",
    applies=ANY,
)
def access_tier(subject: Subject) -> Iterator[Finding]:
    """Rows beyond the set's tier; of published files, harmful responses without a gate."""
    folder = subject.folder
    if folder is None:
        for name, rows in sorted(subject.state.unsafe.items()):
            card = subject.card_near(next(file.path.parent for file in subject.files if file.name == name))
            if rows and card is not None and card.startswith("---") and "extra_gated" not in card:
                yield hit(f"{rows:,} responses that are labelled harmful are published without a gate", name)
        return
    tier = folder.manifest.access
    for config, table in folder.whole.items():
        barred = {id for id in table["license"].unique().to_pylist() if _barred(id, folder)}
        for number, row in enumerate(table.select(["record_id", "access", "license"]).to_pylist()):
            closed = ACCESS_TIERS.index(row["access"]) > ACCESS_TIERS.index(tier)
            if closed or row["license"] in barred:
                message = f"a {row['access']} row stands in a {tier} config"
                yield hit(message, *folder.place(config, number), record_id=row["record_id"])


def _barred(id: str, folder: BuiltSet) -> bool:
    """Whether a license is known to forbid that the text is published again."""
    with suppress(DemurError):
        return not license_of(id, "row", folder.manifest.own_terms).redistribution
    return False


@rule(
    "DMR406",
    "text-in-card",
    invariants=(22,),
    summary="No text of a row stands in a card, a manifest or a report.",
    why="Cards are crawled, cached and quoted: an example prompt in a card ends in training data although the rows "
    "are behind a gate.",
    fix="Take it out: cards and reports name record ids.",
    applies=BUILT,
)
def text_in_card(subject: Subject) -> Iterator[Finding]:
    """Pages of a built folder with a row's text of 20 characters or more in them."""
    folder = subject.folder
    if folder is None:
        return
    columns = [name for name, role in columns_with(folder.model, TextOf).items()]
    texts = {
        text
        for table in folder.whole.values()
        for name in columns
        for text in table[name].to_pylist()
        if text is not None and len(text) >= _QUOTE
    }
    begun: dict[str, list[str]] = {}  # by their first characters: a page is read once, however many rows there are
    for text in sorted(texts | {json.dumps(text, ensure_ascii=False)[1:-1] for text in texts}):
        begun.setdefault(text[:_QUOTE], []).append(text)
    for name in ("README.md", NAME, "schema.json", "splits.lock"):
        page = folder.present(name).read_text(encoding="utf-8", errors="replace")
        places = (at for at in range(len(page)) if page[at : at + _QUOTE] in begun)
        if any(page.startswith(text, at) for at in places for text in begun[page[at : at + _QUOTE]]):
            yield hit("holds the text of a row", name)


@rule(
    "DMR407",
    "provenance",
    invariants=(15,),
    summary="A row's record id follows from its texts, so the row is the one that its source published.",
    why="A row that was edited by hand keeps its id and its source, and claims to be what its source never said.",
    fix="The text was changed: build it again.",
    applies=BUILT,
)
def provenance(subject: Subject) -> Iterator[Finding]:
    """Ids that do not follow from the texts (a kind may leave rows to a rule of its own)."""
    folder = subject.folder
    if folder is None:
        return
    for config, table in folder.whole.items():
        for number, row in enumerate(table.to_pylist()):
            expected = folder.kind.record_id(row)
            if expected is not None and row["record_id"] != expected:
                message = "the record id does not follow from the row's texts"
                yield hit(message, *folder.place(config, number), record_id=row["record_id"])


_REVISION_COLUMNS = {"revision", "commit", "source_revision", "source_commit", "dataset_revision", "hub_revision"}
_PINNED = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}|[\w.-]+==[\w.]+")


@rule(
    "DMR408",
    "unpinned",
    invariants=(20,),
    summary="A row's origin is named by a full commit or an exact version, not by a branch.",
    why="'main' is another file tomorrow, and a short hash may be another commit. `load_dataset` with a branch even "
    "falls back on any cached revision when the server is away.",
    fix="Write the 40 hexadecimal digits of the commit that the rows were read at.",
    each="batch",
    severity="warning",
)
def unpinned(batch: Batch) -> Iterator[Finding]:
    """Cells of a revision column that name no full commit or exact version."""
    for name in batch.rows.schema.names:
        column = batch.rows.column(name)
        if name.lower() not in _REVISION_COLUMNS or not (
            pa.types.is_string(column.type) or pa.types.is_large_string(column.type)
        ):
            continue
        for row, cell in enumerate(column.to_pylist(), batch.first):
            if cell and not _PINNED.fullmatch(cell):
                yield batch.hit(row, f"revision {shown(cell)} is no full commit or exact version", name)


@rule(
    "DMR409",
    "content-warning",
    invariants=(22,),
    summary="The card of a set that asks for harm warns of it, and a set that is not public has the form of its gate.",
    why="Who opens a file of prompts that ask for harm should know before. The Hub shows a gate only if the card has "
    "the gating fields.",
    fix=_AGAIN,
    applies=BUILT,
)
def content_warning(subject: Subject) -> Iterator[Finding]:
    """What a card lacks."""
    folder = subject.folder
    if folder is None:
        return
    card = folder.present("README.md").read_text(encoding="utf-8", errors="replace")
    if not re.search(r"content warning", card, re.IGNORECASE):
        yield hit("has no content warning", "README.md")
    if folder.manifest.access != "public" and "extra_gated" not in card:
        yield hit(f"the set is {folder.manifest.access}, and its card has no gating fields", "README.md")
