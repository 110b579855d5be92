"""Self-Instruct seed tasks."""

from demur.records.record import NativeLabel, harmful, refusal
from demur.sources.mirror import github
from demur.sources.source import Raw, source
from schemas.response import Response


@source(
    title="Self-Instruct: seed tasks",
    homepage="https://github.com/yizhongw/self-instruct",
    license="apache-2.0",
    kind="response",
    key="id",
    mirrors=(
        github(
            "yizhongw/self-instruct",
            "data/seed_tasks.jsonl",
            columns={name: name for name in ("id", "name", "instruction", "instances", "is_classification")},
        ),
    ),
)
def self_instruct_seeds(row: Raw) -> list[Response]:
    """Tasks written by people, with an answer for each instance."""
    native = {"name": row["name"], "is_classification": str(row["is_classification"]).lower()}
    return [
        Response(
            prompt=row["instruction"],
            context=instance["input"] or None,
            response=instance["output"],
            labels=(harmful("no", by="author", scope="response"), refusal("no", by="author")),
            native_labels=tuple(NativeLabel(name=name, value=value) for name, value in native.items()),
            pair=row["id"],
        )
        for instance in row["instances"]
    ]
