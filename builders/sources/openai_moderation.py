"""OpenAI moderation evaluation set."""

from demur.records.record import NativeLabel, Tri, harmful
from demur.sources.mirror import github, hub
from demur.sources.source import Raw, source
from schemas.prompt import Prompt

CATEGORIES = ("S", "H", "V", "HR", "SH", "S3", "H2", "V2")
COLUMNS: dict[str, str | None] = {"prompt": "prompt", **{name: name for name in CATEGORIES}}


@source(
    title="OpenAI moderation evaluation set",
    homepage="https://github.com/openai/moderation-api-release",
    license="mit",
    use_limits=("eval_only",),
    kind="prompt",
    mirrors=(
        github("openai/moderation-api-release", "data/samples-1680.jsonl.gz", columns=COLUMNS, optional=CATEGORIES),
        hub("mmathys/openai-moderation-api-evaluation", "samples-1680.jsonl.gz", columns=COLUMNS, optional=CATEGORIES),
    ),
)
def openai_moderation(row: Raw) -> Prompt:
    """Texts with eight tri-state labels: one positive is harmful, eight negatives are harmless, else unknown."""
    flags = [row[name] for name in CATEGORIES]
    value: Tri = "yes" if 1 in flags else "no" if flags == [0] * len(CATEGORIES) else "unknown"
    native = [NativeLabel(name=name, value=None if row[name] is None else str(row[name])) for name in CATEGORIES]
    return Prompt(
        prompt=row["prompt"],
        labels=(harmful(value, by="human"),),
        categories=tuple(name for name in CATEGORIES if row[name] == 1),
        native_labels=tuple(native),
    )
