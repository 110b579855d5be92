"""``demur check`` in parts: files are read where tasks run, here or on a cluster; findings are those of one process.

Runs of rows of Parquet files are judged apart, other files as wholes. What rules need that compare rows comes back as
hashes and counts, and those rules run at the end, here; some of them read some rows once more.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from demur.checks.engine import _Found, check
from demur.checks.evidence import unpacked
from demur.checks.finding import Report
from demur.checks.light import are_light
from demur.checks.pages import may_matter
from demur.checks.parts import Judged, add_part, known
from demur.checks.rule import Rule
from demur.checks.subject import Subject
from demur.errors import UsageError
from demur.files.reading import Block, Fault, read_blocks
from demur.files.remote import fetched
from demur.files.spans import Span, head, read_span, spans_of
from demur.protected.prompts import sketch_bytes
from demur.sets.folder import is_built
from demur.shards import Work, opened_work


def checked(paths: Sequence[str | Path], parts: Mapping[str, Any], **given: Any) -> Report:
    """Check in this process, or, where somebody says how parts run (see `demur.shards.opened_work`), in parts."""
    if not parts:
        return check(paths, **given)
    with opened_work(**parts) as work:
        return check_sharded(paths, work, **given)


def check_sharded(paths: Sequence[str | Path], work: Work, **given: Any) -> Report:
    """Check files of anybody's in parts; the report is that of `demur.checks.engine.check`.

    Args:
        paths: files and folders that all workers see under these names, or URLs.
        work: where tasks run, and where what they give is kept.
        given: what else `check` takes.

    Raises:
        UsageError: a folder that Demur built, which is checked in one process; or what `check` raises.
    """
    away: dict[Path, str] = {}
    with fetched(paths, may_matter, away) as (places, called):
        if built := [each for each in places if is_built(each)]:
            msg = "A built folder is checked in one process"
            raise UsageError(msg, where=called.get(built[0], built[0]), fix="Leave --engine and --work out.")
        return check(places, called=called, through=partial(_through, work=work, away=away), **given)


def _through(subject: Subject, rules: list[Rule], found: _Found, *, work: Work, away: dict[Path, str]) -> None:
    """Map all parts, and take what they give in the order of the rows."""
    subject.blocks = partial(_blocks, away)
    tasks = list(_tasks(subject, found, work, away))
    ended = set[str]()
    files = {file.name: file for file in subject.files}
    for evidence in work.map([(judged, span) for judged, span in tasks]):
        for part in unpacked(evidence):
            if part.file not in ended:  # one process reads no further, either
                add_part(subject, found, files[part.file], part)
                ended |= {part.file} if part.ends else set()


def _tasks(subject: Subject, found: _Found, work: Work, away: dict[Path, str]) -> Iterator[tuple[Judged, Span]]:
    sketches = _sketches(subject, work)
    files = [replace(file, path=Path(away[file.path]) if file.path in away else file.path) for file in subject.files]
    light = not away and are_light(file.path for file in files)
    training = next((file for file in files if file.split == "train"), None)
    for place, (file, moved) in enumerate(zip(subject.files, files, strict=True)):
        spans = spans_of(away.get(file.path) or str(file.path.absolute()), work.rows)
        judged = Judged(
            found.ran,
            moved,
            trained=subject.trained,
            beside=None if training is moved else training,
            place=place,
            against=subject.against,
            screens=subject.protect is not tuple,
            sketches=sketches,
            card=subject.card_near(file.path.parent),
            light=light,
            show_text=found.said.show_text,
            marked=found.said.marked,
        )
        if len(spans) > 1:  # what its columns are follows from the first rows
            judged = known(judged, head(spans[0], lambda _: None, turns=True))
        yield from ((judged, span) for span in spans)


def _sketches(subject: Subject, work: Work) -> tuple[str, ...]:
    """Protected prompts that somebody named, for all workers."""
    if not subject.against or subject.protect is tuple:
        return ()
    return tuple(work.keep("protected.parquet", sketch_bytes(judge.protected)) for judge in subject.judges)


def _blocks(
    away: dict[Path, str],
    path: Path,
    note: Callable[[Fault], None],
    columns: Sequence[str] | None = None,
    *,
    turns: bool = False,
) -> Iterator[Block]:
    """A file once more, wherever it lies."""
    if path not in away:
        yield from read_blocks(path, note, columns, turns=turns)
        return
    for span in spans_of(away[path], 1 << 62):
        yield from read_span(span, note, turns=turns)
