"""DeRTa's published responses as `demur score` takes them: record id, model, response.

    DEMUR_MIRROR=MIRROR python -m bench.derta_responses jailbreakchat DIR
    demur score DIR --items SET

Writes a file of JSON Lines for every model of one attack to DIR, which is yours: the texts ask for harm, and answer. A
question is known by its normalised words (so are record ids), or, where none of the released prompts has the same, by
the nearest one that nothing else answers. Of a question that stands twice the first response is kept. Prints counts.
"""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from bench.derta_positions import ATTACKS, FOLDER, answered, called, rows_of
from demur.records.record import record_id
from demur.text.normalise import normalise

NEAR = 0.9
"""Jaccard similarity of words from which a question is a released prompt in other words."""


def joined(responses: Mapping[str, str], prompts: Iterable[str]) -> tuple[dict[str, str], int]:
    """Record id -> response, and how many of them were joined by the nearest prompt.

    Args:
        responses: by normalised question.
        prompts: the released ones.

    Raises:
        ValueError: a question that is near no prompt that is free.

    Example:
        >>> found, near = joined({"paint the old fence red": "No."}, ["Paint the old fence!", "Mend the old kite"])
        Traceback (most recent call last):
            ...
        ValueError: a question is near no released prompt: 0.800
    """
    known = {normalise(prompt): record_id("prompt", prompt) for prompt in prompts}
    made = {known[question]: response for question, response in responses.items() if question in known}
    free = {prompt: {*prompt.split()} for prompt in sorted(known) if known[prompt] not in made}
    others = sorted(question for question in responses if question not in known)
    for question in others:
        words = {*question.split()}
        best, name = max(
            ((len(words & each) / len(words | each), prompt) for prompt, each in free.items()), default=(0.0, "")
        )
        if best < NEAR:
            msg = f"a question is near no released prompt: {best:.3f}"
            raise ValueError(msg)
        made[known[name]] = responses[question]
        del free[name]
    return made, len(others)


def write(folder: Path, attack: str, out: Path) -> list[tuple[str, int, int, int]]:
    """Write the responses to one attack: of each model its rows, its questions, and those joined by the nearest."""
    prompts = [row["question"] for row in rows_of(folder / f"data/test/safety_{attack}.json")]
    out.mkdir(parents=True, exist_ok=True)
    told = []
    for file in sorted((folder / "results/safety" / attack).glob("*.json")):
        _, size, trained = called(file)
        model = " ".join(filter(None, (size, trained)))
        rows = rows_of(file)
        found, near = joined(answered(rows, prompts), prompts)
        name = model.lower().replace(", ", "-").replace(" ", "-")
        with (out / f"{name}.jsonl").open("w", encoding="utf-8") as written:
            for id, response in sorted(found.items()):
                written.write(json.dumps({"record_id": id, "model": model, "response": response}) + "\n")
        told.append((model, len(rows), len(found), near))
    return told


def main(given: Sequence[str] | None = None) -> None:
    """Write the responses to one attack."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("attack", choices=[attack for attack in ATTACKS if attack != "autodan"])
    parser.add_argument("out", type=Path)
    parser.add_argument("--mirror", type=Path, default=os.environ.get("DEMUR_MIRROR"))
    asked = parser.parse_args(given)
    if asked.mirror is None:
        parser.error("say where the files are: --mirror, or DEMUR_MIRROR")
    for model, rows, questions, near in write(Path(asked.mirror) / FOLDER, asked.attack, asked.out):
        print(f"{model}: {rows} rows, {questions} questions, {near} of them by the nearest prompt")


if __name__ == "__main__":
    main()
