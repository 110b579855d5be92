"""What only the whole of a file tells of its rows: whether they teach, where each row says its own split."""

from __future__ import annotations

from collections.abc import Sequence

from demur.checks.state import State
from demur.checks.subject import Subject

_TAUGHT, _LEARNT = ("answer", "preferred", "sorry", "long"), ("learnt", "chosen")


def settle(subject: Subject) -> None:
    """Forget what files may have taught of which, after all, no row is trained on."""
    if subject.kind is not None:
        return
    state = subject.state
    splits, reads = state.column("split"), state.column("reads")
    train = state.split_names.index("train") if "train" in state.split_names else -1
    for file, first, end in state.spans:
        if subject.trains_whole(subject.layouts[file.name]) or (splits[first:end] == train).any():
            continue
        state.gathered.taught.pop((file.config, file.name), None)
        _forget(state, _TAUGHT, first, end)
        if not reads[first:end].any():  # else it is known by what it is that is not to be learnt
            _forget(state, _LEARNT, first, end)


def _forget(state: State, names: Sequence[str], first: int, end: int) -> None:
    """Let some facts of some rows be nothing."""
    for name in names:
        values = state.column(name) if name in state else None
        if values is not None and values[first:end].any():
            values = values.copy()
            values[first:end] = 0
            state._parts[name], state._kept[name] = [values], len(values)


__all__ = ["settle"]
