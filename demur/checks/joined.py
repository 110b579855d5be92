"""What was gathered of consecutive parts of the rows, put together: as if one pass had read them all."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

import numpy as np

from demur.checks.batch import File
from demur.checks.gathered import Gathered, Taught
from demur.checks.habits import Habits
from demur.checks.learnt import Learnt
from demur.checks.noted import MOST_VALUES, Noted, Values
from demur.checks.sides import Forms
from demur.checks.state import State

K = TypeVar("K")
V = TypeVar("V")


def add_state(whole: State, part: State, file: File) -> None:
    """Add the facts of further rows of a file, which come after all that are there."""
    start = len(whole)
    if not whole.files or whole.files[-1][0] is not file:
        whole.files.append((file, start))
    for name in part._parts:
        values = part.column(name)
        if name == "split":
            codes = [whole._split(each) for each in part.split_names]
            values = np.array(codes, np.int32)[values.astype(np.int64)]
        whole._keep(name, values)
    whole._count += len(part)
    _first(whole.values, part.values)
    for mine, value in part.licenses.items():
        _first(whole.licenses.setdefault(mine, {}), value)
    for mine, numbers in part.source_rows.items():
        before = whole.source_rows.get(mine, numbers[:0])
        whole.source_rows[mine] = np.concatenate([before, numbers])
    whole.sources.update(part.sources)
    for key, (against, refusals) in part.flags.items():
        one, two = whole.flags.get(key, (0, 0))
        whole.flags[key] = (one + against, two + refusals)
    for mine, (gaps, positive, unknown, called) in part.gaps.items():
        one, two, three, four = whole.gaps.get(mine, (0, 0, 0, 0))
        whole.gaps[mine] = (one + gaps, two + positive, three + unknown, four + called)
    whole.unsafe.update(part.unsafe)
    _gathered(whole.gathered, part.gathered)
    _learnt(whole.learnt, part.learnt, start)
    _noted(whole.noted, part.noted, start)


def add_habits(whole: Habits, part: Habits) -> None:
    """Add what rules gathered of further rows."""
    for (code, file, column), habit in part.found.items():
        whole.add(code, file, column, habit.texts, habit.places)
        whole.found[code, file, column].hits += habit.hits - len(habit.places)


def _first(whole: dict[K, V], part: Mapping[K, V], most: int | None = None) -> None:
    """Take what is not there yet, in order."""
    for key, value in part.items():
        if most is None or len(whole) < most:
            whole.setdefault(key, value)


def _gathered(whole: Gathered, part: Gathered) -> None:
    for config, forms in part.forms.items():
        whole.forms.setdefault(config, Forms()).counts += forms.counts
    for key, counts in part.lengths.items():
        whole.lengths[key] = whole.lengths[key] + counts if key in whole.lengths else counts
    for config, hazards in part.hazards.items():
        whole.add_hazards(config, hazards)
    for config, rows in part.unnamed.items():
        whole.unnamed.setdefault(config, type(rows)()).update(rows)
    for key, taught in part.taught.items():
        for mine, more in zip(whole.taught.setdefault(key, (Taught(), Taught())), taught, strict=True):
            mine.join(more)


def _learnt(whole: Learnt, part: Learnt, start: int) -> None:
    for file, columns in part.columns.items():
        whole.columns.setdefault(file, {}).update(columns)
    _first(whole.read, {opening: start + row for opening, row in part.read.items()})


def _noted(whole: Noted, part: Noted, start: int) -> None:
    for key, values in part.labels.items():
        mine = whole.labels.setdefault(key, Values())
        if mine is not None and (values is None or not mine.join(values)):
            whole.labels[key] = None
    for split, (count, first) in part.splits.items():
        before, earlier = whole.splits.get(split, (0, first))
        whole.splits[split] = (before + count, min(earlier, first))
    for score, found in part.scores.items():
        known = whole.scores[score]
        known.numbered, known.held = known.numbered + found.numbered, known.held + found.held
        known.lacking += found.lacking
    for file, licenses in part.licenses.items():
        _first(whole.licenses.setdefault(file, {}), licenses, MOST_VALUES)
    whole.later += [(start + rows, hashes, places) for rows, hashes, places in part.later]
