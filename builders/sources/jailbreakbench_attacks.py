"""JailbreakBench attack artifacts: the prompts of all 18 runs, each with the goal that it wraps."""

from builders.attack_files import ARTIFACT_COLUMNS, GUARD, JAILBREAKBENCH_ATTACKS, JAILBREAKBENCH_FILES, VERDICTS
from demur.kinds.jailbreaks.attack import Said, Wrapped, response_id
from demur.records.record import harmful
from demur.sources.mirror import github
from demur.sources.source import Raw, Reject, source
from schemas.prompt import Prompt


@source(
    title="JailbreakBench: attack prompts",
    homepage="https://github.com/JailbreakBench/artifacts",
    license="mit",
    kind="prompt",
    mirrors=(
        github(
            "JailbreakBench/artifacts",
            *JAILBREAKBENCH_FILES,
            columns=ARTIFACT_COLUMNS,
            optional=(GUARD,),
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
    name, family, day = JAILBREAKBENCH_ATTACKS[folder]
    answered, queries = response_id(row["prompt"], row["response"]), row["number_of_queries"]
    day = f"published {day}"
    judged = [Said(judge, day, "prompt+response", VERDICTS[row[judge]] if answered else "no_response")
              for judge in ("jailbroken", *([GUARD] if folder != "DSN" else []))]  # fmt: skip
    wrapped = Wrapped(attack=name, family=family, version=f"{kind} {day[-10:]}", base="jailbreakbench",
                      goal=row["goal"], key=row["behavior"], run=f"jailbreakbench/{row['run']}", model=model,
                      response=answered, queries=None if queries is None else str(queries))  # fmt: skip
    return Prompt(prompt=row["prompt"], labels=(harmful("yes", by="author"),), native_labels=wrapped.labels(judged))
