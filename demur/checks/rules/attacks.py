"""Rules about published attacks and answers to them (DMR608 to DMR612): ids, places, shards, counts, templates."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from demur.checks.batch import File
from demur.checks.finding import Finding, hit
from demur.checks.rule import rule
from demur.checks.rules.splits import unsharded
from demur.checks.state import grouped
from demur.checks.subject import Subject
from demur.checks.variants import answers, prompts_of

_ID = re.compile(r"(?:\w*_)?(?:id|idx|index|number|no|key|uid|uuid)|id|\w+ID", re.IGNORECASE)
_APART = re.compile(
    r"(?:\w*_)?(?:seed|sample|epoch|repeat|run|trial|turn|attempt|step|judge|model|template|attack|method|language|lang"
    r"|label|labels|verdict|score|category|annotator|worker|round|temperature|system|system_prompt|context)\w*",
    re.IGNORECASE,
)
"""Columns that tell several rows of one question apart, or say why there are several."""

_BLOCK = 5
"""Rows running that say again, in order, what others do: no accident."""

_SHARE = 0.9


def _has_id(subject: Subject, file: File) -> bool:
    """Whether some column of a file names its rows."""
    return any(_ID.fullmatch(name) for name in subject.names.get(file.name, ()))


@rule(
    "DMR608",
    "rows-without-ids",
    invariants=(16,),
    summary="Rows that others follow have ids, and those that follow name them: variants of a question, answers to it.",
    why="DeRTa's five test files and 44 files of answers have 200 rows each and not one id. Which question an attack "
    "wraps is told by its place or its words only, and of one file by neither.",
    fix="Give every base question an id that never changes, and repeat it in variants and answers (item_id, base_id).",
    severity="advice",
)
def rows_without_ids(subject: Subject) -> Iterator[Finding]:
    """Files of questions, once for all files without ids that hold variants of them or answers to them."""
    bases = {each.file.name: each.base.name for each in subject.variants}
    followers: defaultdict[str, list[str]] = defaultdict(list)
    for name, base in bases.items():
        followers[base].append(name)
    asked: list[tuple[File, NDArray[np.uint64]]] = []
    answered: list[tuple[File, NDArray[np.uint64]]] = []
    for file, prompts in prompts_of(subject):
        (answered if answers(subject, file) else asked).append((file, np.unique(prompts)))
    for file, mine in answered:
        owner = next((each.name for each, known in asked if np.isin(mine, known).mean() >= _SHARE), None)
        if owner is not None:
            followers[bases.get(owner, owner)].append(file.name)
    files = {file.name: file for file in subject.files}
    for base, names in sorted(followers.items()):
        bare = [name for name in sorted(names) if not _has_id(subject, files[name])]
        if bare:
            what = f"{len(bare)} files hold" if len(bare) > 1 else "a file holds"
            message = f"{what} variants of these rows or answers to them, without ids: {bare[0]}"
            yield hit(f"{message} and others" if len(bare) > 1 else message, base)


@rule(
    "DMR609",
    "moved-rows",
    invariants=(16,),
    summary="Rows without ids that are variants of another file's rows stand in the same order as these.",
    why="DeRTa's completion attack is in another order than its base questions: none of the 200 rows is a variant of "
    "the question at its place. Whoever joins by place joins every attack with a wrong question, and every rate by "
    "hazard or source is a rate of others.",
    fix="Put the rows in the order of their base, or give both files ids.",
    severity="warning",
)
def moved_rows(subject: Subject) -> Iterator[Finding]:
    """Files of variants of which some rows clearly belong to a base at another place."""
    for each in subject.variants:
        if not len(each.moved) or (_has_id(subject, each.file) and _has_id(subject, each.base)):
            continue
        linked = int((each.links >= 0).sum())
        same = int((each.links == np.arange(each.rows)).sum())
        told = f"{linked:,} of {each.rows:,} rows are variants of rows of {each.base.name}"
        first = subject.row_of(each.base.name, int(each.links[each.moved[0]]))
        message = f"{told}, {same:,} of them of the row at their place; this one of {first}"
        yield hit(message, each.file.name, int(each.moved[0]))


@rule(
    "DMR610",
    "shrunk-denominator",
    invariants=(16, 24),
    summary="Answers are to as many different questions as there are rows, and to all of those that were asked.",
    why="The file behind one of DeRTa's headline rates has 200 rows, and answers 175 questions: 25 are answered twice "
    'and 25 not at all. A rate "of 200" counts some questions double, and nobody knows what the others would say.',
    fix="Answer what is missing, keep one row a question, or state the rate over the questions that were answered.",
    severity="warning",
)
def shrunk_denominator(subject: Subject) -> Iterator[Finding]:
    """Files of answers where some questions stand more often than others, and nothing tells their rows apart."""
    asked = [(file, np.unique(prompts)) for file, prompts in prompts_of(subject)]
    for file, prompts in prompts_of(subject):
        names = subject.names[file.name]
        if not answers(subject, file) or any(_APART.fullmatch(name) for name in names):
            continue
        mine, counts = np.unique(prompts[prompts != 0], return_counts=True)
        rows = int(counts.sum())
        if len(mine) == rows or len(mine) < rows / 2 or (counts == counts[0]).all():
            continue
        message = f"{rows:,} rows answer {len(mine):,} questions, {rows - len(mine):,} of them again"
        whole = [
            (len(known), other)
            for other, known in asked
            if other is not file and len(known) > len(mine) and np.isin(mine, known).mean() >= _SHARE
        ]
        if whole:
            most, other = max(whole, key=lambda each: (not answers(subject, each[1]), each[0], each[1].name))
            known = next(known for each, known in asked if each is other)
            there = int(np.isin(mine, known).sum())
            message += f"; of the {most:,} questions of {other.name} {there:,} are among them"
        yield hit(message, file.name)


@rule(
    "DMR611",
    "block-twice",
    invariants=(16,),
    summary="No block of rows stands twice in a file, and every item that is answered stands in one shard.",
    why="Answers are generated in shards, on several machines. Where one is written twice, its items count double and "
    "another shard's are missing: rows 75 to 99 of one of DeRTa's files are rows 50 to 74 once more. Of prompts that a "
    "program fills in it is a template that was listed twice.",
    fix="Join the shards again, by id, and count the items.",
    severity="warning",
)
def block_twice(subject: Subject) -> Iterator[Finding]:
    """Blocks of rows that stand twice in a file, and items of one shard that another holds, too."""
    keys = subject.state.column("key")
    for file, first, end in subject.state.spans if subject.kind is None else ():
        for start, before, rows in _blocks(keys[first:end]):
            one, last = (subject.row_of(file.name, before + place) for place in (0, rows - 1))
            yield hit(f"{rows:,} rows from here on are those from {one} to {last} once more", file.name, start)
    yield from _across(subject)


def _blocks(keys: NDArray[np.uint64]) -> Iterator[tuple[int, int, int]]:
    """Runs of rows that repeat earlier ones in order: where each begins, where the first one does, and how long it is.

    Example:
        >>> list(_blocks(np.array([7, 1, 2, 3, 4, 5, 8, 1, 2, 3, 4, 5], np.uint64)))
        [(7, 1, 5)]
    """
    earlier = np.full(len(keys), -1, np.int64)
    places, starts = grouped(keys)
    again = np.delete(np.arange(len(places)), starts)
    earlier[places[again]] = places[again - 1]
    again = np.flatnonzero(earlier >= 0)
    if len(again) < _BLOCK:
        return
    breaks = np.flatnonzero((np.diff(again) != 1) | (np.diff(earlier[again]) != 1)) + 1
    sizes = np.diff(breaks, prepend=0, append=len(again))
    begins = again[np.concatenate([[0], breaks])]
    for run in np.flatnonzero((sizes >= _BLOCK) & (begins - earlier[begins] >= _BLOCK)).tolist():
        yield int(begins[run]), int(earlier[begins[run]]), int(sizes[run])


def _across(subject: Subject) -> Iterator[Finding]:
    """Items of answers, by their id or else their prompt, that stand in two shards of one file."""
    ids, prompts = subject.state.column("own id"), subject.state.column("prompt")
    shards: defaultdict[str, list[tuple[File, NDArray[np.uint64]]]] = defaultdict(list)
    for file, first, end in subject.state.spans if subject.kind is None else ():
        apart = any(_APART.fullmatch(name) for name in subject.names[file.name])
        items = ids[first:end] if ids[first:end].any() else prompts[first:end]
        if answers(subject, file) and not apart and not subject.trains(file, file.split):
            shards[unsharded(file.name)].append((file, items))
    for files in shards.values():
        seen: dict[int, File] = {}
        for file, items in files if len(files) > 1 else ():
            again = [(row, seen[item]) for row, item in enumerate(items.tolist()) if item in seen]
            if again:
                row, other = again[0]
                yield hit(
                    f"{len(again):,} of its items stand in another shard, too, the first in {other.name}",
                    file.name,
                    row,
                )
            for item in items[items != 0].tolist():
                seen.setdefault(item, file)


@rule(
    "DMR612",
    "template-count",
    invariants=(14,),
    summary="As many different templates wrap the base questions as are stated.",
    why="DeRTa's paper says that 50 templates were used. The file holds 48: one of them stands twice in the row of 50, "
    "and another twice but for its signs, so two weigh double.",
    fix="State the number of different templates, and give every row the id of its own.",
    severity="warning",
)
def template_count(subject: Subject) -> Iterator[Finding]:
    """Files of which settings state a number of templates that is another, or that cannot be told."""
    stated = [(claim, file) for claim in subject.claims for file in subject.files if claim.about(file.path)]
    found = {each.file.name: each for each in subject.variants} if stated else {}
    for claim, file in stated:
        if claim.templates is None:
            continue
        made = found.get(file.name)
        if made is None or made.wrapped < _SHARE * made.rows:
            message = f"{claim.templates:,} templates are stated ({claim.where}), and nothing in this check says what "
            yield hit(f"{message}the rows wrap, so they cannot be counted", file.name, fix="Check it with its base.")
        elif made.templates != claim.templates:
            message = f"{made.templates:,} different templates wrap {made.wrapped:,} rows of {made.base.name}"
            yield hit(f"{message}, stated are {claim.templates:,} ({claim.where})", file.name)
