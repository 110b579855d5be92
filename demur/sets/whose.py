"""Groups of changes: what became what, in how many rows, which, and by whose word; for people and for programs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import pyarrow as pa
import pyarrow.compute as pc

Kind = Literal["column", "split", "removed", "reject-came", "reject-went", "conflict-came", "conflict-went"]

_WORD = ("basis", "who", "reader", "decision", "value")
"""What is known of a word: its basis, who said it, what kind of reader that is, the decision, and what was said."""

WORD = [pa.field(f"{when}_{name}", pa.string()) for when in ("was", "now") for name in _WORD]

FACTS = pa.schema(
    [
        pa.field("kind", pa.string(), nullable=False),
        pa.field("name", pa.string(), nullable=False),
        pa.field("shown", pa.bool_(), nullable=False),
        pa.field("was", pa.string()),
        pa.field("now", pa.string()),
        *WORD,
        pa.field("relabelled", pa.bool_()),
        pa.field("config", pa.string()),
        pa.field("record_id", pa.string(), nullable=False),
    ]
)
"""A change of a row a line: what changed, from what to what, whose word it rested on and rests on, and whether the
source's own label changed, null where that is not known."""

_KEYS = [name for name in FACTS.names if name not in ("config", "record_id")]
UPSTREAM = "upstream"


@dataclass(frozen=True)
class Whose:
    """Rows that changed by one word.

    Attributes:
        said: the word, for people.
        basis: ``decision``, ``adjudicated``, ``readers``, ``reader``, ``upstream...`` or ``unknown``; None where
            nobody's word is asked for.
        who: the reader, or several; ``reader``: human, model or rule.
        decision: short id of the decision.
        configs: where the rows stand.
        record_ids: sorted, all of them.
    """

    said: str | None
    basis: str | None
    who: str | None
    reader: str | None
    decision: str | None
    configs: tuple[str, ...]
    record_ids: tuple[str, ...]


@dataclass(frozen=True)
class Move:
    """One change that several rows may share.

    Attributes:
        kind: of what.
        name: the column, the reason of a reject, or the sources of a conflict.
        shown: whether its values are labels; other values are never told.
        was: the value before; ``now``: the value after.
        whose: the rows, by whose word.
    """

    kind: Kind
    name: str
    shown: bool
    was: str | None
    now: str | None
    whose: tuple[Whose, ...]

    @property
    def record_ids(self) -> tuple[str, ...]:
        """Every row, once, sorted."""
        return tuple(sorted({id for each in self.whose for id in each.record_ids}))

    @property
    def count(self) -> int:
        """Rows; one of several configs counts once."""
        return len(self.record_ids)

    @property
    def title(self) -> str:
        """What became what."""
        return f"{self.name}: {_value(self.was)} -> {_value(self.now)}" if self.shown else self.name

    def as_dict(self) -> dict[str, Any]:
        """For programs: everything."""
        values = {"was": self.was, "now": self.now} if self.shown else {}
        by = [
            {
                **({} if each.basis is None else _named(each)),
                "configs": list(each.configs),
                "count": len(each.record_ids),
                "record_ids": list(each.record_ids),
            }
            for each in self.whose
        ]
        return {"name": self.name, **values, "count": self.count, "by": by}

    def lines(self, most: int = 5) -> Iterator[str]:
        """For people: a line; where several words brought it about, one more for each of the first."""
        if len(self.whose) == 1:
            yield f"{self.title}: {self.count} ({_told(self.whose[0], most)})"
            return
        yield f"{self.title}: {self.count}"
        yield from (f"  {len(each.record_ids)} ({_told(each, most)})" for each in self.whose[:most])
        if left := self.whose[most:]:
            yield f"  {sum(len(each.record_ids) for each in left)} by {len(left)} other words"


def _named(each: Whose) -> dict[str, Any]:
    return {name: getattr(each, name) for name in ("said", "basis", "who", "reader", "decision")}


def _value(value: str | None) -> str:
    return "none" if value is None else value or "empty"


def _told(each: Whose, most: int) -> str:
    ids = each.record_ids
    named = ", ".join(ids[:most]) + (f" and {len(ids) - most} more" if len(ids) > most else "")
    return f"{'record' if len(ids) == 1 else 'records'} {named}" + (f"; {each.said}" if each.said else "")


def grouped(facts: Iterable[pa.Table]) -> tuple[Move, ...]:
    """Group changes: by what became what, within that by whose word; the most frequent first.

    Args:
        facts: tables of `FACTS`.
    """
    table = pa.concat_tables([FACTS.empty_table(), *facts])
    if not table.num_rows:
        return ()
    kept = table.group_by([*_KEYS, "config", "record_id"]).aggregate([])
    groups = kept.group_by(_KEYS, use_threads=False).aggregate([("record_id", "distinct"), ("config", "distinct")])
    found: dict[tuple[Any, ...], dict[tuple[str | None, ...], list[dict[str, Any]]]] = {}
    for group in groups.to_pylist():
        move = tuple(group[name] for name in ("kind", "name", "shown", "was", "now"))
        found.setdefault(move, {}).setdefault(_word(group), []).append(group)
    moves = [Move(kind, name, shown, was, now, _whose(words)) for (kind, name, shown, was, now), words in found.items()]
    return tuple(sorted(moves, key=lambda each: (-each.count, each.name, each.was or "", each.now or "")))


def _whose(words: Mapping[tuple[str | None, ...], Sequence[Mapping[str, Any]]]) -> tuple[Whose, ...]:
    """The rows of a move by word, the most first."""
    made = []
    for (said, basis, who, reader, decision), groups in words.items():
        ids, configs = (
            tuple(sorted({value for each in groups for value in each[name] if value is not None}))
            for name in ("record_id_distinct", "config_distinct")
        )
        made.append(Whose(said, basis, who, reader, decision, configs, ids))
    return tuple(sorted(made, key=lambda each: (-len(each.record_ids), each.said or "", each.record_ids)))


def _word(group: Mapping[str, Any]) -> tuple[str | None, ...]:
    """Whose word it is that a group of rows changed by: said, basis, who, reader, decision."""
    was, now = ({name: group[f"{when}_{name}"] for name in _WORD} for when in ("was", "now"))
    basis = now["basis"]
    if basis is None and was["basis"] is None:
        return None, None, None, None, None
    unknown = ("by whose word is unknown", "unknown", None, None, None)
    if basis is None or basis == "unknown":
        return unknown
    if basis.startswith(UPSTREAM):
        if was["basis"] and was["basis"] != "unknown" and not was["basis"].startswith(UPSTREAM):
            return f"by {_upstream(basis)}, since {_said(was)} is gone", basis, None, None, was["decision"]
        return unknown if group["relabelled"] is False else (f"by {_upstream(basis)}", basis, None, None, None)
    if was == now and now["who"] is not None:  # the same word stood before: something else changed the row
        return unknown
    return _said(now), basis, now["who"], now["reader"], now["decision"]


def _upstream(basis: str) -> str:
    """The source, and who labelled it."""
    _, _, labeller = basis.partition("-")
    return f"{UPSTREAM} ({labeller})" if labeller else UPSTREAM


def _said(word: dict[str, Any]) -> str:
    """A word of decisions or readers."""
    basis, who, kind = word["basis"], word["who"], word["reader"]
    by = f" by {who}, {kind}" if who else ""
    if basis == "decision":
        return f"decision {word['decision']}{by}" if who else "a decision, by whom is not in the set"
    what = {"adjudicated": "an adjudicator", "readers": "readers who agree", "reader": "one reader"}.get(basis, basis)
    return f"{what}{f': {who}, {kind}' if who else ', who is not in the set'}"


def facts(
    kind: Kind,
    name: pa.ChunkedArray | str,
    record_ids: pa.ChunkedArray,
    config: pa.ChunkedArray | str | None,
    was: pa.ChunkedArray | str | None = None,
    now: pa.ChunkedArray | str | None = None,
    words: pa.Table | None = None,
    relabelled: pa.Array | None = None,
    *,
    shown: bool = False,
) -> pa.Table:
    """A table of `FACTS` from columns, or from one value for all rows."""
    given: dict[str, Any] = {
        "kind": kind, "name": name, "shown": shown, "was": was, "now": now, "relabelled": relabelled,
        "config": config, "record_id": record_ids,
    }  # fmt: skip
    rows = len(record_ids)
    columns = []
    for field in FACTS:
        value = given.get(field.name)
        if words is not None and field.name in words.column_names:
            value = words[field.name]
        if not isinstance(value, (pa.ChunkedArray, pa.Array)):
            value = pa.repeat(pa.scalar(value, field.type), rows)
        columns.append(pc.cast(value, field.type))
    return pa.table(columns, schema=FACTS)
