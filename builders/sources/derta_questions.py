"""DeRTa's two hundred base questions."""

from demur.records.record import NativeLabel, harmful
from demur.sources.mirror import github
from demur.sources.source import At, Raw, source
from schemas.prompt import Prompt

FIRST = 100
"""So many rows at the beginning are Do-Not-Answer's; the paper says that the others are HarmBench's."""


@source(
    title="DeRTa: base questions of the safety evaluation",
    homepage="https://github.com/RobustNLP/DeRTa",
    license="mit",
    kind="prompt",
    mirrors=(
        github(
            "RobustNLP/DeRTa",
            "data/test/safety_illegal_instructions_200.json",
            columns={"question": "prompt"},
            format="jsonl",
        ),
    ),
)
def derta_questions(row: Raw, at: At) -> Prompt:
    """Questions without ids; where each is said to come from, by its place in the file."""
    theirs = at.row < FIRST
    native = {"origin": "do-not-answer" if theirs else "derta", "declared": "do-not-answer" if theirs else "harmbench"}
    return Prompt(
        prompt=row["prompt"],
        labels=(harmful("yes", by="author"),),
        native_labels=tuple(NativeLabel(name=name, value=value) for name, value in native.items()),
    )
