"""The version law: what a difference does to the version number, and the changelog entry that says so.

major: readers of the rows break, a row's meaning changed, a row moved between splits, or terms became stricter.
minor: rows were added or removed. patch: metadata only. Nobody types a version.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Literal, NamedTuple, Self

from pydantic import TypeAdapter, ValidationError

from demur.errors import UsageError
from demur.sets.diff import Diff
from demur.sets.manifest import Change, Manifest, Message

Bump = Literal["first", "major", "minor", "patch"]


class Version(NamedTuple):
    """Three numbers, written ``v1.2.0``.

    Example:
        >>> Version.parse("v1.2.0").raised("major")
        Version(major=2, minor=0, patch=0)
        >>> str(Version.parse("v1.9.0").raised("minor"))
        'v1.10.0'
    """

    major: int
    minor: int
    patch: int

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a tag.

        Raises:
            UsageError: it is not of that form.
        """
        found = re.fullmatch(r"v(\d+)\.(\d+)\.(\d+)", text)
        if found is None:
            msg = "Not a version"
            raise UsageError(msg, expected="vMAJOR.MINOR.PATCH, such as v1.2.0", got=text)
        return cls(*map(int, found.groups()))

    def raised(self, bump: Bump) -> Version:
        """The next version after a change of this weight."""
        match bump:
            case "major":
                return Version(self.major + 1, 0, 0)
            case "minor":
                return Version(self.major, self.minor + 1, 0)
            case "patch":
                return Version(self.major, self.minor, self.patch + 1)
        return FIRST

    def __str__(self) -> str:
        return f"v{self.major}.{self.minor}.{self.patch}"


FIRST = Version(1, 0, 0)


def bump_of(found: Diff) -> tuple[Bump, tuple[str, ...]]:
    """How much a difference weighs, and every reason for it, the heaviest first."""
    reasons = [*_reasons(found)]
    order = ("major", "minor", "patch")
    reasons.sort(key=lambda each: order.index(each[0]))
    if not reasons:
        reasons = [("patch", f"metadata only: {', '.join(found.other)}")]
    return reasons[0][0], tuple(reason for _, reason in reasons)


def _reasons(found: Diff) -> Iterator[tuple[Bump, str]]:
    for change in found.schema:
        yield ("major" if change.breaking else "minor"), f"schema, {change}"
    yield from (("major", f"config {name} is gone") for name in found.configs_removed)
    yield from (("major", f"split {name} is gone") for name in found.splits_removed)
    yield from (("major", f"stricter terms: {term}") for term in found.terms)
    for config in sorted(set(found.rows["config"].to_pylist())):
        counts = found.counts(config)
        for kind, bump, said in (
            ("changed", "major", "changed their meaning"),
            ("moved", "major", "moved to another split"),
            ("added", "minor", "were added"),
            ("removed", "minor", "were removed"),
            ("relabelled", "patch", "have other bookkeeping"),
        ):
            whole = config in (found.configs_added if kind == "added" else found.configs_removed)
            if counts[kind] and not whole:
                yield bump, f"{config}: {counts[kind]} rows {said}"  # type: ignore[misc]
    yield from (("minor", f"config {name} is new") for name in found.configs_added)
    yield from (("patch", f"less strict terms: {term}") for term in found.eased)


def message_of(text: str | None) -> str | None:
    """What a maintainer says of a release, as a changelog keeps it.

    Raises:
        UsageError: it is empty, long, or more than a line.

    Example:
        >>> message_of(" Three labels corrected. ")
        'Three labels corrected.'
    """
    if text is None:
        return None
    try:
        return TypeAdapter(Message).validate_python(text)
    except ValidationError as error:
        msg = "Not a message for a changelog"
        got = error.errors()[0]["type"].replace("_", " ")
        raise UsageError(msg, expected="one line of 1 to 500 characters", got=got, fix="Say it in a line.") from None


def first_change(manifest: Manifest, date: str, message: str | None = None) -> Change:
    """The changelog entry of a first release; ``message`` as `message_of` gives it."""
    return _change(manifest, FIRST, date, "first", ("first release",), None, message)


def next_change(manifest: Manifest, previous: Change, found: Diff, date: str, message: str | None = None) -> Change:
    """The changelog entry of a release, from what it changes.

    Args:
        manifest: of the new set.
        previous: the newest entry so far.
        found: the difference; not empty.
        date: of the release, YYYY-MM-DD.
        message: what is said of it, as `message_of` gives it.
    """
    bump, reasons = bump_of(found)
    return _change(manifest, Version.parse(previous.version).raised(bump), date, bump, reasons, found, message)


def _change(
    manifest: Manifest,
    version: Version,
    date: str,
    bump: Bump,
    reasons: tuple[str, ...],
    found: Diff | None,
    message: str | None,
) -> Change:
    counts = found.counts() if found else {}
    return Change(
        version=str(version),
        date=date,
        bump=bump,
        reasons=reasons,
        rows={config.name: sum(config.rows.values()) for config in manifest.configs},
        message=message,
        **{kind: counts.get(kind, 0) for kind in ("added", "removed", "changed", "moved")},
    )
