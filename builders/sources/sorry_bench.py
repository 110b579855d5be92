"""SORRY-Bench base prompts."""

from demur.records.record import NativeLabel, harmful
from demur.sources.mirror import hub
from demur.sources.source import Raw, Reject, source
from schemas.prompt import Prompt


@source(
    title="SORRY-Bench (2025/03): base prompts",
    homepage="https://sorry-bench.github.io",
    license="none-stated",
    use_limits=("eval_only", "no_redistribution"),
    kind="prompt",
    key="question_id",
    mirrors=(
        hub(
            "sorry-bench/sorry-bench-202503",
            "question.jsonl",
            columns={name: name for name in ("question_id", "category", "turns", "prompt_style")},
        ),
    ),
)
def sorry_bench(row: Raw) -> Prompt | Reject:
    """Unsafe instructions, ten in each of 44 categories."""
    if len(row["turns"]) != 1:
        return Reject(reason="not-single-turn")
    return Prompt(
        prompt=row["turns"][0],
        labels=(harmful("yes", by="author"),),
        categories=(str(row["category"]),),
        native_labels=(NativeLabel(name="prompt_style", value=row["prompt_style"]),),
    )
