"""What ``demur new source`` says of what it saw: names and counts, never a text."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from demur.errors import shown
from demur.records.terms import PROPRIETARY
from demur.start.declaration import Asked
from demur.start.source import NewSource


def lines(done: NewSource, asked: Asked) -> Iterator[str]:
    """What was seen, what was written, and what a person has to look at."""
    seen = done.sniffed
    if done.copied:
        yield f"copied to {done.copied}, since sources of a project lie in it"
    columns = {"prompt": seen.prompt, "response": seen.response, "id": seen.key, "label": seen.label}
    said = [f"{name} is {shown(column)}" for name, column in {**columns, "category": seen.category}.items() if column]
    yield f"{done.name}: {done.pin.rows:,} rows, {', '.join(seen.languages)}; {', '.join(said)}"
    if seen.response:
        yield "It is a source of responses; a set of kind evaluation, as `demur new builder` writes one, takes prompts."
    if seen.label:
        told = Counter(seen.labels.values())
        values = "; ".join(
            f"{answer}: {', '.join(shown(value) for value, each in seen.labels.items() if each == answer)}"
            for answer in told
        )
        yield f"harmful, as the label is read: {values}. Correct HARMFUL in the declaration where that is wrong."
    elif asked.harmful == "unknown" and not seen.response:
        yield "no column says which prompts are harmful: a set holds none of them until the row function does"
    if seen.categories:
        bare = sum(not codes for codes in seen.categories.values())
        yield f"{bare} of {len(seen.categories)} categories have no hazard yet: [hazards] in the sidecar"
    if asked.license == PROPRIETARY:
        yield "its rows are published as references, without texts; the declaration may state other terms of your own"
    yield from (f"wrote {path}" for path in done.files)


def facts(done: NewSource) -> dict[str, Any]:
    """The same for programs."""
    seen = done.sniffed
    return {
        "name": done.name,
        "rows": done.pin.rows,
        "languages": [*seen.languages],
        "columns": {
            "prompt": seen.prompt,
            "response": seen.response,
            "id": seen.key,
            "label": seen.label,
            "category": seen.category,
        },
        "copied": None if done.copied is None else str(done.copied),
        "files": [str(path) for path in done.files],
    }
