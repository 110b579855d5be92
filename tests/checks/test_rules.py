"""Every rule: a case that breaks it, one that does not, a golden message, and a page that says what the rule says."""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from demur.checks import docs
from demur.checks.engine import Finding, check
from demur.checks.layouts import Layout
from demur.checks.outputs import line_of
from demur.checks.rule import FAMILIES, rule_of, selected
from demur.checks.rules import RULES
from demur.errors import UsageError
from tests.builders import test_refusal_training as training
from tests.builders.test_refusal_training import folder as trained  # noqa: F401 - a fixture
from tests.builders.test_refusal_training import sketch, small  # noqa: F401 - fixtures
from tests.checks.fixtures import CASES, Case
from tests.checks.test_built import TEST, cover, rewrite, rows
from tests.conftest import ROOT, Tiny

GOLDEN = Path(__file__).parent / "golden"


def run(case: Case, folder: Path, code: str) -> list[Finding]:
    folder.mkdir()
    how = dict(case.how)
    if write := how.pop("how_against", None):
        how |= write(case.write(folder))
    if isinstance(how.get("mapping"), dict) and "columns" in how["mapping"]:
        how["mapping"] = Layout.model_validate_json(json.dumps(how["mapping"]))
    return list(check(case.write(folder), select=[code], **how).findings)


def golden(findings: list[Finding], code: str, tmp_path: Path) -> None:
    """Compare with ``golden/CODE.txt``; GOLDEN=write accepts what was said."""
    said = "".join(line_of(each) + "\n" for each in findings).replace(str(tmp_path), "<tmp>")
    said = re.sub(r"\b[0-9a-f]{32}\b", "<id>", re.sub(r"\b[0-9a-f]{12}\.\.\.", "<sha256>", said))
    said = re.sub(r"^(default/train-\S+): row \d+:", r"\1: row <row>:", said, flags=re.MULTILINE)
    path = GOLDEN / f"{code}.txt"
    if os.environ.get("GOLDEN") == "write":
        path.parent.mkdir(exist_ok=True)
        path.write_text(said, encoding="utf-8")
    assert path.is_file(), f"no golden message: GOLDEN=write pytest {__file__}"
    assert said == path.read_text(encoding="utf-8")


# Anybody's files


@pytest.mark.parametrize("code", CASES)
def test_a_rule_of_files(code: str, tmp_path: Path) -> None:
    bad, good = CASES[code]
    findings = run(bad, tmp_path / "bad", code)
    assert {finding.code for finding in findings} == {code}
    golden(findings, code, tmp_path)
    assert run(good, tmp_path / "good", code) == []


# Built evaluation sets: each breaks a copy of a good folder


def _edit(folder: Path, **cells: Any) -> None:
    first, *rest = rows(folder)
    rewrite(folder, [{**first, **cells}, *rest])
    cover(folder)


def _columns(folder: Path) -> None:
    table = pq.read_table(folder / TEST)
    pq.write_table(table.append_column("severity", [[1] * len(table)]), folder / TEST)
    cover(folder)


def _near(folder: Path) -> None:
    first, second, *rest = rows(folder)
    second |= {name: first[name] for name in ("prompt", "expected", "labels", "borderline")}
    rewrite(folder, [first, second, *rest])
    cover(folder)


def _strata(folder: Path) -> None:
    def change(manifest: Any) -> None:
        manifest["parameters"]["splits"] = {"test": 0.99, "validation": 0.01}

    cover(folder, change)


def _page(text: str) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        with (folder / "README.md").open("a", encoding="utf-8") as page:
            page.write(text or f"\n{rows(folder)[0]['prompt']}\n")
        cover(folder)

    return change


def _without_warning(folder: Path) -> None:
    path = folder / "README.md"
    path.write_text(re.sub("content warning", "note", path.read_text(), flags=re.IGNORECASE))
    cover(folder)


def _extra(folder: Path) -> None:
    (folder / "notes.txt").write_text("x")


def _manifest(change: Callable[[Any], object]) -> Callable[[Path], None]:
    return lambda folder: cover(folder, change)


EVALUATION: dict[str, Callable[[Path], None]] = {
    "DMR011": _columns,
    "DMR106": _near,
    "DMR107": _strata,
    "DMR403": lambda folder: _edit(folder, license="gpl-99"),
    "DMR404": _manifest(lambda manifest: manifest["configs"][1].update(use_limits=[])),
    "DMR406": _page(""),
    "DMR407": lambda folder: _edit(folder, prompt="Describe the lamp that nobody ever asked about"),
    "DMR409": _without_warning,
    "DMR410": _manifest(
        lambda manifest: manifest["curation"].update(
            stale=[{"record_id": "0" * 32, "action": "drop", "why": "the text changed"}]
        )
    ),
    "DMR501": _extra,
    "DMR502": _manifest(lambda manifest: manifest["configs"][0].update(candidates=99)),
    "DMR503": _manifest(lambda manifest: manifest["configs"][0]["rows"].update(test=99)),
}

# Built training sets: each plants a fault in the rows

TRAINING: dict[str, Callable[[list[dict[str, Any]]], None]] = {
    "DMR301": training.learnt_harm,
    "DMR302": training.lost_row,
    "DMR303": training.one_n_more,
    "DMR304": training.drifted_law,
    "DMR305": training.wrong_fixed_id,
    "DMR308": training.no_borderline,
    "DMR309": lambda rows: rows.extend({**row} for row in list(rows) if row["kind"] == "helpful_mle"),
    "DMR310": training.one_opening,
    "DMR331": training.refusal_of_both,
    "DMR333": training.answerable,
    "DMR334": training.curt,
}
CONTRAST = {"DMR313", "DMR319", "DMR604"}  # see tests/kinds/contrast/test_built.py
SIDES = {"DMR507"}  # see tests/kinds/evaluation/test_rules.py
TOKENS = {"DMR332"}  # see tests/builders/test_refusal_training.py
RESPONSES = {"DMR314"}  # see tests/kinds/responses/test_make.py
JAILBREAKS = {"DMR323", "DMR324"}  # see tests/kinds/jailbreaks/test_rules.py
QUERIES = {"DMR320", "DMR321"}  # see tests/kinds/queries/test_make.py


@pytest.mark.parametrize("code", EVALUATION)
def test_a_rule_of_evaluation_sets(code: str, built: Tiny, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(built.out, tmp_path / "copy"))
    assert check(folder, select=[code]).findings == ()
    EVALUATION[code](folder)
    findings = list(check(folder, select=[code]).findings)
    assert {finding.code for finding in findings} == {code}
    golden(findings[:3], code, tmp_path)


@pytest.mark.parametrize("code", TRAINING)
def test_a_rule_of_training_sets(code: str, trained: Path, tmp_path: Path) -> None:  # noqa: F811
    assert check(trained, select=[code]).findings == ()
    name = "default/train-00000-of-00001.parquet"
    table: list[dict[str, Any]] = pq.read_table(trained / name).to_pylist()
    TRAINING[code](table)
    rewrite(trained, table, name)
    cover(trained, lambda manifest: manifest["configs"][0]["rows"].update(train=len(table)))
    findings = list(check(trained, select=[code]).findings)
    assert {finding.code for finding in findings} == {code}
    golden(findings[:3], code, tmp_path)


# All of them


def test_every_rule_has_its_fixtures() -> None:
    tested = [*CASES, *EVALUATION, *SIDES, *TRAINING, *CONTRAST, *JAILBREAKS, *QUERIES, *RESPONSES, *TOKENS]
    assert sorted(tested) == [code for code in RULES if not code.startswith("DMR9")]


@pytest.mark.parametrize("code", RULES)
def test_every_rule_explains_itself(code: str) -> None:
    rule = RULES[code]
    assert re.fullmatch(r"DMR\d{3}", code)
    assert code[3] in FAMILIES
    assert re.fullmatch(r"[a-z]+(-[a-z]+)*", rule.name)
    assert all(1 <= number <= 29 for number in rule.invariants)
    for text in (rule.summary, rule.why, rule.fix):
        assert text.endswith(".")
        assert len(text) > 12


def test_every_invariant_of_the_design_has_a_rule() -> None:
    assert {number for rule in RULES.values() for number in rule.invariants} >= set(range(1, 25))


def test_the_pages_are_current() -> None:
    pages = docs.pages()
    folder = ROOT / "docs" / "rules"
    assert {path.name for path in folder.iterdir()} == {*pages}
    for name, text in pages.items():
        assert (folder / name).read_text(encoding="utf-8") == text, "python -m demur.checks.docs docs/rules"


def test_rules_are_found_by_code_name_and_family() -> None:
    assert rule_of("dmr101") is rule_of("split-leak")
    assert {rule.code[3] for rule in selected(["DMR1,DMR2"])} == {"1", "2"}
    assert "DMR101" not in {rule.code for rule in selected([], ["split-leak"])}
    with pytest.raises(UsageError, match="Did you mean 'split-leak'"):
        rule_of("split-leek")
    with pytest.raises(UsageError, match="No rule 'DMR777'"):
        selected(["DMR777"])
