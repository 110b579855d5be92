"""JailbreakBench attack artifacts."""

from demur.records.record import Label, NativeLabel, Tri
from demur.sources.mirror import github
from demur.sources.source import Raw, Reject, source
from schemas.response import Response

PAIR = [f"attack-artifacts/PAIR/black_box/{model}.json" for model in ("gpt-3.5-turbo-1106", "vicuna-13b-v1.5")]
OTHER = [f"attack-artifacts/{run}.json" for run in ("JBC/manual/gpt-4-0125-preview", "GCG/white_box/vicuna-13b-v1.5")]
READ = ("goal", "behavior", "category", "prompt", "response", "jailbroken", "jailbroken_llama_guard1")
UNREAD = ("index", "number_of_queries", "queries_to_jailbreak", "prompt_tokens", "response_tokens")
COLUMNS = {name: name for name in READ} | dict.fromkeys(UNREAD)
JUDGED: dict[bool | None, Tri] = {True: "yes", False: "no", None: "unknown"}


@source(
    title="JailbreakBench: attack artifacts",
    homepage="https://github.com/JailbreakBench/artifacts",
    license="mit",
    kind="response",
    mirrors=(github("JailbreakBench/artifacts", *PAIR, *OTHER, columns=COLUMNS, records="jailbreaks", stem="run"),),
)
def jailbreakbench_artifacts(row: Raw) -> Response | Reject:
    """Attack prompts with the response they drew, judged by a model."""
    if row["prompt"] is None or row["response"] is None:
        return Reject(reason="no-response")
    attack, _, generator = row["run"].rpartition("/")
    guard = {True: "true", False: "false"}.get(row["jailbroken_llama_guard1"])
    native = [("goal", row["goal"]), ("attack", attack), ("jailbroken_llama_guard1", guard)]
    return Response(
        prompt=row["prompt"],
        prompt_key=row["behavior"],
        response=row["response"],
        labels=(Label(name="jailbroken", value=JUDGED[row["jailbroken"]], scope="prompt+response", labeller="model"),),
        categories=(row["category"],),
        native_labels=tuple(NativeLabel(name=name, value=value) for name, value in native),
        generator=generator,
    )
