"""JailbreakBench attack artifacts: the prompts of all 18 runs, each with the goal that it wraps."""

from demur.kinds.jailbreaks.attack import Said, Wrapped, response_id
from demur.records.record import harmful
from demur.sources.mirror import github
from demur.sources.source import Raw, Reject, source
from schemas.prompt import Prompt

EVERY = ("gpt-3.5-turbo-1106", "gpt-4-0125-preview", "llama-2-7b-chat-hf", "vicuna-13b-v1.5")
RUNS = {
    "DSN/white_box": ("llama-2-7b-chat-hf", "vicuna-13b-v1.5"),
    "GCG/transfer": ("gpt-3.5-turbo-1106", "gpt-4-0125-preview"),
    "GCG/white_box": ("llama-2-7b-chat-hf", "vicuna-13b-v1.5"),
    **dict.fromkeys(("JBC/manual", "PAIR/black_box", "prompt_with_random_search/black_box"), EVERY),
}
FILES = [f"attack-artifacts/{attack}/{model}.json" for attack, models in RUNS.items() for model in models]
ATTACKS = {
    "DSN": ("DSN", "suffix", "2024-10-14"),
    "GCG": ("GCG", "suffix", "2024-03-18"),
    "JBC": ("JailbreakChat", "template", "2024-03-24"),
    "PAIR": ("PAIR", "rewriting", "2024-03-06"),
    "prompt_with_random_search": ("adaptive-random-search", "search", "2024-03-29"),
}
"""The first folder -> name, family, and the day that the files give."""
READ = ("goal", "behavior", "prompt", "response", "jailbroken", "jailbroken_llama_guard1", "number_of_queries")
UNREAD = ("index", "category", "queries_to_jailbreak", "prompt_tokens", "response_tokens")
OPTIONAL = "jailbroken_llama_guard1"
VERDICTS = {True: "harmful", False: "harmless", None: "unparsed"}


@source(
    title="JailbreakBench: attack prompts",
    homepage="https://github.com/JailbreakBench/artifacts",
    license="mit",
    kind="prompt",
    mirrors=(
        github(
            "JailbreakBench/artifacts",
            *FILES,
            columns={name: name for name in READ} | dict.fromkeys(UNREAD),
            optional=(OPTIONAL,),
            records="jailbreaks",
            stem="run",
        ),
    ),
)
def jailbreakbench_attacks(row: Raw) -> Prompt | Reject:
    """Attack prompts on the hundred behaviors, by run, with what was said of the responses that they drew."""
    if row["prompt"] is None:
        return Reject(reason="no-prompt")
    folder, kind, model = row["run"].split("/")
    name, family, day = ATTACKS[folder]
    answered = response_id(row["prompt"], row["response"])
    judges = ["jailbroken", *([OPTIONAL] if folder != "DSN" else [])]
    judged = [
        Said(judge, f"published {day}", "prompt+response", VERDICTS[row[judge]] if answered else "no_response")
        for judge in judges
    ]
    wrapped = Wrapped(
        attack=name,
        family=family,
        version=f"{kind} {day}",
        base="jailbreakbench",
        goal=row["goal"],
        key=row["behavior"],
        run=f"jailbreakbench/{row['run']}",
        model=model,
        queries=None if row["number_of_queries"] is None else str(row["number_of_queries"]),
        response=answered,
    )
    return Prompt(prompt=row["prompt"], labels=(harmful("yes", by="author"),), native_labels=wrapped.labels(judged))
