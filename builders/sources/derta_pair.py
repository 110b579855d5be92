"""DeRTa's published results of PAIR: prompt and response in one string. Not pinned."""

import json

from demur.kinds.jailbreaks.attack import Wrapped
from demur.records.record import harmful
from demur.sources.mirror import github
from demur.sources.source import Raw, source
from schemas.prompt import Prompt

MODELS = {
    "PAIR_result-3-70B-ours": "Llama-3-70B_derta",
    "PAIR_result-3-8B-baseline": "Llama-3-8B_vanill",
    "PAIR_result_gpt-3.5-turbo-0125": "gpt-3.5-turbo-0125",
    "PAIR_result_gpt-4-turbo-2024-04-09": "gpt-4-turbo-2024-04-09",
    "PAIR_result_gpt-llama-3-70B-Instruct": "Llama-3-70B-Instruct",
    "PAIR_result_gpt-llama-3-8B-Instruct": "Llama-3-8B-Instruct",
    "PAIR_result_llama-3-70B-dpo": "Llama-3-70B_dpo",
    "PAIR_result_llama-3-70B-ins-ours": "Llama-3-70B-Instruct_derta",
    "PAIR_result_llama-3-70B-recaug": "Llama-3-70B-recaug",
    "PAIR_result_llama-3-70B-vanilla": "Llama-3-70B_vanill",
    "PAIR_result_llama-3-8B-dpo": "Llama-3-8B_dpo",
    "PAIR_result_llama-3-8B-ours": "Llama-3-8B_derta",
}
"""File -> model, called as in the other folders."""


@source(
    title="DeRTa: transcripts of PAIR",
    homepage="https://github.com/RobustNLP/DeRTa",
    license="mit",
    use_limits=("no_redistribution",),
    kind="prompt",
    mirrors=(
        github(
            "RobustNLP/DeRTa",
            *[f"results/safety/pair/{file}.json" for file in MODELS],
            columns={"value": "line"},
            format="lines",
            stem="run",
        ),
    ),
)
def derta_pair(row: Raw) -> Prompt:
    """Transcripts, which are referred to and never published again."""
    wrapped = Wrapped(
        attack="PAIR",
        family="rewriting",
        version="DeRTa results",
        base="derta-questions",
        run=f"derta/pair/{row['run']}",
        model=MODELS[row["run"]],
    )
    return Prompt(prompt=json.loads(row["line"]), labels=(harmful("yes", by="author"),), native_labels=wrapped.labels())
