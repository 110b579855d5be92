"""A rule: its code and name, what it is about, why it exists, how to fix what it finds, and one small function."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from demur.checks.finding import Finding, Severity
from demur.errors import UsageError, nearest
from demur.sets.kind import Kind

Each = Literal["subject", "batch", "both"]
BUILT = ("built",)
"""A rule that judges every set that Demur built."""

FILES = ("files",)
"""A rule that judges anybody's files."""

TRAINED = ("trained",)
"""A rule that judges every built set that models are trained on."""

ANY = (*BUILT, *FILES)

Check: TypeAlias = Callable[[Any], Iterator[Finding]]


@dataclass(frozen=True)
class Rule:
    """One rule.

    Attributes:
        code: ``DMR`` and three digits; the first names the family (see `FAMILIES`).
        name: the same for people.
        invariants: their numbers in the design.
        summary: one sentence: what the rule demands.
        why: what goes wrong without it, with the published case.
        fix: what to do.
        applies: what it judges: ``files`` of anybody's, every ``built`` set, those ``trained`` on, kinds by name, or
            kinds of a trait.
        each: what the function judges: the whole subject; a batch of rows, in the one pass over the files; or both.
        function: gives findings; their code, severity and, where it is empty, fix are filled in.
        severity: ``error`` where rows are broken or a claim is false; ``warning`` where most readers would change the
            rows; ``advice`` where somebody should look.
    """

    code: str
    name: str
    invariants: tuple[int, ...]
    summary: str
    why: str
    fix: str
    applies: tuple[str, ...]
    each: Each = "subject"
    function: Check = field(repr=False, compare=False, default=lambda _: iter(()))
    severity: Severity = "error"

    def judges(self, kind: type[Kind] | None) -> bool:
        """Whether it judges a set of this kind, or, with None, anybody's files."""
        names = {"files"} if kind is None else {"built", kind.name, *kind.traits, *(TRAINED if kind.trains else ())}
        return bool(names & {*self.applies})

    def __call__(self, judged: Any) -> Iterator[Finding]:
        """The findings of one subject, or of one batch."""
        for found in self.function(judged):
            yield found.of_rule(self.code, self.fix, self.severity)


FAMILIES = {
    "0": "format and schema",
    "1": "duplicates, splits, leakage",
    "2": "labels",
    "3": "training rows",
    "4": "licenses, access, provenance",
    "5": "counts and manifest",
    "6": "generations, judges, probe sets",
    "9": "waivers",
}

RULES: dict[str, Rule] = {}
"""Every rule by code, ordered by code; filled when `demur.checks.rules` is imported."""


def rule(
    code: str,
    name: str,
    *,
    summary: str,
    why: str,
    fix: str,
    invariants: tuple[int, ...] = (),
    applies: tuple[str, ...] = FILES,
    each: Each = "subject",
    severity: Severity = "error",
) -> Callable[[Check], Rule]:
    """Declare a rule around the function that follows."""

    def declare(function: Check) -> Rule:
        if code in RULES or any(other.name == name for other in RULES.values()):
            msg = f"Two rules are called {code} or {name}"
            raise ValueError(msg)
        made = Rule(code, name, invariants, summary, why, fix, applies, each, function, severity)
        RULES[code] = made
        ordered = sorted(RULES.items())
        RULES.clear()
        RULES.update(ordered)
        return made

    return declare


def rule_of(code_or_name: str) -> Rule:
    """The rule with a code or a name.

    Raises:
        UsageError: there is none.

    Example:
        >>> rule_of("split-leak").code, rule_of("dmr101").name
        ('DMR101', 'split-leak')
    """
    if found := RULES.get(code_or_name.upper()):
        return found
    for each in RULES.values():
        if each.name == code_or_name.lower():
            return each
    msg = f"No rule {code_or_name!r}. {_near(code_or_name)}"
    raise UsageError(msg, fix="`demur rule` lists all rules.")


def severity_of(code: str) -> Severity:
    """How bad the findings of a rule are; those of one that is not known are errors."""
    return RULES[code].severity if code in RULES else "error"


def selected(select: Sequence[str] = (), ignore: Sequence[str] = ()) -> tuple[Rule, ...]:
    """The rules that are asked for, less those to ignore: codes, names or beginnings of codes (``DMR1``).

    Raises:
        UsageError: something that names no rule.

    Example:
        >>> {rule.code[:4] for rule in selected(("DMR1",))}
        {'DMR1'}
    """
    wanted = {code for each in _names(select) for code in _codes(each)} if select else set(RULES)
    unwanted = {code for each in _names(ignore) for code in _codes(each)}
    return tuple(rule for code, rule in RULES.items() if code in wanted - unwanted)


def _names(given: Sequence[str]) -> list[str]:
    return [name.strip() for each in given for name in each.split(",") if name.strip()]


def _codes(name: str) -> list[str]:
    family = [code for code in RULES if code.startswith(name.upper())] if name.upper().startswith("DMR") else []
    return family or [rule_of(name).code]


def _near(name: str) -> str:
    names = [*RULES, *(each.name for each in RULES.values())]
    return nearest(name.upper() if name.upper().startswith("DMR") else name.lower(), names)
