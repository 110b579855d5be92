"""What was published of the responses to a set of attacks, read as judgements from its rows.

Rows are counted together by run, or by what is asked for: attack, base, hazard, or model. Judges of another day are
others, and so are rows that other judges judged: these are never counted together.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Literal, get_args

from demur.errors import UsageError
from demur.kinds.jailbreaks.kind import told
from demur.sets.folder import BuiltSet

By = Literal["run", "attack", "base", "hazard", "model"]
BY: tuple[By, ...] = get_args(By)

NONE = "none"


def read_published(
    built: BuiltSet, config: str | None = None, by: By = "run"
) -> tuple[list[dict[str, Any]], list[str]]:
    """The judgements in the rows of a config, and the place of each.

    Args:
        built: a set of attacks.
        config: by default its first one.
        by: what is counted together, within a source and the days of its judges. A row of several hazards counts for
            each.

    Raises:
        UsageError: a set without judgements.
    """
    table = built.rows(config)
    if "judgements" not in table.column_names:
        msg = "The set holds no judgements"
        raise UsageError(msg, where=built.path, expected="a set of attacks", got=built.manifest.kind)
    rows: list[dict[str, Any]] = []
    places = []
    for number, row in enumerate(table.to_pylist()):
        judges = ", ".join(sorted(f"{each['judge']} {each['judge_revision']}" for each in row["judgements"]))
        days = sorted({each["judge_revision"].rpartition(" ")[2] for each in row["judgements"]})
        for subset in _subsets(row, by):
            for each in row["judgements"]:
                rows.append(
                    {
                        "item_id": row["item_id"],
                        "set": f"{row['source']} {' '.join(days)}{' (one judge)' if ', ' not in judges else ''}",
                        "subset": subset,
                        "seed": None,
                        "model": row["target_model"] if by == "run" else None,
                        "judge": each["judge"],
                        "judge_revision": each["judge_revision"],
                        "scope": each["scope"],
                        "verdict": each["verdict"],
                        "vocabulary": "refusal" if each["judge"] == "phrases" else "harm",
                        "threshold": None,
                    }
                )
                places.append(f"{built.path} {config or built.manifest.configs[0].name} row {number}")
    if not rows:
        msg = "Nobody judged the rows of this config"
        raise UsageError(msg, where=built.path, got=f"config {config or built.manifest.configs[0].name!r}")
    return rows, places


def _subsets(row: Mapping[str, Any], by: By) -> Iterator[str]:
    if by == "hazard":
        yield from row["hazards"] or (NONE,)
    else:
        yield {
            "run": row["run_id"],
            "attack": row["attack"]["name"],
            "base": row["base_id"],
            "model": row["target_model"] or NONE,
        }[by]


def notes_of(built: BuiltSet, config: str | None = None) -> tuple[str, ...]:
    """What the set says of its runs: those that lack questions, or repeat them, by name.

    The record ids of missing questions stand in the manifest, repeated rows in ``rejects.parquet``.
    """
    entry = next(each for each in built.manifest.configs if config in (None, each.name))
    return tuple(told(built.facts(entry)))
