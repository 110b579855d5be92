"""Judgements by hand, what must not matter, and what must be refused; the texts are written for these tests."""

from __future__ import annotations

import gzip
import json
import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import zstandard
from click.testing import CliRunner, Result
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from sklearn.metrics import cohen_kappa_score

from demur.audits.judgements.artifacts import read_artifact
from demur.audits.judgements.audit import judgements
from demur.audits.judgements.items import Item, Items, read_items
from demur.audits.judgements.measure import summarise
from demur.audits.judgements.reading import read_judgements
from demur.audits.judgements.verdicts import Cell
from demur.cli import main
from demur.errors import FormatError, UsageError
from demur.project import bundled
from demur.rates import Kappa, wilson
from demur.records.record import record_id
from demur.sets.folder import BuiltSet
from demur.sets.pipeline import Build
from demur.sources import declared
from schemas.judgement import Judgement
from tests.conftest import Tiny
from tests.kinds.queries.conftest import drawn, queries_project  # noqa: F401 - fixtures

LETTERS = {"h": "harmful", "s": "harmless", "u": "unparsed", "-": "no_response"}
TEXT = "The gardener waters the ferns at noon"  # stands wherever a text may stand, and in no message


def judged(verdicts: str, judge: str = "rules", **more: Any) -> list[dict[str, Any]]:
    """A row for every letter: harmful, safe, unparsed, - for no response; items i0, i1 ..."""
    return [
        {"item_id": f"i{number}", "set": "mild", "judge": judge, "judge_revision": "1", "scope": "response",
         "verdict": LETTERS[letter], **more}
        for number, letter in enumerate(verdicts)
    ]  # fmt: skip


def write(path: Path, rows: Sequence[dict[str, Any]]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def read(*paths: Path) -> tuple[list[dict[str, Any]], list[str]]:
    return read_judgements(paths, Judgement)


def run(*arguments: object) -> Result:
    done = CliRunner().invoke(main, ["judgements", *map(str, arguments)], env={"COLUMNS": "100"})
    assert TEXT not in done.output, "a message quotes a row"
    assert isinstance(done.exception, SystemExit | None)
    return done


def message(rows: Sequence[dict[str, Any]], expected: dict[str, str] | None = None) -> str:
    with pytest.raises(FormatError) as raised:
        summarise(rows, expected=None if expected is None else lambda _: expected)
    return str(raised.value)


def test_verdicts_by_hand() -> None:
    (found,) = summarise(judged("hhhsuu--ss")).verdicts
    assert (found.items, found.scope) == (10, "response")
    assert found.counts == {"harmful": 3, "harmless": 3, "unparsed": 2, "no_response": 2}
    assert (found.of_items.count, found.of_items.n, found.of_items.share) == (3, 10, 0.3)
    assert (found.of_parsed.count, found.of_parsed.n, found.of_parsed.share) == (3, 6, 0.5)
    assert (found.unparsed.count, found.unparsed.n) == (2, 10)
    assert (found.of_items.low, found.of_items.high) == wilson(3, 10) == pytest.approx((0.1078, 0.6032), abs=1e-4)


def test_what_cannot_be_read_is_never_harmful() -> None:
    done = summarise(judged("uuuu-"))
    (found,) = done.verdicts
    assert found.of_items.count == found.of_parsed.count == found.of_parsed.n == 0
    said = done.as_dict()["verdicts"][0]
    assert said["of_parsed"]["share"] is None  # of nothing
    assert json.loads(json.dumps(said, allow_nan=False)) == said
    (with_one,) = summarise(judged("uuuuh")).verdicts
    assert with_one.of_items.count == 1


def test_agreement_by_hand() -> None:
    done = summarise([*judged("hhhssu-h"), *judged("hhsshhhu", "reader")])
    (found,) = done.agreements
    assert (found.one.name, found.two.name, found.cells) == ("reader", "rules", 1)
    assert found.table == {"both_harmful": 2, "one_alone": 1, "two_alone": 1, "both_harmless": 1}
    assert (found.left_out, found.rate.count, found.rate.n) == (3, 3, 5)
    # observed 3/5, by chance 3/5 * 3/5 + 2/5 * 2/5 = 13/25
    assert found.kappa.value == pytest.approx((15 - 13) / (25 - 13))
    assert found.kappa.value is not None
    assert found.kappa.low is not None
    assert found.kappa.high is not None
    assert found.kappa.low < found.kappa.value < found.kappa.high


@given(st.lists(st.integers(0, 30), min_size=4, max_size=4))
def test_kappa_is_sklearns(table: list[int]) -> None:
    found = Kappa.of(table)
    pairs = np.repeat([[1, 1], [1, 0], [0, 1], [0, 0]], table, axis=0)
    if len(np.unique(pairs)) < 2:
        assert found == Kappa(None, None, None, 0)
        return
    assert found.value == pytest.approx(cohen_kappa_score(*pairs.T), abs=1e-12)
    if found.low is None:
        assert found.value in (0, 1)  # a judge with one verdict, or no difference at all
    else:
        assert found.high is not None
        assert -1 <= found.low < found.high <= 1


def test_the_bootstrap_is_seeded_and_says_what_it_left_out() -> None:
    assert Kappa.of([8, 1, 1, 0]) == Kappa.of([8, 1, 1, 0])
    few, many = Kappa.of([9, 0, 1, 1]), Kappa.of([900, 0, 100, 100])
    assert few.resamples < many.resamples == 2_000
    assert None not in (few.low, few.high, many.low, many.high)
    assert (few.high or 0) - (few.low or 0) > (many.high or 0) - (many.low or 0)


def test_kappa_without_an_answer() -> None:
    constant = summarise([*judged("hhhh"), *judged("hhhh", "reader")]).agreements[0]
    assert (constant.rate.share, constant.kappa.value) == (1.0, None)
    one_sided = summarise([*judged("hhhh"), *judged("hssh", "reader")]).agreements[0].kappa
    assert (one_sided.value, one_sided.low, one_sided.high) == (0.0, None, None)
    same = summarise([*judged("hssh"), *judged("hssh", "reader")]).agreements[0].kappa
    assert (same.value, same.low) == (1.0, None)
    nothing = summarise([*judged("uu"), *judged("hs", "reader")]).agreements[0]
    assert (nothing.rate.n, nothing.left_out, nothing.kappa.value) == (0, 2, None)


def test_cells_stand_apart_and_pairs_of_judges_also_together() -> None:
    rows = [
        *judged("hh", subset="a"), *judged("hs", "reader", subset="a"),
        *judged("ss", subset="b"), *judged("ss", "reader", subset="b"),
        *judged("ss", subset="b", judge_revision="2"),
    ]  # fmt: skip
    done = summarise(rows)
    shown = [(str(each.cell), str(each.judge), each.of_items.count) for each in done.verdicts]
    assert shown == [
        ("mild, a", "reader (1)", 1), ("mild, a", "rules (1)", 2),
        ("mild, b", "reader (1)", 0), ("mild, b", "rules (1)", 0), ("mild, b", "rules (2)", 0),
    ]  # fmt: skip
    assert [(each.cell and each.cell.subset, each.rate.count, each.rate.n) for each in done.agreements] == [
        ("a", 1, 2), ("b", 2, 2), ("b", 2, 2), ("b", 2, 2), (None, 3, 4),
    ]  # fmt: skip
    assert done.agreements[-1].cells == 2


def test_seeds_are_spread_and_never_added_up() -> None:
    rows = [row for seed, said in enumerate(("hsss", "hhhs", "hhss")) for row in judged(said, seed=seed, model="m")]
    done = summarise([*rows, *judged("hhhh", model="m")])
    (spread,) = done.spreads
    assert (str(spread.cell), spread.judge.name, spread.seeds) == ("mild, m", "rules", 3)
    assert (spread.lowest.share, spread.highest.share) == (0.25, 0.75)
    assert {each.of_items.n for each in done.verdicts} == {4}
    assert summarise(judged("hs", seed=1)).spreads == ()


@given(st.randoms(use_true_random=False))
def test_the_order_of_rows_does_not_matter(order: random.Random) -> None:
    rows = [row for seed in (None, 0, 1) for judge in ("rules", "reader", "other")
            for row in judged("hhsu-hs", judge, seed=seed)]  # fmt: skip
    expected = summarise(rows)
    order.shuffle(rows)
    assert summarise(rows) == expected


def test_jsonl_gzip_and_parquet_give_the_same_and_texts_are_not_read(tmp_path: Path) -> None:
    rows = judged("hhsu", seed=3, raw=TEXT, prompt=TEXT, response=TEXT)
    plain = write(tmp_path / "a.jsonl", rows)
    packed = tmp_path / "b.jsonl.gz"
    packed.write_bytes(gzip.compress(plain.read_bytes()))
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "c.parquet")
    found = [read(path)[0] for path in (plain, packed, tmp_path / "c.parquet")]
    assert found[0] == found[1] == found[2]
    assert summarise(found[0]) == summarise(rows)
    assert TEXT not in str(found)
    plain.write_text(plain.read_text().replace(json.dumps(TEXT), '["anything", 7]', 2), encoding="utf-8")
    with pytest.raises(FormatError, match="column 'raw' holds list and text"):
        read(plain)


def test_the_order_of_files_does_not_matter_and_a_folder_is_all_its_files(tmp_path: Path) -> None:
    one, two = write(tmp_path / "a.jsonl", judged("hs")), write(tmp_path / "b.jsonl", judged("ss", "reader"))
    (tmp_path / "notes.txt").write_text("nothing of ours")
    results = [summarise(*read(*paths)) for paths in ([one, two], [two, one], [tmp_path], [tmp_path, one])]
    assert results[1:] == results[:1] * 3


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"verdict": "yes"}, "verdict: Input should be 'harmful', 'harmless', 'refuse'"),
        (
            {"verdict": "no_response", "raw": TEXT},
            "Value error, without a response there was nothing to judge: 'raw' is null",
        ),
        ({"item_id": ""}, "item_id: String should have at least 1 character"),
        ({"item_id": 7}, "item_id: Input should be a valid string"),
        ({"judge_revision": " "}, "judge_revision: String should match pattern"),
        ({"scope": "prompt"}, "scope: Input should be 'response' or 'prompt+response'"),
        ({"seed": 1.5}, "seed: Input should be a valid integer"),
        ({"verdict": None}, "Value error, there is no verdict, no score"),
        ({"judge": TEXT, "set": None}, "set: Input should be a valid string"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_a_row_that_breaks_the_schema_is_refused(changed: dict[str, Any], expected: str, tmp_path: Path) -> None:
    row = {**judged("h")[0], **changed}
    with pytest.raises(ValidationError):
        Judgement.model_validate(row)
    done = run(write(tmp_path / "a.jsonl", [row]))
    assert done.exit_code == 2
    assert f"a.jsonl row 0: {expected}" in done.output


def test_a_missing_and_an_unknown_column_are_told_once(tmp_path: Path) -> None:
    rows = [{("verdct" if name == "verdict" else name): cell for name, cell in row.items()} for row in judged("hs")]
    done = run(write(tmp_path / "a.jsonl", rows))
    assert done.exit_code == 2
    assert done.output.replace(f"{tmp_path}/", "") == (
        "Error: 2 issues in the judgements\n"
        "  where:    a.jsonl: unknown column 'verdct'. Did you mean 'verdict'?\n"
        "            a.jsonl: no column 'verdict'\n"
        "  expected: at least one row, and rows of kind Judgement\n"
        "  fix:      Correct the files; where the judge's answer says none of its words, the verdict is 'unparsed'.\n"
    )


def test_all_issues_of_all_files_are_told_at_once(tmp_path: Path) -> None:
    (tmp_path / "empty.jsonl").touch()
    pq.write_table(pa.Table.from_pylist(judged("h")).slice(0, 0), tmp_path / "empty.parquet")
    (tmp_path / "broken.jsonl").write_text(f'{{"item_id": "{TEXT}\n{json.dumps(judged("h")[0])}\n')
    (tmp_path / "broken.json").write_text(f"{{{TEXT}")
    (tmp_path / "broken.parquet").write_bytes(b"PAR1" + TEXT.encode())
    (tmp_path / "garbage.jsonl").write_text(TEXT)
    write(tmp_path / "long.jsonl", judged("h" * 12, verdict=TEXT))
    done = run(tmp_path)
    assert done.exit_code == 2
    for line in (
        "18 issues in the judgements", "broken.json: is no JSON", "broken.jsonl row 0: is no JSON",
        "broken.parquet: cannot be read", "empty.jsonl: holds no rows", "empty.parquet: holds no rows",
        "garbage.jsonl row 0: is no JSON", "long.jsonl row 3: verdict", "and 8 more",
    ):  # fmt: skip
        assert line in done.output, line
    assert "long.jsonl row 4" not in done.output


def test_items_that_stand_twice_or_lack_a_judge_are_told_at_once() -> None:
    rows = [*judged("hsh", subset="a"), *judged("hs", "reader", subset="a")]
    assert message([*rows, {**rows[0], "verdict": "harmless"}]) == (
        "The judgements are not complete\n"
        "  where:    row 5: item 'i0' stands twice for judge 'rules' '1' in set 'mild', subset 'a', first in row 0\n"
        "            row 2: item 'i2' has no verdict of judge 'reader' '1' in set 'mild', subset 'a'\n"
        "  expected: each judge of a cell judges each of its items once, and sees the same parts of all, "
        "in one vocabulary and with one threshold\n"
        "  got:      1 twice, 1 not judged by all\n"
        "  fix:      Judge what is missing and keep one verdict an item; runs differ in seed, judges in judge_revision."
    )
    long = message(judged("h" * 13, item_id=TEXT))
    assert "12 twice" in long
    assert "and 2 more" in long
    assert TEXT not in long


def test_one_scope_a_judge_and_cell() -> None:
    rows = judged("hsh")
    rows[2]["scope"] = "prompt+response"
    assert "row 2: another scope than in row 0, of judge 'rules' '1' in set 'mild'" in message(rows)
    other = judged("hsh", "reader", scope="prompt+response")
    assert [each.scope for each in summarise([*judged("hsh"), *other]).verdicts] == ["prompt+response", "response"]


def test_expected_items(tmp_path: Path) -> None:
    rows = [*judged("hs", subset="a"), *judged("hss", subset="b")]
    said = message(rows, {"i0": "items row 0", "i1": "items row 1", "i9": "items row 2"})
    assert "items row 2: item 'i9' is not judged in set 'mild', subset 'a'" in said
    assert "items row 2: item 'i9' is not judged in set 'mild', subset 'b'" in said
    assert "row 4: item 'i2' is none of those of set 'mild', subset 'b'" in said
    assert "2 missing, 1 unknown" in said
    path = write(tmp_path / "a.jsonl", judged("hs"))
    items = tmp_path / "items.csv"
    items.write_text(f"id,text\ni0,{TEXT}\ni1,{TEXT}\n")
    assert run(path, "--items", items).exit_code == 0
    items.write_text(f"id,text\ni0,{TEXT}\ni7,{TEXT}\n")
    failed = run(path, "--items", items)
    assert failed.exit_code == 2
    assert f"{items} row 1: item 'i7' is not judged" in failed.output
    assert f"{path} row 1: item 'i1' is none" in failed.output


def test_the_ids_of_items(tmp_path: Path) -> None:
    rows = [{"id": 1, "item_id": "a", "key": None}, {"id": 2, "item_id": "a", "key": "x"}]
    table, lines = tmp_path / "items.parquet", write(tmp_path / "items.jsonl", rows)
    pq.write_table(pa.Table.from_pylist(rows), table)
    for path in (table, lines):
        assert read_items(path).of(Cell("mild")) == {"a": f"{path} row 0"}
        assert set(read_items(path, "id").of(Cell("mild"))) == {"1", "2"}
        with pytest.raises(FormatError, match="An item has no id"):
            read_items(path, "key")
        with pytest.raises(UsageError, match="Did you mean 'item_id'"):
            read_items(path, "itemid")
    found = read_items(write(lines, [{"id": "a", "note": 1}, {"id": "b", "note": TEXT}]))
    assert set(found.of(Cell("mild"))) == {"a", "b"}
    (tmp_path / "empty.csv").touch()
    with pytest.raises(FormatError, match="holds no rows"):
        read_items(tmp_path / "empty.csv")
    with pytest.raises(FormatError, match="cannot be read"):
        read_items(write(tmp_path / "mixed.jsonl", [{"id": "a"}, {"id": 1}]))
    (tmp_path / "items.txt").touch()
    with pytest.raises(UsageError, match="Unknown kind of file"):
        read_items(tmp_path / "items.txt")


def test_items_of_query_sets_belong_to_their_set_side_and_seed() -> None:
    items = Items(
        tuple(
            Item(f"{name}-{side}-{seed}", "here", name, side, seed)
            for name in ("one", "two")
            for side in ("harmful", "safe")
            for seed in (0, 1)
        )
    )
    assert set(items.of(Cell("one", "harmful", 1))) == {"one-harmful-1"}
    assert set(items.of(Cell("one", None, 1, "m"))) == {"one-harmful-1", "one-safe-1"}
    assert set(items.of(Cell("two", "an attack", 0))) == {"two-harmful-0", "two-safe-0"}
    assert len(items.of(Cell("two"))) == 4
    assert items.of(Cell("three")) == {}


def test_judgements_of_drawn_queries(
    drawn: Build,  # noqa: F811
    tmp_path: Path,
) -> None:
    rows = [
        {"item_id": each["record_id"], "set": each["set"], "subset": each["side"], "seed": seed, "judge": "rules",
         "judge_revision": "1", "scope": "response", "verdict": "harmless"}
        for seed in (0, 1)
        for each in BuiltSet.open(drawn.out).rows(f"seed_{seed}").to_pylist()
    ]  # fmt: skip
    done = run(write(tmp_path / "a.jsonl", rows), "--items", drawn.out, "--json")
    assert done.exit_code == 0, done.output
    cells = [(each["cell"]["set"], each["cell"]["subset"], each["cell"]["seed"], each["items"])
             for each in json.loads(done.stdout)["verdicts"]]  # fmt: skip
    assert len(cells) == 8
    assert ("boats", "harmful", 1, 3) in cells
    lost = run(write(tmp_path / "a.jsonl", rows[1:]), "--items", drawn.out)
    assert lost.exit_code == 2
    assert "1 missing" in lost.output
    other = run(write(tmp_path / "a.jsonl", rows), "--items", drawn.out, "--config", "seed_0")
    assert "unknown" in other.output


def test_the_items_of_a_built_set(built: Tiny, tmp_path: Path) -> None:
    ids = pq.read_table(built.out / "default")["record_id"].to_pylist()
    rows = [{**judged("s")[0], "item_id": each} for each in ids]
    path = write(tmp_path / "a.jsonl", rows)
    assert run(path, "--items", built.out, "--config", "default").exit_code == 0
    assert "is not judged" in run(path, "--items", built.out, "--config", "noncommercial").output
    assert "Did you mean 'default'" in run(path, "--items", built.out, "--config", "defualt").output


def test_the_command(tmp_path: Path) -> None:
    path = write(tmp_path / "a.jsonl", [*judged("hhsu", "[red]rules", seed=0), *judged("hssu", "[red]rules", seed=1)])
    done = run(path, "--json", "--plot", tmp_path / "a.svg")
    assert done.exit_code == 0, done.output
    said = json.loads(done.stdout)
    assert said["judgements"] == 8
    assert said["files"] == [str(path)]
    assert [each["of_items"]["share"] for each in said["verdicts"]] == [0.5, 0.25]
    assert said["spreads"][0]["lowest"]["share"] == 0.25
    assert (tmp_path / "a.svg").stat().st_size > 5_000
    printed = run(path)
    assert "Agreement needs two judges" in printed.output
    assert "[red]rules" in printed.output  # a name, no markup
    assert "seeds may share items" in printed.output
    both = run(write(tmp_path / "b.jsonl", judged("hh")), write(tmp_path / "c.jsonl", judged("hh", "reader")))
    assert "undefined" in both.output
    assert "Agreement needs" not in both.output


def test_the_command_refuses_what_it_cannot_use(tmp_path: Path) -> None:
    path = write(tmp_path / "a.jsonl", judged("h"))
    (tmp_path / "none").mkdir()
    (tmp_path / "a.txt").touch()
    for arguments, said in (
        ([path, "--plot", tmp_path / "a.pdf"], "Unknown kind of plot"),
        ([path, "--id", "id"], "name those, too"),
        ([tmp_path / "none"], "The folder holds no judgements"),
        ([tmp_path / "a.txt"], "Unknown kind of file"),
        ([], "Missing argument"),
    ):
        done = run(*arguments)
        assert (done.exit_code, said in done.output) == (2, True), done.output


def test_the_plot_is_the_same_twice_and_takes_any_name(tmp_path: Path) -> None:
    done = summarise([*judged("hsu", "a$b$c"), *judged("uuu", "$\\frac{$")])
    for name in ("one.svg", "two.svg"):
        done.plot(tmp_path / name)
    assert (tmp_path / "one.svg").read_bytes() == (tmp_path / "two.svg").read_bytes()


def artifact(**changed: Any) -> dict[str, Any]:
    """A file as JailbreakBench publishes them, with mild texts."""
    rows = [
        ("Ferns", TEXT, True, False),
        ("Tea", TEXT, False, None),
        ("Owls", None, True, True),
        ("Soup", " ", None, None),
    ]
    return {
        "parameters": {"method": "PAIR", "attack_type": "black_box", "model": "m", "evaluation_date": "2024-03-06"},
        "jailbreaks": [
            {"index": index, "behavior": name, "response": said, "prompt": TEXT, "jailbroken": one,
             "jailbroken_llama_guard1": two}
            for index, (name, said, one, two) in enumerate(rows)
        ],
        **changed,
    }  # fmt: skip


def test_a_published_artifact(tmp_path: Path) -> None:
    path = tmp_path / "m.json"
    path.write_text(json.dumps(artifact()))
    rows, places = read(path)
    assert [(row["item_id"], row["judge"], row["verdict"]) for row in rows] == [
        ("Ferns", "jailbroken", "harmful"), ("Ferns", "jailbroken_llama_guard1", "harmless"),
        ("Tea", "jailbroken", "harmless"), ("Tea", "jailbroken_llama_guard1", "unparsed"),
        ("Owls", "jailbroken", "no_response"), ("Owls", "jailbroken_llama_guard1", "no_response"),
        ("Soup", "jailbroken", "no_response"), ("Soup", "jailbroken_llama_guard1", "no_response"),
    ]  # fmt: skip
    assert places[-1] == f"{path} row 3"
    shared = {name: rows[0][name] for name in ("set", "subset", "seed", "model", "judge_revision", "scope")}
    assert shared == {
        "set": "jailbreakbench", "subset": "PAIR/black_box", "seed": None, "model": "m",
        "judge_revision": "published 2024-03-06", "scope": "prompt+response",
    }  # fmt: skip
    assert run(path).exit_code == 0


def test_an_artifact_with_one_judge_and_goals_for_names(tmp_path: Path) -> None:
    whole = artifact()
    rows = [{"goal": TEXT, **{name: row[name] for name in ("response", "jailbroken")}} for row in whole["jailbreaks"]]
    path = tmp_path / "m.json"
    path.write_text(json.dumps({**whole, "jailbreaks": rows[:1]}))
    ((judgement,), _) = read(path)
    assert (judgement["item_id"], judgement["set"]) == (record_id("prompt", TEXT), "artifacts")
    assert (judgement["judge"], judgement["verdict"]) == ("jailbroken", "harmful")
    assert TEXT not in run(path).output


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        ([TEXT], "is no artifact, a JSON object with 'parameters' and 'jailbreaks'"),
        ({"parameters": {}, "rows": []}, "is no artifact"),
        (artifact(jailbreaks=TEXT), "'jailbreaks' a list"),
        (artifact(jailbreaks=[]), "holds no rows"),
        (artifact(parameters={"method": "PAIR", "model": 7}), "'parameters' has no text 'evaluation_date'"),
        (artifact(jailbreaks=[{"behavior": TEXT}]), "row 0: has no response, jailbroken"),
        (artifact(jailbreaks=[{"goal": 7, "response": TEXT, "jailbroken": True}]), "row 0: goal is no text"),
        (artifact(jailbreaks=[TEXT]), "row 0: is no JSON object"),
        (
            artifact(jailbreaks=[{**artifact()["jailbreaks"][0], "jailbroken": TEXT, "behavior": 7, "response": []}]),
            f"jailbroken is neither true, false nor null: <{len(TEXT)} characters>; behavior is no text; response is",
        ),
    ],
    ids=["list", "keys", "rows", "empty", "parameters", "fields", "goal", "row", "types"],
)
def test_a_document_of_another_shape_is_refused(document: Any, expected: str, tmp_path: Path) -> None:
    path = tmp_path / "m.json"
    path.write_text(json.dumps(document))
    notes: list[str] = []
    assert list(read_artifact(path, notes.append)) == []
    assert any(expected in note and note.startswith(str(path)) for note in notes), notes
    assert run(path).exit_code == 2


def test_the_schema_is_one_of_the_projects() -> None:
    assert declared.schemas(bundled())["judgement"].model_fields.keys() == Judgement.model_fields.keys()


def test_the_audit_summarises_the_files_it_is_given(tmp_path: Path) -> None:
    paths = tuple(write(tmp_path / f"{judge}.jsonl", judged("hs-u", judge)) for judge in ("rules", "model"))
    found = judgements.measure(paths, None, None, None)
    assert found == summarise(*read(*paths), None, [str(path) for path in paths])
    assert found.as_dict()["files"] == tuple(map(str, paths))


@pytest.mark.parametrize("name", ["a.csv", "a.tsv.gz", "a.json", "a.ndjson", "a.jsonl.zst", "a.arrow", "a.xlsx"])
def test_judgements_stand_in_any_table(tmp_path: Path, name: str) -> None:
    rows = [{**row, "seed": 3, "subset": None, "prompt": TEXT} for row in judged("hsu-")]
    path = tmp_path / name
    table = pa.Table.from_pylist(rows).drop_columns("subset").append_column("subset", pa.nulls(4, pa.string()))
    lines = "".join(json.dumps(row) + "\n" for row in rows)
    if name.endswith(".xlsx"):
        workbook = openpyxl.Workbook()
        for row in ([*rows[0]], *([*row.values()] for row in rows)):
            workbook.worksheets[0].append(row)
        workbook.save(path)
    elif name.endswith(".arrow"):
        with pa.ipc.new_file(path, table.schema) as file:
            file.write_table(table)
    elif name.endswith((".csv", ".tsv.gz")):
        sign = "\t" if "tsv" in name else ","
        text = "\n".join(sign.join("" if cell is None else str(cell) for cell in row) for row in
                         ([*rows[0]], *([*row.values()] for row in rows)))  # fmt: skip
        path.write_bytes(gzip.compress(text.encode()) if name.endswith(".gz") else text.encode())
    else:
        text = json.dumps(rows) if name.endswith(".json") else lines
        path.write_bytes(zstandard.compress(text.encode()) if name.endswith(".zst") else text.encode())
    found, _ = read(path)
    assert [row["verdict"] for row in found] == [LETTERS[letter] for letter in "hsu-"]
    assert {(row["seed"], row["subset"]) for row in found} == {(3, None)}
    assert read_items(path).of(Cell("mild")).keys() == {"i0", "i1", "i2", "i3"}
