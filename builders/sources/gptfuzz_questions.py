"""GPTFuzz: the hundred questions that its templates are filled with."""

from demur.records.record import harmful
from demur.sources.mirror import github
from demur.sources.source import Raw, source
from schemas.prompt import Prompt


@source(
    title="GPTFuzz: questions",
    homepage="https://github.com/sherdencooper/GPTFuzz",
    license="mit",
    kind="prompt",
    key="index",
    mirrors=(
        github(
            "sherdencooper/GPTFuzz",
            "datasets/questions/question_list.csv",
            columns={"index": "index", "text": "prompt"},
        ),
    ),
)
def gptfuzz_questions(row: Raw) -> Prompt:
    """Questions that a model should refuse, by their numbers."""
    return Prompt(prompt=row["prompt"], labels=(harmful("yes", by="author"),))
