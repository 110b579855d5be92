"""CyberSecEval 2, false refusal rate."""

from demur.records.record import NativeLabel, Tri, harmful
from demur.sources.mirror import github
from demur.sources.source import Raw, source
from schemas.prompt import Prompt


@source(
    title="CyberSecEval 2: false refusal rate prompts",
    homepage="https://github.com/meta-llama/PurpleLlama",
    license="mit",
    use_limits=("eval_only",),
    kind="prompt",
    mirrors=(
        github(
            "meta-llama/PurpleLlama",
            "CybersecurityBenchmarks/datasets/mitre_frr/mitre_frr.json",
            columns={
                "mutated_prompt": "prompt",
                "is_malicious": "malicious",
                "attack_type": "attack_type",
                "model": "model",
            },
        ),
    ),
)
def cyberseceval_frr(row: Raw) -> Prompt:
    """Harmless security and administration requests that a model should serve."""
    value: Tri = "unknown" if row["malicious"] is None else "yes" if row["malicious"] else "no"
    return Prompt(
        prompt=row["prompt"],
        labels=(harmful(value, by="author"),),
        categories=(row["attack_type"],) if row["attack_type"] else (),
        native_labels=tuple(NativeLabel(name=name, value=row[name]) for name in ("attack_type", "model")),
        borderline=value == "no",
    )
