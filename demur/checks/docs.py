"""The page of every rule, made from the rule's own texts; ``python -m demur.checks.docs FOLDER`` writes them all."""

from __future__ import annotations

import sys
import textwrap
from pathlib import Path
from typing import Any

from demur.checks.profiles import PROFILES, Profile, profile_of, profiles_of
from demur.checks.rule import FAMILIES, Rule
from demur.checks.rules import RULES

_WIDTH = 120
_APPLIES = {
    "built": "sets that Demur built",
    "trained": "sets that Demur built to train on",
    "distinct-rows": "sets that Demur built whose rows are all distinct",
    "distinct-prompts": "sets that Demur built whose prompts are all distinct",
    "files": "anybody's files",
}


def page(rule: Rule) -> str:
    """What a rule demands, why, and what to do, in Markdown."""
    numbers = ", ".join(map(str, rule.invariants))
    invariant = f"Invariant {numbers} of the design." if len(rule.invariants) == 1 else f"Invariants {numbers}."
    judged = (
        ", ".join(_APPLIES.get(kind, f"sets of kind {kind} that Demur built") for kind in rule.applies)
        or "the settings file"
    )
    profiles = ", ".join(profiles_of(rule)) or "none"
    family = FAMILIES[rule.code[3]]
    about = f"Family: {family}. Judges {judged}. Severity: {rule.severity}. Profiles: {profiles}."
    parts = [
        f"# {rule.code} {rule.name}",
        _wrapped(rule.summary),
        "## Why",
        _wrapped(rule.why),
        "## How to fix",
        _wrapped(rule.fix),
        _wrapped(f"{about} {invariant if numbers else ''}".strip()),
    ]
    return "\n\n".join(parts) + "\n"


def facts(rule: Rule) -> dict[str, Any]:
    """What a rule demands, why, and what to do, for programs.

    Example:
        >>> facts(RULES["DMR101"])["name"]
        'split-leak'
    """
    told = {name: getattr(rule, name) for name in ("code", "name", "severity", "summary", "why", "fix")}
    lists = {"applies": list(rule.applies), "profiles": list(profiles_of(rule)), "invariants": list(rule.invariants)}
    return {**told, "family": FAMILIES[rule.code[3]], **lists}


def listed(profile: str | None = None) -> list[Rule]:
    """All rules, or those of a profile."""
    return list(RULES.values() if profile is None else profile_of(profile).rules)


def listing(profile: str | None = None) -> str:
    """A line for every rule, or for those of a profile: its severity, its profiles, and what it demands."""
    asked = None if profile is None else profile_of(profile)
    lines = [] if asked is None else [f"{asked.name}: {asked.summary}"]
    for rule in listed(profile):
        about = ", ".join((rule.severity, *profiles_of(rule)))
        lines.append(f"{rule.code} {rule.name} ({about}): {rule.summary}")
    return "".join(f"{line}\n" for line in lines)


def index() -> str:
    """The list of all rules, by family."""
    lines = [
        "# Rules of `demur check`",
        "",
        "Made from the rules' own texts by `python -m demur.checks.docs docs/rules`. `demur rule CODE` prints a page.",
    ]
    for digit, family in FAMILIES.items():
        mine = [rule for rule in RULES.values() if rule.code[3] == digit]
        if mine:
            lines += ["", f"## DMR{digit}xx: {family}", "", "| rule | name | severity | demands |", "|---|---|---|---|"]
            lines += [
                f"| [{rule.code}]({rule.code}.md) | {rule.name} | {rule.severity} | {rule.summary} |" for rule in mine
            ]
    lines += ["", "## Profiles", "", "`--profile NAME` runs the rules of one; a new rule is in one by its family."]
    lines += ["", "| profile | rows are | rules |", "|---|---|---|"]
    lines += [f"| `{each.name}` | {each.summary} | {_held(each)} |" for each in PROFILES.values()]
    return "\n".join(lines) + "\n"


def _held(profile: Profile) -> str:
    return ", ".join(profile.holds) + (f"; not {', '.join(profile.but)}" if profile.but else "")


def pages() -> dict[str, str]:
    """All pages by file name."""
    return {"index.md": index(), **{f"{rule.code}.md": page(rule) for rule in RULES.values()}}


def _wrapped(text: str) -> str:
    return textwrap.fill(text, _WIDTH, break_long_words=False, break_on_hyphens=False)


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in pages().items():
        (folder / name).write_text(text, encoding="utf-8")
