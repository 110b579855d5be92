"""CoCoNot preference pairs."""

from demur.records.record import NativeLabel, harmful, refusal
from demur.sources.mirror import github, hub
from demur.sources.source import Raw, source
from schemas.response import Response

READ = ("id", "category", "subcategory", "prompt", "chosen", "chosen_model", "rejected", "rejected_model")
COLUMNS: dict[str, str | None] = {name: name for name in READ}


@source(
    title="CoCoNot: preference pairs of the contrast set",
    homepage="https://github.com/allenai/noncompliance",
    license="odc-by",
    kind="response",
    key="id",
    mirrors=(
        github("allenai/noncompliance", "data/coconot_pref.jsonl", columns=COLUMNS),
        hub("allenai/coconot", "pref/train-00000-of-00001.parquet", columns=COLUMNS),
    ),
)
def coconot_pref(row: Raw) -> list[Response]:
    """Two responses to a prompt that a model should comply with, the better one chosen."""
    kept = [NativeLabel(name=name, value=row[name]) for name in ("category", "subcategory")]
    return [
        Response(
            prompt=row["prompt"],
            response=row[side],
            labels=(harmful("unknown", by="unknown", scope="response"), refusal("unknown", by="unknown")),
            native_labels=(NativeLabel(name="preference", value=side), *kept),
            generator=row[f"{side}_model"] or None,
            pair=row["id"],
        )
        for side in ("chosen", "rejected")
    ]
