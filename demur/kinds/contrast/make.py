"""From the records of one config to its contrast pairs: published ones first, then matched ones, each reject named."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence, Set
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from demur.curation.curated import prompt_ids, sides
from demur.curation.meaning.models import OPPOSITE
from demur.files.digest import text_sha256
from demur.kinds.contrast.declared import Declaration
from demur.kinds.contrast.facts import BaselineEntry, EmbeddedEntry, ReadEntry, ScoreEntry, TextOnly
from demur.kinds.contrast.matching import Style, match
from demur.rates import Rate
from demur.records.rejects import reject, rejects_of
from demur.records.row import Row
from demur.records.schema import arrow_schema
from demur.sets.kind import Given, Made
from demur.similarity import components
from demur.text.surface import baseline

SERVED = frozenset({"comply", "careful", "support"})
"""Behaviours of a matched safe side: a request that is served. Who asks to hear a prejudice affirmed (``correct``) has
no other intent."""
READ = frozenset({"readers", "adjudicated", "decision"})
"""Whose word a side of a matched pair rests on; a source's own label alone is not enough."""
UNCLEAR = frozenset({"policy", "wrapper", "several_turns", "not_english", "needs_context"})
"""Flags of prompts that are in no matched pair: their side is disputed, or something else than their aim differs."""


_TRIES = 3


@dataclass(frozen=True, order=True)
class Pair:
    """One pair: its name, rows of the harmful and of the safe side, and their cosine where it is known."""

    name: str
    origin: str
    harmful: int
    safe: int
    cosine: float | None


def pair_up(declared: Declaration, records: pa.Table, given: Given, model: type[Row]) -> Made:
    """Make the pairs of one config.

    Args:
        declared: the declaration of the kind.
        records: its records without duplicates, labelled yes or no, with ``group_id`` and ``split``.
        given: the config, and which prompts of opposite sides share a topic.
        model: the schema of the rows.

    Raises:
        UsageError: too few pairs to measure the text-only baseline.
    """
    records = records.sort_by("record_id")
    rows = records.to_pylist()
    harmful = [value == "yes" for value in sides(records).to_pylist()]
    near = _cosines(given)
    refused = {pair for pair, said in given.opposed.items() if {*said.values()} != {"yes"}}
    hopeless = _hopeless(given.opposed, refused)
    ids = prompt_ids(records)
    pairs = [
        Pair(name, "published", one, two, near.get((ids[one], ids[two])))
        for name, one, two in _published(rows, harmful)
    ]
    why: dict[int, str] = {}
    if (floor := declared.near.get(given.config)) is not None:
        styles = [Style.of(row["prompt"]) for row in rows]
        kept = []
        for pair in pairs:
            fault = _fault(pair, rows, styles, declared, floor)
            if fault is None and _ends(ids[pair.harmful], ids[pair.safe]) in refused:
                fault = "no-pair-by-reading"
            if fault is None:
                kept.append(pair)
            else:
                why |= dict.fromkeys((pair.harmful, pair.safe), fault)
        free = {
            id: place
            for place, id in enumerate(ids)
            if place not in _rows_of(kept) and id not in hopeless and _clear(rows[place], harmful[place], declared)
        }
        pairs = kept + _matched(
            rows,
            harmful,
            styles,
            {pair: cosine for pair, cosine in near.items() if _ends(*pair) not in refused},
            free,
            declared,
            floor,
        )
    paired = _rows_of(pairs)
    rejects = [
        reject(row, "has-context" if row["context"] is not None else why.get(place, "not-paired"), given.config)
        for place, row in enumerate(rows)
        if place not in paired
    ]
    items = _items(model, given, records, sorted(pairs))
    return Made(items, rejects_of(rejects), items.num_rows, measure(declared, given, items, {*ids}))


def measure(declared: Declaration, given: Given, items: pa.Table, ids: Set[str]) -> BaselineEntry:
    """The text-only baseline of a config, what readers said of pairs of its prompts, and what vectors give."""
    columns = [items[name].to_pylist() for name in ("prompt", "side", "pair_id")]
    found = baseline(columns[0], [side == "harmful" for side in columns[1]], columns[2], declared.folds, declared.seed)
    origins = Counter(items["origin"].to_pylist())
    return BaselineEntry(
        pairs=found.pairs,
        origins={origin: count // 2 for origin, count in sorted(origins.items())},
        folds=found.folds,
        seed=found.seed,
        ceiling=declared.ceilings[given.config],
        text={
            name: TextOnly(accuracy=ScoreEntry(**vars(family.accuracy)), auroc=ScoreEntry(**vars(family.auroc)))
            for name, family in found.families.items()
        },
        unread=sum(_ends(*pair) not in given.opposed for pair in _paired(items)),
        read=tuple(_read(given, ids)),
        embedded=EmbeddedEntry(auroc=vectors.auroc, current=vectors.pairs_sha256 == pairs_digest(items))
        if (vectors := declared.embedded.get(given.config))
        else None,
    )


def pairs_digest(items: pa.Table) -> str:
    """The sha256 of which prompts stand opposite each other."""
    return text_sha256("\n".join(sorted(" ".join(sorted(ids)) for ids in _paired(items))))


def _paired(items: pa.Table) -> list[list[str]]:
    """The two ids of every pair."""
    found: defaultdict[str, list[str]] = defaultdict(list)
    for pair, id in zip(items["pair_id"].to_pylist(), items["record_id"].to_pylist(), strict=True):
        found[pair].append(id)
    return list(found.values())


def _read(given: Given, ids: Set[str]) -> Iterator[ReadEntry]:
    """Reader by reader, what was said of pairs of these prompts."""
    said: defaultdict[str, list[str]] = defaultdict(list)
    for pair, verdicts in given.opposed.items():
        for reader, verdict in verdicts.items() if {*pair} <= ids else ():
            said[reader].append(verdict)
    for reader, each in sorted(said.items()):
        rate = Rate.of(each.count("yes"), len(each))
        share = ScoreEntry(value=rate.share, low=rate.low, high=rate.high)
        yield ReadEntry(reader=reader, pairs=len(each), sensible=share)


def _hopeless(opposed: Iterable[tuple[str, str]], refused: Set[tuple[str, str]]) -> set[str]:
    """Prompts of so many rejected pairs, and of none that was accepted: nothing is matched to them again."""
    tried = Counter(id for pair in refused for id in pair)
    accepted = {id for pair in opposed if pair not in refused for id in pair}
    return {id for id, times in tried.items() if times >= _TRIES} - accepted


def _ends(one: str, two: str) -> tuple[str, str]:
    return min(one, two), max(one, two)


def _cosines(given: Given) -> dict[tuple[str, str], float]:
    """Both orders of ids -> cosine."""
    columns = (given.opposites.table[name].to_pylist() for name in ("record_id", "twin", "cosine"))
    found = {}
    for one, two, cosine in zip(*columns, strict=True):
        found[one, two] = found[two, one] = cosine
    return found


def _published(rows: Sequence[dict[str, Any]], harmful: Sequence[bool]) -> Iterable[tuple[str, int, int]]:
    """Pairs that a source declares; of several prompts of a side, the first goes with the first, by record id."""
    members: defaultdict[str, tuple[list[int], list[int]]] = defaultdict(lambda: ([], []))
    for place, row in enumerate(rows):
        if row["pair_id"] is not None and row["context"] is None:  # a passage is not released here
            members[row["pair_id"]][0 if harmful[place] else 1].append(place)
    for name, both in sorted(members.items()):
        for number, (one, two) in enumerate(zip(*both, strict=False)):
            yield f"{name}.{number}" if number else name, one, two


def _fault(
    pair: Pair, rows: Sequence[dict[str, Any]], styles: Sequence[Style], declared: Declaration, floor: float
) -> str | None:
    """Why a published pair does not stand beside matched ones."""
    if any(_wording(rows[place], declared) for place in (pair.harmful, pair.safe)):
        return "wording-alone"
    if pair.cosine is None or pair.cosine < floor:
        return "topics-differ"
    return None if styles[pair.harmful].fits(styles[pair.safe], declared.length) else "styles-differ"


def _matched(
    rows: Sequence[dict[str, Any]],
    harmful: Sequence[bool],
    styles: Sequence[Style],
    near: dict[tuple[str, str], float],
    place: dict[str, int],
    declared: Declaration,
    floor: float,
) -> list[Pair]:
    """Pairs of the other prompts: one topic, one main hazard, one form, about one length; both in one split."""
    costs = {}
    for (one, two), cosine in near.items():
        yes, no = place.get(one), place.get(two)
        if yes is None or no is None or not harmful[yes] or harmful[no] or not floor <= cosine < OPPOSITE.joins:
            continue
        same = rows[yes]["split"] == rows[no]["split"] and rows[yes]["hazards"][0] == rows[no]["hazards"][0]
        if same and styles[yes].fits(styles[no], declared.length):
            costs[one, two] = 1 - cosine + styles[yes].distance(styles[no])
    return [Pair(f"matched:{one}", "matched", place[one], place[two], near[one, two]) for one, two in match(costs)]


def _clear(row: dict[str, Any], harmful: bool, declared: Declaration) -> bool:
    """Whether a prompt may be matched."""
    return (
        row["context"] is None
        and row["basis"] in READ
        and bool(row["hazards"])
        and not UNCLEAR & {*row["flags"]}
        and (harmful or row["behaviour"] in SERVED)
        and not _wording(row, declared)
    )


def _wording(row: dict[str, Any], declared: Declaration) -> bool:
    """Whether a prompt shares words alone with its partners, by its source's own word."""
    named = declared.wording.get(row["lineage"]["source"], {})
    return any(label["value"] in named.get(label["name"], ()) for label in row["native_labels"])


def _rows_of(pairs: Sequence[Pair]) -> set[int]:
    return {row for pair in pairs for row in (pair.harmful, pair.safe)}


def _items(model: type[Row], given: Given, records: pa.Table, pairs: list[Pair]) -> pa.Table:
    """Two rows a pair, the harmful one first; both take one group, the smaller of their two."""
    rows = [row for pair in pairs for row in (pair.harmful, pair.safe)]
    groups = _joined(records["group_id"].to_pylist(), pairs)
    taken = records.take(pa.array(rows, pa.int64())).drop_columns(["pair_id", "group_id"])
    twice = [pair for pair in pairs for _ in range(2)]
    columns = {
        "pair_id": pa.array([pair.name for pair in twice], pa.string()),
        "origin": pa.array([pair.origin for pair in twice], pa.string()),
        "cosine": pa.array([pair.cosine for pair in twice], pa.float64()),
        "side": pa.array(["harmful", "safe"] * len(pairs), pa.string()),
        "group_id": pa.array([groups[row] for row in rows], pa.string()),
    }
    for name, column in columns.items():
        taken = taken.append_column(name, column)
    schema = arrow_schema(model)
    return given.to_rows(taken).select(schema.names).cast(schema)


def _joined(groups: list[str], pairs: Sequence[Pair]) -> list[str]:
    """The group of every record once the two groups of each pair are one: the smallest name of those joined."""
    names = sorted({*groups})
    place = {name: number for number, name in enumerate(names)}
    links = sorted({(place[groups[pair.harmful]], place[groups[pair.safe]]) for pair in pairs})
    columns = {"row": [max(link) for link in links], "twin": [min(link) for link in links]}
    evidence = pa.table({name: pa.array(column, pa.int64()) for name, column in columns.items()})
    root = components(len(names), evidence).tolist()
    return [names[root[place[name]]] for name in groups]
