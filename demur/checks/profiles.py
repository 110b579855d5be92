"""Profiles: what rows are for, and so which rules are asked of them. A new rule is in one by its family."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from demur.checks.rule import Rule, selected
from demur.checks.rules import RULES
from demur.errors import UsageError, nearest


@dataclass(frozen=True)
class Profile:
    """One use of rows.

    Attributes:
        summary: what rows are, and what the profile presumes.
        holds: families, or codes, of its rules.
        but: of these, the codes that are not asked.
        trained: whether rows of no other split are presumed to be trained on.
    """

    name: str
    summary: str
    holds: tuple[str, ...]
    but: tuple[str, ...] = ()
    trained: bool = False

    @property
    def rules(self) -> tuple[Rule, ...]:
        """Its rules."""
        return tuple(rule for rule in RULES.values() if self.asks(rule.code))

    def asks(self, code: str) -> bool:
        """Whether a rule is one of its."""
        return code.startswith(self.holds) and code not in self.but


_ALWAYS = ("DMR0", "DMR2", "DMR4", "DMR5", "DMR605", "DMR606", "DMR9")

PROFILES = {
    profile.name: profile
    for profile in (
        Profile("sft", "prompts and answers; rows are trained on", (*_ALWAYS, "DMR1", "DMR3"), ("DMR312",), True),
        Profile(
            "dpo",
            "pairs of a preferred and a rejected answer; rows are trained on",
            (*_ALWAYS, "DMR1", "DMR3"),
            ("DMR306", "DMR311", "DMR315", "DMR318"),
            True,
        ),
        Profile("eval", "items that a model is asked; no rule about what is trained on", (*_ALWAYS, "DMR1", "DMR6")),
        Profile(
            "judgements",
            "verdicts on answers; the prompts stand elsewhere",
            (*_ALWAYS, "DMR1", "DMR6"),
            ("DMR101", "DMR103", "DMR104", "DMR105"),
        ),
    )
}
"""Profiles by name."""


def profile_of(name: str) -> Profile:
    """A profile by its name.

    Raises:
        UsageError: there is none.
    """
    if name not in PROFILES:
        msg = f"No profile {name!r}. {nearest(name, PROFILES)}"
        raise UsageError(msg, expected=", ".join(PROFILES))
    return PROFILES[name]


def profiles_of(rule: Rule) -> tuple[str, ...]:
    """The names of the profiles that ask a rule.

    Example:
        >>> from demur.checks.rules import RULES
        >>> profiles_of(RULES["DMR312"]), profiles_of(RULES["DMR603"])
        (('dpo',), ('eval', 'judgements'))
    """
    return tuple(name for name, profile in PROFILES.items() if profile.asks(rule.code))


def chosen(select: Sequence[str], ignore: Sequence[str], profile: str | None) -> tuple[Rule, ...]:
    """The rules to run: those that are selected, else the profile's, else all; less those to ignore.

    Raises:
        UsageError: no such rule, or profile.
    """
    rules = selected(tuple(select), tuple(ignore))
    if profile is None:
        return rules
    asked = profile_of(profile)
    return rules if select else tuple(rule for rule in rules if asked.asks(rule.code))
