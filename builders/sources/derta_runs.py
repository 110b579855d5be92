"""DeRTa's published results of three attacks: the prompts that were sent to each model, with the response's id."""

from builders.attack_files import DERTA_ATTACKS, DERTA_RUNS
from demur.kinds.jailbreaks.attack import Wrapped, by_phrases, response_id
from demur.records.record import harmful
from demur.sources.mirror import github
from demur.sources.source import Raw, source
from schemas.prompt import Prompt

COLUMNS = {"question": "question", "instruction": "instruction", "response": "response"}


@source(
    title="DeRTa: prompts of the published results",
    homepage="https://github.com/RobustNLP/DeRTa",
    license="mit",
    kind="prompt",
    mirrors=(
        github(
            "RobustNLP/DeRTa",
            *[f"results/safety/{run}.json" for run in sorted(DERTA_RUNS)],
            columns=COLUMNS,
            optional=("question", "instruction"),
            format="jsonl",
            stem="run",
        ),
    ),
)
def derta_runs(row: Raw) -> Prompt:
    """What was sent to each model; the response stays where it is, and is named by its record id."""
    attack = row["run"].partition("/")[0]
    name, family = DERTA_ATTACKS[attack]
    prompt = row["question"] or row["instruction"]
    wrapped = Wrapped(attack=name, family=family, version="DeRTa results", base="derta-questions",
                      run=f"derta/{row['run']}", model=DERTA_RUNS[row["run"]],
                      response=response_id(prompt, row["response"]))  # fmt: skip
    judged = [by_phrases(row["response"])]
    return Prompt(prompt=prompt, labels=(harmful("yes", by="author"),), native_labels=wrapped.labels(judged))
