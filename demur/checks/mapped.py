"""A check of one table at a time, by whatever engine holds the tables, and of all of them together at the end.

`Checking.map` judges rows as `demur check` does and gathers what rules need that compare rows; `Checking.combine` puts
that together: the findings are those of one process, however the rows were cut and in whatever order parts come.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache, cached_property, partial
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from demur.checks.batch import Batch, File
from demur.checks.completing import Said
from demur.checks.engine import _Found, _judge, _weighed, check
from demur.checks.evidence import EVIDENCE, Part, packed, unpacked
from demur.checks.finding import Report
from demur.checks.joined import add_habits, add_state
from demur.checks.layouts import Layout
from demur.checks.rule import Rule
from demur.checks.rules import RULES
from demur.checks.subject import Subject
from demur.errors import FormatError, UsageError
from demur.files.reading import Block, Fault
from demur.files.temporary import temporary
from demur.protected.near import Judge, Rules
from demur.protected.prompts import Protected, bundled
from demur.text.compiled import uncompiled

Rows = pa.Table | pa.RecordBatch


@dataclass
class Piece(Subject):
    """Some rows of a file, of which the rest is read elsewhere."""

    card: str | None = None

    def card_near(self, folder: Path) -> str | None:
        """The card that the whole has."""
        return self.card


@dataclass(frozen=True)
class Judged:
    """How the rows of one file are judged, whoever reads them.

    Attributes:
        codes: of the rules that judge batches.
        file: whose rows they are.
        layout: what its columns are.
        reached: paths of the layout that reach something.
        unread: columns of texts that no rule reads.
        trained: whether its rows are presumed to be trained on.
        beside: another file that is trained on, if there is one.
        place: of the file among all.
        against: whether every row is held against protected prompts.
        screens: whether any rule asks for them at all.
        sketches: paths or URLs of those prompts; none for the bundled ones.
        protected: the same prompts, at hand.
        card: the text of the nearest card.
    """

    codes: tuple[str, ...]
    file: File
    layout: Layout | None
    reached: frozenset[str] = frozenset()
    unread: tuple[str, ...] = ()
    trained: bool = False
    beside: File | None = None
    place: int = 0
    against: bool = False
    screens: bool = True
    sketches: tuple[str, ...] = ()
    protected: tuple[Protected, ...] = ()
    card: str | None = None
    show_text: bool = False
    marked: bool = False

    def part(self, first: int, blocks: Callable[[Callable[[Fault], None]], Iterator[Block]]) -> Part:
        """Judge consecutive rows; blocks are numbered as in the file."""
        file = self.file
        subject = Piece(None, file.path.parent, (file, *([self.beside] if self.beside else ())), card=self.card)
        subject.against, subject.trained = self.against, self.trained
        subject.protect = self._judges
        subject.blocks = lambda path, note, *_, **__: blocks(note)
        subject.state.gathered.files, subject.state.gathered.most = {file.name: self.place}, 1 << 62
        if self.layout is not None:
            subject.layouts[file.name] = self.layout
            subject.reached.setdefault(file.name, subject.reach()).there |= self.reached
        rules = [RULES[code] for code in self.codes]
        found = _Found(subject, Said(self.show_text, self.marked), self.codes)
        seen = [0]
        with uncompiled(small=True) as grown:
            subject.grown = partial(_weighed, seen, grown)
            for batch in subject.scan(file):
                for rule in rules:
                    found.take(rule, batch, _judge(rule, batch))
        return _part(subject, found, first, seen[0])

    def _judges(self) -> tuple[Judge, ...]:
        if not self.screens:
            return ()
        if self.protected:
            return self._near
        return _kept(self.sketches)

    @cached_property
    def _near(self) -> tuple[Judge, ...]:
        return tuple(Judge.of(each, Rules()) for each in self.protected)


@cache
def _kept(sketches: tuple[str, ...]) -> tuple[Judge, ...]:
    """Protected prompts, indexed once for each process."""
    from demur.protected.stored import read_sketch

    found = [read_sketch(each) for each in sketches] or [bundled()]
    return tuple(Judge.of(each, Rules()) for each in found)
