"""Simple adaptive attacks: a template with a searched suffix, around fifty AdvBench behaviors, against 13 models."""

from demur.kinds.jailbreaks.attack import Said, Wrapped, response_id
from demur.records.record import harmful
from demur.sources.mirror import github
from demur.sources.source import Raw, source
from schemas.prompt import Prompt

RUNS = {
    "exps_gemma-7b": "gemma-7b",
    "exps_gpt3.5_turbo": "gpt-3.5-turbo",
    "exps_gpt4_turbo": "gpt-4-turbo",
    "exps_llama2-13b": "llama-2-13b",
    "exps_llama2-13b_icl_one_shot": "llama-2-13b",
    "exps_llama2-70b": "llama-2-70b",
    "exps_llama2-7b_icl_one_shot": "llama-2-7b",
    "exps_llama2-7b_plain_init": "llama-2-7b",
    "exps_llama2_7b": "llama-2-7b",
    "exps_llama3-8b": "llama-3-8b",
    "exps_mistral-7b_simplified_template": "mistral-7b",
    "exps_nemotron-4-340b": "nemotron-4-340b",
    "exps_phi3": "phi-3",
    "exps_r2d2": "r2d2",
    "exps_vicuna": "vicuna-13b",
}
"""File -> model."""
TEMPLATE = "exps_nemotron-4-340b"
"""The one run without a search: the template alone, one query a goal."""
READ = ("goal", "prompt", "response", "jailbroken", "number_of_queries")
UNREAD = ("index", "category", "queries_to_jailbreak", "prompt_tokens", "response_tokens")


@source(
    title="LLM adaptive attacks: jailbreak artifacts",
    homepage="https://github.com/tml-epfl/llm-adaptive-attacks",
    license="mit",
    kind="prompt",
    mirrors=(
        github(
            "tml-epfl/llm-adaptive-attacks",
            *[f"jailbreak_artifacts/{run}.json" for run in RUNS],
            columns={name: name for name in READ} | dict.fromkeys(UNREAD),
            records="jailbreaks",
            stem="run",
        ),
    ),
)
def adaptive_attacks(row: Raw) -> Prompt:
    """Attack prompts by run, with the one verdict that was published."""
    run, searched = row["run"], row["run"] != TEMPLATE
    day = "2024-03-29" if searched else "2024-06-15"
    answered = response_id(row["prompt"], row["response"])
    verdict = ("harmful" if row["jailbroken"] else "harmless") if answered else "no_response"
    wrapped = Wrapped(
        attack="adaptive-random-search" if searched else "adaptive-template",
        family="search" if searched else "template",
        version=f"{run.removeprefix('exps_')} {day}",
        base="advbench",
        goal=row["goal"],
        run=f"adaptive-attacks/{run}",
        model=RUNS[run],
        queries=str(row["number_of_queries"]),
        response=answered,
    )
    judged = [Said("jailbroken", f"published {day}", "prompt+response", verdict)]
    return Prompt(prompt=row["prompt"], labels=(harmful("yes", by="author"),), native_labels=wrapped.labels(judged))
