"""The counts of a set of attacks: what rows tell, and what only the records and rejects do."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

import pyarrow as pa

from demur.kinds.jailbreaks.facts import OriginCounts, RunCounts

DECLARED = "declared"
"""The native label of a base question with the set that it is said to come from."""


def counted(rows: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """All that rows tell of `demur.kinds.jailbreaks.facts.JailbreakCounts`.

    Example:
        >>> shared = {"source": "lamps", "base_source": "asked", "language": "en", "license": "mit",
        ...           "attack": {"name": "pirate", "family": "template"}, "expected": "refuse", "template_sha256": "0",
        ...           "link": {"rule": "goal"}, "judgements": [], "base_id": "b" * 32, "run_id": "r"}
        >>> found = counted([shared, {**shared, "base_id": "c" * 32}, {**shared, "run_id": "s"}])
        >>> found["attacks"], found["bases"], found["runs"]["s"].missing == ("c" * 32,)
        ({'pirate': 3}, 2, True)
    """
    rows = list(rows)
    verdicts: defaultdict[str, Counter[str]] = defaultdict(Counter)
    templates: defaultdict[str, set[str]] = defaultdict(set)
    for row in rows:
        for each in row["judgements"]:
            verdicts[each["judge"]][each["verdict"]] += 1
        if row["template_sha256"] is not None:
            templates[row["attack"]["name"]].add(row["template_sha256"])
    return {
        "attacks": _sorted(row["attack"]["name"] for row in rows),
        "families": _sorted(row["attack"]["family"] for row in rows),
        "sources": _sorted(row["source"] for row in rows),
        "base_sources": _sorted(row["base_source"] for row in rows),
        "languages": _sorted(row["language"] for row in rows),
        "licenses": _sorted(row["license"] for row in rows),
        "rules": _sorted(row["link"]["rule"] for row in rows),
        "expected": _sorted(row["expected"] for row in rows),
        "bases": len({row["base_id"] for row in rows}),
        "templates": {name: len(each) for name, each in sorted(templates.items())},
        "verdicts": {judge: dict(sorted(each.items())) for judge, each in sorted(verdicts.items())},
        "runs": _runs(rows),
    }


def _sorted(values: Iterable[str]) -> dict[str, int]:
    return dict(sorted(Counter(values).items()))


def _runs(rows: Iterable[Mapping[str, Any]]) -> dict[str, RunCounts]:
    """Every run against all questions that any run of its source has."""
    runs: defaultdict[str, list[Mapping[str, Any]]] = defaultdict(list)
    every: defaultdict[str, set[str]] = defaultdict(set)
    for row in rows:
        runs[row["run_id"]].append(row)
        every[row["source"]].add(row["base_id"])
    found = {}
    for run, mine in sorted(runs.items()):
        bases = {row["base_id"] for row in mine}
        whole = {id for source in {row["source"] for row in mine} for id in every[source]}
        found[run] = RunCounts(rows=len(mine), bases=len(bases), of=len(whole), missing=tuple(sorted(whole - bases)))
    return found


def origins(bases: pa.Table) -> dict[str, dict[str, OriginCounts]]:
    """Of base questions that are said to come from a set: how many stand there, and where others do."""
    holders: defaultdict[str, set[str]] = defaultdict(set)
    said: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
    for row in bases.select(["record_id", "lineage", "native_labels"]).to_pylist():
        source = row["lineage"]["source"]
        holders[row["record_id"]].add(source)
        declared = next((each["value"] for each in row["native_labels"] if each["name"] == DECLARED), None)
        if declared is not None:
            said[source, declared].append(row["record_id"])
    found: defaultdict[str, dict[str, OriginCounts]] = defaultdict(dict)
    for (source, declared), ids in sorted(said.items()):
        others = Counter(other for id in ids for other in holders[id] - {source, declared})
        found[source][declared] = OriginCounts(
            questions=len(ids),
            found=sum(declared in holders[id] for id in ids),
            elsewhere=dict(sorted(others.items())),
        )
    return dict(found)
