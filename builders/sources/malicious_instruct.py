"""MaliciousInstruct."""

from demur.records.record import harmful
from demur.sources.mirror import github
from demur.sources.source import Raw, source
from schemas.prompt import Prompt


@source(
    title="MaliciousInstruct",
    homepage="https://github.com/Princeton-SysML/Jailbreak_LLM",
    license="none-stated",
    kind="prompt",
    mirrors=(github("andyrdt/refusal_direction", "dataset/raw/malicious_instruct.txt", columns={"value": "prompt"}),),
)
def malicious_instruct(row: Raw) -> Prompt:
    """Instructions with ten kinds of malicious intent; the file does not say which row has which."""
    return Prompt(prompt=row["prompt"], labels=(harmful("yes", by="author"),))
