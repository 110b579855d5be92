"""PKU-SafeRLHF pairs of responses."""

from demur.records.record import NativeLabel, Tri, harmful, record_id
from demur.sources.mirror import hub
from demur.sources.source import Raw, source
from schemas.response import Response

FILES = [f"data/{m}/{split}.jsonl" for split in ("train", "test") for m in ("Alpaca-7B", "Alpaca2-7B", "Alpaca3-8B")]
BOTH = ("prompt", "prompt_source", "better_response_id", "safer_response_id")
EACH = ("{}", "is_{}_safe", "{}_source", "{}_harm_category", "{}_severity_level", "{}_sha256")
NAMES = [*BOTH, *[name.format(f"response_{n}") for n in (0, 1) for name in EACH]]


@source(
    title="PKU-SafeRLHF",
    homepage="https://huggingface.co/datasets/PKU-Alignment/PKU-SafeRLHF",
    license="cc-by-nc-4.0",
    kind="response",
    mirrors=(hub("PKU-Alignment/PKU-SafeRLHF", *FILES, columns={name: name for name in NAMES}),),
)
def pku_saferlhf(row: Raw) -> list[Response]:
    """Two responses to one prompt, each labelled in nineteen categories of harm."""
    return [_one(row, f"response_{n}", row[f"is_response_{n}_safe"]) for n in (0, 1)]


def _one(row: Raw, name: str, safe: bool | None) -> Response:
    categories = tuple(sorted(harm for harm, found in row[f"{name}_harm_category"].items() if found))
    value: Tri = "unknown" if safe is None or safe == bool(categories) else "no" if safe else "yes"
    native = [("is_safe", None if safe is None else str(safe).lower())]
    native += [(key, None if row[key] is None else str(row[key])) for key in (f"{name}_severity_level", *BOTH[1:])]
    return Response(
        prompt=row["prompt"],
        response=row[name],
        labels=(harmful(value, by="human", scope="prompt+response"),),
        categories=categories,
        native_labels=tuple(NativeLabel(name=key, value=text) for key, text in native),
        generator=row[f"{name}_source"],
        pair=record_id("prompt", row["prompt"]),
    )
