"""MT-bench questions."""

from demur.records.record import NativeLabel, harmful
from demur.sources.mirror import github
from demur.sources.source import Raw, source
from schemas.prompt import Prompt


@source(
    title="MT-bench: questions",
    homepage="https://github.com/lm-sys/FastChat",
    license="apache-2.0",
    kind="prompt",
    key="id",
    mirrors=(
        github(
            "lm-sys/FastChat",
            "fastchat/llm_judge/data/mt_bench/question.jsonl",
            columns={"question_id": "id", "category": "category", "turns": "turns", "reference": "reference"},
            optional=("reference",),
        ),
    ),
)
def mt_bench(row: Raw) -> Prompt:
    """Benign questions in eight fields that test how well a model converses."""
    first, *later = row["turns"]
    native = [("category", row["category"])]
    native += [(f"turn_{number}", text) for number, text in enumerate(later, 2)]
    native += [(f"reference_{number}", text or None) for number, text in enumerate(row["reference"] or (), 1)]
    return Prompt(
        prompt=first,
        labels=(harmful("no", by="author"),),
        native_labels=tuple(NativeLabel(name=name, value=value) for name, value in native),
    )
