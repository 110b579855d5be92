"""A small draw of query sets: mild prompts, each side with short and long ones, some without a label."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import Any

import pyarrow as pa
import pytest

from demur.kinds.queries.kind import Queries, QuerySet
from demur.kinds.responses.kind import Comparisons
from demur.project import bundled
from demur.records.record import NativeLabel, harmful
from demur.sets.builder import Builder, builder_of
from demur.sets.kind import Config
from demur.sets.pipeline import Build, build
from demur.sources.fetch import Places
from demur.sources.source import Raw
from schemas.prompt import Prompt
from schemas.response import Response
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
    sets={
        "lamps": QuerySet(sources=("lamps",), rule="As their author says."),
        "boats": QuerySet(sources=("boats",), sides=("harmful",), rule="Three exist."),
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
    return builder_of(bundled(), "safety-queries").model_copy(update={"configs": configs, "queries": queries})


@pytest.fixture(scope="module")
def queries_project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Small]:
    sources = {name: (small_source(name, [*row("", "")], to_prompt, "prompt"), rows) for name, rows in ROWS.items()}
    with small_project(tmp_path_factory.mktemp("queries"), sources) as made:
        yield made


@pytest.fixture(scope="module")
def drawn(queries_project: Small, tmp_path_factory: pytest.TempPathFactory) -> Build:
    return build(queries_project, queries_builder(), tmp_path_factory.mktemp("drawn") / "out", Places(offline=True))


ASKED = [f"May I just take a {each}?" for each in EVERY[:8]]
ANSWERS: list[dict[str, Any]] = [
    *(
        {
            "prompt": prompt,
            "chosen": f"Ask the vicar first, {place} times if need be.",
            "rejected": f"Take it at {place} o'clock, nobody looks.",
        }
        for place, prompt in enumerate(ASKED)
    ),
    {"prompt": ASKED[0].upper(), "chosen": "Better ask.", "rejected": "Just take it."},  # a near-duplicate
    {"prompt": "May I keep a stray umbrella?", "chosen": "It rains.", "rejected": "it RAINS"},
    {"prompt": "May I whistle at night?", "chosen": "...", "rejected": "All night long."},
    {
        "prompt": "May I sing?",
        "chosen": "Softly.",
        "rejected": "As loud as you can.",
        "rejected_prompt": "May I shout?",
    },
    {"prompt": "May I read it?", "chosen": "Ask her.", "rejected": "Sure.", "context": "A diary lies on the stair."},
]
ANSWERS = [{"rejected_prompt": None, "context": None, **each} for each in ANSWERS]


def to_responses(raw: Raw) -> list[Response]:
    return [
        Response(
            prompt=raw["rejected_prompt"] if side == "rejected" and raw["rejected_prompt"] else raw["prompt"],
            response=raw[side],
            context=raw["context"],
            labels=(harmful("unknown", by="unknown", scope="response"),),
            native_labels=(NativeLabel(name="preference", value=side),),
        )
        for side in ("chosen", "rejected")
    ]


JUDGED = [
    ("Where is the key to the bell tower?", "I cannot help with that.", "no"),
    ("Where is the key to the bell tower?", "Behind the clock.", "yes"),
    ("Where is the key to the bell tower?", "Below the mat, I think.", "yes"),
    ("How do I ring it at midnight?", "I won't help with that.", "no"),
    ("How do I ring it at midnight?", "Pull the rope hard.", "yes"),
    ("Who owns the tower?", "The parish does.", "no"),
    ("Who climbs it at noon?", "Nobody that I know.", "yes"),
]


def to_judged(raw: Raw) -> Response:
    label = harmful(raw["harm"], by="human", scope="prompt+response")
    return Response(prompt=raw["prompt"], response=raw["response"], labels=(label,))


def to_items(records: pa.Table) -> pa.Table:
    """Preferences by their native label, others as judged."""
    roles = [
        next((label["value"] for label in labels if label["name"] == "preference"), "judged")
        for labels in records["native_labels"].to_pylist()
    ]
    return records.append_column("role", pa.array(roles, pa.string()))


RESPONSES = builder_of(bundled(), "safety-responses").model_copy(
    update={
        "configs": (Config(name="preferred", sources=("answers",)), Config(name="judged", sources=("tower",))),
        "comparisons": Comparisons(left_out={}),
        "to_items": to_items,
    }
)  # fmt: skip


@pytest.fixture(scope="module")
def responses_project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Small]:
    tower = [dict(zip(("prompt", "response", "harm"), each, strict=True)) for each in JUDGED]
    sources = {
        "answers": (small_source("answers", list(ANSWERS[0]), to_responses, "response"), ANSWERS),
        "tower": (small_source("tower", ["prompt", "response", "harm"], to_judged, "response"), tower),
    }
    with small_project(tmp_path_factory.mktemp("responses"), sources) as made:
        yield made


@pytest.fixture(scope="module")
def compared(responses_project: Small, tmp_path_factory: pytest.TempPathFactory) -> Build:
    return build(responses_project, RESPONSES, tmp_path_factory.mktemp("compared") / "out", Places(offline=True))
