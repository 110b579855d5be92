"""Good rows as published files have them, of which no rule says anything; each beside the fault that it is not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.checks.test_cases import ASKED, TOLD, bot, found, user

SORT = "Say whether the animal in the text lives on land, in water, or in both of them."
ANIMALS = ("The otter sleeps on its back.", "A hare sat in the barley.", "Newts came out of the pond.")


def said(tmp_path: Path, files: dict[str, Any], code: str, **how: Any) -> list[tuple[str, int | None]]:
    told = found(tmp_path, files, select=[code], **{"license": "mit", **how})
    return [(file, row) for _, file, row in told]


def about(animal: str, answer: str = "Both.") -> dict[str, str]:
    return {"instruction": SORT, "input": animal, "output": answer}


def test_one_instruction_about_two_texts_is_no_leak(tmp_path: Path) -> None:
    """The instruction is the same in both splits; what it is about decides."""
    files = {"train.jsonl": [about(ANIMALS[0]), about(ANIMALS[1])], "test.jsonl": [about(ANIMALS[2])]}
    assert said(tmp_path / "good", files, "DMR101") == []
    files["test.jsonl"].append(about(ANIMALS[1]))
    assert said(tmp_path / "leak", files, "DMR101") == [("train.jsonl", 1)]


def test_one_conversation_with_other_tools_is_another_row(tmp_path: Path) -> None:
    talk = {"messages": [user(ASKED[0]), bot(TOLD[0])]}
    tools: list[list[dict[str, Any]]] = [[{"name": name, "parameters": {}}] for name in ("find_kite", "find_wind")]
    rows = [{**talk, "tools": each} for each in tools]
    assert said(tmp_path / "good", {"train.jsonl": rows}, "DMR102") == []
    assert said(tmp_path / "twice", {"train.jsonl": [*rows, rows[0]]}, "DMR102") == [("train.jsonl", 2)]


@pytest.mark.parametrize(
    ("names", "told"),
    [
        (("eval_fern.jsonl", "eval_moss.jsonl"), []),
        (("test-00000-of-00002.jsonl", "test-00001-of-00002.jsonl"), [("test-00001-of-00002.jsonl", 0)]),
        (("train_fern.jsonl", "train_moss.jsonl"), [("train_moss.jsonl", 0)]),
    ],
)
def test_two_models_may_answer_alike(tmp_path: Path, names: tuple[str, str], told: list[tuple[str, int]]) -> None:
    """Files of answers stand beside each other; shards, and what is trained on, are one set."""
    first, second = names
    rows = [{"question": ask, "response": "I do not know that."} for ask in ASKED]
    assert said(tmp_path, {first: rows[:3], second: rows[2:]}, "DMR102") == told


def test_a_license_stands_above_a_copy_of_a_repository(tmp_path: Path) -> None:
    """As far up as its LICENSE; a page without a license says nothing."""
    files: dict[str, Any] = {
        "train.jsonl": [{"prompt": ask, "response": told} for ask, told in zip(ASKED, TOLD, strict=True)]
    }
    data = tmp_path / "copy" / "results" / "safety"
    data.mkdir(parents=True)
    assert said(data, files, "DMR401", license=None) == [("train.jsonl", None)]
    (tmp_path / "copy" / "README.md").write_text("# Answers\n", encoding="utf-8")
    assert said(data, files, "DMR401", license=None) == [("train.jsonl", None)]
    (tmp_path / "copy" / "LICENSE").write_text("MIT License\n", encoding="utf-8")
    assert said(data, files, "DMR401", license=None) == []
