"""What the check of a part of the rows gives, as Arrow: one row a part, its facts packed; none of them is a text.

Packed facts are Python's pickle of values of a closed list of types: whatever else stands in such bytes is refused,
so that evidence from a shared folder runs nothing.
"""

from __future__ import annotations

import io
import pickle
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from demur.checks.finding import Finding
from demur.checks.habits import Habits
from demur.checks.layouts import Layout
from demur.checks.paths import Reached
from demur.checks.state import State
from demur.errors import FormatError
from demur.files.reading import Fault

EVIDENCE = pa.schema(
    [
        pa.field("file", pa.string(), nullable=False),
        pa.field("first", pa.int64(), nullable=False),
        pa.field("rows", pa.int64(), nullable=False),
        pa.field("facts", pa.large_binary(), nullable=False),
    ]
)
"""The file as findings name it, the number of the part's first row in it, its rows, and what was found and gathered."""

Alike: TypeAlias = tuple[str, str | None, str]
Row: TypeAlias = tuple[str | None, str | None, str | None]


@dataclass
class Part:
    """What was found in consecutive rows of a file, and gathered for rules that judge the whole.

    Attributes:
        first: number of the first row in the file.
        rows: how many.
        size: bytes that were read.
        faults: what the reader stumbled on.
        lines: on which rows begin.
        names: columns.
        inside: whether conversations stand inside an object.
        reached: paths of a mapping that reach something.
        layout: what columns are; None where there are no rows.
        unread: columns of texts that no rule reads.
        kept: by code, findings that are listed.
        counts: by code, all of them.
        alike: by code, column and message.
        total: findings, listed or not.
        seconds: by code.
        said: id, text and mark of rows of findings.
    """

    file: str
    first: int
    rows: int = 0
    size: int = 0
    faults: list[Fault] = field(default_factory=list)
    lines: list[NDArray[np.uint32]] = field(default_factory=list)
    names: tuple[str, ...] = ()
    inside: bool = False
    reached: Reached = field(default_factory=Reached)
    layout: Layout | None = None
    unread: tuple[str, ...] = ()
    state: State = field(default_factory=State)
    habits: Habits = field(default_factory=Habits)
    kept: dict[str, list[Finding]] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)
    alike: Counter[Alike] = field(default_factory=Counter)
    total: int = 0
    seconds: dict[str, float] = field(default_factory=dict)
    said: dict[tuple[str, int], Row] = field(default_factory=dict)

    @property
    def ends(self) -> bool:
        """Whether the file cannot be read further."""
        return any(fault.kind in ("unreadable", "encoding") for fault in self.faults)


def packed(parts: Iterable[Part]) -> pa.Table:
    """Parts as evidence."""
    rows = [
        {"file": part.file, "first": part.first, "rows": part.rows, "facts": pickle.dumps(part, protocol=5)}
        for part in parts
    ]
    return pa.Table.from_pylist(rows, schema=EVIDENCE)


def unpacked(evidence: pa.Table | pa.RecordBatch) -> Iterator[Part]:
    """The parts that evidence holds.

    Raises:
        FormatError: it is none, or of another version.
    """
    if "facts" not in evidence.schema.names:
        msg = "This is no evidence of a check"
        raise FormatError(msg, expected=", ".join(EVIDENCE.names), got=", ".join(evidence.schema.names))
    for facts in evidence.column("facts"):
        try:
            part = _Facts(io.BytesIO(facts.as_py())).load()
        except (pickle.UnpicklingError, EOFError, AttributeError, ValueError, TypeError) as error:
            msg = "The evidence of a part cannot be read"
            fix = "Map that part again, with the same version of Demur on every machine."
            raise FormatError(msg, got=type(error).__name__, fix=fix) from error
        yield part


_KNOWN = {
    "builtins": {"set"},
    "collections": {"Counter", "defaultdict"},
    "datetime": {"date", "datetime", "time", "timedelta", "timezone"},
    "decimal": {"Decimal"},
    "demur.checks.evidence": {"Part"},
    "demur.checks.finding": {"Finding"},
    "demur.checks.gathered": {"Gathered", "Taught"},
    "demur.checks.habits": {"Habit", "Habits"},
    "demur.checks.layouts": {"Layout"},
    "demur.checks.learnt": {"Learnt"},
    "demur.checks.noted": {"Noted", "Values"},
    "demur.checks.paths": {"Reached"},
    "demur.checks.scores": {"Scores"},
    "demur.checks.sides": {"Forms"},
    "demur.checks.state": {"State"},
    "demur.files._block": {"Fault"},
    "numpy": {"dtype", "ndarray"},
    "numpy._core.multiarray": {"_reconstruct", "scalar"},
    "numpy._core.numeric": {"_frombuffer"},
}


class _Facts(pickle.Unpickler):
    """Makes values of known types, and nothing else."""

    def find_class(self, module: str, name: str) -> object:
        """A type by its name."""
        if name not in _KNOWN.get(module, ()):
            msg = f"{module}.{name} is no fact"
            raise pickle.UnpicklingError(msg)
        return super().find_class(module, name)
