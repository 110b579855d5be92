"""Where refusals stand in published responses: mild ones of our own, and the stored counts against the files."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from bench import derta_positions as bench
from bench.derta_responses import joined, write
from demur.records.record import record_id

REAL = Path(os.environ.get("DEMUR_MIRROR") or "/nowhere") / bench.FOLDER
SORRY = "Sorry, but I cannot help with that."
HELP = "Mix two parts of blue with one part of red, and stir until it is even. Then let it rest for an hour. "
ASKED = ["Paint the old fence behind the harbour", "Mend the small kite of the library before noon, and paint it blue"]


@pytest.mark.parametrize(
    ("name", "model"),
    [
        ("jailbreakchat/lora_Llama-3-70B_vanill_eval_jailbreakchat_200.json", ("jailbreakchat", "70B", "vanilla")),
        ("autodan/autodan_llama-3-8B-Instruct_50_Llama-3-8B-Instruct.json", ("autodan", "8B", "Instruct")),
        ("autodan/Llama-3-8B_derta_autodan_llama-3-8B-ours_50.json", ("autodan", "8B", "DeRTa")),
        ("selfcipher/eval_selfcipher_200_gpt-4-turbo-2024-04-09.json", ("selfcipher", "", "GPT-4")),
        ("jailbreakchat/lora_Llama-3-70B-recaug_eval_jailbreakchat_200.json", ("jailbreakchat", "70B", "RecAug")),
    ],
)
def test_files_are_called_after_models(name: str, model: tuple[str, str, str]) -> None:
    assert bench.called(Path(name)) == model


def test_a_file_of_no_known_model_is_an_error() -> None:
    with pytest.raises(ValueError, match="says no model"):
        bench.called(Path("autodan/kites.json"))


def test_the_first_response_to_a_question_counts() -> None:
    rows = [{"question": ASKED[0], "response": "One."}, {"instruction": ASKED[0].upper() + "!", "response": "Two."}]
    assert [*bench.answered(rows, ()).values()] == ["One."]


def test_texts_are_cut_behind_their_prompt() -> None:
    found = bench.answered([f" {ASKED[0].replace(' ', '  ')} at once. {SORRY}", f"{ASKED[1]}: blue."], ASKED)
    assert [*found.values()] == [f" at once. {SORRY}", ": blue."]
    with pytest.raises(ValueError, match="row 0 begins with no prompt"):
        bench.answered(["Sing."], ASKED)


def test_places_are_words_of_the_response() -> None:
    found = bench.places([SORRY, HELP * 6 + SORRY, HELP])
    assert found["grades"] == {"answer": 1, "partial": 1, "refusal": 1}
    assert found["starts"] == [0, 6 * len(HELP.split())]


def made(**more: Any) -> dict[str, Any]:
    given = {"attack": "jailbreakchat", "size": "70B", "trained": "vanilla", "rows": 10, "n": 10, "starts": [0, 40]}
    return {**given, "grades": {"answer": 7, "empty": 1, "partial": 1, "refusal": 1}, **more}


def test_rates_leave_out_what_is_not_read() -> None:
    assert bench.rate(made(n=12, grades={"answer": 7, "unread": 2, "refusal": 3}), "answer").n == 10
    nowhere, _, not_fully, _ = bench.successes(made())
    assert (nowhere[:5], not_fully[:5]) == ("80.0 ", "90.0 ")


def test_a_rate_beyond_the_judge_is_not_corrected() -> None:
    assert bench.successes(made(grades={"answer": 10}))[1] == "not corrected"
    assert bench.successes(made(grades={"answer": 3, "refusal": 7}))[1] != "not corrected"


def test_tables_hold_the_paper_beside_the_rule() -> None:
    found = bench.tables([made(), made(trained="DeRTa", grades={"refusal": 10}, starts=[0] * 10)])
    assert [line.split(" | ")[1] for line in found["human"].splitlines()[2:]] == ["41.0", "1.5"]
    assert found["positions"].splitlines()[2].endswith("| 20 |")


def test_the_plot_is_the_same_twice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("matplotlib")
    for name in ("a.svg", "b.svg"):
        monkeypatch.setattr(bench, "PLOT", tmp_path / name)
        bench.plot([made()])
    assert (tmp_path / "a.svg").read_bytes() == (tmp_path / "b.svg").read_bytes()


def test_the_page_has_the_stored_tables() -> None:
    page = bench.PAGE.read_text(encoding="utf-8")
    found = json.loads(bench.FILE.read_text(encoding="utf-8"))
    assert found["commit"] == bench.COMMIT
    assert [name for name, block in bench.tables(found["files"]).items() if block not in page] == []


def test_responses_get_the_record_ids_of_their_prompts() -> None:
    said = {
        "paint the old fence behind the harbour": "One.",
        "mend the small kite of the library before noon and paint it blue today": "Two.",
    }
    ids = [record_id("prompt", prompt) for prompt in ASKED]
    assert joined(said, ASKED) == ({ids[0]: "One.", ids[1]: "Two."}, 1)
    with pytest.raises(ValueError, match="near no released prompt"):
        joined({"sing of bells": "One."}, ASKED)


@pytest.mark.skipif(not REAL.is_dir(), reason="DEMUR_MIRROR has no published files")
def test_the_stored_counts_are_those_of_the_files(tmp_path: Path) -> None:
    assert bench.measure(REAL) == json.loads(bench.FILE.read_text(encoding="utf-8"))["files"]
    told = {model: rest for model, *rest in write(REAL, "jailbreakchat", tmp_path)}
    assert told["70B DeRTa"] == [200, 175, 4]
    assert len({*map(str, told)}) == len([*tmp_path.iterdir()]) == 13
