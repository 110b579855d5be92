"""The versions of a data set in a place, newest first, as the changelog of its last release tells them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from demur.errors import ManifestError
from demur.release.reference import place_of
from demur.sets.manifest import Change
from demur.sets.manifest_file import NAME, parse_manifest


@dataclass(frozen=True)
class Entry:
    """A version: what it changed, and the commit that its tag names, None where the tag is gone."""

    change: Change
    commit: str | None

    def as_dict(self) -> dict[str, Any]:
        """For programs."""
        return {**self.change.model_dump(mode="json"), "commit": self.commit}

    def lines(self) -> Iterator[str]:
        """For people: version, day, commit and rows, then what was said of it and why, a line each."""
        rows = ", ".join(f"{config} {count}" for config, count in self.change.rows.items())
        commit = "no tag" if self.commit is None else self.commit[:12]
        yield f"{self.change.version}  {self.change.date}  {commit}  rows: {rows}"
        if self.change.message is not None:
            yield f"    {self.change.message}"
        yield from (f"    {reason}" for reason in self.change.reasons)


def log(repo: str) -> list[Entry] | None:
    """The versions in a place; None where nothing was released yet.

    Raises:
        HubError, FetchError, UsageError: there is no such place, or it does not answer.
        ManifestError: the last release has no readable manifest.
    """
    place = place_of(repo)
    state = place.state()
    if state is None:
        raise place.missing()
    if state.latest is None:
        return None
    text = place.read(state.tags[state.latest], NAME)
    if text is None:
        msg = "The last release holds no manifest"
        raise ManifestError(msg, where=f"{place.repo}@{state.latest}", fix="Look who changed it.")
    newest = parse_manifest(text, f"{place.repo}@{state.latest}")
    changes = newest.release.changelog if newest.release else ()
    return [Entry(change, state.tags.get(change.version)) for change in changes]
