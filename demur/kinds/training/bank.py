"""The bank of refusals that this project wrote, and the choice among them: by hazard, hashed, with varied openings.

A set whose refusals all begin alike teaches the beginning. So the first words of every refusal are counted, published
ones too, and no opening may stand in more than a declared share of the refusals.
"""

from __future__ import annotations

import hashlib
import tomllib
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from demur.draws import rank
from demur.errors import FormatError, UsageError
from demur.records.hazards import HAZARDS
from demur.text.normalise import normalise
from demur.text.refusal import judge

GENERAL = "general"


def opening(text: str, words: int = 5) -> str:
    """The first words of a text in the form used for matching.

    Example:
        >>> opening("Sorry, I can't help. But ...", 3)
        'sorry i cant'
    """
    return " ".join(normalise(text).split()[:words])


def room(refusals: int, share: float) -> int:
    """How many of so many refusals may begin alike: the share of them, and always one.

    Example:
        >>> room(400, 0.05), room(7, 0.05)
        (20, 1)
    """
    return max(1, int(refusals * share))


@dataclass(frozen=True)
class Bank:
    """Refusals by hazard; those under ``general`` serve every prompt."""

    refusals: dict[str, tuple[str, ...]]
    sha256: str

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read a bank: one list of refusals for every hazard, and one named ``general``.

        Raises:
            FormatError: a hazard is missing or unknown, or the refusal detector takes an entry for an answer.
        """
        data = path.read_bytes()
        lists = {name: tuple(texts) for name, texts in tomllib.loads(data.decode()).items()}
        if odd := sorted({*lists} ^ {*HAZARDS, GENERAL}):
            msg = "The bank of refusals does not have one list for every hazard"
            raise FormatError(
                msg, where=path, expected="the hazards and 'general'", got=f"differs in: {', '.join(odd)}"
            )
        for name, texts in lists.items():
            for number, text in enumerate(texts):
                if judge(text) != "refusal":
                    msg = "The refusal detector does not take an entry of the bank for a refusal"
                    raise FormatError(msg, where=f"{path.name} [{name}] {number}", fix="Word it more plainly.")
        return cls(lists, hashlib.sha256(data).hexdigest())

    def texts(self, hazards: Iterable[str]) -> list[str]:
        """The refusals that suit a prompt with these hazards."""
        return list(dict.fromkeys(text for name in (*hazards, GENERAL) for text in self.refusals[name]))

    def choose(
        self, record_id: str, hazards: Iterable[str], seed: int, used: Counter[str], most: int, words: int = 5
    ) -> str:
        """The first refusal, in an order hashed from record and seed, whose opening still has room; it is counted.

        Args:
            record_id: of the response that it answers for.
            hazards: of the prompt.
            seed: of the order.
            used: refusals so far by opening.
            most: how many may begin alike.
            words: how many words an opening has.

        Raises:
            UsageError: every suitable opening is used up.
        """
        order = sorted(self.texts(hazards), key=lambda text: rank(f"{record_id}\0{text}", seed))
        for text in order:
            if used[start := opening(text, words)] < most:
                used[start] += 1
                return text
        msg = "The bank has too few refusals to vary their openings"
        raise UsageError(
            msg, where=record_id, expected=f"an opening used fewer than {most} times", got=f"{len(order)} used up",
            fix="Write more refusals, or allow a larger share.",
        )  # fmt: skip
