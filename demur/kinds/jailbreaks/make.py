"""The rows of a set of attacks: linked to their bases, with the license of both, and the rejects with their reasons."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa

from demur.kinds.jailbreaks.attack import Attack, Judged, Wrapped, said_of
from demur.kinds.jailbreaks.counts import counted, origins
from demur.kinds.jailbreaks.declared import Declaration
from demur.kinds.jailbreaks.facts import JailbreakCounts
from demur.kinds.jailbreaks.lineage import Attacked, Link, Question, find, template_of
from demur.records.record import record_id
from demur.records.rejects import Left, left_over
from demur.records.row import Row
from demur.records.schema import arrow_schema
from demur.sets.kind import Given, Made
from demur.sets.terms import of_records

NO_BASE, NOT_HERE, UNDECIDED = "no-base", "base-not-in-config", "base-undecided"
REPEATED, ASKED, UNUSED = "repeated-row", "same-question", "no-attack"
"""Reasons: the last two are of base questions, the others of attacks."""

Record = Mapping[str, Any]

LINKS = ("base_id", "link_rule", "link_score", "declared_base")
"""Columns that `linked` adds, beside ``head``."""


def linked(records: pa.Table, declared: Declaration) -> pa.Table:
    """The records with the base of every attack, and with the row whose group each has (``head``).

    A base question has its own group; an attack has its base's, and without a base none.
    """
    rows = records.select(["record_id", "prompt", "lineage", "native_labels"]).to_pylist()
    wrapped = [Wrapped.of(row["native_labels"]) for row in rows]
    order = {source: place for place, source in enumerate(declared.bases)}
    bases = [
        number for number, each in enumerate(wrapped) if each is None and rows[number]["lineage"]["source"] in order
    ]
    bases.sort(key=lambda number: (order[rows[number]["lineage"]["source"]], rows[number]["lineage"]["row"]))
    questions = [_question(rows[number], declared) for number in bases]
    attacks = [(number, each) for number, each in enumerate(wrapped) if each is not None]
    found = find(
        [Attacked(rows[number]["prompt"], each.run, each.base, each.goal, each.key) for number, each in attacks],
        questions,
    )
    columns: dict[str, list[Any]] = {name: [None] * len(rows) for name in LINKS}
    head: list[int | None] = list(range(len(rows)))
    for (number, each), link in zip(attacks, found, strict=True):
        base = None if link.question is None else bases[link.question]
        columns["base_id"][number] = None if base is None else rows[base]["record_id"]
        columns["link_rule"][number], columns["link_score"][number] = link.rule, link.score
        columns["declared_base"][number] = each.base
        head[number] = base if link.rule is not None else None
    for name, type in zip(LINKS, (pa.string(), pa.string(), pa.float64(), pa.string()), strict=True):
        records = records.append_column(name, pa.array(columns[name], type))
    return records.append_column("head", pa.array(head, pa.int64()))


def _question(row: Record, declared: Declaration) -> Question:
    source = row["lineage"]["source"]
    keys = [row["lineage"]["native_id"]]
    keys += [each["value"] for each in row["native_labels"] if each["name"] == declared.keys.get(source)]
    return Question(row["prompt"], source, tuple(key for key in keys if key is not None))


def columns_of(records: pa.Table) -> pa.Table:
    """The columns that an attack's own record tells, for a builder's function; of base questions they are empty."""
    made: dict[str, list[Any]] = {name: [] for name in TELLS}
    for row in records.select(["prompt", "native_labels", "language", "lineage"]).to_pylist():
        each = Wrapped.of(row["native_labels"]) or _plain(row)
        system = [{"role": "system", "content": each.system}] if each.system else []
        turns = [*system, {"role": "user", "content": row["prompt"]}]
        chat = each.form == "chat"
        made["messages"].append(turns if chat else [])
        made["raw_completion"].append(None if chat else row["prompt"])
        made["system_prompt"].append(each.system)
        made["attack"].append({"name": each.attack, "family": each.family, "version": each.version})
        made["target_model"].append(each.model)
        made["run_id"].append(each.run or "")
        made["n_queries"].append(None if each.queries is None else int(each.queries))
        made["published_response_id"].append(each.response)
        made["source"].append(row["lineage"]["source"])
    types = {
        **dict.fromkeys(TELLS, pa.string()),
        "messages": pa.list_(_TURN),
        "n_queries": pa.int64(),
        "attack": _ATTACK,
    }
    for name, values in made.items():
        records = records.append_column(name, pa.array(values, types[name]))
    language = [_language(row) for row in records.select(["native_labels", "language"]).to_pylist()]
    place = records.schema.get_field_index("language")
    return records.set_column(place, "language", pa.array(language, pa.string()))


TELLS = ("messages", "raw_completion", "system_prompt", "attack", "target_model", "run_id", "n_queries",
         "published_response_id", "source")  # fmt: skip
"""Columns that `columns_of` adds."""

_ATTACK = pa.struct(list(arrow_schema(Attack)))
_TURN = pa.struct([pa.field(name, pa.string(), nullable=False) for name in ("role", "content")])


def _plain(row: Record) -> Wrapped:
    return Wrapped(attack="", family="template", version="", language=_language(row))


def _language(row: Record) -> str:
    said: list[str] = [each["value"] for each in row["native_labels"] if each["name"] == "language"]
    return said[0] if said else str(row["language"])


def attacks(records: pa.Table, declared: Declaration, given: Given, model: type[Row]) -> Made:
    """Make the rows of one config.

    Args:
        records: of the config, with the columns of `linked`, ``group_id`` and ``split``.
        declared: sources of base questions.
        given: the config.
        model: the schema of the rows.
    """
    every = given.to_rows(records).to_pylist()
    order = {source: place for place, source in enumerate(declared.bases)}
    asked = [row for row in every if Wrapped.of(row["native_labels"]) is None]
    asked.sort(key=lambda row: (order.get(row["source"], len(order)), row["lineage"]["row"]))
    held = {(row["record_id"], row["source"]) for row in asked}
    bases: dict[str, Record] = {}
    left = []
    for row in asked:
        first = bases.setdefault(row["record_id"], row)
        if first is not row:
            left.append(Left(row, ASKED, first["record_id"], 1.0, "another source of the config holds it"))
    kept: dict[str, dict[str, Any]] = {}
    repeated: Counter[str] = Counter()
    moved: Counter[str] = Counter()
    for row in _ordered(every):
        if reason := _unfit(row, bases):
            left.append(reason)
            continue
        base = bases[row["base_id"]]
        made = _row(row, base)
        first = kept.setdefault(made["item_id"], made)
        if first is not made:
            repeated[row["run_id"]] += 1
            left.append(Left(row, REPEATED, first["item_id"], 1.0, "the same prompt in the same run"))
        elif row["declared_base"] not in (None, base["source"]) and (row["base_id"], row["declared_base"]) not in held:
            moved[f"{row['declared_base']} -> {base['source']}"] += 1
    used = {row["base_id"] for row in kept.values()}
    left += [Left(row, UNUSED) for id, row in bases.items() if id not in used]
    items = pa.Table.from_pylist(list(kept.values()), schema=arrow_schema(model)).sort_by("item_id")
    facts = JailbreakCounts(
        **counted(items.to_pylist()),
        repeated=dict(sorted(repeated.items())),
        unlinked=sum(each.reason == NO_BASE for each in left),
        moved=dict(sorted(moved.items())),
        origins=origins(_bases(records)),
    )
    return Made(items, left_over(left, given.config), len(kept) + len(used), facts)


def _bases(records: pa.Table) -> pa.Table:
    plain = [Wrapped.of(labels) is None for labels in records["native_labels"].to_pylist()]
    return records.filter(pa.array(plain, pa.bool_()))


def _ordered(rows: Sequence[Record]) -> list[Record]:
    """The attacks, by source and row."""
    mine = [row for row in rows if row["attack"]["name"]]
    return sorted(mine, key=lambda row: (row["source"], row["lineage"]["row"], row["record_id"]))


def _unfit(row: Record, bases: Mapping[str, Record]) -> Left | None:
    """Why an attack is no row: without a base, or with one that the config does not hold, or of which nobody knows."""
    if row["link_rule"] is None:
        return Left(row, NO_BASE, row["base_id"], row["link_score"], "the nearest question")
    base = bases.get(row["base_id"])
    if base is None:
        return Left(row, NOT_HERE, row["base_id"], row["link_score"], row["link_rule"])
    if base["expected"] is None:
        return Left(row, UNDECIDED, row["base_id"], row["link_score"], row["link_rule"])
    return None


def _row(row: Record, base: Record) -> dict[str, Any]:
    item = item_id(row["prompt"], row["run_id"], base["record_id"])
    terms = of_records((row, base))
    judged = [
        Judged(
            judgement_id=record_id("judgement", item, each.judge, each.revision),
            judge=each.judge, judge_revision=each.revision,
            scope=each.scope, verdict=each.verdict,  # type: ignore[arg-type] # words are checked with the row
        ).model_dump()
        for each in said_of(row["native_labels"])
    ]  # fmt: skip
    own = ("record_id", "prompt", *TELLS, "language", "lineage")
    of_base = ("expected", "behaviour", "basis", "hazards", "hazards_by", "group_id", "split")
    return {
        **{name: row[name] for name in own},
        **{name: base[name] for name in of_base},
        **terms,
        "access": "gated" if terms["access"] == "public" else terms["access"],
        "item_id": item,
        "base_id": base["record_id"],
        "base_source": base["source"],
        "base_lineage": base["lineage"],
        "link": Link(rule=row["link_rule"], score=row["link_score"]).model_dump(),
        "template_sha256": template_of(row["prompt"], base["prompt"]),
        "judgements": judged,
    }


def item_id(prompt: str, run: str, base: str) -> str:
    """The id of an attack: of its prompt, its run, and its base."""
    return record_id("jailbreak", prompt, run, base)
