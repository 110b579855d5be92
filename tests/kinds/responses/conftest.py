"""A small set of responses to compare: mild preferences, and responses that were judged one by one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pyarrow as pa
import pytest

from demur.kinds.responses import Responses
from demur.project import bundled
from demur.records.record import NativeLabel, harmful
from demur.sets.builder import builder_of
from demur.sets.kind import Config
from demur.sets.pipeline import Build, build
from demur.sources.fetch import Places
from demur.sources.source import Raw
from schemas.compared_response import ComparedResponse
from schemas.response import Response
from tests.small import Small, small_project, small_source

THINGS = ("red lamp", "red boat", "red spoon", "red fence", "red kettle", "red ladder", "blue lamp", "blue boat")
ASKED = [f"May I just take a {each}?" for each in THINGS]
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


def to_rows(records: pa.Table) -> pa.Table:
    """Preferences by their native label, others as judged."""
    names = {"chosen": "preferred", "rejected": "rejected"}
    roles = [
        next((names[label["value"]] for label in labels if label["name"] == "preference"), "judged")
        for labels in records["native_labels"].to_pylist()
    ]
    return records.append_column("role", pa.array(roles, pa.string()))


RESPONSES = builder_of(bundled(), "safety-responses").model_copy(
    update={
        "configs": (Config(name="preferred", sources=("answers",)), Config(name="judged", sources=("tower",))),
        "kind": Responses(row=ComparedResponse, left_out={}),
        "to_rows": to_rows,
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
