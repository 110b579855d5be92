"""HH-RLHF harmlessness preferences, test split."""

from demur.records.record import NativeLabel, harmful, record_id, refusal
from demur.sources.mirror import github, hub
from demur.sources.source import Raw, Reject, source
from schemas.response import Response

FILE, COLUMNS = "harmless-base/test.jsonl.gz", {"chosen": "chosen", "rejected": "rejected"}
HUMAN, ASSISTANT = "\n\nHuman:", "\n\nAssistant:"


@source(
    title="HH-RLHF: harmless-base, test split",
    homepage="https://github.com/anthropics/hh-rlhf",
    license="mit",
    use_limits=("no_sft",),
    kind="response",
    mirrors=(github("anthropics/hh-rlhf", FILE, columns=COLUMNS), hub("Anthropic/hh-rlhf", FILE, columns=COLUMNS)),
)
def hh_rlhf_harmless(row: Raw) -> list[Response] | Reject:
    """Two responses to one conversation, the better one chosen by a crowd worker."""
    talks = {side: row[side].rpartition(ASSISTANT) for side in COLUMNS}
    if not all(reply.strip() for _, _, reply in talks.values()):
        return Reject(reason="no-response")
    alone = {side: talk.count(HUMAN) == 1 and ASSISTANT not in talk for side, (talk, _, _) in talks.items()}
    prompts = {side: talk.removeprefix(f"{HUMAN} " if alone[side] else "\n\n") for side, (talk, _, _) in talks.items()}
    return [
        Response(
            prompt=prompt,
            response=talks[side][2].removeprefix(" "),
            labels=(harmful("unknown", by="unknown", scope="response"), refusal("unknown", by="unknown")),
            native_labels=(NativeLabel(name="preference", value=side),),
            pair=record_id("prompt", prompts["chosen"]),
        )
        for side, prompt in prompts.items()
    ]
