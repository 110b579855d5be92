"""Parts of a check: rows that are judged apart, wherever they are, and put together as if one pass had read them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cache, cached_property, partial
from pathlib import Path
from typing import Any

import pyarrow as pa

from demur.checks.batch import File
from demur.checks.completing import Said
from demur.checks.engine import BROKEN, LISTED, _Found, _judge
from demur.checks.evidence import Part, packed
from demur.checks.joined import add_habits, add_state
from demur.checks.layouts import Layout
from demur.checks.light import weighed
from demur.checks.lines import Lines
from demur.checks.paths import Reached
from demur.checks.rules import RULES
from demur.checks.subject import Subject
from demur.checks.unread import unread
from demur.files.reading import Block, Fault
from demur.files.remote import fetched
from demur.files.spans import Span, read_span
from demur.protected.near import Judge, Rules
from demur.protected.prompts import Protected, bundled
from demur.text.compiled import uncompiled


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
        ran: codes of the rules that are asked.
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
        light: whether all files together are so small that nothing is compiled for them.
    """

    ran: tuple[str, ...]
    file: File
    layout: Layout | None = None
    reached: tuple[str, ...] = ()
    unread: tuple[str, ...] = ()
    trained: bool = False
    beside: File | None = None
    place: int = 0
    against: bool = False
    screens: bool = True
    sketches: tuple[str, ...] = ()
    protected: tuple[Protected, ...] = ()
    card: str | None = None
    light: bool = False
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
            subject.unread[file.name] = self.unread
            subject.reached.setdefault(file.name, Reached()).there.update(self.reached)
        rules = [RULES[code] for code in self.ran if RULES[code].each != "subject"]
        found = _Found(subject, Said(self.show_text, self.marked), self.ran)
        seen = [0]
        with uncompiled(small=self.light) as grown:
            subject.grown = partial(weighed, seen, grown)
            for batch in subject.scan(file):
                for rule in rules:
                    found.take(rule, batch, _judge(rule, batch))
                subject.state.add_near(batch)
        return _part(subject, found, file, first, seen[0])

    def read(self, span: Span) -> pa.Table:
        """What a part of the file gives, as evidence."""
        return packed([self.part(span.first, lambda note: read_span(span, note, turns=True))])

    def _judges(self) -> tuple[Judge, ...]:
        if not self.screens:
            return ()
        if self.protected:
            return self._near
        return _kept(self.sketches)

    def __getstate__(self) -> dict[str, Any]:
        """Without the index, which every process makes for itself."""
        return {name: value for name, value in vars(self).items() if name != "_near"}

    @cached_property
    def _near(self) -> tuple[Judge, ...]:
        return tuple(Judge.of(each, Rules()) for each in self.protected)


def known(judged: Judged, begins: Block | None) -> Judged:
    """The same with what the first rows of the file say of its columns."""
    if begins is None:
        return judged
    file = judged.file
    subject = Piece(None, file.path.parent, (file,))
    batch = subject._batch(file, begins)
    there = tuple(sorted(subject.reached[file.name].there))
    return replace(judged, layout=batch.layout, reached=there, unread=unread(batch))


@cache
def _kept(sketches: tuple[str, ...]) -> tuple[Judge, ...]:
    """Protected prompts, indexed once for each process."""
    with fetched(sketches) as (places, _):
        found = [*map(Protected.read, places)] or [bundled()]
    return tuple(Judge.of(each, Rules()) for each in found)


def _part(subject: Subject, found: _Found, file: File, first: int, size: int) -> Part:
    name = file.name
    subject.state.files.clear()  # the whole knows the file
    return Part(
        name,
        first,
        subject.rows[name],
        size,
        subject.faults[name],
        subject.lines[name].parts,
        subject.names[name],
        name in subject.inside,
        subject.reached.get(name, Reached()),
        subject.layouts.get(name),
        subject.unread.get(name, ()),
        subject.state,
        subject.habits,
        {code: kept for (_, code), kept in found.kept.items()},
        {code: count for (_, code), count in found.counts.items()},
        Counter({fault[1:]: count for fault, count in found.alike.items()}),
        found.total,
        dict(found.seconds),
        found.said.rows,
    )


def add_part(subject: Subject, found: _Found, file: File, part: Part) -> None:
    """Add what is known of further rows of a file, which come after all that was added."""
    name = file.name
    subject.grown(part.size)
    subject.faults.setdefault(name, []).extend(part.faults)
    subject.lines.setdefault(name, Lines()).parts.extend(part.lines)
    subject.rows[name] = subject.rows.get(name, 0) + part.rows
    subject.names[name] = tuple(dict.fromkeys([*subject.names.get(name, ()), *part.names]))
    if part.layout is not None and name not in subject.layouts:
        subject.layouts[name], subject.unread[name] = part.layout, part.unread
    if part.inside:
        subject.inside.add(name)
    if name in subject.layouts:  # else it has no rows
        add_state(subject.state, part.state, file)
        reached = subject.reached.setdefault(name, Reached())
        reached.there |= part.reached.there
        reached.near.update(part.reached.near)
    add_habits(subject.habits, part.habits)
    _add_found(found, name, part)


def _add_found(found: _Found, name: str, part: Part) -> None:
    for code, kept in part.kept.items():
        before, mine = found.counts[name, code], found.kept[name, code]
        left = max(0, LISTED - before)
        mine += kept[:left] + [each for each in kept[left:] if each.row is None and code == BROKEN]
        for each in kept[:left]:
            if each.row is not None and (name, each.row) in part.said:
                found.said.rows[name, each.row] = part.said[name, each.row]
    for code, count in part.counts.items():
        found.counts[name, code] += count
    for (code, column, message), count in part.alike.items():
        found.alike[name, code, column, message] += count
    found.total += part.total
    for code, seconds in part.seconds.items():
        found.seconds[code] += seconds
