"""``demur report``, beside the ``demur score`` that it shows."""

from __future__ import annotations

import json
from pathlib import Path

import click
import pytest

from demur.audits.score.audit import score
from demur.audits.score.items import Items
from demur.cli import EVERYWHERE
from demur.commands.reports import report
from demur.sets.folder import BuiltSet
from tests.audits.score.conftest import BOTH, NO, YES, folder, items, never, right, run, write  # noqa: F401 - fixtures


def test_the_report_takes_what_the_score_takes() -> None:
    names = {each.name for each in report.params if each not in EVERYWHERE}
    assert names == {each.name for each in score.inputs} | {"out", "with_text", "since", "offline", "as_json"}
    assert all(each.help for each in report.params if isinstance(each, click.Option))


def test_the_report_is_a_page_of_what_the_score_says(
    folder: BuiltSet,  # noqa: F811
    items: Items,  # noqa: F811
    tmp_path: Path,
) -> None:
    rows = [
        {"record_id": item.id, "model": name, "response": say(item)}
        for name, say in (("good", right), ("lax", never)) for item in items.rows
    ]  # fmt: skip
    path = write(tmp_path / "m.jsonl", rows)
    splits = [part for name in BOTH for part in ("--split", name)]
    done = run("report", path, "--items", folder.path, *splits, "--out", tmp_path / "page.html")
    assert done.exit_code == 0, done.output
    text = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert not any(each in text for each in (NO, YES))
    assert "lax" in text
    assert "adjusted p" in text
    said = json.loads(run("score", path, "--items", folder.path, *splits, "--json").stdout)
    for each in said["models"]:
        assert f"<b>{100 * each['rates']['refusal']['share']:.1f} %</b>" in text
    plots = [tmp_path / f"{number}.svg" for number in (1, 2)]
    for plot in plots:
        shown = run("score", path, "--items", folder.path, *splits, "--plot", plot)
        assert shown.exit_code == 0, shown.output
    assert plots[0].read_bytes() == plots[1].read_bytes()
    assert all(part in shown.output for part in ("over-refusal", "good - lax", "by source"))
    assert run("report", path, "--items", folder.path, *splits, "--out", tmp_path / "no" / "p.html").exit_code == 2


def test_a_page_never_takes_the_place_of_what_it_reads(folder: BuiltSet, tmp_path: Path) -> None:  # noqa: F811
    path = write(tmp_path / "m.jsonl", [{"record_id": "x", "response": "No."}])
    kept = path.read_bytes()
    done = run("report", path, "--items", folder.path, "--out", path)
    assert done.exit_code == 2
    assert "A page is an .html file" in done.output
    assert path.read_bytes() == kept


def test_a_built_folder_has_its_page(folder: BuiltSet, tmp_path: Path) -> None:  # noqa: F811
    page = tmp_path / "page.html"
    done = run("report", folder.path, "--out", page, "--since", folder.path, "--json")
    assert done.exit_code == 0, done.output
    said = json.loads(done.stdout)
    assert (said["set"], said["bytes"], said["findings"]) == ("tiny-eval", page.stat().st_size, {})
    assert "no difference" in page.read_text(encoding="utf-8")


def test_files_have_theirs(tmp_path: Path) -> None:
    path = write(tmp_path / "m.jsonl", [{"prompt": "Which lamp is lit?", "response": "The old one, by the gate."}])
    done = run("report", path, "--out", tmp_path / "page.html")
    assert done.exit_code == 0, done.output
    assert done.output.startswith(f"{tmp_path / 'page.html'}: m.jsonl, ")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["m.jsonl", "--judge", "phrases"], "--judge is about RESPONSES: name the set that was asked with --items"),
        (["m.jsonl", "m.jsonl"], "One folder, file or version at a time; for RESPONSES, name the set"),
        (["m.jsonl", "--items", "SET", "--with-text"], "--with-text and --since are for the page of a set"),
        (["nobody"], "Path 'nobody' does not exist"),
        (["demo/tiny@v1.0.0", "--offline"], "The version v1.0.0 is not on this machine"),
        (["m.jsonl", "--since", "demo/tiny"], "Not a version of a data set"),
        (["no.jsonl", "--items", "SET"], "does not exist"),
    ],
    ids=str,
)
def test_what_cannot_be_is_told(
    arguments: list[str],
    said: str,
    folder: BuiltSet,  # noqa: F811
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    write(tmp_path / "m.jsonl", [{"prompt": "Which lamp is lit?", "response": "The old one, by the gate."}])
    done = run("report", *(folder.path if each == "SET" else each for each in arguments), "--out", "page.html")
    assert done.exit_code in (1, 2)
    assert said in " ".join(done.output.split())
    assert not (tmp_path / "page.html").exists()
