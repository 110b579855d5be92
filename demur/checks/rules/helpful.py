"""Rules about rows against other rows of a training set: stray refusals (DMR339), pairs that are reversed (DMR340)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice

import numpy as np
import pyarrow as pa

from demur.checks.again import marked
from demur.checks.finding import Finding, hit
from demur.checks.noted import OPENS, taught
from demur.checks.rule import rule
from demur.checks.state import groups
from demur.checks.subject import Subject
from demur.rates import Rate
from demur.text.refusal import grade

_FEW = 3
_SHARE = 0.03  # of the answers; a mix that means to refuse has more
_MOST = 0.2  # of a small file
_MEANT = re.compile(r"safe|refus|harm|declin|comply|compliance|jailbreak|red[-_ ]?team|toxic", re.IGNORECASE)
"""Names of files whose point may be to refuse."""


@rule(
    "DMR339",
    "refusal-in-helpful",
    summary="No few rows refuse in a training set that otherwise answers.",
    why="Sets that a model wrote hold the model's own refusals (of pictures, of links, of mild questions). Trained on, "
    "they teach to decline what everybody else answers, and a safety evaluation counts them as over-refusal.",
    fix="Answer the row or leave it out; where it shall be refused, say so in a column (expected, side).",
    severity="advice",
)
def refusal_in_helpful(subject: Subject) -> Iterator[Finding]:
    """Rows that refuse, where they are few, no column has sides, and no other row answers the prompt."""
    state = subject.state
    maybe = state.column("sorry").astype(np.bool_)
    if not maybe.any() or state.column("side").any():
        return
    prompts, answers = state.column("prompt"), state.column("answer")
    twice = np.zeros(len(state), np.bool_)
    for places in groups(np.where(answers != 0, prompts, np.uint64(0))):
        twice[places] = len({*answers[places].tolist()}) > 1  # told as a prompt that is refused and answered
    counts, most, ends, few = dict[str, int](), dict[str, int](), dict[str, int](), dict[str, list[int]]()
    for file, first, end in state.spans:
        counts[file.name], ends[file.name], few[file.name] = int((answers[first:end] != 0).sum()), end, []
        most[file.name] = int(min(max(_FEW, _SHARE * counts[file.name]), _MOST * counts[file.name]))
        if _MEANT.search(file.path.stem):
            maybe[first:end] = False
    for batch, mine, start in marked(subject, maybe):
        name, texts = batch.file.name, taught(batch)
        if texts is not None:
            asked = batch.prompts if batch.prompts is not None else pa.nulls(len(texts), pa.large_string())
            refused = (row for row in mine.tolist() if _refuses(asked[row].as_py() or "", texts[row].as_py()))
            few[name] += (start + row for row in islice(refused, most[name] + 1 - len(few[name])))
        if len(few[name]) > most[name]:
            few[name], maybe[start : ends[name]] = [], False  # nor is any of the rest read
    for file, first, _ in state.spans:
        for here in few[file.name]:
            if not twice[here]:
                rate = Rate.of(len(few[file.name]), counts[file.name])
                yield hit(f"refuses, where nearly all rows answer: {rate} refuse", file.name, here - first)


_LETTER = re.compile(r"apolog|excuse|\b(?:e-?mail|letter|reply|message|sorry|declin\w+|refus\w+)\b", re.IGNORECASE)
"""What is asked where the apology is the answer."""


_HELPS = re.compile(
    r"\bHowever, (?:according|based|in general|generally|there are|I can|here)\b"
    r"|\b(?:[Cc]ould|[Cc]an|[Ww]ould) you (?:please )?(?:provide|share|specify|tell|give|clarify)\b"
    r"|\b[Pp]lease (?:provide|specify)\b"
    r"|\byou (?:need to|did ?n.t|did not|have ?n.t|have not) (?:specify|specified|provided?)\b"
)
"""What is no refusal: an answer after all, or a question about what the prompt left out."""


def _refuses(asked: str, text: str) -> bool:
    """Whether a text opens with a refusal, and does not help after it; a letter that declines was asked for."""
    if _LETTER.search(asked) or _HELPS.search(text):
        return False
    found = grade(text)
    return found.grade == "refusal" and (found.start or 0) < OPENS


@rule(
    "DMR340",
    "reversed-pair",
    summary="No two rows of one prompt prefer the reverse of each other: chosen here, rejected there.",
    why="The two rows cancel each other, and in a test split one of them is wrong whatever the model says. Annotators "
    "who disagree leave such rows, and a merge that swaps the columns of one part leaves them all.",
    fix="Keep the side that most annotators preferred, or leave out both rows.",
)
def reversed_pair(subject: Subject) -> Iterator[Finding]:
    """Rows whose two sides stand the other way round in another row."""
    state = subject.state
    chosen, rejected = state.column("chosen side"), state.column("rejected side")
    if not chosen.any():
        return
    low, high = np.minimum(chosen, rejected), np.maximum(chosen, rejected)
    with np.errstate(over="ignore"):
        keys = np.where(low == 0, np.uint64(0), low * np.uint64(31) + high)
    up = chosen < rejected
    found: list[tuple[int, int]] = []
    for rows in state.configs():
        for places in groups(keys[rows]):
            mine = rows[places]
            if up[mine].any() and not up[mine].all():
                first = {side: int(mine[up[mine] == side][0]) for side in (True, False)}
                found += [(here, first[not up[here]]) for here in mine.tolist()]
    for here, there in sorted(found):
        file, row = state.place(here)
        yield hit(f"chosen and rejected stand the other way round in {subject.place(there, here)}", file.name, row)
