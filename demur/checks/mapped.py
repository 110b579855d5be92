"""A check of one table at a time, by whatever engine holds the tables, and of all of them together at the end.

`Checking.map` judges rows as `demur check` does, and gathers hashes and counts for the rules that compare rows;
`Checking.combine` asks these. Findings are those of one process, however the rows were cut and whatever part comes
first. What rows are read as, and whether they are trained on, follows from the first rows and from what is said here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa

from demur.checks.batch import File
from demur.checks.engine import _Found, check
from demur.checks.evidence import EVIDENCE, Part, packed, unpacked
from demur.checks.finding import Report
from demur.checks.layouts import layout_of
from demur.checks.pages import header_license
from demur.checks.parts import Judged, add_part, known
from demur.checks.profiles import chosen, profile_of
from demur.checks.rule import Rule
from demur.checks.subject import Subject
from demur.checks.tabled import Rows, blocks_of, numbered, runs
from demur.errors import FormatError, UsageError
from demur.files.reading import Block
from demur.files.temporary import temporary
from demur.protected.prompts import Protected

Again = Callable[[], Iterable[Rows]]

_SCREENED = frozenset({"DMR104", "DMR105", "DMR614"})


@dataclass(frozen=True)
class Checking:
    """Checks rows of one set, a table at a time. It can be sent to other machines; make it with `Checking.of`.

    Example:
        >>> rows = pa.table({"prompt": ["How do tides work?", "How do tides work?"], "n": [0, 1]})
        >>> checking = Checking.of(rows, row="n", select=("DMR102",))
        >>> parts = [checking.map(rows.slice(1)), checking.map(rows.slice(0, 1))]
        >>> [(finding.code, finding.row) for finding in checking.combine(parts).findings]
        [('DMR102', 1)]
    """

    judged: Judged
    row: str | None
    given: dict[str, Any] = field(repr=False)

    schema = EVIDENCE
    """Of what `map` gives."""

    @classmethod
    def of(
        cls,
        rows: Rows,
        name: str = "rows.parquet",
        *,
        row: str | None = None,
        mapping: str | None = None,
        select: Sequence[str] = (),
        ignore: Sequence[str] = (),
        profile: str | None = None,
        split: str | None = None,
        license: str | None = None,
        card: str | None = None,
        protected: Sequence[Protected] = (),
    ) -> Checking:
        """How rows are checked.

        Args:
            rows: the first ones: they say what columns are.
            name: what findings call the set; its ending is that of a file of rows.
            row: a column with the number of each row, from 0, each once; without it `map` is told the first one.
            mapping: as `demur check --map` has it.
            select: rules to run; by default all.
            ignore: those to leave out.
            profile: what rows are for; its rules run.
            license: of the set, where its card does not state it.
            split: of all rows, where no column says it.
            card: the set's card (README), which may state its license and language.
            protected: prompts to stay away from; by default the bundled ones, for rows that are trained on.

        Raises:
            UsageError: no such rule, profile, mapping or column.
        """
        rules = [rule for rule in chosen(select, ignore, profile) if rule.judges(None)]
        file = File(Path(name), name, split, given=None if mapping is None else layout_of(mapping))
        judged = Judged(
            tuple(rule.code for rule in rules),
            file,
            trained=profile is not None and profile_of(profile).trained,
            against=bool(protected),
            screens=bool(_SCREENED & {rule.code for rule in rules}),
            protected=tuple(protected),
            card=card,
        )
        table, _ = numbered(rows, row)
        stated = license or (header_license(card) if card else None)
        given = {"mapping": mapping, "select": select, "ignore": ignore, "profile": profile, "license": stated}
        return cls(known(judged, next(blocks_of(table), None)), row, given)

    def map(self, rows: Rows, first: int = 0) -> pa.Table:
        """What is found in some rows, and gathered of them: a table of `demur.checks.evidence.EVIDENCE`.

        Args:
            rows: a table or a record batch; rows that follow one another are one part.
            first: the number of the first row, where no column says it.

        Raises:
            UsageError: no such column of numbers.
        """
        table, numbers = numbered(rows, self.row, first)
        return packed(self._part(start, some) for start, some in runs(table, numbers))

    def _part(self, start: int, rows: pa.Table) -> Part:
        return self.judged.part(start, lambda _: blocks_of(rows, start))

    def combine(self, evidence: Iterable[pa.Table | pa.RecordBatch], again: Again | None = None) -> Report:
        """The report on all rows, in whatever order their evidence comes.

        Args:
            evidence: of every table.
            again: gives the rows once more, in the order of their numbers: some rules, if they have a suspicion, look
                at texts beside each other, and findings about the whole name rows by their ids.

        Raises:
            FormatError: rows are missing, or there twice.
            UsageError: a rule wants to read rows once more, and nobody says where they are.
        """
        parts = sorted((part for each in evidence for part in unpacked(each)), key=lambda part: part.first)
        row = 0
        for part in parts:
            if part.first != row:
                msg = "The evidence is not of all rows, each once"
                raise FormatError(msg, where=part.file, expected=f"rows from {row}", got=f"rows from {part.first}")
            row += part.rows
        with temporary("check") as folder:
            place = folder / Path(self.judged.file.name).name
            place.touch()
            if self.judged.card is not None:
                (folder / "README.md").write_text(self.judged.card, encoding="utf-8")
            name, split = self.judged.file.name, self.judged.file.split
            return check(
                [place],
                called={place: name},
                splits={name: split} if split else {},
                through=partial(self._through, parts=parts, again=again),
                **self.given,
            )

    def _through(
        self, subject: Subject, rules: list[Rule], found: _Found, *, parts: Sequence[Part], again: Again | None
    ) -> None:
        subject.blocks = lambda *_, **__: self._again(again)
        subject.against = self.judged.against
        if self.judged.against:
            subject.protect = self.judged._judges
        for part in parts:
            add_part(subject, found, subject.files[0], part)

    def _again(self, again: Again | None) -> Iterator[Block]:
        if again is None:
            msg = "A rule looks at rows once more"
            raise UsageError(msg, where=self.judged.file.name, fix="Say where they are: combine(evidence, again).")
        first = 0
        for rows in again():
            table, numbers = numbered(rows, self.row, first)
            if len(table):
                yield from blocks_of(table, numbers[0].as_py())
                first = numbers[-1].as_py() + 1
