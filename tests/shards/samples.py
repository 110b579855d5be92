"""Rows that many rules have something to say of, the same rows in files of small batches, and engines that stop."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from demur.groups.sharded import SerialEngine
from demur.protected.prompts import Background, Protected
from demur.shards import Work

ASKED = [f"Describe how the {thing} of the old harbour was mended by its keeper" for thing in ("bell", "lamp", "gate")]

SMALL = "batch=4000"
"""Limits under which a file of a few hundred rows is read in many batches."""


def rows(count: int = 400, seed: int = 3) -> list[dict[str, Any]]:
    """Mild rows to train on: some stand twice, some are protected prompts, some are garbled or empty."""
    rng = random.Random(seed)  # noqa: S311
    found: list[dict[str, Any]] = []
    for number in range(count):
        kind = rng.random()
        asked = f"Tell me about the {rng.choice(['kite', 'soup', 'drum', 'fern'])} number {rng.randrange(900)} please"
        said = rng.choice(
            ["It is made of brass, and stands in the hall of the harbour office since spring.", "No idea"]
        )
        if kind < 0.1:
            asked, said = rng.choice(ASKED), "Sorry, but I cannot help with that, as it is not mine."
        elif kind < 0.2 and found:
            asked = str(rng.choice(found)["prompt"])
        elif kind < 0.25:
            said = rng.choice(["", " blank before", "CafÃ© and tea are served at noon", "&amp; so on, said the keeper"])
        found.append({"id": f"r{number}", "prompt": asked, "response": said, "label": rng.choice(["safe", "unsafe"])})
    return found


def protected() -> Protected:
    return Protected.from_texts(ASKED, "harbour", background=Background())


def write(folder: Path, table: Sequence[dict[str, Any]], groups: int = 90, name: str = "train.parquet") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.Table.from_pylist(list(table)), folder / name, row_group_size=groups)
    return folder / name


def cuts(table: pa.Table, seed: int, parts: int) -> list[pa.Table]:
    """The rows of a table, numbered, in parts of any size, in any order; in some parts shuffled, too."""
    rng = random.Random(seed)  # noqa: S311
    table = table.append_column("n", pa.array(range(len(table)), pa.int64()))
    edges = sorted({0, len(table), *(rng.randrange(len(table)) for _ in range(parts - 1))})
    made = [table.slice(one, two - one) for one, two in pairwise(edges)]
    for place in range(0, len(made), 3):
        order = list(range(len(made[place])))
        rng.shuffle(order)
        made[place] = made[place].take(order)
    rng.shuffle(made)
    return made


class Stopped(Exception):
    """The run ends here."""


class StoppingEngine(SerialEngine):
    """Stops after so many tasks, and remembers their numbers."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.done: list[int] = []

    def map(self, function: Callable[..., object], arguments: Sequence[tuple[Any, ...]]) -> Iterator[None]:
        for each in arguments:
            if len(self.done) == self.most:
                raise Stopped
            function(*each)
            self.done.append(each[1])
            yield


def here(folder: Path, rows: int = 1, most: int = 1_000_000) -> Work:
    """Work in this process."""
    return Work(StoppingEngine(most), str(folder), rows)
