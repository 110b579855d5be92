"""DeRTa's attack prompts: four attacks over one set of base questions, without ids or templates."""

from builders.attack_files import DERTA_PROMPTS
from demur.kinds.jailbreaks.attack import Wrapped
from demur.records.record import harmful
from demur.sources.mirror import github
from demur.sources.source import Raw, source
from schemas.prompt import Prompt


@source(
    title="DeRTa: attack prompts of the safety evaluation",
    homepage="https://github.com/RobustNLP/DeRTa",
    license="mit",
    kind="prompt",
    mirrors=(
        github(
            "RobustNLP/DeRTa",
            *[f"data/test/{name}.json" for name in DERTA_PROMPTS],
            columns={"question": "prompt"},
            format="jsonl",
            stem="file",
        ),
    ),
)
def derta_attacks(row: Raw) -> Prompt:
    """Two hundred prompts an attack; the base questions stand in another file."""
    name, family, form = DERTA_PROMPTS[row["file"]]
    wrapped = Wrapped(
        attack=name,
        family=family,
        version="DeRTa",
        base="derta-questions",
        run=f"derta/test/{row['file'].removeprefix('safety_')}",
        form=form,
    )
    return Prompt(prompt=row["prompt"], labels=(harmful("yes", by="author"),), native_labels=wrapped.labels())
