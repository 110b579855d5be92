"""Single texts that are garbled, unfit or no answers: a small file of each kind, and what is to be found in it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from demur.checks.engine import check
from demur.checks.habits import MOST
from tests.checks.test_cases import ASKED, PAIRS, TOLD, alpaca, bot, chat, found, hh, parts, sharegpt, sides, user

MINE = ("DMR013", "DMR014", "DMR015", "DMR016", "DMR017", "DMR018", "DMR019", "DMR020", "DMR029", "DMR33")
GOOD = [alpaca(*pair) for pair in PAIRS]
BAD = "Why don\u00e2\u20ac\u2122t bees sleep?"

ROWS: dict[str, tuple[dict[str, Any], str]] = {
    "mojibake": (alpaca(BAD, "They keep warm."), "DMR013"),
    "accents": (
        alpaca("O\u00f9 est le caf\u00e9\u00a0?", "\u00c0 c\u00f4t\u00e9 du cin\u00e9ma, l\u2019\u00e2me en paix."),
        "",
    ),
    "an entity": (alpaca("What&#39;s in the shed?", "A boat."), "DMR014"),
    "an entity in markup": (alpaca("Make a page.", "<p>Boats &amp; lamps</p>"), ""),
    "a slot": (alpaca("Which robot is this?", "I am {{name}}, made by {{author}}."), "DMR015"),
    "a slot of a prompt": (alpaca("Reply to the following: {question}", "Good."), "DMR015"),
    "no input": (alpaca("Sort these words.", "Boat, lamp.", "<noinput>"), "DMR015"),
    "no answer": (alpaca(ASKED[0], "<nooutput>"), "DMR016"),
    "nothing": (alpaca(ASKED[0], "None"), "DMR016"),
    "a dash": (alpaca(ASKED[0], "-"), "DMR016"),
    "nothing is a choice": (alpaca("Is it red, blue or none?", "none"), ""),
    "a control": (alpaca(ASKED[0], "Turn it\b off."), "DMR017"),
    "a page that ends": (alpaca(ASKED[0], "Turn it off.\f Then on."), ""),
    "a formula that lost its command": (alpaca(ASKED[0], "It is $\frac{1}{2}$ long."), "DMR017"),
    "a suffix that was searched for": (alpaca("Say it ! ! ! lamp\x11 ! boat", "No."), ""),
    "a letter that was asked for": (alpaca("Write a short letter to a shop.", "Send a lamp. [Your Name]"), ""),
    "a letter": (alpaca(ASKED[0], "Dear [Recipient Name],\n\nglue it.\n\n[Your Name]"), ""),
    "what shows nothing": (alpaca("How do I mend a ki\u200bte?", "Glue it."), "DMR029"),
    "an emoji": (alpaca("Draw it \U0001f469\u200d\U0001f33e\ufe0f", "No."), ""),
    "an edge": (alpaca(" " + ASKED[0], "Glue it."), "DMR018"),
    "somebody's address": (alpaca("Who sells lamps?", "Write to ann.lee@lamps-and-boats.org."), "DMR020"),
    "an address of nobody": (alpaca("Who sells lamps?", "Write to ann@example.com or call 212-555-0142."), ""),
    "an echo": (alpaca(ASKED[0], ASKED[0]), "DMR336"),
    "a run-on": (alpaca(ASKED[0], "Glue it.\n### Instruction:\nSing a song.\n### Response:\nLa la la."), "DMR337"),
    "a recipe": (alpaca("How is soup made?", "With rice.\n\n### Instructions:\nCook it."), ""),
    "a leak": (alpaca("What are your rules?", "My system prompt says: You are Pip. Tell nobody."), "DMR338"),
}


@pytest.mark.parametrize("case", ROWS)
def test_a_row(case: str, tmp_path: Path) -> None:
    row, code = ROWS[case]
    assert found(tmp_path / "set", {"train.jsonl": [*GOOD, row]}, select=MINE) == (
        [(code, "train.jsonl", 5)] if code else []
    )


SHAPES: dict[str, Callable[..., dict[str, Any]]] = {
    "messages": chat,
    "parts": parts,
    "sharegpt": sharegpt,
    "sides as turns": sides,
    "transcripts": hh,
    "later turns": lambda prompt, answer: {"messages": [user("Hello."), bot("Good day."), user(prompt), bot(answer)]},
}


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize(
    ("prompt", "answer", "code"),
    [
        (BAD, "They keep warm.", "DMR013"),
        (ASKED[0], "Dear [Your Name], glue it.", "DMR015"),
        (ASKED[0], "N/A", "DMR016"),
        (ASKED[0], "Turn it\b off.", "DMR017"),
        (ASKED[0], ASKED[0], "DMR336"),
        (ASKED[0], "Glue it.\n\nUser: And then?\nAI: Dry it.", "DMR337"),
        (ASKED[0], "My system prompt says: You are Pip.", "DMR338"),
    ],
)
def test_every_shape_is_read(shape: str, prompt: str, answer: str, code: str, tmp_path: Path) -> None:
    rows = [*(SHAPES[shape](*pair) for pair in PAIRS), SHAPES[shape](prompt, answer)]
    assert found(tmp_path / "set", {"train.jsonl": rows}, select=MINE) == [(code, "train.jsonl", 5)]


def test_answers_that_break_off(tmp_path: Path) -> None:
    cut = [
        alpaca(
            "Tell me about a boat.",
            "Once a small boat left the harbour in the rain, and its captain held the wheel and",
        ),
        alpaca("Tell me about spring.", "Spring is green. The old gardener walks slowly betwe"),
    ]
    assert found(tmp_path / "few", {"train.jsonl": [*GOOD, *cut]}, select=MINE) == [
        ("DMR335", "train.jsonl", 5),
        ("DMR335", "train.jsonl", 6),
    ]
    bare = [alpaca(prompt, answer.rstrip(".")) for prompt, answer in PAIRS]
    assert found(tmp_path / "style", {"train.jsonl": [*bare, *cut]}, select=MINE) == []


def test_a_habit_of_a_file_is_said_once(tmp_path: Path) -> None:
    rows = [alpaca(f"Paint boat {number}{' ' * (number > 1)}", "Blue.") for number in range(MOST + 3)]
    (finding,) = _only(tmp_path, rows, "DMR018")
    assert finding.row is None
    assert finding.message == "21 of 23 texts begin or end with blanks, the first of them in line 3"


@pytest.mark.parametrize(
    ("name", "card", "column"), [("train_en.jsonl", "", None), ("a.jsonl", "en", None), ("a.jsonl", "fr", "en")]
)
def test_another_language(name: str, card: str, column: str | None, tmp_path: Path) -> None:
    more = {"lang": column} if column else {}
    german = "Die Lampe ist seit vielen Jahren alt und steht auf dem Tisch, den wir nicht mehr brauchen."
    rows = [{"prompt": prompt, "response": answer, **more} for prompt, answer in PAIRS]
    rows += [
        {"prompt": ASKED[0], "response": german, **more},
        {"prompt": "Say it in German.", "response": german, **more},
    ]
    if card:
        (tmp_path / "README.md").write_text(f"---\nlanguage: {card}\n---\n# Lamps\n", encoding="utf-8")
    (finding,) = _only(tmp_path, rows, "DMR019", name)
    assert (finding.row, finding.message) == (5, "the response is in de, and the row is said to be in en")


def test_what_is_said_is_not_told(tmp_path: Path) -> None:
    address = "ann.lee@lamps-and-boats.org"
    (finding,) = _only(tmp_path, [alpaca(ASKED[0], f"Ask {address}.")], "DMR020")
    assert address not in repr(finding)
    assert finding.message.endswith(": e-mail address")


def _only(folder: Path, rows: list[dict[str, Any]], code: str, name: str = "train.jsonl") -> Any:
    (folder / name).write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return check(folder, select=[code], license="mit").findings


def test_the_good_rows_are_good(tmp_path: Path) -> None:
    assert len(TOLD) == len(GOOD)
    assert found(tmp_path / "set", {"train.jsonl": GOOD}) == []
