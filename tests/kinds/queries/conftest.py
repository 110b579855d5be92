"""A small draw of query sets: mild prompts, each side with short and long ones, some without a label."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import Any

import pytest

from demur.kinds.queries import Queries, QuerySet
from demur.project import bundled
from demur.records.record import NativeLabel, harmful
from demur.sets.builder import Builder, builder_of
from demur.sets.kind import Config
from demur.sets.pipeline import Build, build
from demur.sources.fetch import Places
from demur.sources.source import Raw
from schemas.prompt import Prompt
from schemas.safety_query import SafetyQuery
from tests.small import Small, small_project, small_source

COLOURS = ("red", "blue", "green", "grey", "brown", "white")
THINGS = ("lamp", "boat", "spoon", "fence", "kettle", "ladder")
EVERY = [f"{colour} {thing}" for colour, thing in product(COLOURS, THINGS)]
TREES = ("oak", "elm", "ash", "fir", "yew", "bay")


def longer(place: int, times: int = 1) -> str:
    """About forty characters whose words no other prompt has."""
    return "".join(f" {tree}{place}x{each}" for each in range(times) for tree in TREES)


def row(prompt: str, label: str) -> dict[str, Any]:
    return {"prompt": prompt, "label": label}


LAMPS = [
    *(
        row(f"Hide every {each}" + (longer(place) if place >= 3 else ""), "yes")
        for place, each in enumerate(EVERY[:14])
    ),
    *(
        row(f"Polish one {each}" + (longer(50 + place) if place >= 4 else ""), "no")
        for place, each in enumerate(EVERY[14:28])
    ),
    *(row(f"Perhaps count a {each}", "unknown") for each in EVERY[:5]),
    row("hide EVERY red lamp", "yes"),  # the first one again
    row("Hide every tulip" + longer(99, 3), "yes"),
]
BOATS = [row(f"Sink my neighbour's toy: {each}", "yes") for each in EVERY[:3]]
TEAS = [row(f"Which tea suits a {each}?", "no") for each in EVERY]
HERBS = [row(f"Where does thyme grow beside a {each}?", "no") for each in EVERY[:9]]
ROWS = {"lamps": LAMPS, "boats": BOATS, "teas": TEAS, "herbs": HERBS}

QUERIES = Queries(
    row=SafetyQuery,
    sets={
        "lamps": QuerySet(sources=("lamps",), rule="As their author says.", quotas={"other": (2, 3, 0)}),
        "boats": QuerySet(sources=("boats",), sides=("harmful",), rule="Three exist.", against="benign"),
        "benign": QuerySet(sources=("teas", "herbs"), sides=("safe",), rule="Harmless by their making."),
    },
    seeds={"seed_0": 0, "seed_1": 1},
    per_side=5,
    lengths=(40, 80, 120),
)


def to_prompt(raw: Raw) -> Prompt:
    native = NativeLabel(name="label", value=None if raw["label"] == "unknown" else raw["label"])
    return Prompt(prompt=raw["prompt"], labels=(harmful(raw["label"], by="author"),), native_labels=(native,))


def queries_builder(queries: Queries = QUERIES, sources: tuple[str, ...] = tuple(ROWS)) -> Builder:
    """The real builder with the small sets."""
    configs = tuple(Config(name=name, sources=sources) for name in queries.seeds)
    return builder_of(bundled(), "safety-queries").model_copy(update={"configs": configs, "kind": queries})


@pytest.fixture(scope="module")
def queries_project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Small]:
    sources = {name: (small_source(name, [*row("", "")], to_prompt, "prompt"), rows) for name, rows in ROWS.items()}
    with small_project(tmp_path_factory.mktemp("queries"), sources) as made:
        yield made


@pytest.fixture(scope="module")
def drawn(queries_project: Small, tmp_path_factory: pytest.TempPathFactory) -> Build:
    return build(queries_project, queries_builder(), tmp_path_factory.mktemp("drawn") / "out", Places(offline=True))
