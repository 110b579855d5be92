"""Rows against rows, labels against labels, files against names and pages: what is found, and what is left alone."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from demur.checks.engine import check
from demur.checks.noted import is_missing
from demur.checks.scores import numbers_in
from tests.checks.test_cases import ASKED, PAIRS, TOLD, Rows, alpaca, bot, chat, found, hh, sides, user, write

OLD = "The keeper of the old mill said that the wheel turns best when the river is neither high nor low in spring."
SORRY = "I'm sorry, but I cannot help with that request."
NC = "Creative Commons Attribution-NonCommercial 4.0 International\n"
AGAIN = "Could you say the same once more, but in shorter words?"
FIVE: Rows = [{"prompt": text, "n": place} for place, text in enumerate(ASKED)]

MANY: Rows = [{"prompt": f"{text} {place}"} for text in ASKED for place in range(8)]


def longer(*texts: str) -> dict[str, Any]:
    return {"messages": [(user, bot)[place % 2](text) for place, text in enumerate(texts)]}


def card(head: str, text: str = "# Lakes\n") -> str:
    return f"---\n{head}\n---\n{text}"


Cases = dict[str, tuple[dict[str, Rows | str], list[tuple[str, str, int | None]]]]

LEAKS: Cases = {
    "a later turn of train is a prompt of test": (
        {"train.jsonl": [longer(ASKED[0], TOLD[0], ASKED[1], TOLD[1])], "test.jsonl": [chat(ASKED[1], "Number two.")]},
        [("DMR101", "train.jsonl", 0)],
    ),
    "a prompt of train is a later turn of test": (
        {"train.jsonl": [chat(*PAIRS[1])], "test.jsonl": [longer(ASKED[0], TOLD[0], ASKED[1], "Number two.")]},
        [("DMR101", "train.jsonl", 0)],
    ),
    "a later turn of a pair": (
        {
            "train.jsonl": [
                {
                    "chosen": longer(*PAIRS[0], *PAIRS[1])["messages"],
                    "rejected": longer(*PAIRS[0], ASKED[1], "No.")["messages"],
                }
            ],
            "test.jsonl": [chat(ASKED[1], "Number two.")],
        },
        [("DMR101", "train.jsonl", 0)],
    ),
    "thanks": (
        {
            "train.jsonl": [longer(ASKED[0], TOLD[0], "Thanks a lot!", "Gladly.")],
            "test.jsonl": [chat("Thanks a lot!", "Yes.")],
        },
        [],
    ),
    "what everybody says": (
        {
            "train.jsonl": [longer(*PAIRS[place], AGAIN, f"{TOLD[place]} {place}") for place in range(3)],
            "test.jsonl": [chat(AGAIN, "Of what?")],
        },
        [],
    ),
    "later turns alone": (
        {
            "train.jsonl": [longer(*PAIRS[0], *PAIRS[1])],
            "test.jsonl": [longer(*PAIRS[2], ASKED[1], "Number two.")],
        },
        [],
    ),
    "a long response": (
        {"train.jsonl": [alpaca(ASKED[0], OLD)], "test.jsonl": [alpaca(*PAIRS[2]), alpaca(ASKED[1], OLD)]},
        [("DMR101", "test.jsonl", 1)],
    ),
    "a long response, turns": (
        {"train.jsonl": [chat(ASKED[0], OLD)], "test.jsonl": [chat(ASKED[1], OLD)]},
        [("DMR101", "test.jsonl", 0)],
    ),
    "a long response, HH": (
        {"train.jsonl": [hh(ASKED[0], OLD)], "test.jsonl": [hh(ASKED[1], OLD)]},
        [("DMR101", "test.jsonl", 0)],
    ),
    "a short response": ({"train.jsonl": [alpaca(ASKED[0], TOLD[0])], "test.jsonl": [alpaca(ASKED[1], TOLD[0])]}, []),
    "a formula": (
        {"train.jsonl": [alpaca(text, OLD) for text in ASKED[:3]], "test.jsonl": [alpaca(ASKED[3], OLD)]},
        [],
    ),
    "a refusal": (
        {"train.jsonl": [alpaca(ASKED[0], f"{SORRY} {OLD}")], "test.jsonl": [alpaca(ASKED[1], f"{SORRY} {OLD}")]},
        [],
    ),
}


@pytest.mark.parametrize("case", LEAKS)
def test_leaks(case: str, tmp_path: Path) -> None:
    files, expected = LEAKS[case]
    assert found(tmp_path / "case", files, select=["DMR101"]) == expected


def labelled(*labels: Any, name: str = "label") -> Rows:
    return [{"prompt": f"{ASKED[place % 5]} {place}", name: label} for place, label in enumerate(labels)]


CASES: Cases = {
    "no label, true or false": (
        {"a.jsonl": labelled(True, None, False, name="is_safe")},
        [("DMR202", "a.jsonl", None)],
    ),
    "no label, Parquet": ({"a.parquet": labelled(1.0, float("nan"), 0.0)}, [("DMR202", "a.parquet", None)]),
    "no label, CSV": (
        {"a.csv": f"prompt,label\n{ASKED[0]},yes\n{ASKED[1]},\n{ASKED[2]},no\n"},
        [("DMR202", "a.csv", None)],
    ),
    "no labels at all": ({"a.jsonl": labelled(None, None)}, []),
    "no answer, no label of it": (
        {
            "a.jsonl": [
                {"prompt": ASKED[0], "response": TOLD[0], "response_label": "kind"},
                {"prompt": ASKED[1], "response": None, "response_label": None},
                {"prompt": ASKED[2], "response": TOLD[2], "response_label": "rude"},
            ]
        },
        [("DMR006", "a.jsonl", 1)],
    ),
    "three spellings": (
        {"a.jsonl": labelled("yes", "Yes", "yes ", "yes", "no")},
        [("DMR207", "a.jsonl", 1), ("DMR207", "a.jsonl", 2)],
    ),
    "single letters": ({"a.jsonl": labelled("a", "A", "b")}, []),
    "a class in its file": ({"rude.jsonl": labelled(*["rude"] * 9)}, []),
    "two classes in two files": ({"a.jsonl": labelled(*["rude"] * 9), "b.jsonl": labelled(*["kind"] * 9)}, []),
    "a few rows of one label": ({"a.jsonl": labelled("kind", "kind")}, []),
    "refusals with sides": (
        {
            "train.jsonl": [{**alpaca(*pair), "expected": "answer"} for pair in PAIRS]
            + [{**alpaca("Name a song.", SORRY), "expected": "refuse"}]
        },
        [],
    ),
    "refusals as a part of the mix": (
        {
            "train.jsonl": [
                alpaca(ASKED[place % 5] + str(place), SORRY if place % 4 == 0 else f"{TOLD[place % 5]} {place}")
                for place in range(40)
            ]
        },
        [],
    ),
    "refusals in a file of that name": (
        {"lakes_safety.jsonl": [*(alpaca(*pair) for pair in PAIRS), alpaca("Name a song.", SORRY)]},
        [],
    ),
    "a stray refusal": (
        {"lakes.jsonl": [*(alpaca(*pair) for pair in PAIRS), alpaca("Name a song.", SORRY)]},
        [("DMR339", "lakes.jsonl", 5)],
    ),
    "an apology that was asked for": (
        {
            "train.jsonl": [
                *(alpaca(*pair) for pair in PAIRS),
                alpaca("Write a letter that turns an offer down.", SORRY),
            ]
        },
        [],
    ),
    "questions back, and answers after all": (
        {
            "train.jsonl": [
                *(alpaca(*pair) for pair in PAIRS),
                alpaca("Name its author.", "I'm sorry, but I can't name it. Could you tell me which book is meant?"),
                alpaca("Sum up the page.", "I'm sorry, I cannot open links. However, in general, it is about lakes."),
            ]
        },
        [],
    ),
    "reversed, HH": (
        {"train.jsonl": [hh(*PAIRS[0]), hh(*PAIRS[1]), hh(ASKED[0], "No idea.", TOLD[0])]},
        [("DMR340", "train.jsonl", 0), ("DMR340", "train.jsonl", 2)],
    ),
    "reversed, turns in Parquet": (
        {"train.parquet": [sides(*PAIRS[0]), sides(*PAIRS[1]), sides(ASKED[0], "No idea.", TOLD[0])]},
        [("DMR340", "train.parquet", 0), ("DMR340", "train.parquet", 2)],
    ),
    "one pair twice": ({"train.jsonl": [hh(*PAIRS[0]), hh(*PAIRS[0])]}, [("DMR102", "train.jsonl", 1)]),
    "one content, in another order": (
        {
            "clear.jsonl": FIVE,
            "vague.csv": "prompt,n\n" + "".join(f"{row['prompt']},{row['n']}\n" for row in FIVE[::-1]),
        },
        [("DMR108", "vague.csv", None)],
    ),
    "one file in two formats": ({"lakes.jsonl": FIVE, "lakes.parquet": FIVE}, []),
    "other labels": ({"one.jsonl": FIVE, "two.jsonl": [{**row, "n": 7} for row in FIVE]}, []),
    "the whole and a split": (
        {"lakes.jsonl": [*MANY, {"prompt": "Name a lake."}], "lakes_train.jsonl": MANY},
        [],
    ),
    "nearly the whole": (
        {"lakes.jsonl": [*MANY, {"prompt": "Name a lake."}], "rivers.jsonl": MANY},
        [("DMR108", "rivers.jsonl", None)],
    ),
    "validation in a file for evaluation": ({"eval.jsonl": [{**row, "split": "validation"} for row in FIVE]}, []),
    "train in a file for tests": (
        {"test.jsonl": [{**row, "split": ("test", "train")[row["n"] > 2]} for row in FIVE]},
        [("DMR109", "test.jsonl", 3)],
    ),
    "scores on another scale": (
        {"a.jsonl": [{"item_id": str(n), "raw": f"Rating: {n}", "score": n / 10} for n in range(1, 6)]},
        [("DMR004", "a.jsonl", None)],
    ),
    "scores in words": (
        {
            "a.jsonl": [
                {"item_id": str(n), "prompt": ASKED[n], "raw": raw, "score": n}
                for n, raw in ((1, "One."), (2, "I say 2/5"))
            ]
        },
        [],
    ),
    "a count of a named file": (
        {"a.jsonl": FIVE, "README.md": "| file | |\n|---|---|\n| `a.jsonl` | 6 prompts |\n"},
        [("DMR508", "README.md", None)],
    ),
    "a sample of a file": ({"a.jsonl": FIVE, "README.md": "We draw 3 items from `a.jsonl`.\n"}, []),
    "rows and columns": (
        {"a.jsonl": FIVE, "README.md": "This dataset contains 1,200 rows and 2 columns.\n"},
        [("DMR508", "README.md", None)],
    ),
    "a count that is about right": ({"a.jsonl": FIVE, "README.md": "`a.jsonl` has about 6 prompts.\n"}, []),
    "prompts of several models": (
        {
            "a.jsonl": [
                {"prompt": text, "model": model, "response": f"{model} {text}"} for text in ASKED for model in "uvw"
            ],
            "README.md": "The set has 5 prompts.\n",
        },
        [],
    ),
    "a count of another file": ({"a.jsonl": FIVE, "README.md": "The set contains 6 prompts and 3 questions.\n"}, []),
    "a count in an example": ({"a.jsonl": FIVE, "README.md": "```\nThe set has 6 prompts.\n```\n"}, []),
    "a key twice in a turn": (
        {"a.jsonl": '{"messages": [{"role": "user", "content": "Name a lake.", "content": "Name a river."}]}\n'},
        [("DMR012", "a.jsonl", 0), ("DMR021", "a.jsonl", 0)],
    ),
    "a key twice in a document": (
        {
            "a.json": '{"name": "x", "rows": [\n{"prompt": "Name a lake.", "prompt": "Name a river."},\n'
            '{"prompt": "Name a hill."}]}'
        },
        [("DMR021", "a.json", 0)],
    ),
    "a key twice in a list": (
        {"a.json": '[{"prompt": "Name a hill."},\n{"prompt": "Name a lake.", "n": {"a": 1, "a": 2}}]'},
        [("DMR021", "a.json", 1)],
    ),
    "a key of the document twice": (
        {"a.json": '{"name": "x", "name": "y", "rows": [{"prompt": "Name a hill."}]}'},
        [("DMR021", "a.json", None)],
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_what_is_found(case: str, tmp_path: Path) -> None:
    files, expected = CASES[case]
    assert found(tmp_path / "case", files) == expected


def _licensed(license: str) -> Callable[[], str]:
    return lambda: json.dumps({"license": license, "rows": [{"prompt": one, "response": two} for one, two in PAIRS]})


LICENSES: Cases = {
    "a document that binds": (
        {"a.json": _licensed("CC BY-NC-SA 4.0")(), "LICENSE": "Apache License\nVersion 2.0\n"},
        [("DMR402", "a.json", None)],
    ),
    "a document that asks for a name": ({"a.json": _licensed("CC BY 4.0")(), "LICENSE": "MIT License\n"}, []),
    "the same license": ({"a.json": _licensed("CC BY-NC 4.0")(), "LICENSE": NC}, []),
    "a column that binds": (
        {
            "a.jsonl": [{**row, "license": ("MIT", "CC-BY-NC-4.0")[row["n"] == 3]} for row in FIVE],
            "LICENSE": "MIT License\n",
        },
        [("DMR402", "a.jsonl", 3)],
    ),
    "a card against the file": (
        {"a.jsonl": FIVE, "README.md": card("license: mit"), "LICENSE": NC},
        [("DMR411", "README.md", None)],
    ),
    "a card that says which is which": (
        {
            "a.jsonl": FIVE,
            "README.md": card("license: cc-by-nc-4.0", "# Lakes\n\nThe code is MIT.\n"),
            "LICENSE": "MIT License\n",
        },
        [],
    ),
    "a file that says both": (
        {"a.jsonl": FIVE, "README.md": card("license: mit"), "LICENSE": f"Code: MIT License\nTexts: {NC}"},
        [],
    ),
    "another version": ({"a.jsonl": FIVE, "README.md": card("license: cc-by-sa-3.0"), "LICENSE": "CC BY-SA 4.0\n"}, []),
    "an unknown one": ({"a.jsonl": FIVE, "README.md": card("license: mit"), "LICENSE": "Ask the ferryman.\n"}, []),
}


@pytest.mark.parametrize("case", LICENSES)
def test_licenses(case: str, tmp_path: Path) -> None:
    files, expected = LICENSES[case]
    assert found(tmp_path / "case", files, license=None) == expected


def test_what_is_said_of_a_leak(tmp_path: Path) -> None:
    write_all(tmp_path, {"train.jsonl": [longer(*PAIRS[0], *PAIRS[1])], "test.jsonl": [chat(ASKED[1], "Number two.")]})
    (finding,) = check(tmp_path, license="mit", select=["DMR101"]).findings
    assert finding.message == "turn 3 (user) is the prompt of test.jsonl:1 in 'test'"


@pytest.mark.parametrize(
    ("name", "alike", "elsewhere"),
    [("a.csv", "line 2", "b.csv:2"), ("a.jsonl", "line 1", "b.jsonl:1"), ("a.parquet", "row 0", "b.parquet: row 0")],
)
def test_other_rows_are_named_as_findings_are(name: str, alike: str, elsewhere: str, tmp_path: Path) -> None:
    other = name.replace("a.", "b.")
    for file, prompts in ((name, [*ASKED[:2], ASKED[0]]), (other, ASKED[1:2])):
        lines = "\n".join(["prompt", *prompts, ""])
        write(tmp_path / file, lines if name.endswith("csv") else [{"prompt": each} for each in prompts])
    splits = {name: "train", other: "test"}
    leak, twice = check(tmp_path, license="mit", select=["DMR101", "DMR102"], splits=splits).findings
    assert leak.message == f"the prompt of {elsewhere} in 'test' (token Jaccard 1.000)"
    assert twice.message == f"the same texts as {alike}"


def test_stray_refusals_are_read_no_further_than_they_matter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from demur.checks.rules import helpful
    from demur.files import _block

    monkeypatch.setattr(_block, "ROWS", 8)
    read: list[str] = []
    real = helpful._refuses

    def refuses(asked: str, text: str) -> bool:
        read.append(text)
        return real(asked, text)

    monkeypatch.setattr(helpful, "_refuses", refuses)
    rows = [alpaca(f"{ASKED[place % 5]} {place}", SORRY if place % 2 else f"{TOLD[0]} {place}") for place in range(80)]
    files: dict[str, Rows | str] = {"many.jsonl": rows, "safety.jsonl": rows, "other.jsonl": [*rows[::2], rows[1]]}
    assert found(tmp_path, files, select=["DMR339"]) == [("DMR339", "other.jsonl", 40)]
    assert read == [SORRY] * 5  # the first four of one file, and the one of the other


def test_lines_of_doubled_keys(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text('{"prompt": "Name a hill."}\n\n{"prompt": "Name a lake.", "n": 1, "n": 2}\n')
    (finding,) = check(tmp_path, license="mit").findings
    assert (finding.code, finding.row, finding.line, finding.column) == ("DMR021", 1, 3, "n")


def write_all(folder: Path, files: dict[str, Rows | str]) -> None:
    for name, rows in files.items():
        write(folder / name, rows)


def test_what_is_missing_and_what_is_a_number() -> None:
    assert [is_missing(value) for value in (None, "", "nan", 0, "unknown")] == [True, True, True, False, False]
    assert numbers_in("#thescore: 5/5, not v1.2 or -3") == {5.0, -3.0}
