"""What a check could not judge, and why: a rule that had nothing to read is no rule that found nothing."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from demur.checks.batch import bare
from demur.checks.finding import Unjudged
from demur.checks.needs import PROMPT, TEXT, Need, need_of
from demur.checks.subject import Subject

_OF_PROMPTS = (("leaks", ("DMR101",)), ("contamination", ("DMR104", "DMR105")))
"""What rules about prompts judge, the most telling first; others are named by their codes."""


_NAMED = 5


def unjudged(subject: Subject, codes: Collection[str]) -> tuple[Unjudged, ...]:
    """What the rules with these codes had nothing to judge of, each with its reason; of anybody's files only."""
    return () if subject.kind else tuple(_reasons(subject, sorted(codes)))


def idle(subject: Subject, codes: Collection[str]) -> dict[str, str]:
    """Of the rules with these codes, those that no file of anybody's has the columns for, and what is missing.

    Labels are found by what columns are called, too, so rules about labels are none of these.
    """
    read = [] if subject.kind else [name for name in subject.layouts if subject.rows.get(name)]
    needs = {code: need_of(code) for code in sorted(codes)}
    return {
        code: f"no {need.called} in any file"
        for code, need in needs.items()
        if read and (need.any or need.all) and not any(_has(subject, name, need) for name in read)
    }


def _reasons(subject: Subject, codes: list[str]) -> Iterator[Unjudged]:
    read = [name for name in subject.layouts if subject.rows.get(name)]
    for need in (TEXT, PROMPT):
        mine = tuple(code for code in codes if need_of(code) is need)
        without = tuple(name for name in read if not _has(subject, name, need))
        if without and mine:
            why = f"no {need.called} in {len(without):,} of {len(read):,} files"
            fails = any(not _rates(subject, name) for name in without)
            yield Unjudged(_what(need, mine), why, mine, without, fails)
    if unread := {name: subject.unread[name] for name in read if subject.unread.get(name)}:
        columns = sorted({column for mine in unread.values() for column in mine})
        said = ", ".join(map(bare, columns[:_NAMED])) + (", ..." if len(columns) > _NAMED else "")
        why = f"no layout says what they are (--map does), in {len(unread):,} of {len(read):,} files"
        yield Unjudged(f"columns of texts {said}", why, (), tuple(unread))
    asked = any(_has(subject, name, PROMPT) for name in read)
    if asked and "DMR101" in codes and len(subject.split_rows) < 2:
        yield Unjudged("leaks", f"rows of {'one split only' if subject.split_rows else 'no known split'}", ("DMR101",))
    trained = any(subject.trains(file, split) for file in subject.files for split in (file.split, *subject.split_rows))
    if asked and "DMR104" in codes and not (subject.against or trained):
        yield Unjudged("contamination", "no rows that are trained on; --against judges every row", ("DMR104",))
    lost = sorted({each.files for each in subject.claims if not any(each.about(file.path) for file in subject.files)})
    if lost:
        yield Unjudged("claims", f"no file here is {', '.join(map(bare, lost))}", ("DMR612", "DMR614"))


def _what(need: Need, codes: tuple[str, ...]) -> str:
    if need is TEXT:
        return "texts"
    return " and ".join(what for what, mine in _OF_PROMPTS if {*mine} & {*codes}) or ", ".join(codes)


def _has(subject: Subject, file: str, need: Need) -> bool:
    """Whether a file has what is needed, by its layout."""
    return need.met(subject.layouts[file], subject.names.get(file, ()))


def _rates(subject: Subject, file: str) -> bool:
    """Whether rows rate what stands elsewhere, so that texts are not theirs to have."""
    return subject.layouts[file].native("verdict", subject.names.get(file, ())) is not None
