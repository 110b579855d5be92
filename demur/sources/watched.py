"""Fetching that is watched: sources, and bytes of those that the pins announce; with ``-v``, where each came from."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence

from demur.progress import detail, track
from demur.sources.fetch import Fetched, Places, fetch_all
from demur.sources.source import Source


def watched(sources: Sequence[Source], places: Places, what: str = "sources fetched") -> Iterator[Fetched]:
    """Fetch sources as `demur.sources.fetch.fetch_all` does, and show how far that is."""
    started = time.monotonic()
    for each in track(fetch_all(sources, places), what, len(sources), size_of, announced(sources)):
        after = f"after {time.monotonic() - started:.1f} s"
        detail(f"{each.source.name}: {size_of(each):,} bytes of {each.mirror.id} from {each.place}, {after}")
        yield each


def size_of(fetched: Fetched) -> int:
    """Bytes of all files of a source."""
    return sum(map(len, fetched.files.values()))


def announced(sources: Sequence[Source]) -> int:
    """Bytes of all files, as far as the first pin of each source tells them."""
    pins = [each.pin.mirrors[0] for each in sources if each.pin and each.pin.mirrors]
    return sum(file.size for pin in pins for file in pin.files.values())
