"""The real project with small sources of a test's own, carried by a mirror folder of the test."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import pytest

from demur.project import Project, T
from demur.sets.builder import Builder
from demur.sources.fetch import Places
from demur.sources.mirror import github
from demur.sources.pin import pin
from demur.sources.source import Source
from tests.conftest import COMMIT, ROOT, make_jsonl


@dataclass(frozen=True)
class Small(Project):
    """The real project with sources, and builders, of its own."""

    own: dict[str, Source] = field(default_factory=dict)
    made: dict[str, Builder] = field(default_factory=dict)

    @cached_property
    def is_alone(self) -> bool:
        """What is its own may take the place of any declaration."""
        return False

    def declared(self, package: str, kind: type[T]) -> dict[str, T]:
        """What the real project declares, with what is its own in its place."""
        own = {**self.own, **self.made}
        return super().declared(package, kind) | {name: each for name, each in own.items() if isinstance(each, kind)}


def small_source(
    name: str, columns: Sequence[str], to_records: Any, kind: Literal["prompt", "response"], **more: Any
) -> Source:
    """A source on GitHub whose rows have these columns."""
    return Source(
        name=name,
        title=f"Small {name}",
        homepage="https://example.org/small",
        license="mit",
        citation=None if (ROOT / "builders" / "sources" / f"{name.replace('-', '_')}.toml").exists() else "small",
        languages=("en",),
        kind=kind,
        mirrors=(github(f"demo/{name}", "rows.jsonl", columns={each: each for each in columns}),),
        to_records=to_records,
        **more,
    )


@contextmanager
def small_project(
    root: Path, sources: dict[str, tuple[Source, list[dict[str, Any]]]], *made: Builder
) -> Iterator[Small]:
    """Write the rows into a mirror folder, pin every source, and give the project with them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DEMUR_MIRROR", str(root / "mirror"))
        patch.setenv("DEMUR_CACHE", str(root / "cache"))
        own, pins = {}, {}
        for name, (source, rows) in sources.items():
            path = root / "mirror" / "github" / "demo" / name / COMMIT / "rows.jsonl"
            path.parent.mkdir(parents=True)
            path.write_bytes(make_jsonl(rows))
            own[name], pins[name] = source, pin(source, Places(offline=True)).pin
        yield Small(ROOT, pins, own, {builder.name: builder for builder in made})
