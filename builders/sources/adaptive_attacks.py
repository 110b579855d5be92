"""Simple adaptive attacks: a template with a searched suffix, around fifty AdvBench behaviors, against 13 models."""

from builders.attack_files import ADAPTIVE, ARTIFACT_COLUMNS, GUARD
from demur.kinds.jailbreaks.attack import Said, Wrapped, response_id
from demur.records.record import harmful
from demur.sources.mirror import github
from demur.sources.source import Raw, source
from schemas.prompt import Prompt

TEMPLATE = "exps_nemotron-4-340b"  # the one run without a search: the template alone
COLUMNS = {name: to for name, to in ARTIFACT_COLUMNS.items() if name not in ("behavior", GUARD)}


@source(
    title="LLM adaptive attacks: jailbreak artifacts",
    homepage="https://github.com/tml-epfl/llm-adaptive-attacks",
    license="mit",
    kind="prompt",
    mirrors=(
        github(
            "tml-epfl/llm-adaptive-attacks",
            *[f"jailbreak_artifacts/{run}.json" for run in ADAPTIVE],
            columns=COLUMNS,
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
    name, family = ("adaptive-random-search", "search") if searched else ("adaptive-template", "template")
    wrapped = Wrapped(attack=name, family=family, version=f"{run.removeprefix('exps_')} {day}", base="advbench",
                      goal=row["goal"], run=f"adaptive-attacks/{run}", model=ADAPTIVE[run],
                      queries=str(row["number_of_queries"]), response=answered)  # fmt: skip
    judged = [Said("jailbroken", f"published {day}", "prompt+response", verdict)]
    return Prompt(prompt=row["prompt"], labels=(harmful("yes", by="author"),), native_labels=wrapped.labels(judged))
