"""The versions of a repository, newest first, as the changelog of its last release tells them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from demur.release.hub import Hub, missing
from demur.sets.manifest import Change
from demur.sets.manifest_file import NAME, read_manifest


@dataclass(frozen=True)
class Entry:
    """A version: what it changed, and the commit that its tag names, None where the tag is gone."""

    change: Change
    commit: str | None

    def as_dict(self) -> dict[str, Any]:
        """For programs."""
        return {**self.change.model_dump(mode="json"), "commit": self.commit}

    def lines(self) -> Iterator[str]:
        """For people: version, day, commit and rows, then why, a line each."""
        rows = ", ".join(f"{config} {count}" for config, count in self.change.rows.items())
        commit = "no tag" if self.commit is None else self.commit[:12]
        yield f"{self.change.version}  {self.change.date}  {commit}  rows: {rows}"
        yield from (f"    {reason}" for reason in self.change.reasons)


def log(repo: str) -> list[Entry] | None:
    """The versions of a repository; None where nothing was released yet.

    Raises:
        HubError: there is no such repository, or the Hub does not answer.
    """
    hub = Hub.of(repo)
    state = hub.state()
    if state is None:
        raise missing(repo)
    if state.latest is None:
        return None
    newest = read_manifest(hub.download(state.tags[state.latest], only=[NAME]) / NAME)
    changes = newest.release.changelog if newest.release else ()
    return [Entry(change, state.tags.get(change.version)) for change in changes]
