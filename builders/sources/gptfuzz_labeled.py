"""GPTFuzz labelled responses."""

from demur.records.record import Label, NativeLabel, Tri
from demur.sources.mirror import Join, github
from demur.sources.source import Raw, source
from schemas.response import Response

JUDGED: dict[str, Tri] = {"1": "yes", "0": "no", "": "unknown"}
QUESTIONS = Join(
    file="datasets/questions/question_list.csv",
    on=("question", "index"),
    columns={"index": None, "text": "prompt"},
)


@source(
    title="GPTFuzz: labelled responses, training file",
    homepage="https://github.com/sherdencooper/GPTFuzz",
    license="mit",
    kind="response",
    mirrors=(
        github(
            "sherdencooper/GPTFuzz",
            "datasets/responses_labeled/train.csv",
            columns={"question": "question", "Response": "response", "label": "label"},
            join=QUESTIONS,
        ),
    ),
)
def gptfuzz_labeled(row: Raw) -> Response:
    """Responses to jailbreak prompts, labelled by people as jailbroken or not."""
    judged = Label(name="jailbroken", value=JUDGED[row["label"]], scope="prompt+response", labeller="human")
    return Response(
        prompt=row["prompt"],
        prompt_key=row["question"],
        response=row["response"],
        labels=(judged,),
        native_labels=(NativeLabel(name="label", value=row["label"] or None),),
    )
