"""The rule about conversations (DMR012): who speaks when, and what."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import numpy as np

from demur.checks.batch import Batch
from demur.checks.finding import Finding
from demur.checks.rule import rule
from demur.checks.signs import Bytes, Mask, edges, matching
from demur.checks.spoken import Spoken, Turn, Turns
from demur.errors import shown


@rule(
    "DMR012",
    "messages",
    invariants=(8,),
    summary="A conversation is a list of turns with known roles, in turn, that ends with the assistant's words.",
    why="Chat templates drop or misplace what they do not expect: a row that ends with the user's turn teaches the "
    "model to write the user's next question, and an empty answer teaches it to say nothing.",
    fix="Repair or drop the row: system (at most once, first), then user and assistant in turn, none empty.",
    each="batch",
)
def conversation(batch: Batch) -> Iterator[Finding]:
    """What is wrong with the turns of each row."""
    turns = batch.said.turns
    # a request, or the context of two sides, is answered elsewhere
    context = batch.native("chosen") is not None or "body" in batch.layout.needs
    if (messages := turns.get("messages")) is not None:
        known = batch.said.part_of(messages.texts)
        odd = np.flatnonzero(~_in_turn(messages, None if known is None else known.looked.first))
        for row, each in zip((odd + batch.first).tolist(), messages.some(odd), strict=True):
            if wrong := _wrong(each, goes_on=context):
                yield batch.hit(row, wrong, batch.native("messages"))
    for column in [name for name in ("response", "chosen", "rejected") if name in turns]:
        head_of, cells = turns.get("prompt") or turns.get("messages"), turns[column]
        odd = np.flatnonzero(~_answers(cells, head_of))
        heads = [()] * len(odd) if head_of is None else head_of.some(odd)
        for row, head, each in zip((odd + batch.first).tolist(), heads, cells.some(odd), strict=True):
            whole = (*(head or ()), *(each or ())) if each and each[0].role == "assistant" else each
            if whole and whole[-1].empty:
                continue  # told as an empty text
            opens = bool(whole and whole[0].role == "assistant")
            if whole and (wrong := _wrong(whole, opens=opens)):
                yield batch.hit(row, wrong, batch.native(column))


_SPEAKS = r"[!-~\x{A1}-\x{167F}\x{1681}-\x{1FFF}\x{2030}-\x{205E}\x{2060}-\x{2FFF}\x{3001}-\x{10FFFF}]"
"""What a text surely holds that is not empty, no blank: it comes soon. Classes by name would take long to compile."""


def _answers(cells: Spoken, heads: Spoken | None) -> Mask:
    """Rows that are surely right with what they answer: whole conversations, or the rest of one, or of none."""
    first = edges(cells.texts)[0]
    rest = _in_turn(cells, first, begins="assistant")
    if heads is not None:
        rest &= (np.diff(heads.starts) == 0) | _in_turn(heads, ends="user")
    return _in_turn(cells, first) | rest


def _in_turn(cells: Spoken, first: Bytes | None = None, *, begins: str = "user", ends: str = "assistant") -> Mask:
    """Conversations in which user and assistant surely take turns, from one to one, a user behind the system's words.

    `first` are the first bytes of the turns, where somebody has them.
    """
    first = edges(cells.texts)[0] if first is None else first
    lengths = np.diff(cells.starts)
    system = np.zeros(len(cells), np.int64)
    system[lengths > 0] = cells.roles.are("system")[cells.starts[:-1][lengths > 0]]
    place = cells.places - system[cells.rows] if system.any() else cells.places  # of those who speak, from 1
    odd = (place & 1).astype(np.bool_)
    other = "user" if begins == "assistant" else "assistant"
    due = (odd & cells.roles.are(begins)) | (~odd & cells.roles.are(other)) | ((place == 0) & (begins == "user"))
    says = (first > ord(" ")) & (first < 127)
    wrong = ~(due & (says | matching(cells.texts, due & ~says, _SPEAKS)))
    spoken = lengths - system
    good: Mask = (spoken > 0) & (spoken % 2 == (begins == ends))
    good[cells.rows[wrong]] = False
    return good


def _wrong(turns: Turns | None, *, opens: bool = False, goes_on: bool = False) -> str | None:
    """What is wrong with a conversation; `opens` where its prompt is elsewhere, `goes_on` where its end is."""
    if not turns:
        return "is no list of turns" if turns is None else "has no turns"
    roles = [turn.role for turn in turns]
    if unknown := next((role for role in roles if role and role not in _ROLES), None):
        return f"has a turn of the unknown role {shown(unknown)}"
    if None in roles:
        return "has a turn without a role"
    for place, turn in enumerate(turns, 1):
        if turn.empty and turn.role != "tool":
            return f"has an empty turn: turn {place} ({turn.role})"
    spoken = [turn for turn in turns[1 if roles[0] == "system" else 0 :] if turn.role != "tool"]
    if any(turn.role == "system" for turn in spoken):
        return "has a system turn that is not the first"
    if not spoken:
        return "has no turn of user or assistant"
    kept = [one.role for one, two in zip(spoken, [*spoken[1:], None], strict=True) if not _goes_on(one, two)]
    if not kept or (kept[0] != "user" and not opens) or any(one == two for one, two in pairwise(kept)):
        return "has turns of user and assistant that do not take turns"
    return None if goes_on or kept[-1] == "assistant" else "does not end with the assistant's words"


def _goes_on(one: Turn, two: Turn | None) -> bool:
    """Whether an assistant that called a tool speaks on."""
    return two is not None and bool(one.more) and one.role == two.role == "assistant"


_ROLES = ("system", "user", "assistant", "tool")
