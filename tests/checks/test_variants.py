"""Files whose rows are variants of another file's rows, and the rules about them: mild texts, and DeRTa's own files."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from demur.checks import engine
from demur.checks.claimed import Claim
from demur.checks.engine import check
from demur.checks.located import of_files
from demur.checks.settings import read_settings
from demur.checks.subject import Subject
from demur.errors import UsageError
from tests.checks.fixtures import DAYS, PAGES, SOUP, Rows, prompts, sources
from tests.conftest import ROOT

DERTA = Path(os.environ.get("DEMUR_MIRROR") or "/nowhere") / "github/RobustNLP/DeRTa"
DERTA /= "70bdb52b5e139f32f5a723b5f09d2b0befa81657"
CODE = ["DMR608", "DMR609", "DMR610", "DMR611", "DMR612", "DMR613", "DMR614"]


def write(folder: Path, **files: Rows) -> Path:
    for name, rows in files.items():
        (folder / f"{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return folder


def protected_file(folder: Path, *texts: str) -> Path:
    path = folder / "soups.jsonl"
    path.write_text("".join(json.dumps({"prompt": text}) + "\n" for text in texts))
    return path


def seen(folder: Path) -> Subject:
    root, files = of_files([folder], None, {})
    subject = Subject(None, root, files)
    for file in files:
        list(subject.scan(file))
    return subject


def messages(folder: Path, *codes: str, **how: Any) -> list[tuple[str, str]]:
    return [(found.file, found.message) for found in check(folder, select=codes or CODE, **how).findings]


def test_variants_are_found_by_words_wherever_they_stand(tmp_path: Path) -> None:
    order = np.random.default_rng(3).permutation(len(DAYS))
    said = [" ; ".join(f'push("{word}")' for word in DAYS[place].split()) for place in order]
    (found,) = seen(write(tmp_path, base=prompts(*DAYS), code=prompts(*said))).variants
    assert (found.base.name, found.file.name) == ("base.jsonl", "code.jsonl")
    assert found.links.tolist() == order.tolist()
    assert found.wrapped == 0
    assert set(found.moved.tolist()) <= set(np.flatnonzero(order != np.arange(len(order))).tolist())


def test_templates_are_counted_by_their_words(tmp_path: Path) -> None:
    wrapped = [f"{'Act, now:' if row % 2 else 'Play along.'} {day}{'!' * (row % 3)}" for row, day in enumerate(DAYS)]
    (found,) = seen(write(tmp_path, base=prompts(*DAYS), wrapped=prompts(*wrapped))).variants
    assert (found.wrapped, found.templates, len(found.moved)) == (25, 2, 0)


def test_unlike_sets_of_as_many_rows_are_no_variants(tmp_path: Path) -> None:
    others = [
        f"Which {one} of the valley sings {two} at dawn"
        for one in "abcde"
        for two in ("low", "high", "well", "ill", "on")
    ]
    assert seen(write(tmp_path, base=prompts(*DAYS), others=prompts(*others))).variants == []
    assert messages(tmp_path) == []


def test_few_rows_and_files_of_another_length_are_left_alone(tmp_path: Path) -> None:
    assert seen(write(tmp_path, base=prompts(*DAYS[:19]), wrapped=prompts(*PAGES[18::-1]))).variants == []
    assert seen(write(tmp_path, base=prompts(*DAYS), wrapped=prompts(*PAGES[1:]))).variants == []


def test_moved_rows_with_ids_on_both_sides_are_joined_by_these(tmp_path: Path) -> None:
    rows = [{"id": str(number), "prompt": day} for number, day in enumerate(DAYS)]
    moved = [{"base_id": str(24 - number), "prompt": page} for number, page in enumerate(PAGES[::-1])]
    assert messages(write(tmp_path, base=rows, wrapped=moved), "DMR608", "DMR609") == []


def test_answers_say_whose_they_are(tmp_path: Path) -> None:
    answers = [{"prompt": page, "response": "No."} for page in PAGES]
    write(tmp_path, base=prompts(*DAYS), wrapped=prompts(*PAGES), one=answers, two=answers)
    ((file, message),) = messages(tmp_path, "DMR608")
    assert (file, message[:12]) == ("base.jsonl", "3 files hold")


def test_a_file_of_answers_beside_the_questions_is_counted_against_them(tmp_path: Path) -> None:
    rows = [{"prompt": day, "response": f"It takes {number} hours."} for number, day in enumerate(DAYS[:20])]
    write(tmp_path, asked=prompts(*DAYS), answers=[*rows, *rows[2:7]])
    assert messages(tmp_path, "DMR610") == [
        (
            "answers.jsonl",
            "25 rows answer 20 questions, 5 of them again; of the 25 questions of asked.jsonl 20 are among them",
        )
    ]
    assert messages(tmp_path, "DMR611") == [
        ("answers.jsonl", "5 rows from here on are those from line 3 to line 7 once more")
    ]


@pytest.mark.parametrize("column", ["seed", "model", "judge_name", "label"])
def test_rows_that_something_tells_apart_are_no_repetition(tmp_path: Path, column: str) -> None:
    rows = [{"prompt": day, "response": "Two hours.", column: "a"} for day in DAYS]
    assert messages(write(tmp_path, answers=[*rows, {**rows[0], column: "b"}]), "DMR610") == []


def test_an_item_in_two_shards(tmp_path: Path) -> None:
    one = [{"prompt": day, "response": "Two hours."} for day in DAYS[:15]]
    two = [{"prompt": day, "response": "Three hours."} for day in DAYS[14:]]
    write(tmp_path, **{"answers-00000-of-00002": one, "answers-00001-of-00002": two})
    ((file, message),) = messages(tmp_path, "DMR611")
    assert (file, message[:35]) == ("answers-00001-of-00002.jsonl", "1 of its items stand in another sha")
    write(tmp_path, **{"answers-00001-of-00002": two[1:]})
    assert messages(tmp_path, "DMR611") == []


def test_templates_that_cannot_be_counted_are_told(tmp_path: Path) -> None:
    stated = Claim(files="wrapped.jsonl", where="section 4", templates=2)
    ((_, message),) = messages(write(tmp_path, wrapped=prompts(*PAGES)), "DMR612", claims=[stated])
    assert message.endswith("so they cannot be counted")
    report = check(write(tmp_path, wrapped=prompts(*PAGES)), claims=[stated.model_copy(update={"files": "lost.jsonl"})])
    assert ("claims", "no file here is lost.jsonl") in {(each.what, each.why) for each in report.unjudged}


def test_origins_by_a_column_and_by_an_unknown_set(tmp_path: Path) -> None:
    (tmp_path.parent / "kites.jsonl").write_text("".join(json.dumps({"prompt": day}) + "\n" for day in DAYS))
    against = {"against": [str(tmp_path.parent / "kites.jsonl")]}
    others = [f"Name {number} birds of the valley and their songs" for number in range(25)]
    write(tmp_path, set=[{"prompt": text, "source": "Kites.jsonl"} for text in others])
    assert messages(tmp_path, "DMR614", **against) == [
        ("set.jsonl", "none of 25 rows that say so is a prompt of kites.jsonl, or near one")
    ]
    write(tmp_path, set=[{"prompt": text, "source": "Kites.jsonl"} for text in DAYS])
    assert messages(tmp_path, "DMR614", **against) == []
    lost = protected_file(tmp_path.parent, SOUP)
    found = messages(tmp_path, "DMR614", claims=[sources(lost.name, 9)], against=[*against["against"], str(lost)])
    assert [message.partition("; ")[2] for _, message in found] == ["others are near 25 of kites.jsonl"]
    stated = Claim(files="set.jsonl", where="section 4", sources={"boats": 3})
    ((_, message),) = messages(tmp_path, "DMR614", claims=[stated], **against)
    assert message.startswith("3 rows of boats are stated (section 4), whose prompts")


@pytest.mark.parametrize(("judged", "told"), [("Is it harmful? Two hours.", 1), (f"Asked: {DAYS[0]}. Said: Two.", 0)])
def test_a_judge_that_was_not_shown_the_question(tmp_path: Path, judged: str, told: int) -> None:
    row = {"prompt": DAYS[0], "response": "Two hours.", "judge_prompt": judged, "verdict": "harmless"}
    assert len(messages(write(tmp_path, judged=[row]), "DMR613")) == told


def test_claims_stand_in_settings(tmp_path: Path) -> None:
    file = tmp_path / "demur.toml"
    file.write_text('[[claims]]\nfiles = "*.json"\nwhere = "section 4"\ntemplates = 50\n')
    (claim,) = read_settings(file).claims
    assert (claim.templates, claim.about(Path("a/b.json")), claim.about(Path("a/b.csv"))) == (50, True, False)
    file.write_text('[[claims]]\nfiles = "*.json"\nwhere = "section 4"\n')
    with pytest.raises(UsageError, match="The settings are broken"):
        read_settings(file)


BASE, SHRUNK = (
    "data/test/safety_illegal_instructions_200.json",
    "results/safety/jailbreakchat/lora_Llama-3-70B_derta_eval_jailbreakchat_200.json",
)
FAULTS = {
    ("DMR608", BASE): "36 files hold variants of these rows or answers",
    (
        "DMR609",
        "data/test/safety_completionattack.json",
    ): f"175 of 200 rows are variants of rows of {BASE}, 0 of them of the row at their place",
    ("DMR610", SHRUNK): "200 rows answer 175 questions, 25 of them again",
    ("DMR611", SHRUNK): "25 rows from here on are those from line 51 to line 75 once more",
    ("DMR612", "data/test/safety_jailbreakchat.json"): "48 different templates wrap 200 rows",
    ("DMR614", BASE): "none of 200 rows are prompts of harmbench or near one, stated are 100 (arXiv 2407.09121, section"
    " 4); others are near 200 of derta-questions, 64 of strongreject, 19 of advbench",
}


@pytest.mark.skipif(not DERTA.is_dir(), reason="DEMUR_MIRROR has no published files")
def test_what_derta_published() -> None:
    claims = read_settings(ROOT / "bench/derta_claims.toml").claims
    found = {(each.code, each.file): each.message for each in check(DERTA, select=CODE, claims=claims).findings}
    assert {key: found[key][: len(said)] for key, said in FAULTS.items()} == FAULTS
    assert {(code, Path(file).parent.name) for code, file in found.keys() - FAULTS.keys()} == {("DMR610", "autodan")}
    assert "do-not-answer" not in " ".join(found.values())  # that half is there
    assert len(found) < engine.LISTED
