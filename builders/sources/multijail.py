"""MultiJail: 315 unsafe queries in English, and their translations into nine languages by people."""

import ast

from demur.kinds.jailbreaks.attack import Wrapped
from demur.records.record import NativeLabel, harmful
from demur.sources.mirror import github
from demur.sources.source import Raw, source
from schemas.prompt import Prompt

LANGUAGES = ("ar", "bn", "it", "jv", "ko", "sw", "th", "vi", "zh")


@source(
    title="MultiJail",
    homepage="https://github.com/DAMO-NLP-SG/multilingual-safety-for-LLMs",
    license="mit",
    kind="prompt",
    key="id",
    languages=("en", *LANGUAGES),
    mirrors=(
        github(
            "DAMO-NLP-SG/multilingual-safety-for-LLMs",
            "data/MultiJail.csv",
            columns={name: name for name in ("id", "source", "tags", "en", *LANGUAGES)},
        ),
    ),
)
def multijail(row: Raw) -> list[Prompt]:
    """The English query, which is a base question, and its nine translations, which are attacks."""
    labels, tags = (harmful("yes", by="author"),), tuple(ast.literal_eval(row["tags"]))
    native = (NativeLabel(name="taken_from", value=row["source"]), NativeLabel(name="language", value="en"))
    made = [Prompt(prompt=row["en"], labels=labels, categories=tags, native_labels=native)]
    for language in LANGUAGES:
        wrapped = Wrapped(attack="MultiJail", family="translation", version="2023-10", base="multijail", key=row["id"],
                          run=f"multijail/{language}", language=language)  # fmt: skip
        made.append(Prompt(prompt=row[language], labels=labels, categories=tags, native_labels=wrapped.labels()))
    return made
