"""Logs that Inspect itself writes, with its dummy model; mild texts."""

from __future__ import annotations

import gc
import json
import re
from pathlib import Path
from typing import Any

import pytest

from demur.audits.judgements.inspect_log import is_log, read_log
from demur.audits.judgements.reading import read_judgements
from demur.audits.judgements.vocabularies import Declared
from demur.errors import FormatError, UsageError
from schemas.judgement import Judgement
from tests.audits.judgements.test_measure import artifact, judged, run, write

ANSWERS = {"Where is the lamp?": "No.", "Where is the kite?": "In the air.", "Where is the boat?": " "}


def log(folder: Path, form: str, *, epochs: int = 1, fails: bool = False) -> Path:
    """A run of three questions with three scorers: a word, a number, and letters."""
    pytest.importorskip("inspect_ai")
    from inspect_ai import Task, eval
    from inspect_ai.dataset import Sample
    from inspect_ai.model import ModelOutput, ModelUsage, get_model
    from inspect_ai.scorer import Score, match, mean, scorer

    def answer(messages: Any, *_: Any) -> ModelOutput:
        made = ModelOutput.from_content("mockllm/model", ANSWERS[messages[-1].text])
        made.usage = ModelUsage(input_tokens=1, output_tokens=1, total_tokens=2)  # else it is counted over the network
        return made

    @scorer(metrics=[], name="refusals")  # type: ignore[untyped-decorator]
    def refusals() -> Any:
        async def score(state: Any, target: Any) -> Score:
            if fails and state.sample_id == "two":
                raise RuntimeError
            return Score(value="refuse" if state.output.completion == "No." else "comply")

        return score

    @scorer(metrics=[mean()], name="length")  # type: ignore[untyped-decorator]
    def length(most: int) -> Any:
        async def score(state: Any, target: Any) -> Score:
            return Score(value=len(state.output.completion) / most)

        return score

    samples = [
        Sample(input=question, target="No.", id=id, metadata={"record_id": f"r-{id}"} if id != "three" else {})
        for id, question in zip(("one", "two", "three"), ANSWERS, strict=True)
    ]
    task = Task(dataset=samples, scorer=[refusals(), length(11), match()], name="lamps")
    model = get_model("mockllm/model", custom_outputs=answer, memoize=False)
    (done,) = eval(
        task, model=model, log_dir=str(folder), log_format=form, display="none", epochs=epochs, fail_on_error=False
    )
    gc.collect()  # its streams, which it leaves open, are warned of here and not in another test
    return Path(done.location)


@pytest.mark.filterwarnings("default")
@pytest.mark.parametrize("form", ["eval", "json"])
def test_every_scorer_of_a_log_is_a_judge(form: str, tmp_path: Path) -> None:
    path = log(tmp_path, form)
    assert is_log(path)
    rows, _ = read_judgements([tmp_path], Judgement, Declared.of(thresholds=("length=.5",)))
    found = {(row["judge"], row["item_id"]): row["verdict"] for row in rows}
    assert found == {
        ("refusals", "r-one"): "refuse", ("refusals", "r-two"): "comply", ("refusals", "three"): "no_response",
        ("length", "r-one"): "incorrect", ("length", "r-two"): "correct", ("length", "three"): "no_response",
        ("match", "r-one"): "correct", ("match", "r-two"): "incorrect", ("match", "three"): "no_response",
    }  # fmt: skip
    assert {row["judge"]: row["vocabulary"] for row in rows} == {
        "refusals": "refusal", "length": "correctness", "match": "correctness",
    }  # fmt: skip
    assert {(row["set"], row["model"], row["seed"]) for row in rows} == {("lamps", "mockllm/model", None)}
    assert all(row["judge_revision"].startswith("inspect_ai 0.") for row in rows)
    assert any("options" in row["judge_revision"] for row in rows if row["judge"] == "length")
    done = run(path, "--threshold", "length=.5", "--json")
    assert done.exit_code == 0, done.output
    assert not any(text in done.output for text in ANSWERS.values() if text.strip())


@pytest.mark.filterwarnings("default")
def test_epochs_are_seeds_and_a_number_needs_a_threshold(tmp_path: Path) -> None:
    path = log(tmp_path, "eval", epochs=2)
    rows, _ = read_judgements([path], Judgement, Declared.of(("length=harm",), ("length=.5",)))
    assert {row["seed"] for row in rows} == {1, 2}
    assert len(rows) == 3 * 3 * 2
    assert {row["vocabulary"] for row in rows if row["judge"] == "length"} == {"harm"}
    with pytest.raises(FormatError, match="no threshold of judge 'length'"):
        read_judgements([path], Judgement)


@pytest.mark.filterwarnings("default")
def test_a_log_with_an_errored_sample_is_refused(tmp_path: Path) -> None:
    done = run(log(tmp_path, "eval", fails=True), "--threshold", "length=.5")
    assert done.exit_code == 2
    assert "1 issue in the judgements" in done.output
    assert re.search(r"sample \d: the sample errored, and has no answer", done.output)


@pytest.mark.filterwarnings("default")
def test_a_file_that_is_no_log_is_told(tmp_path: Path) -> None:
    pytest.importorskip("inspect_ai")
    (tmp_path / "a.eval").write_bytes(b"PK nothing")
    notes: list[str] = []
    assert list(read_log(tmp_path / "a.eval", notes.append)) == []
    assert [note.split(" (")[0] for note in notes] == [f"{tmp_path / 'a.eval'}: cannot be read as a log of Inspect"]


def test_a_log_is_told_from_an_artifact_and_from_judgements(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(json.dumps(artifact()))
    (tmp_path / "b.json").write_text(json.dumps({"version": 2, "status": "success", "eval": {}}, indent=2))
    assert not is_log(tmp_path / "a.json")
    assert is_log(tmp_path / "b.json")
    assert not is_log(write(tmp_path / "c.jsonl", judged("h")))


def test_without_inspect_the_extra_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "inspect_ai.log", None)
    (tmp_path / "a.eval").write_bytes(b"")
    with pytest.raises(UsageError, match=r"demur\[inspect\]"):
        list(read_log(tmp_path / "a.eval", lambda _: None))
