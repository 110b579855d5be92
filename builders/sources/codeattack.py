"""CodeAttack: AdvBench laid into Python code, in three forms."""

from demur.kinds.jailbreaks.attack import Wrapped
from demur.records.record import harmful
from demur.sources.mirror import github
from demur.sources.source import Raw, source
from schemas.prompt import Prompt

FORMS = ("list", "stack", "string")


@source(
    title="CodeAttack: Python wrappers of AdvBench",
    homepage="https://github.com/AI45Lab/CodeAttack",
    license="mit",
    kind="prompt",
    mirrors=(
        github(
            "AI45Lab/CodeAttack",
            *[f"prompts/data_python_{form}_full.json" for form in FORMS],
            columns={"plain_attack": "goal", "code_wrapped_plain_attack": "prompt"},
            stem="file",
        ),
    ),
)
def codeattack(row: Raw) -> Prompt:
    """Questions whose words are pushed onto a list or a stack, or stand in a string."""
    form = row["file"].removeprefix("data_").removesuffix("_full")
    wrapped = Wrapped(
        attack="CodeAttack",
        family="code",
        version=form,
        base="advbench",
        goal=row["goal"],
        run=f"codeattack/{form}",
    )
    return Prompt(prompt=row["prompt"], labels=(harmful("yes", by="author"),), native_labels=wrapped.labels())
