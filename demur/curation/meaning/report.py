"""What ``demur pairs`` says: how many pairs, where they lie, and which sources the file does not cover."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from demur.curation.meaning.compute import Prompts
from demur.curation.meaning.pairs import Pairs
from demur.similarity import components
from demur.sources.source import Source

_SHOWN = 20


@dataclass(frozen=True)
class Band:
    """The pairs of one reading: from ``joins`` on they belong together, between ``floor`` and that they wait."""

    model: str
    floor: float
    joins: float
    joined: int
    waiting: int
    same: int
    not_same: int


@dataclass(frozen=True)
class Summary:
    """Counts of a pairs file.

    Attributes:
        prompts: distinct prompts of the sources.
        too_long: those of them, source by source, that no encoder sees to their end, and that were not compared.
        between: joined pairs within a source or between two, most first; a prompt of several sources counts for each.
        clusters: groups of prompts that joined pairs connect.
    """

    path: str
    bytes: int
    sources: int
    prompts: int
    too_long: int
    bands: tuple[Band, ...]
    between: tuple[tuple[str, str, int], ...]
    clusters: int
    clustered: int
    largest: int

    @classmethod
    def of(cls, pairs: Pairs, prompts: Prompts, path: Path) -> Summary:
        """Count."""
        joined = pairs.joins()
        sizes = clusters(joined)
        places = sorted(between(joined, prompts.sources).items(), key=lambda each: (-each[1], each[0]))
        return cls(
            path=str(path),
            bytes=path.stat().st_size if path.exists() else 0,
            sources=len(pairs.sources),
            prompts=len(prompts.texts),
            too_long=sum(pairs.too_long.values()),
            bands=tuple(bands(pairs)),
            between=tuple((one, two, count) for (one, two), count in places),
            clusters=len(sizes),
            clustered=int(sum(sizes)),
            largest=max(sizes, default=0),
        )

    def as_dict(self) -> dict[str, Any]:
        """For programs."""
        return asdict(self)

    def lines(self) -> str:
        """For people."""
        said = [f"{self.path}: {self.bytes:,} bytes; {self.prompts:,} prompts of {self.sources} sources"]
        if self.too_long:
            said[0] += f", {self.too_long:,} too long to be compared"
        for each in self.bands:
            said.append(
                f"{each.model}: {each.joined:,} pairs join (cosine >= {each.joins:.2f}, or read as the same), "
                f"{each.waiting:,} wait ({each.floor:.2f} to {each.joins:.2f})"
            )
            if each.same + each.not_same:
                said[-1] += f"; {each.same + each.not_same} were read, {each.same} of them the same"
        said.append(f"{self.clusters:,} clusters of {self.clustered:,} prompts, the largest of {self.largest}")
        said += [f"  {one} - {two}: {count:,}" for one, two, count in self.between[:_SHOWN]]
        if len(self.between) > _SHOWN:
            said.append(f"  ... and {len(self.between) - _SHOWN} more; --json lists all")
        return "\n".join(said)


@dataclass(frozen=True)
class Coverage:
    """Which declared sources have computed pairs.

    Attributes:
        covered: compared, with the declared rows.
        stale: compared, with other rows.
        missing: not compared.
        unread: in a language that no encoder reads.
    """

    covered: tuple[str, ...]
    stale: tuple[str, ...]
    missing: tuple[str, ...]
    unread: tuple[str, ...]

    @classmethod
    def of(cls, pairs: Pairs, read: Sequence[Source], unread: Sequence[Source]) -> Coverage:
        """Compare a file with the pins."""
        digests = {source.name: source.pin.digest if source.pin else "" for source in read}
        covered = tuple(name for name, digest in digests.items() if pairs.covers(name, digest))
        rest = [name for name in digests if name not in covered]
        return cls(
            covered,
            tuple(name for name in rest if name in pairs.sources),
            tuple(name for name in rest if name not in pairs.sources),
            tuple(source.name for source in unread),
        )

    @property
    def complete(self) -> bool:
        """Whether nothing needs to be computed."""
        return not self.stale and not self.missing

    def as_dict(self) -> dict[str, Any]:
        """For programs."""
        return {"complete": self.complete, **asdict(self)}

    def lines(self) -> str:
        """For people."""
        said = [f"covered: {len(self.covered)} sources"]
        for what, names in (
            ("compared with other rows than are pinned now", self.stale),
            ("not compared", self.missing),
            ("in a language that no encoder reads", self.unread),
        ):
            said += [f"{what}: {', '.join(names)}"] if names else []
        return "\n".join([*said, *([] if self.complete else ["Run `demur pairs`, and commit the file."])])


def bands(pairs: Pairs) -> list[Band]:
    """Pairs by reading, those without any left out."""
    joined = Counter(pairs.joins()["model"].to_pylist())
    every = Counter(pairs.table["model"].to_pylist())
    read = Counter(zip(pairs.table["model"].to_pylist(), pairs.table["verdict"].to_pylist(), strict=True))
    return [
        Band(
            each.name,
            each.floor,
            each.joins,
            joined[each.name],
            every[each.name] - joined[each.name],
            read[each.name, "same"],
            read[each.name, "not-same"],
        )
        for each in pairs.readings
        if every[each.name]
    ]


def clusters(joined: pa.Table) -> list[int]:
    """The size of every group of prompts that pairs connect, largest first."""
    ids = sorted({*joined["record_id"].to_pylist(), *joined["twin"].to_pylist()})
    row = {id: number for number, id in enumerate(ids)}
    ends = {
        new: pa.array([row[id] for id in joined[old].to_pylist()], pa.int64())
        for new, old in (("row", "record_id"), ("twin", "twin"))
    }
    sizes = np.bincount(components(len(ids), pa.table(ends)), minlength=len(ids))
    return sorted(sizes[sizes > 0].tolist(), reverse=True)


def between(joined: pa.Table, sources: dict[str, list[str]]) -> Counter[tuple[str, str]]:
    """How many pairs lie within a source or between two."""
    found: Counter[tuple[str, str]] = Counter()
    for one, two in zip(joined["record_id"].to_pylist(), joined["twin"].to_pylist(), strict=True):
        found.update({(min(a, b), max(a, b)) for a in sources.get(one, ()) for b in sources.get(two, ())})
    return found
