"""How a review begins: who reads, and into which files."""

from __future__ import annotations

import re
from pathlib import Path

from demur.errors import UsageError, shown
from demur.review.desk import Desk
from demur.review.files import Files
from demur.review.session import Session

_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")


def session_of(
    desk: Desk,
    reader: str | None,
    guideline: str,
    annotations: Path | None = None,
    *,
    rows: int = 50,
    read_only: bool = False,
) -> Session:
    """A session of one person.

    Args:
        desk: what is reviewed.
        reader: the person's name; needed where anything is written.
        guideline: version of it.
        annotations: the one file of labels; by default one of this person's in the project's folder.
        rows: how many are drawn at random.
        read_only: nothing is written.

    Raises:
        UsageError: no name, one that is no slug, or one of a model or a rule.
        FormatError: the files that are written to are broken.
    """
    if reader is not None or not read_only:
        if not _NAME.fullmatch(reader or ""):
            msg = "Who reads is named by a short word" if reader else "Nobody is named who reads"
            fix = "Name yourself with --reader NAME, or in DEMUR_CURATOR."
            got = shown(reader) if reader else "none"
            raise UsageError(msg, expected="lower-case letters, digits and hyphens, such as kim", got=got, fix=fix)
        reader = reader or ""
    labels = annotations or (desk.labels / f"review-{reader}.csv" if desk.labels and reader else None)
    files = Files(reader or "", None if read_only else labels, desk.labels, desk.decisions)
    machine = next((each for each in files.every_label() if each.reader == reader and each.kind != "human"), None)
    if machine:
        msg = "This reader is no person in the project's annotations"
        raise UsageError(msg, expected="a human", got=f"{machine.reader} ({machine.kind})", fix="Take another name.")
    files.every_decision()
    return Session(desk, files, guideline, rows, read_only)
