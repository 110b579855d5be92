"""The bank of refusals that this project wrote: put together by hazard and by the act asked about, chosen by hash.

A set whose refusals all begin alike teaches the beginning. So a refusal takes its pattern, reason and offer by a hash
of the record; published ones are counted by their first words, and none may have more than a declared share.
"""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any, Self

from demur.draws import rank, uniform
from demur.errors import FormatError
from demur.kinds.training.acts import ACTS, act_of
from demur.records.hazards import HAZARDS
from demur.text.normalise import normalise
from demur.text.refusal import judge

GENERAL = "general"
FEWEST = 8
"""Distinct openings that the refusals of a hazard have, at least."""


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
class Parts:
    """What the refusals of one hazard are made of: why it is declined, and what is offered instead."""

    reasons: tuple[str, ...]
    offers: tuple[str, ...]


@dataclass(frozen=True)
class Bank:
    """Parts of refusals by hazard; those under ``general`` serve prompts without one.

    Attributes:
        leads: patterns that begin with the word of the fixed token.
        patterns: the others. ``{act}``, ``{reason}``, ``{Reason}`` and ``{offer}`` are filled in.
        acts: what a refusal calls each act.
        parts: by hazard.
        held_out: one in so many offers serves the most protected split alone.
        sha256: of the file.
    """

    leads: tuple[str, ...]
    patterns: tuple[str, ...]
    acts: dict[str, str]
    parts: dict[str, Parts]
    held_out: int
    sha256: str

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read a bank.

        Raises:
            FormatError: a hazard or an act is missing or unknown, the refusals of a hazard begin in too few ways, or
                the refusal detector takes one for an answer.
        """
        data = path.read_bytes()
        read: dict[str, Any] = tomllib.loads(data.decode())
        acts, leads, patterns = (read.pop(name, {}) for name in ("acts", "leads", "patterns"))
        held_out = read.pop("held_out", 4)
        for what, got, wanted in (("hazard", read, {*HAZARDS, GENERAL}), ("act", acts, {*ACTS})):
            if odd := sorted({*got} ^ wanted):
                msg = f"The bank of refusals does not have one entry for every {what}"
                raise FormatError(msg, where=path, expected=f"every {what}", got=f"differs in: {', '.join(odd)}")
        parts = {name: Parts(tuple(each["reasons"]), tuple(each["offers"])) for name, each in read.items()}
        bank = cls(tuple(leads), tuple(patterns), acts, parts, held_out, hashlib.sha256(data).hexdigest())
        for name in parts:
            texts = list(bank.texts(name))
            if any(judge(text) != "refusal" for text in texts):
                msg = "The refusal detector does not take an entry of the bank for a refusal"
                raise FormatError(msg, where=f"{path.name} [{name}]", fix="Word it more plainly.")
            if (count := len({opening(text) for text in texts})) < FEWEST:
                msg = "The refusals of a hazard begin in too few ways"
                raise FormatError(msg, where=f"{path.name} [{name}]", expected=f"{FEWEST} or more", got=count)
        return bank

    def texts(self, hazard: str) -> Iterator[str]:
        """Every refusal of a hazard, with the first of its offers alone: what follows opens nothing."""
        parts = self.parts[hazard]
        for pattern, act, reason in product((*self.leads, *self.patterns), self.acts.values(), parts.reasons):
            yield filled(pattern, act, reason, parts.offers[0])

    @property
    def size(self) -> int:
        """How many refusals it holds."""
        each = len(self.leads) + len(self.patterns)
        return sum(each * len(self.acts) * len(part.reasons) * len(part.offers) for part in self.parts.values())

    def choose(self, key: str, prompt: str, hazards: Sequence[str], seed: int, lead: float, *, protected: bool) -> str:
        """The refusal of one record; it hangs on nothing else.

        Args:
            key: of the record that it answers for.
            prompt: says which act is declined.
            hazards: of the prompt, the main one first.
            seed: of the choice.
            lead: share of the refusals that begin with the word of the fixed token.
            protected: whether it stands in the most protected split, which has offers of its own.
        """
        name = next((hazard for hazard in hazards if hazard in self.parts), GENERAL)
        parts = self.parts[name]
        offers = sorted(parts.offers, key=lambda text: rank(text, 0))
        cut = max(1, len(offers) // self.held_out)
        offers = offers[:cut] if protected else offers[cut:]
        leads = uniform(key, seed, "lead", 1000) < lead * 1000
        pattern = _one(self.leads if leads else self.patterns, key, seed, "pattern")
        reason, offer = _one(parts.reasons, key, seed, "reason"), _one(offers, key, seed, "offer")
        return filled(pattern, self.acts[act_of(prompt)], reason, offer)


def filled(pattern: str, act: str, reason: str, offer: str) -> str:
    """A pattern with its parts.

    Example:
        >>> filled("{Reason}, so I won't {act}. {offer}", "paint it", "the fence is wet", "Wait a day.")
        "The fence is wet, so I won't paint it. Wait a day."
    """
    return pattern.format(act=act, reason=reason, Reason=reason[0].upper() + reason[1:], offer=offer)


def _one(texts: Sequence[str], key: str, seed: int, what: str) -> str:
    return texts[uniform(key, seed, what, len(texts))]
