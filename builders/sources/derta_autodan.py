"""DeRTa's published results of AutoDAN: fifty prompts a model, each searched for that model."""

from builders.attack_files import AUTODAN
from demur.kinds.jailbreaks.attack import Wrapped, by_phrases, response_id
from demur.records.record import harmful
from demur.sources.mirror import github
from demur.sources.source import Raw, source
from schemas.prompt import Prompt

COLUMNS = {"question": "question", "instruction": "instruction", "response": "response"}


@source(
    title="DeRTa: AutoDAN prompts of the published results",
    homepage="https://github.com/RobustNLP/DeRTa",
    license="mit",
    kind="prompt",
    mirrors=(
        github(
            "RobustNLP/DeRTa",
            *[f"results/safety/autodan/{file}.json" for file in AUTODAN],
            columns=COLUMNS,
            optional=("question", "instruction"),
            format="jsonl",
            stem="run",
        ),
    ),
)
def derta_autodan(row: Raw) -> Prompt:
    """What was searched for each model and sent to it; the response stays where it is."""
    prompt = row["question"] or row["instruction"]
    wrapped = Wrapped(attack="AutoDAN", family="search", version="DeRTa results", base="derta-questions",
                      run=f"derta/autodan/{row['run']}", model=AUTODAN[row["run"]],
                      response=response_id(prompt, row["response"]))  # fmt: skip
    judged = [by_phrases(row["response"])]
    return Prompt(prompt=prompt, labels=(harmful("yes", by="author"),), native_labels=wrapped.labels(judged))
