"""DeRTa's published results of AutoDAN: fifty prompts a model, each searched for that model."""

from demur.kinds.jailbreaks.attack import Wrapped, by_phrases, response_id
from demur.records.record import harmful
from demur.sources.mirror import github
from demur.sources.source import Raw, source
from schemas.prompt import Prompt

MODELS = {
    "Llama-3-8B_derta_autodan_llama-3-8B-ours_50": "Llama-3-8B_derta",
    "Llama-3-8B_dpo_autodan_llama-3-8B-dpo_50": "Llama-3-8B_dpo",
    "Llama-3-8B_vanill_autodan_llama-3-8B-vanilla_50": "Llama-3-8B_vanill",
    "autodan_llama-3-70B-Instruct_50_Llama-3-70B-Instruct": "Llama-3-70B-Instruct",
    "autodan_llama-3-8B-Instruct_50_Llama-3-8B-Instruct": "Llama-3-8B-Instruct",
    "lora_Llama-3-70B-Instruct_ours_autodan_llama-3-70B-ins-ours_50": "Llama-3-70B-Instruct_derta",
    "lora_Llama-3-70B-recaug_autodan_llama-3-70B-recaug_50": "Llama-3-70B-recaug",
    "lora_Llama-3-70B_derta_autodan_llama-3-70B-ours_50": "Llama-3-70B_derta",
    "lora_Llama-3-70B_dpo_autodan_llama-3-70B-base-dpo_50": "Llama-3-70B_dpo",
    "lora_Llama-3-70B_vanill_autodan_llama-3-70B-vanilla_50": "Llama-3-70B_vanill",
}
"""File -> model, called as in the other folders."""
COLUMNS = {"question": "question", "instruction": "instruction", "response": "response"}


@source(
    title="DeRTa: AutoDAN prompts of the published results",
    homepage="https://github.com/RobustNLP/DeRTa",
    license="mit",
    kind="prompt",
    mirrors=(
        github(
            "RobustNLP/DeRTa",
            *[f"results/safety/autodan/{file}.json" for file in MODELS],
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
    wrapped = Wrapped(
        attack="AutoDAN",
        family="search",
        version="DeRTa results",
        base="derta-questions",
        run=f"derta/autodan/{row['run']}",
        model=MODELS[row["run"]],
        response=response_id(prompt, row["response"]),
    )
    judged = [by_phrases(row["response"])]
    return Prompt(prompt=prompt, labels=(harmful("yes", by="author"),), native_labels=wrapped.labels(judged))
