"""What the manifest states of a config, counted in its rows: when it is made, and when it is checked."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from typing import Any, Protocol

from demur.errors import UsageError
from demur.kinds.training.bank import opening
from demur.kinds.training.declared import OF_TRIPLES, Mix
from demur.text.surface import baseline

Row = dict[str, Any]

_FEWEST = 50  # prompts of a side: fewer say nothing about form


class Stated(Protocol):
    """What a declaration and what a manifest states of one have in common."""

    @property
    def mixes(self) -> dict[str, Mix]:
        """Config -> its own mix."""

    @property
    def opening_words(self) -> int:
        """How many words of a refusal are its opening."""

    @property
    def least_words(self) -> int:
        """Words of an answer, at least."""


def tokens(row: Row, keep: float = 1.0) -> float:
    """Supervised tokens of a row, counted in words between spaces.

    Example:
        >>> tokens({"kind": "rto", "target": "one two"}, 0.5), tokens({"kind": "prefix_mle", "target": "no"})
        (1.0, 1)
    """
    words = len(row["target"].split())
    return words * keep if row["kind"] == "rto" else words


def recount(rows: list[Row], stated: Stated, config: str) -> dict[str, Any]:
    """All of `TrainingCounts`, and the records used."""
    mix = stated.mixes.get(config)
    transitions = [row for row in rows if row["kind"] == "rto"]
    pairs = {(row["harmful_record_id"], row["safe_record_id"], row["safe_origin"]) for row in transitions}
    answers = [row for row in rows if row["kind"] not in OF_TRIPLES]
    published = sum(origin == "published" for _, _, origin in pairs)
    starts = Counter(opening(row["target"], stated.opening_words) for row in rows if row["kind"] == "refusal_mle")
    found: dict[str, Any] = {
        "used": len({one for one, _, _ in pairs}) + published + len({row["safe_record_id"] for row in answers}),
        "triples": len(pairs),
        "published": published,
        "project_written": len(pairs) - published,
        "answered": len(answers),
        "kinds": dict(sorted(Counter(row["kind"] for row in rows).items())),
        "most_common_opening": max(starts.values(), default=0),
        "distinct_openings": len(starts),
    }
    if stated.least_words:  # sets from before it was declared state less
        found |= {
            "by_source": _by_source(transitions),
            "refused_by": dict(sorted(Counter(row["basis"] for row in transitions).items())),
            "borderline_prompts": len({row["prompt"] for row in answers if row["kind"] == "borderline_mle"}),
            "leads": sum(_leads(row, transitions) for row in rows),
        }
    if mix:
        sums: defaultdict[str, float] = defaultdict(float)
        for row in rows:
            sums[row["kind"]] += tokens(row, mix.rto_keep)
        found |= {"tokens": {kind: round(count) for kind, count in sorted(sums.items())}, "form": form(rows)}
    return found


def form(rows: list[Row]) -> dict[str, Any] | None:
    """How well text alone tells refused prompts from answered ones; None where there are too few of them."""
    prompts: dict[str, tuple[bool, str]] = {
        row["prompt"]: (row["kind"] in OF_TRIPLES, row["group_id"]) for row in sorted(rows, key=_by_prompt)
    }
    refused = sum(each for each, _ in prompts.values())
    if min(refused, len(prompts) - refused) < _FEWEST:
        return None
    try:
        told = baseline(list(prompts), [each for each, _ in prompts.values()], [each for _, each in prompts.values()])
    except UsageError:  # too few groups for the folds
        return None
    scores = {name: family.auroc for name, family in told.families.items()}
    return {
        "refused": refused,
        "answered": len(prompts) - refused,
        "auroc": {
            name: {"value": round(score.value, 3), "low": round(score.low, 3), "high": round(score.high, 3)}
            for name, score in sorted(scores.items())
        },
    }


def _by_source(transitions: list[Row]) -> dict[str, dict[str, int]]:
    all_of = Counter(row["harmful_lineage"]["source"] for row in transitions)
    both = Counter(row["harmful_lineage"]["source"] for row in transitions if row["safe_origin"] == "published")
    return {source: {"triples": count, "published": both[source]} for source, count in sorted(all_of.items())}


def _leads(row: Row, transitions: list[Row]) -> bool:
    if row["kind"] != "prefix_mle" or not transitions:
        return False
    return leads(row["target"], transitions[0]["fixed_token"])


def leads(target: str, fixed_token: Mapping[str, Any]) -> bool:
    """Whether a refusal begins with the word of the fixed token.

    Example:
        >>> leads("Unfortunately, no.", {"text": " Unfortunately"}), leads("No.", {"text": " Unfortunately"})
        (True, False)
    """
    return target.lstrip().startswith(str(fixed_token["text"]).strip())


def _by_prompt(row: Row) -> tuple[str, str]:
    return row["prompt"], row["record_id"]
