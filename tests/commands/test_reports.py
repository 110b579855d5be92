"""``demur report``, beside the ``demur score`` that it shows."""

from __future__ import annotations

import json
from pathlib import Path

import click

from demur.audits.score.audit import score
from demur.audits.score.items import Items
from demur.cli import EVERYWHERE
from demur.commands.reports import report
from demur.sets.folder import BuiltSet
from tests.audits.score.conftest import BOTH, NO, YES, folder, items, never, right, run, write  # noqa: F401 - fixtures


def test_the_report_takes_what_the_score_takes() -> None:
    names = {each.name for each in report.params if each not in EVERYWHERE}
    assert names == {each.name for each in score.inputs} | {"out", "as_json"}
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
