"""MultiJail: 315 unsafe queries in English."""

import ast

from demur.records.record import NativeLabel, harmful
from demur.sources.mirror import github
from demur.sources.source import Raw, source
from schemas.prompt import Prompt

COLUMNS = {"id": "id", "source": "taken_from", "tags": "tags", "en": "prompt"}
UNREAD = ("ar", "bn", "it", "jv", "ko", "sw", "th", "vi", "zh")


@source(
    title="MultiJail: English queries",
    homepage="https://github.com/DAMO-NLP-SG/multilingual-safety-for-LLMs",
    license="mit",
    kind="prompt",
    key="id",
    mirrors=(
        github(
            "DAMO-NLP-SG/multilingual-safety-for-LLMs",
            "data/MultiJail.csv",
            columns={**COLUMNS, **dict.fromkeys(UNREAD)},
        ),
    ),
)
def multijail_questions(row: Raw) -> Prompt:
    """Queries that people or a vendor wrote to draw harm, with tags."""
    return Prompt(
        prompt=row["prompt"],
        labels=(harmful("yes", by="author"),),
        categories=tuple(ast.literal_eval(row["tags"])),
        native_labels=(NativeLabel(name="taken_from", value=row["taken_from"]),),
    )
