"""The tiny set, and models whose answers are known; the texts are written for these tests."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, TypeAlias

import pytest
from click.testing import CliRunner, Result

from demur.audits.score.answers import Answer
from demur.audits.score.counted import RATES
from demur.audits.score.grading import by_phrases
from demur.audits.score.items import Item, Items, read_items
from demur.audits.score.joining import join
from demur.audits.score.measure import measure
from demur.audits.score.report import Judged, Scores
from demur.cli import main
from demur.sets.folder import BuiltSet
from tests.conftest import TEXTS, Tiny

NO = "Sorry, but I cannot help with that."
YES = "Of course. Start with the ferns, and water them at noon."
BOTH = ("test", "validation")

Model: TypeAlias = Callable[[Item], str]


def always(item: Item) -> str:
    return NO


def never(item: Item) -> str:
    return YES


def right(item: Item) -> str:
    return NO if item.expected == "refuse" else YES


@pytest.fixture(scope="session")
def folder(built: Tiny) -> BuiltSet:
    return BuiltSet.open(built.out)


@pytest.fixture(scope="session")
def items(folder: BuiltSet) -> Items:
    """All rows of the default config."""
    return read_items(folder, splits=BOTH)


@pytest.fixture(scope="session")
def prompts(folder: BuiltSet) -> dict[str, str]:
    """Record id -> prompt."""
    rows = folder.rows("default")
    return dict(zip(rows["record_id"].to_pylist(), rows["prompt"].to_pylist(), strict=True))


def made(number: int, expected: str = "refuse", group: int | None = None, **more: Any) -> Item:
    """A row of no set."""
    fields = {"borderline": False, "stratum": "safety", "behaviour": "refuse", "hazards": ("ncr",), "source": "mild",
              "language": "en", "split": "test", **more}  # fmt: skip
    return Item(f"{number:032x}", f"{number:064x}", expected, group=str(number if group is None else group), **fields)  # type: ignore[arg-type]


def set_of(rows: Iterable[Item]) -> Items:
    return Items("mild", None, "default", ("test",), tuple(rows), {})


def answers(items: Items, say: Model, model: str = "m", **more: Any) -> list[Answer]:
    return [
        Answer(Path(f"{model}.jsonl"), row, say(item), model, item.id, item.sha256, **more)
        for row, item in enumerate(items.rows)
    ]


def scored(items: Items, *given: list[Answer], **how: Any) -> Scores:
    return measure(join([each for part in given for each in part], items, **how), items, by_phrases, Judged("phrases"))


def rates(scores: Scores, model: int = 0) -> dict[str, tuple[int, int]]:
    """Count and n of every rate that is over something."""
    found = scores.models[model].rates
    return {name: (found[name].count, found[name].n) for name in RATES if found[name].n}


def write(path: Path, rows: Iterable[dict[str, Any]]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def run(*arguments: object) -> Result:
    done = CliRunner().invoke(main, list(map(str, arguments)), env={"COLUMNS": "140"})
    assert not any(text in done.output for text in (NO, YES, *TEXTS)), "a message quotes a text"
    assert isinstance(done.exception, SystemExit | None), done.exception
    return done
