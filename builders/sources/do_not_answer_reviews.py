"""Do-Not-Answer: responses of six models, read by people."""

from demur.records.record import NativeLabel, Tri, harmful, refusal
from demur.sources.mirror import github
from demur.sources.source import Raw, source
from schemas.response import Response

MODELS = ("ChatGLM2", "ChatGPT", "Claude", "GPT4", "llama2-7b-chat", "vicuna-7b")
FILES = [f"datasets/Review/Human/annotated_response_{model}.csv" for model in MODELS]
COLUMNS = {"id": "id", "question": "prompt", "response": "response", "harmful": "harmful", "action": "action"}
HARM: dict[str, Tri] = {"1": "yes", "0": "no"}
DECLINES: dict[str, Tri] = {"0": "yes", "5": "no"}  # what lies between declines in part


@source(
    title="Do-Not-Answer: human reviews of responses",
    homepage="https://github.com/Libr-AI/do-not-answer",
    license="cc-by-nc-sa-4.0",
    use_limits=("eval_only",),
    kind="response",
    mirrors=(github("kunishou/do-not-answer-ja", *FILES, columns=COLUMNS, stem="file"),),
)
def do_not_answer_reviews(row: Raw) -> Response:
    """Responses with the harm and the kind of answer that a person found."""
    return Response(
        prompt=row["prompt"],
        prompt_key=row["id"],
        response=row["response"],
        labels=(
            harmful(HARM[row["harmful"]], by="human", scope="prompt+response"),
            refusal(DECLINES.get(row["action"], "unknown"), by="human"),
        ),
        native_labels=tuple(NativeLabel(name=name, value=row[name]) for name in ("harmful", "action")),
        generator=row["file"].removeprefix("annotated_response_"),
    )
