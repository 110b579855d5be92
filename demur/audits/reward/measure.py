"""The reward audit of two models on a set of responses: tokenise, score under both, summarise."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np

from demur.audits.asking import Side
from demur.audits.models import Model
from demur.audits.reward.likelihood import Turn, key_of, log_likelihoods, turns
from demur.audits.reward.report import Rewards
from demur.audits.reward.responses import Responses
from demur.audits.reward.rewards import ALPHAS, Per, Scored, reward
from demur.errors import UsageError
from demur.files.kept import Kept
from demur.tokens.template import Template

EMPTY, CUT, ONE_SIDED = "empty", "longer than the context", "its query lost a side"


def measure(
    aligned: Model,
    base: Model,
    given: Responses,
    templates: tuple[Template, Template],
    *,
    alphas: Sequence[float] = ALPHAS,
    batch: int = 8,
    padding: Side = "left",
    keep: bool = True,
    per: Per = "token",
) -> Rewards:
    """Score every response under both models and summarise.

    Args:
        aligned: the aligned model.
        base: its base model.
        given: the responses.
        templates: the chat template of each.
        alphas: strengths of the turned-round score.
        batch: responses in one pass.
        padding: the side of the padding.
        keep: keep the log-probabilities in the cache, and use those that are there.
        per: what the result shows, a token or a response; it holds both.

    Raises:
        UsageError: the tokenizers have not one vocabulary; no query has both sides; memory does not hold one response;
            a log-probability is not finite.
    """
    one_vocabulary(aligned, base)
    both = [turns(each.tokenizer, template, given.prompts, given.responses)
            for each, template in zip((aligned, base), templates, strict=True)]  # fmt: skip
    limit = min(each.context or 2**31 for each in (aligned, base))
    reasons = _reasons(given, both, limit)
    rows = [row for row, reason in enumerate(reasons) if reason is None]
    if not rows:
        msg = "No response can be scored"
        raise UsageError(msg, got=", ".join(f"{reason}: {count}" for reason, count in sorted(Counter(reasons).items())))
    sums = []
    for loaded, template, items in zip((aligned, base), templates, both, strict=True):
        mine = [items[row] for row in rows]
        key = key_of(loaded.digest, template, loaded.dtype, mine)
        kept = Kept.under("likelihoods", key) if keep else None
        found = kept.load() if kept else None
        if found is None:
            found = log_likelihoods(loaded.model, mine, kept, batch=batch, padding=padding)
        sums.append(found)
    scored = Scored(
        tuple(given.queries[row] for row in rows),
        tuple(given.kinds[row] for row in rows),
        tuple(given.upper[row] for row in rows),
        tuple(given.hazards[row] for row in rows),
        np.array([len(both[0][row].response) for row in rows], np.int64),
        *sums,
    )
    return Rewards(
        reward(scored, "token", alphas),
        reward(scored, "response", alphas),
        aligned.name,
        base.name,
        (aligned.digest, base.digest),
        (templates[0].sha256, templates[1].sha256),
        base.dtype,
        dict(sorted(Counter(reason for reason in reasons if reason).items())),
        per,
        given.sides,
    )


def one_vocabulary(aligned: Model, base: Model) -> None:
    """Make sure that a token number means the same to both models.

    Raises:
        UsageError: it does not.
    """
    one, two = (each.tokenizer.get_vocab() for each in (aligned, base))
    if one != two:
        other = len({*one.items()} ^ {*two.items()})
        msg = "The two models have different vocabularies"
        raise UsageError(
            msg,
            where=f"{aligned.name} and {base.name}",
            expected="the same tokens with the same numbers",
            got=f"{len(one)} and {len(two)} tokens, {other} of them not shared",
            fix="Compare an aligned model with the base model that it was made from.",
        )


def _reasons(given: Responses, both: list[list[Turn]], limit: int) -> list[str | None]:
    """Why a response is not scored. A query that loses its upper or its lower side to that loses the other, too."""
    found: list[str | None] = []
    for row in range(len(given.queries)):
        empty = not given.responses[row].strip() or any(not items[row].response for items in both)
        cut = any(len(items[row]) > limit for items in both)
        found.append(EMPTY if empty else CUT if cut else None)
    sides = {
        (query, upper) for query, upper, reason in zip(given.queries, given.upper, found, strict=True) if not reason
    }
    lost = {
        (query, upper)
        for query, upper, reason in zip(given.queries, given.upper, found, strict=True)
        if reason and upper is not None and (query, upper) not in sides
    }
    for row, (query, upper) in enumerate(zip(given.queries, given.upper, strict=True)):
        if found[row] is None and upper is not None and (query, not upper) in lost:
            found[row] = ONE_SIDED
    return found
