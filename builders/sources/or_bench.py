"""OR-Bench: over-refusal prompts and their toxic counterpart."""

from demur.records.record import NativeLabel, harmful
from demur.sources.mirror import hub
from demur.sources.source import Raw, source
from schemas.prompt import Prompt


@source(
    title="OR-Bench",
    homepage="https://huggingface.co/datasets/bench-llm/or-bench",
    license="cc-by-4.0",
    kind="prompt",
    mirrors=(
        hub(
            "bench-llm/or-bench",
            *[f"or-bench-{part}.csv" for part in ("80k", "hard-1k", "toxic")],
            columns={"prompt": "prompt", "category": "category"},
            stem="part",
        ),
    ),
)
def or_bench(row: Raw) -> Prompt:
    """Benign prompts that seem toxic (80k, hard-1k), and toxic ones (toxic); the file decides."""
    toxic = row["part"] == "or-bench-toxic"
    return Prompt(
        prompt=row["prompt"],
        labels=(harmful("yes" if toxic else "no", by="model"),),
        categories=(row["category"],) if toxic else (),
        native_labels=tuple(NativeLabel(name=name, value=row[name]) for name in ("part", "category")),
        borderline=not toxic,
    )
