"""safety-responses: fixed, published responses to compare under two models: safe, harmful, and another query's harmful.

What `demur reward` scores (Emulated Disalignment, arXiv 2402.12343, figure 3). Every response was published with a
person's judgement or preference; nothing is generated. The default config has carriers on PyPI.
"""

from __future__ import annotations

import pyarrow as pa

from demur.kinds.responses import Responses
from demur.sets.builder import builder
from demur.sets.kind import Config
from schemas.compared_response import ComparedResponse

JUDGED = ("pyrit-harm", "pyrit-objective", "pyrit-refusal")


@builder(
    title="Safety responses",
    summary=(
        "Fixed, published responses to compare under two models: for one query a safe response, a harmful one, and the "
        "harmful response of another query. Made for audits of an aligned model and its base: how far the difference "
        "of their log-probabilities tells safe from harmful, and how far it could be turned round."
    ),
    kind=Responses(
        row=ComparedResponse,
        left_out={
            "beavertails": "not pinned: no carrier but the Hub",
            "coconot-pref": "both responses answer a harmless request: preferred for complying, neither is harmful",
            "gptfuzz-labeled": "its file has the numbers of its questions, not their texts",
            "jailbreakbench-artifacts": "models judged the responses",
            "pku-saferlhf": "not pinned: no carrier but the Hub",
            "xstest-completions": "quarantined: its responses may not be redistributed",
        },
    ),
    configs=(
        Config(name="judged", sources=JUDGED, commercial=True),
        Config(name="hh_rlhf", sources=("hh-rlhf-harmless",), on_demand=True, commercial=True),
    ),
    splits={"test": 1.0},
    tags=("safety", "evaluation", "reward"),
)
def safety_responses(records: pa.Table) -> pa.Table:
    """What each record is for: a side of a preference, or a response that people judged by itself."""
    columns = ("prompt", "native_labels", "lineage")
    roles = [_role(*row) for row in zip(*(records[name].to_pylist() for name in columns), strict=True)]
    return records.append_column("role", pa.array(roles, pa.string()))


def _role(prompt: str | None, native: list[dict[str, str]], lineage: dict[str, str]) -> str:
    if lineage["source"] in JUDGED:
        return "judged"
    if prompt is not None and prompt.startswith("Human:"):  # a transcript of several turns
        return "several-turns"
    preferred = next((label["value"] for label in native if label["name"] == "preference"), None)
    return preferred if preferred in ("chosen", "rejected") else "label-unknown"
