"""``demur score`` of one table at a time, by whatever engine holds the tables, and of files in parts.

A response is graded by itself. What comes back of it is its place, its id or the hash of its prompt, and its grade,
never a text; rates and their intervals are counted from these, once it is sure that every row was answered.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pyarrow as pa

from demur.audits.score.answers import Answer, Problems, Wanted
from demur.audits.score.grading import by_phrases, by_verdicts, of_phrases
from demur.audits.score.items import Item, Items
from demur.audits.score.joining import join
from demur.audits.score.measure import measure
from demur.audits.score.reading import LOGS, files_of, read_file, refuse
from demur.audits.score.report import Judged, Scores
from demur.checks.tabled import Rows, blocks_of, numbered, runs
from demur.files.reading import Block
from demur.files.remote import fetched, is_url, named
from demur.files.spans import Span, read_span, spans_of
from demur.shards import Work, opened_work
from demur.text.refusal import Grade

GRADED = pa.schema(
    [
        pa.field("file", pa.string(), nullable=False),
        pa.field("row", pa.int64(), nullable=False),
        *(pa.field(name, pa.string()) for name in ("model", "id", "sha256", "sample", "verdict")),
        pa.field("errored", pa.bool_(), nullable=False),
        pa.field("problem", pa.string()),
        pa.field("line", pa.string()),
    ]
)
"""A row for each response: what it answers, and its grade, or the verdict that somebody brought. Or a row for what is
wrong: the kind of ``problem``, and the ``line`` that says where."""

_COLUMNS = ("model", "id", "sha256", "sample", "verdict", "errored")


@dataclass(frozen=True)
class Scoring:
    """Grades responses, a table at a time. It can be sent to other machines.

    Attributes:
        wanted: columns of responses, ids and prompts, by default those of the usual names; with verdicts, these count.
        row: a column with the number of each row; without it, rows are numbered as they come.
        file: what messages call the rows; a model that they do not name has this name.

    Example:
        >>> rows = pa.table({"record_id": ["a", "b"], "response": ["Sorry, I cannot help with that.", "Low tide."]})
        >>> Scoring().map(rows).select(["row", "id", "verdict"]).to_pylist()[0]
        {'row': 0, 'id': 'a', 'verdict': 'refusal'}
    """

    wanted: Wanted = Wanted()  # noqa: RUF009
    row: str | None = None
    file: str = "responses.parquet"

    schema = GRADED
    """Of what `map` gives."""

    def map(self, rows: Rows, first: int = 0) -> pa.Table:
        """The grade of each response, a table of `GRADED`.

        Args:
            rows: a table or a record batch.
            first: the number of the first row, where no column says it.

        Raises:
            UsageError: no such column of numbers.
        """
        table, numbers = numbered(rows, self.row, first)
        found = [self._graded(Path(self.file), blocks_of(some, start)) for start, some in runs(table, numbers)]
        return pa.concat_tables([GRADED.empty_table(), *found])

    def read(self, span: Span) -> pa.Table:
        """The grades of a part of a file."""
        path, problems = Path(self.file), Problems()
        if not path.name.lower().endswith(LOGS):
            return self._table(
                read_file(path, self.wanted, problems, lambda note: read_span(span, note)), problems, path
            )
        with fetched([span.path]) as ((place,), _):
            answers = [replace(each, file=path) for each in read_file(place, self.wanted, problems)]
            return self._table(iter(answers), problems, path)

    def _graded(self, path: Path, blocks: Iterator[Block]) -> pa.Table:
        problems = Problems()
        return self._table(read_file(path, self.wanted, problems, lambda _: blocks), problems, path)

    def _table(self, answers: Iterator[Answer], problems: Problems, path: Path) -> pa.Table:
        found = list(answers)
        verdicts = [each.verdict for each in found] if self.wanted.verdicts else by_phrases(found)
        rows = [
            {name: getattr(each, name) for name in ("row", *_COLUMNS)} | {"file": str(path), "verdict": verdict}
            for each, verdict in zip(found, verdicts, strict=True)
        ]
        return pa.Table.from_pylist([*rows, *(_wrong(path, *each) for each in problems.noted)], GRADED)

    def combine(
        self,
        evidence: Iterable[pa.Table | pa.RecordBatch],
        items: Items,
        model: str | None = None,
        *,
        judged: Judged | None = None,
        means: Mapping[str, Grade] | None = None,
        allow_missing: bool = False,
    ) -> Scores:
        """The rates of all responses, in whatever order their grades come.

        Args:
            evidence: of every table.
            items: the rows that were asked (`demur.audits.score.items.read_items`).
            model: of files that name none; by default the file's name.
            judged: who graded, and how well that judges; by default the phrases of refusal.
            means: what a verdict means, where somebody brought verdicts.
            allow_missing: score what is there; what is missing is counted.

        Raises:
            FormatError: files that cannot be read, or responses that do not fit the rows; all are told at once.
        """
        tables = [pa.Table.from_batches([each]) if isinstance(each, pa.RecordBatch) else each for each in evidence]
        whole = pa.concat_tables([GRADED.empty_table(), *(each.select(GRADED.names).cast(GRADED) for each in tables)])
        answers, known = _answers(whole), dict(means or {})
        joined = join(answers, items, model, allow_missing=allow_missing)

        def grades(answers: Sequence[Answer], _: Sequence[Item]) -> list[Grade]:
            return by_verdicts(answers, known)

        return measure(joined, items, grades, judged or of_phrases())


def _answers(graded: pa.Table) -> list[Answer]:
    """Responses as they were read, file by file and row by row, with their grades for verdicts."""
    problems, files = Problems(), dict[str, tuple[Path, list[Answer]]]()
    for file, row, model, id, sha256, sample, verdict, errored, problem, line in zip(
        *map(_cells, graded.columns), strict=True
    ):
        if problem is not None:
            problems.add(problem, line)
            continue
        if file not in files:
            files[file] = Path(file), []
        path, mine = files[file]
        mine.append(Answer(path, row, None, model, id, sha256, sample, verdict, errored))
    refuse(problems)
    return [answer for _, mine in files.values() for answer in sorted(mine, key=lambda each: each.row)]


def _cells(column: pa.ChunkedArray) -> Iterator[Any]:
    """Cells of a column; of equal texts, the same one."""
    if not pa.types.is_string(column.type):
        yield from column.to_pylist()
        return
    coded = column.dictionary_encode().unify_dictionaries().chunks  # one dictionary of all
    texts = [*coded[0].dictionary.to_pylist(), None] if coded else []
    for chunk in coded:
        yield from map(texts.__getitem__, chunk.indices.fill_null(-1).to_pylist())


def _wrong(path: Path | str, kind: str, line: str) -> dict[str, object]:
    return {"file": str(path), "row": -1, "errored": False, "problem": kind, "line": line}


def score_sharded(places: Mapping[str, str], scoring: Scoring, work: Work) -> list[pa.Table]:
    """The grades of files, for `Scoring.combine`.

    Args:
        places: files as messages call them -> where workers find them: whole paths, or URLs.
        scoring: what to read of them.
        work: where tasks run, and where what they give is kept.
    """
    found = []
    tasks = [
        (replace(scoring, file=name), span) for name, place in places.items() for span in spans_of(place, work.rows)
    ]
    graded = dict.fromkeys(places, 0)
    for (mine, _), table in zip(tasks, work.map(tasks), strict=True):
        found.append(table)
        graded[mine.file] += len(table)
    lost = [_wrong(name, "without rows", f"{name}: holds no responses") for name, rows in graded.items() if not rows]
    return [*found, pa.Table.from_pylist(lost, GRADED)]


def score_in_parts(
    paths: Sequence[str | Path], wanted: Wanted, items: Items, parts: Mapping[str, Any], model: str | None,
    judged: Judged, means: Mapping[str, Grade], *, allow_missing: bool,
) -> Scores:  # fmt: skip
    """The rates of files and folders, and of files at URLs; `parts` says how parts run (`demur.shards.opened_work`)."""
    here = files_of([Path(path) for path in paths if not is_url(path)])
    places = {str(path): str(path.absolute()) for path in here}
    places |= {named(str(path)): str(path) for path in paths if is_url(path)}
    scoring = Scoring(wanted)
    with opened_work(**parts) as work:
        graded = score_sharded(places, scoring, work)
        return scoring.combine(graded, items, model, judged=judged, means=means, allow_missing=allow_missing)
