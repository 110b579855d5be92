"""HH-RLHF harmlessness preferences, test split: what people asked first."""

from demur.records.record import NativeLabel, Tri, harmful
from demur.sources.mirror import github, hub
from demur.sources.source import Raw, source
from demur.text.refusal import judge
from schemas.prompt import Prompt

FILE, COLUMNS = "harmless-base/test.jsonl.gz", {"chosen": "chosen", "rejected": "rejected"}
HUMAN, ASSISTANT = "\n\nHuman:", "\n\nAssistant:"
EVIDENCE: dict[tuple[str, str], Tri] = {("refusal", "answer"): "yes", ("answer", "refusal"): "no"}


@source(
    title="HH-RLHF: harmless-base, test split, first turns",
    homepage="https://github.com/anthropics/hh-rlhf",
    license="mit",
    use_limits=("no_sft",),
    kind="prompt",
    mirrors=(github("anthropics/hh-rlhf", FILE, columns=COLUMNS), hub("Anthropic/hh-rlhf", FILE, columns=COLUMNS)),
)
def hh_rlhf_queries(row: Raw) -> Prompt:
    """The first turn of a dialogue that a crowd worker led to draw harm, labelled by which reply was preferred."""
    first = row["chosen"].split(HUMAN, 1)[1].partition(ASSISTANT)[0]
    turns = max(row[side].count(HUMAN) for side in COLUMNS)
    replies = {side: judge(row[side].rpartition(ASSISTANT)[2]) for side in COLUMNS}
    value: Tri = EVIDENCE.get((replies["chosen"], replies["rejected"]), "unknown") if turns == 1 else "unknown"
    native = [("turns", str(turns)), *replies.items()]
    return Prompt(
        prompt=first.removeprefix(" "),
        labels=(harmful(value, by="rule" if value != "unknown" else "unknown"),),
        native_labels=tuple(NativeLabel(name=name, value=cell) for name, cell in native),
    )
