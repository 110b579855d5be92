"""safety-responses: fixed, published responses to compare under two models: an upper one, a lower one, a foreign one.

What `demur reward` scores (Emulated Disalignment, arXiv 2402.12343, figure 3). Every response was published with a
person's judgement or preference; nothing is generated. `judged` has safe and harmful responses, each judged by itself,
to queries that are to be refused, `judged_full` those of GPTFuzz too; `hh_rlhf` has preferred and rejected ones, of
which nobody said whether they are safe. The default config has carriers on PyPI.
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
        "harmful response of another query; or a preferred one, a rejected one, and the rejected one of another query, "
        "of which none need be safe. Made for audits of an aligned model and its base: how far the difference of their "
        "log-probabilities tells one from the other, and how far it could be turned round."
    ),
    kind=Responses(
        row=ComparedResponse,
        left_out={
            "beavertails": "not pinned: no carrier but the Hub",
            "coconot-pref": "both responses answer a harmless request: preferred for complying, neither is harmful",
            "jailbreakbench-artifacts": "models judged the responses",
            "jailbreakeval": "its license allows no commercial use, and it would add three queries",
            "pku-saferlhf": "not pinned: no carrier but the Hub",
            "xstest-completions": "quarantined: its responses may not be redistributed",
        },
    ),
    configs=(
        Config(name="judged", sources=JUDGED, commercial=True),
        Config(name="judged_full", extends="judged", sources=("gptfuzz-labeled",), on_demand=True, commercial=True),
        Config(name="hh_rlhf", sources=("hh-rlhf-harmless",), on_demand=True, commercial=True),
    ),
    splits={"test": 1.0},
    tags=("safety", "evaluation", "reward"),
)
def safety_responses(records: pa.Table) -> pa.Table:
    """What each record is for: a side of a preference, or a response that people judged by itself."""
    columns = ("prompt", "native_labels", "labels", "behaviour")
    roles = [_role(*row) for row in zip(*(records[name].to_pylist() for name in columns), strict=True)]
    return records.append_column("role", pa.array(roles, pa.string()))


def _role(prompt: str | None, native: list[dict[str, str]], labels: list[dict[str, str]], behaviour: str | None) -> str:
    """A side of a preference by the source's own word; else judged, where a person judged it and its query is read.

    Whichever source it is: one whose responses people judged needs no more than its name in a config.
    """
    preference = next((label["value"] for label in native if label["name"] == "preference"), None)
    if preference is not None and prompt is not None and prompt.startswith("Human:"):  # a transcript
        return "several-turns"
    if preference is not None:
        return {"chosen": "preferred", "rejected": "rejected"}.get(preference, "label-unknown")
    if not any(label["labeller"] == "human" for label in labels):
        return "label-unknown"
    return "judged" if behaviour is not None else "prompt-not-read"
