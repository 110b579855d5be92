"""One response as a file has it, the columns that may hold its parts, and what is wrong with files."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from demur.audits.judgements.measure import listed
from demur.errors import FormatError

IDS = ("record_id", "item_id", "id")
PROMPTS = ("prompt", "input", "question")
RESPONSES = ("response", "completion", "output", "generation")
MODELS = ("model", "model_name")
SAMPLES = ("seed", "epoch", "sample")
"""Columns that may hold each part; the first that is there does."""


@dataclass(frozen=True, slots=True)
class Answer:
    """One response.

    Attributes:
        file: it stands in.
        row: of that file, from 0.
        response: what the model wrote; None, as an empty text, where it returned nothing.
        model: None where the file does not say.
        id: a record id, or what its file has for one.
        sha256: of the prompt, where the file holds it.
        sample: which of several responses to one prompt, such as its seed or epoch.
        verdict: what somebody brought.
        errored: the run says that it failed here: this is no answer.
    """

    file: Path
    row: int
    response: str | None
    model: str | None = None
    id: str | None = None
    sha256: str | None = None
    sample: str = ""
    verdict: str | None = None
    errored: bool = False

    @property
    def place(self) -> str:
        """File and row, for messages."""
        return f"{self.file} row {self.row}"


@dataclass(frozen=True)
class Wanted:
    """What to read of every file.

    Attributes:
        id, prompt, response: columns of tables, by default those of the usual names.
        verdicts: a column of tables, or a scorer of Inspect logs.
    """

    id: str | None = None
    prompt: str | None = None
    response: str | None = None
    verdicts: str | None = None


@dataclass
class Problems:
    """All that is wrong, collected and told at once."""

    noted: list[tuple[str, str]] = field(default_factory=list)

    def add(self, kind: str, line: str) -> None:
        """Note one; ``kind`` is counted, ``line`` says file and row and never a text."""
        self.noted.append((kind, line))

    @property
    def lines(self) -> list[str]:
        """What each says."""
        return [line for _, line in self.noted]

    @property
    def kinds(self) -> Counter[str]:
        """How many there are of each kind."""
        return Counter(kind for kind, _ in self.noted)

    def refuse(self, what: str, expected: str, fixes: Sequence[tuple[str, str]]) -> None:
        """Raise if there are any.

        Args:
            what: the error's first line.
            expected: what would have been right.
            fixes: kind -> what to do about problems of it; said for the kinds that are there.

        Raises:
            FormatError: there are problems; the first ten are shown.
        """
        if self.kinds:
            got = ", ".join(f"{count:,} {kind}" for kind, count in self.kinds.items())
            said = " ".join(fix for kind, fix in fixes if self.kinds[kind])
            raise FormatError(what, where=listed(self.lines), expected=expected, got=got, fix=said or None)


def first(names: Sequence[str], known: Sequence[str]) -> str | None:
    """The first of some names that is there.

    Example:
        >>> first(["text", "output", "response"], RESPONSES)
        'response'
    """
    return next((each for each in known if each in names), None)


def word(cell: Any) -> str | None:
    """An id, a seed or a verdict as text; whole numbers count as their digits, and blanks as nothing.

    Example:
        >>> word(7), word(7.0), word(" "), word(True)
        ('7', '7', None, 'true')
    """
    if cell is None:
        return None
    if isinstance(cell, bool):
        return str(cell).lower()
    if isinstance(cell, float) and cell.is_integer():
        cell = int(cell)
    return str(cell).strip() or None
