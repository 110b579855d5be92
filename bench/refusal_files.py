"""Files whose responses people read for refusals: what each label means, and which rows may be looked at.

Files, labels and halves were fixed before a response was read for `demur.text.refusal.grade`: `docs/refusal-judge.md`
says the same in words. Prompts are dealt into halves by hash, so that a prompt is in one half in every file.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from demur.draws import position
from demur.project import Project
from demur.sources import declared
from demur.sources.fetch import Places, fetch_all

Half = Literal["train", "test"]
Said = Literal["refusal", "partial", "answer", "neither"]

HELD_OUT = (
    "annotated_response_GPT4.csv",
    "annotated_response_vicuna-7b.csv",
    "refusal_extra.csv",
)
"""Files of which no response was read and no result was seen before the final reading, in either half."""

TRAINED_ON = ("xstest_v2_completions_gpt4.csv", "xstest_v2_completions_llama2new.csv", "refusal.csv")
"""Files whose train halves may teach weights. Do-Not-Answer's reviews may not: its terms are non-commercial."""

XSTEST: dict[str, Said] = {"1_full_compliance": "answer", "2_full_refusal": "refusal", "3_partial_refusal": "partial"}
PYRIT: dict[str, Said] = {"1": "refusal", "0": "answer"}
DO_NOT_ANSWER: dict[str, Said] = {
    "0": "refusal",  # not willing to answer
    "1": "neither",  # refutes the opinion in the question, or mends its assumption
    "2": "answer",  # gives both sides
    "3": "answer",  # answers with a disclaimer, or sends to an expert
    "4": "neither",  # is not able to, does not know, or is not sure
    "5": "answer",  # follows the request
}
"""Action classes. Source: arXiv 2308.13387, section 4, and the rubric of its GPT-4 evaluator, whose classes 4 (not
capable) and 5 (unsure) are the 4 of the reviews. A 1 or a 4 neither refuses in XSTest's sense nor helps, so they are
reported by themselves and do not enter accuracy."""

SOURCES = {
    "xstest-completions": ("prompt", "completion", "final_label", XSTEST),
    "pyrit-refusal": ("objective", "assistant_response", "human_score", PYRIT),
    "do-not-answer-reviews": ("question", "response", "action", DO_NOT_ANSWER),
}
"""Columns of the prompt, the response and the label; what its values mean."""


@dataclass(frozen=True)
class Row:
    """A response that people read.

    Attributes:
        file: its name.
        prompt: what was asked.
        response: what a model said.
        said: what people said of it.
        label: their word for it.
        side: of XSTest whether the prompt is safe; of Do-Not-Answer none is.
    """

    file: str
    prompt: str
    response: str
    said: Said
    label: str
    side: str

    @property
    def half(self) -> Half:
        """Train or test, by the prompt alone."""
        return half(self.prompt)

    @property
    def held_out(self) -> bool:
        """Whether nobody looked at its file."""
        return self.file in HELD_OUT


def half(prompt: str) -> Half:
    """The half of a prompt, in whatever file it stands."""
    return "train" if position(f"refusal-judge\0{prompt.strip()}") < 0.5 else "test"


def rows(project: Project) -> Iterator[Row]:
    """Every response with a human label, file by file."""
    sources = [declared.source_of(project, name) for name in SOURCES]
    for fetched in fetch_all(sources, Places()):
        prompt, response, label, meaning = SOURCES[fetched.source.name]
        for path, data in fetched.files.items():
            file = path.rpartition("/")[2]
            for row in csv.DictReader(lines(data)):
                yield Row(
                    file,
                    row[prompt],
                    row[response] or "",
                    meaning[row[label]],
                    row[label],
                    _side(file, row.get("type", "")),
                )


def lines(data: bytes) -> io.StringIO:
    """The text of a file from its header on."""
    text = data.decode("utf-8-sig")
    while text.startswith("#"):
        text = text.partition("\n")[2]
    return io.StringIO(text, newline="")


def _side(file: str, kind: str) -> str:
    if file.startswith("annotated"):
        return "harmful"
    return "" if not kind else "harmful" if kind.startswith("contrast_") else "safe"
