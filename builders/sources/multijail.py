"""MultiJail: 315 unsafe queries, translated into nine languages by people."""

from demur.kinds.jailbreaks.attack import Wrapped
from demur.records.record import harmful
from demur.sources.mirror import github
from demur.sources.source import Raw, source
from schemas.prompt import Prompt

LANGUAGES = ("ar", "bn", "it", "jv", "ko", "sw", "th", "vi", "zh")


@source(
    title="MultiJail: translations",
    homepage="https://github.com/DAMO-NLP-SG/multilingual-safety-for-LLMs",
    license="mit",
    kind="prompt",
    key="id",
    languages=LANGUAGES,
    mirrors=(
        github(
            "DAMO-NLP-SG/multilingual-safety-for-LLMs",
            "data/MultiJail.csv",
            columns={name: name for name in ("id", *LANGUAGES)} | dict.fromkeys(("source", "tags", "en")),
        ),
    ),
)
def multijail(row: Raw) -> list[Prompt]:
    """Nine translations of a query, which are attacks on it."""
    made = []
    for language in LANGUAGES:
        wrapped = Wrapped(attack="MultiJail", family="translation", version="2023-10", base="multijail-questions",
                          key=row["id"], run=f"multijail/{language}", language=language)  # fmt: skip
        made.append(Prompt(prompt=row[language], labels=(harmful("yes", by="author"),), native_labels=wrapped.labels()))
    return made
