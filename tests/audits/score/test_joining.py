"""What a join refuses: gaps, repeats, other sets, other versions, mixed models; and what it takes when asked to."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from demur.audits.score.answers import Answer
from demur.audits.score.audit import score
from demur.audits.score.items import Items
from demur.audits.score.joining import join
from demur.errors import FormatError
from demur.sets.folder import BuiltSet
from tests.audits.score.conftest import BOTH, NO, YES, always, answers, made, never, run, scored, set_of, write


@pytest.fixture(scope="module")
def three() -> Items:
    return set_of([made(0), made(1), made(2, "answer")])


def message(given: list[Answer], items: Items) -> str:
    with pytest.raises(FormatError) as raised:
        join(given, items)
    assert not any(text in str(raised.value) for text in (NO, YES))
    return str(raised.value)


def test_gaps_are_told_and_allowed_when_asked(three: Items) -> None:
    some = answers(three, always)[:1]
    said = message(some, three)
    assert "'m': item 00000000000000000000000000000001 has no response" in said
    assert "2 missing" in said
    (found,) = join(some, three, allow_missing=True).runs
    assert (found.missing, found.failed, len(found.answers)) == (2, 0, 1)
    assert any("2 of 3 responses are missing" in note for note in scored(three, some, allow_missing=True).notes())


def test_repeats_are_told(three: Items) -> None:
    given = answers(three, always)
    again = replace(given[1], file=Path("other.jsonl"), row=7)
    assert (
        "other.jsonl row 7: item '00000000000000000000000000000001' stands twice for 'm', first in m.jsonl row 1"
        in (message([*given, again], three))
    )


def test_two_models_in_a_file_that_names_none_are_repeats(three: Items) -> None:
    given = [replace(each, model=None) for each in [*answers(three, always), *answers(three, never)]]
    said = message(given, three)
    assert "3 twice" in said
    assert "need a column model" in said


def test_models_are_told_apart_by_their_column(three: Items) -> None:
    one, two = answers(three, always, "one"), answers(three, never, "two")
    mixed = [replace(each, file=Path("both.jsonl")) for each in [*one, *two]]
    assert [each.model for each in join(mixed, three).runs] == ["one", "two"]


def test_another_text_is_another_version(three: Items) -> None:
    given = answers(three, always)
    given[2] = replace(given[2], sha256="f" * 64)
    said = message(given, three)
    assert "m.jsonl row 2: item '00000000000000000000000000000002' has another prompt than in the set" in said
    assert "version" in said


def test_another_set_is_unknown(three: Items) -> None:
    other = set_of([made(10), made(11)])
    said = message(answers(other, always), three)
    assert "m.jsonl row 1: its prompt is none of the set's" in said
    assert "2 unknown" in said
    no_prompts = [replace(each, sha256=None) for each in answers(other, always)]
    assert "item '0000000000000000000000000000000a' is none of the set's" in message(no_prompts, three)


def test_a_row_that_is_not_scored_is_named(three: Items) -> None:
    elsewhere = replace(three, elsewhere={made(5).id: "config 'full', split 'validation'"})
    given = [*answers(three, always), replace(answers(set_of([made(5)]), always)[0], row=9)]
    assert "stands in config 'full', split 'validation', which is not scored" in message(given, elsewhere)


def test_ids_of_a_harness_fall_back_to_the_prompt(three: Items) -> None:
    given = [replace(each, id=str(row)) for row, each in enumerate(answers(three, always), 1)]
    joined = join(given, three)
    assert joined.by == {"m.jsonl": "prompt"}
    assert sorted(row for row, _ in joined.runs[0].answers) == [0, 1, 2]


def test_what_failed_and_was_run_again_is_there(three: Items) -> None:
    given = answers(three, always)
    failed = replace(given[0], errored=True, response=None, file=Path("first.jsonl"))
    (found,) = join([failed, *given], three).runs
    assert (found.failed, found.missing) == (0, 0)
    assert "item 00000000000000000000000000000000 failed in the run" in message([failed, *given[1:]], three)


def test_samples_have_to_be_there_for_every_row(three: Items) -> None:
    one, two = (answers(three, always, sample=seed) for seed in "12")
    assert join([*one, *two], three).runs[0].samples == 2
    assert "item 00000000000000000000000000000002 (sample '2') has no response" in message([*one, *two[:2]], three)


def test_ten_problems_are_shown_and_the_others_counted() -> None:
    many = set_of(made(number) for number in range(40))
    said = message(answers(many, always)[:5], many)
    assert said.count("has no response") == 10
    assert "and 25 more" in said


def test_the_command_tells_all_at_once(folder: BuiltSet, items: Items, tmp_path: Path) -> None:
    rows = [{"record_id": item.id, "response": NO} for item in items.rows]
    path = write(tmp_path / "m.jsonl", [*rows[1:], rows[-1], {"record_id": "7", "response": YES}])
    splits = [part for name in BOTH for part in ("--split", name)]
    done = run("score", path, "--items", folder.path, *splits)
    assert done.exit_code == 2
    assert "1 twice, 1 missing" in done.output.replace("1 unknown, ", "")
    assert "1 unknown" in done.output
    assert run("score", path, "--items", folder.path, *splits, "--means", "1=refusal").exit_code == 2


def test_a_set_that_expects_nothing_is_told(tmp_path: Path, folder: BuiltSet) -> None:
    path = write(tmp_path / "m.jsonl", [{"record_id": "7", "response": YES}])
    done = run("score", path, "--items", tmp_path)
    assert done.exit_code == 2
    assert "manifest" in done.output
    done = run("score", path, "--items", "nobody/nothing@1.2")
    assert (done.exit_code, "vMAJOR.MINOR.PATCH" in done.output) == (2, True)


def test_the_audit_is_declared_with_its_judges() -> None:
    (judge,) = (each for each in score.inputs if each.name == "judge")
    assert (score.name, score.draws, judge.default) == ("score", True, "phrases")


def test_rows_with_ids_of_their_own_join_by_the_prompt_s_id_where_one_row_has_it(three: Items) -> None:
    texts = ["a" * 32, "b" * 32, "b" * 32]
    own = replace(three, rows=tuple(replace(row, text_id=text) for row, text in zip(three.rows, texts, strict=True)))
    one, two, last = answers(three, always)
    given = [replace(one, id=texts[0]), two, last]
    (found,) = join(given, own).runs
    assert sorted(row for row, _ in found.answers) == [0, 1, 2]
    assert "is none of the set's" in message([one, replace(two, id=texts[1]), last], own)
