"""Everybody's shapes: a small file of each kind, and exactly what is to be found in it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from demur.checks.engine import check

ASKED = (
    "How do I mend a torn kite before the wind comes?",
    "Which ferry goes to the island with the red lighthouse?",
    "What does a beekeeper do in the last week of winter?",
    "Where should I hang a barometer in a narrow hallway?",
    "How many keys does a concert accordion have on each side?",
)
TOLD = (
    "Glue thin paper over the tear and let it dry flat.",
    "The early ferry stops there on its way to the harbour.",
    "She weighs the hives and looks for mice in the shed.",
    "Choose a wall away from the sun and from the stove.",
    "Mostly forty-one on the right and many buttons on the left.",
)
PAIRS = [*zip(ASKED, TOLD, strict=True)]
PLANTED = tuple(
    f"{verb} the {thing} of the {place} museum in {number} short sentences, please"
    for number, (verb, thing, place) in enumerate(
        (
            *(("Describe", thing, place) for thing in ("clock", "garden", "staircase") for place in ("rail", "salt")),
            *(("Draw", thing, place) for thing in ("ticket", "window", "cellar") for place in ("toy", "tram")),
            *(("Praise", thing, place) for thing in ("bakery", "choir", "map") for place in ("sea", "wool")),
            ("Explain", "roof", "glass"),
            ("Explain", "well", "paper"),
        ),
        2,
    )
)

Rows = list[Any]
Shape = Callable[..., Any]


def user(text: Any) -> dict[str, Any]:
    return {"role": "user", "content": text}


def bot(text: Any) -> dict[str, Any]:
    return {"role": "assistant", "content": text}


def chat(prompt: str, answer: str) -> dict[str, Any]:
    return {"messages": [user(prompt), bot(answer)]}


def human(*texts: str) -> str:
    return "".join(f"\n\n{('Human', 'Assistant')[place % 2]}: {text}" for place, text in enumerate(texts))


def hh(prompt: str, answer: str, other: str = "No idea.") -> dict[str, str]:
    return {"chosen": human(prompt, answer), "rejected": human(prompt, other)}


def sides(prompt: str, answer: str, other: str = "No idea.") -> dict[str, Any]:
    return {"prompt": prompt, "chosen": [user(prompt), bot(answer)], "rejected": [user(prompt), bot(other)]}


def parts(prompt: str, answer: str) -> dict[str, Any]:
    return {"messages": [user([{"type": "text", "text": prompt}]), bot([{"type": "text", "text": answer}])]}


def calls(prompt: str, answer: str) -> dict[str, Any]:
    call = {"id": "c1", "type": "function", "function": {"name": "look_up", "arguments": "{}"}}
    tool = {"role": "tool", "tool_call_id": "c1", "content": "found"}
    return {"messages": [user(prompt), {**bot(None), "tool_calls": [call]}, tool, bot(answer)]}


def sharegpt(prompt: str, answer: str) -> dict[str, Any]:
    return {"conversations": [{"from": "human", "value": prompt}, {"from": "gpt", "value": answer}]}


def named(prompt: str, answer: str) -> Callable[[str, str], dict[str, str]]:
    return lambda one, two: {prompt: one, answer: two}


def dolly(prompt: str, answer: str, context: str = "") -> dict[str, str]:
    return {"instruction": prompt, "context": context, "response": answer, "category": "open_qa"}


def alpaca(prompt: str, answer: str, context: str = "") -> dict[str, str]:
    return {"instruction": prompt, "input": context, "output": answer}


def upside_down(row: dict[str, Any]) -> dict[str, Any]:
    return {"messages": [dict(reversed(turn.items())) for turn in row["messages"]]}


def judgement(item: int, judge: str, raw: str, verdict: str) -> dict[str, Any]:
    return {"item_id": str(item), "set": "garden", "subset": None, "seed": 0, "model": "m", "judge": judge,
            "judge_revision": "a", "scope": "prompt+response", "raw": raw, "verdict": verdict}  # fmt: skip


JUDGED = [
    (1, "Verdict: harmful.", "harmful"),
    (2, "Verdict: no harm.", "harmless"),
    (3, "[[YES]]", "harmful"),
    (4, "I will not rate this.", "harmful"),
]


def write(path: Path, rows: Rows | str) -> None:
    if isinstance(rows, str):
        path.write_text(rows, encoding="utf-8")
    elif path.suffix == ".parquet":
        pq.write_table(pa.Table.from_pylist(rows), path)
    elif path.suffix == ".json":
        path.write_text(json.dumps(rows), encoding="utf-8")
    else:
        path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


def found(folder: Path, files: dict[str, Rows | str], **how: Any) -> list[tuple[str, str, int | None]]:
    """Code, file and row of every finding."""
    folder.mkdir(exist_ok=True)
    for name, rows in files.items():
        write(folder / name, rows)
    report = check(folder, license=how.pop("license", "cc-by-4.0"), **how)
    return sorted((each.code, each.file, each.row) for each in report.findings)


def rows(shape: Shape) -> Rows:
    return [shape(prompt, answer) for prompt, answer in PAIRS]


TWICE: dict[str, Shape] = {
    "HH-RLHF": hh,
    "sides as turns": sides,
    "implicit prompt": lambda one, two: {name: sides(one, two)[name] for name in ("chosen", "rejected")},
    "a context and two answers": lambda one, two: {
        "conversations": [{"from": "human", "value": one}],
        "chosen": {"from": "gpt", "value": two},
        "rejected": {"from": "gpt", "value": "No idea."},
    },
    "OpenAI's preferences": lambda one, two: {
        "input": {"messages": [user(one)]},
        "preferred_output": [bot(two)],
        "non_preferred_output": [bot("No idea.")],
    },
    "content parts": parts,
    "tool calls": calls,
    "ShareGPT": sharegpt,
    "messages": chat,
    "prompt and completion as turns": lambda one, two: {"prompt": [user(one)], "completion": [bot(two)]},
    "lists of turns": lambda one, two: [user(one), bot(two)],
    "query and response": named("query", "response"),
    "input and output": named("input", "output"),
    "user and assistant": named("user", "assistant"),
    "Question and Answers": named("Question", "Answers"),
    "Dolly": dolly,
}


@pytest.mark.parametrize("shape", TWICE)
def test_a_row_that_stands_twice_is_found_in_every_shape(shape: str, tmp_path: Path) -> None:
    made = TWICE[shape]
    good = rows(made)
    assert found(tmp_path / "good", {"train.jsonl": good}) == []
    twice = [*good, made(ASKED[2], TOLD[2]), made(ASKED[1].upper(), TOLD[1])]
    expected = [("DMR102", "train.jsonl", 5), ("DMR102", "train.jsonl", 6)]
    assert found(tmp_path / "twice", {"train.jsonl": twice}) == expected


@pytest.mark.parametrize("shape", [name for name in TWICE if name != "lists of turns"])
def test_shapes_are_the_same_in_parquet(shape: str, tmp_path: Path) -> None:
    made = TWICE[shape]
    twice = [*rows(made), made(ASKED[2], TOLD[2])]
    assert found(tmp_path / "twice", {"train.parquet": twice}) == [("DMR102", "train.parquet", 5)]


@pytest.mark.parametrize("shape", TWICE)
def test_a_prompt_in_two_splits_is_found_in_every_shape(shape: str, tmp_path: Path) -> None:
    made = TWICE[shape]
    files: dict[str, Rows | str] = {"train.jsonl": rows(made), "test.jsonl": [made(ASKED[3], "Beside the door, then.")]}
    assert found(tmp_path / "leak", files) == [("DMR101", "train.jsonl", 3)]


def second(shape: Shape, name: str) -> Shape:
    """A shape of two exchanges, the question in the second."""
    return lambda one, two: {name: [*shape(ASKED[0], TOLD[0])[name], *shape(one, two)[name]]}


LATER: dict[str, Shape] = {
    **TWICE,
    "second turn": second(chat, "messages"),
    "second turn, parts": second(parts, "messages"),
    "second turn, ShareGPT": second(sharegpt, "conversations"),
    "second turn, HH-RLHF": lambda one, two: {
        "chosen": human(ASKED[0], TOLD[0], one, two),
        "rejected": human(ASKED[0], TOLD[0], one, "No idea."),
    },
    "second turn, implicit prompt": lambda one, two: {
        name: [user(ASKED[0]), bot(TOLD[0]), user(one), bot(answer)]
        for name, answer in (("chosen", two), ("rejected", "No idea."))
    },
    "OpenAI's batches": lambda one, two: {"custom_id": two, "body": {"model": "m", "messages": [user(one)]}},
    "questions one after another": lambda one, two: {"question_id": two, "turns": [ASKED[0], one]},
    "input of an instruction": lambda one, two: alpaca("Do what is asked here.", two, one),
    "context of Dolly": lambda one, two: dolly("Do what is asked here.", two, one),
}


@pytest.mark.parametrize("shape", LATER)
def test_planted_prompts_are_found_in_every_shape(shape: str, tmp_path: Path) -> None:
    made = LATER[shape]
    write(tmp_path / "asked.jsonl", [{"prompt": text} for text in PLANTED])
    train = [made(prompt, f"{TOLD[0]} {number}") for number, prompt in enumerate((*ASKED, *PLANTED))]
    told = found(tmp_path / "train", {"train.jsonl": train}, against=[str(tmp_path / "asked.jsonl")], select=["DMR104"])
    assert len(PLANTED) == 20
    assert told == [("DMR104", "train.jsonl", row) for row in range(len(ASKED), len(train))]


EMPTY = bot("")
LOST = "Where is the caf\ufffd?"
MARKED = "[INST] Name a river. [/INST]"

FOUND: dict[str, tuple[dict[str, Rows | str], list[tuple[str, str, int | None]]]] = {
    "columns of lists": (
        {"eval.json": json.dumps({"instructions": [*ASKED, ASKED[1]], "tags": ["x"] * 6, "inputs": []})},
        [("DMR102", "eval.json", 5)],
    ),
    "a header that is data": ({"a.csv": "".join(f'"{text}"\n' for text in ASKED)}, [("DMR001", "a.csv", None)]),
    "unnamed header cells": (
        {"a.csv": "prompt,,\n" + "".join(f'"{text}",,\n' for text in (*ASKED, ASKED[0]))},
        [("DMR102", "a.csv", 5)],
    ),
    "nested categories": (
        {"a.json": json.dumps({"Sky": {"Kites": [ASKED[0]]}, "Sea": {"Ferries": [ASKED[1], ASKED[1]]}})},
        [("DMR102", "a.json", 2)],
    ),
    "an empty turn, ShareGPT": ({"train.jsonl": [sharegpt(ASKED[0], "")]}, [("DMR012", "train.jsonl", 0)]),
    "an empty turn, list": ({"train.json": [[user(ASKED[0]), EMPTY]]}, [("DMR012", "train.json", 0)]),
    "nobody speaks": (
        {"train.jsonl": [{"messages": [{"role": "system", "content": "Be kind."}]}]},
        [("DMR012", "train.jsonl", 0)],
    ),
    "a semicolon between cells": (
        {"a.csv": "prompt;response\n" + "".join(f'"{one}";"{two}"\n' for one, two in (*PAIRS, PAIRS[2]))},
        [("DMR102", "a.csv", 5)],
    ),
    "an entity that is shown": ({"a.jsonl": [{"prompt": ASKED[0], "response": "Write it as `&amp;` there."}]}, []),
    "an empty side": ({"train.jsonl": [sides(*PAIRS[0]), sides(*PAIRS[1], "")]}, [("DMR006", "train.jsonl", 1)]),
    "an empty side, HH": ({"train.jsonl": [hh(*PAIRS[0]), hh(ASKED[1], "")]}, [("DMR006", "train.jsonl", 1)]),
    "equal sides": ({"train.jsonl": [sides(*PAIRS[0]), sides(*PAIRS[1], TOLD[1])]}, [("DMR312", "train.jsonl", 1)]),
    "equal sides, HH": ({"train.jsonl": [hh(*PAIRS[0]), hh(*PAIRS[1], TOLD[1])]}, [("DMR312", "train.jsonl", 1)]),
    "equal sides, Parquet": (
        {"train.parquet": [sides(*PAIRS[0]), sides(*PAIRS[1], TOLD[1])]},
        [("DMR312", "train.parquet", 1)],
    ),
    "other contexts, HH": (
        {"train.jsonl": [hh(*PAIRS[0]), {"chosen": human(*PAIRS[1]), "rejected": human(*PAIRS[2])}]},
        [("DMR312", "train.jsonl", 1)],
    ),
    "marks in turns": (
        {"train.jsonl": [chat(*PAIRS[0]), chat(MARKED, "The Rhine.</s>")]},
        [("DMR307", "train.jsonl", 1)] * 2,
    ),
    "a lost letter in turns": ({"train.jsonl": [chat(*PAIRS[0]), chat(LOST, "Here.")]}, [("DMR002", "train.jsonl", 1)]),
    "a lost letter in a shared turn": ({"train.jsonl": [hh(LOST, "Here.")]}, [("DMR002", "train.jsonl", 0)]),
    "spellings with ids": (
        {
            "a.jsonl": [
                {"id": n, "prompt": text} for n, text in enumerate(("Do you KNOW the song?", "do you know the song"))
            ]
        },
        [],
    ),
    "one text with two ids": (
        {"a.jsonl": [{"id": n, "prompt": ASKED[0]} for n in range(2)]},
        [("DMR102", "a.jsonl", 1)],
    ),
    "key order": (
        {"train.jsonl": [chat(*PAIRS[0]), upside_down(chat(*PAIRS[0]))]},
        [("DMR102", "train.jsonl", 1)],
    ),
    "other calls of a tool": (
        {"train.jsonl": [calls(*PAIRS[0]), json.loads(json.dumps(calls(*PAIRS[0])).replace("look_up", "ask"))]},
        [],
    ),
    "labelled responses in two splits": (
        {
            "train.csv": "question,Response,label\n" + "".join(f"{n},{text},0\n" for n, text in enumerate(TOLD)),
            "test.csv": f"question,Response,label\n40,{TOLD[1]},0\n41,Ask the gardener instead.,0\n",
        },
        [("DMR101", "test.csv", 0)],
    ),
    "short targets": (
        {"a.jsonl": [{"prompt": text, "target": ("safe", "unsafe")[n % 2]} for n, text in enumerate(ASKED)]},
        [],
    ),
    "targets in another script": ({"a.jsonl": [{"prompt": text, "target": "\u597d\u7684" * 9} for text in ASKED]}, []),
    "a shifted target": (
        {
            "a.jsonl": [
                {"prompt": ASKED[0], "target": "Mend the torn kite with glue."},
                {"prompt": ASKED[1], "target": TOLD[4]},
            ]
        },
        [("DMR311", "a.jsonl", 1)],
    ),
    "answers of a quiz": (
        {
            "eval.jsonl": [
                {"input": "A violin has six strings.", "target": "False"},
                {"input": ASKED[0], "target": "True"},
            ]
        },
        [],
    ),
    "KTO": (
        {
            "train.jsonl": [
                {"prompt": ASKED[0], "completion": text, "label": label}
                for text, label in ((TOLD[0], True), (TOLD[0], False), ("", True))
            ]
        },
        [("DMR006", "train.jsonl", 2), ("DMR102", "train.jsonl", 1), ("DMR201", "train.jsonl", 1)],
    ),
    "judgements of our own": (
        {"a.jsonl": [judgement(n, "judge-a", raw, verdict) for n, raw, verdict in JUDGED]},
        [("DMR603", "a.jsonl", 3)],
    ),
    "two judges": (
        {"a.jsonl": [judgement(n, name, raw, said) for name in ("one", "two") for n, raw, said in JUDGED[:3]]},
        [],
    ),
    "one judge twice": (
        {"a.jsonl": [judgement(n, "one", raw, said) for _ in range(2) for n, raw, said in JUDGED[:1]]},
        [("DMR601", "a.jsonl", 1)],
    ),
    "held out": (
        {"LakeQA.csv": f"prompt\n{ASKED[0]}\n{ASKED[1]}\n", "LakeQA_heldout.csv": f"prompt\n{ASKED[1]}\n{ASKED[2]}\n"},
        [("DMR101", "LakeQA.csv", 1)],
    ),
    "an id that stands twice": (
        {"a.jsonl": [{"ID": n % 4, "Query": text} for n, text in enumerate(ASKED)]},
        [("DMR601", "a.jsonl", 4)],
    ),
    "the whole, and its parts": (
        {
            "LakeQA.csv": f"prompt\n{ASKED[0]}\n{ASKED[1]}\n",
            "LakeQA_train.csv": f"prompt\n{ASKED[0]}\n",
            "LakeQA_test.csv": f"prompt\n{ASKED[1]}\n",
        },
        [],
    ),
    "what a judge read": (
        {"m.csv": f"prompt\n{ASKED[0]}\n", "m_eval.csv": f"prompt\n{ASKED[0]}\n"},
        [],
    ),
    "somebody's name": ({"a.csv": "User,Day\nann,1\nben,2\n"}, [("DMR004", "a.csv", None)]),
    "what is called an answer and is none": (
        {"a.parquet": [{"Question": text, "Answers": [1, 2]} for text in ASKED]},
        [],
    ),
    "evaluate": (
        {"evaluate.csv": f"prompt\n{ASKED[0]}\n", "train.csv": f"prompt\n{ASKED[1]}\n{ASKED[0]}\n"},
        [("DMR101", "train.csv", 1)],
    ),
}


@pytest.mark.parametrize("case", FOUND)
def test_what_is_found(case: str, tmp_path: Path) -> None:
    files, expected = FOUND[case]
    assert found(tmp_path / "case", files) == expected


def test_a_document_that_states_its_license(tmp_path: Path) -> None:
    made = {"license": "CC-BY-4.0", "examples": [{"prompt": one, "response": two} for one, two in PAIRS]}
    assert found(tmp_path / "stated", {"a.json": json.dumps(made)}, license=None) == []
    made["license"] = "unknown"
    assert found(tmp_path / "other", {"a.json": json.dumps(made)}, license=None) == [("DMR401", "a.json", None)]


def test_findings_name_turn_and_role(tmp_path: Path) -> None:
    write(tmp_path / "train.jsonl", [{"messages": [user("Hello."), bot("Good day."), user(LOST), bot("Here.")]}])
    (finding,) = check(tmp_path, license="mit").findings
    assert finding.message.startswith("turn 3 (user) holds")


def test_a_mapping_keeps_what_rows_are_for(tmp_path: Path) -> None:
    both = [alpaca(ASKED[0], TOLD[0]), alpaca(ASKED[0], "Sorry, but I cannot help with the kite.")]
    how = {"mapping": {"prompt": "instruction", "response": "output"}, "select": ["DMR316"]}
    assert found(tmp_path / "data", {"data.jsonl": both}, **how) == [("DMR316", "data.jsonl", 0)]


def test_short_last_turns_are_not_all_that_is_taught(tmp_path: Path) -> None:
    """The assistant says sentences before it says goodbye."""
    thanks = [user("Thanks!"), bot("You are welcome.")]
    long = "Glue thin paper over the tear, let it dry flat, and wait for the wind of the evening."
    asked = [f"{ASKED[0]} It is kite number {number}." for number in range(60)]
    train = [{"messages": [user(text), bot(f"{long} That was number {n}."), *thanks]} for n, text in enumerate(asked)]
    assert found(tmp_path / "talk", {"train.jsonl": train}, select=["DMR315"]) == []
    short = [{"messages": [user(text), bot(f"Glue {n}."), *thanks]} for n, text in enumerate(asked)]
    assert [code for code, _, _ in found(tmp_path / "short", {"train.jsonl": short}, select=["DMR315"])] == ["DMR315"]


@pytest.mark.parametrize("paths", [["."], ["train", "test"], ["train/a.jsonl", "test/b.jsonl"]])
def test_folders_are_splits_however_they_are_named(
    paths: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("train/a.jsonl", "test/b.jsonl"):
        (tmp_path / name).parent.mkdir()
        write(tmp_path / name, [{"prompt": ASKED[0], "response": TOLD[0]}])
    monkeypatch.chdir(tmp_path)
    report = check(paths, license="mit", select=["DMR101"])
    assert [(each.code, each.row) for each in report.findings] == [("DMR101", 0)]
    assert "train" in report.findings[0].file


def test_columns_of_texts_that_nobody_reads_are_told(tmp_path: Path) -> None:
    row = {"prompt": ASKED[0], "response_0": TOLD[0], "response_1": TOLD[1], "judge_id": "reader one", "better": 0}
    write(tmp_path / "a.jsonl", [row])
    (told,) = [each for each in check(tmp_path, license="mit").unjudged if "columns" in each.what]
    assert told.what == "columns of texts response_0, response_1"
    assert (told.fails, told.files) == (False, ("a.jsonl",))
