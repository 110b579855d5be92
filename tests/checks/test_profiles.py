"""Profiles: which rules a use of rows asks, what it presumes, and where a new rule falls."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from demur.checks import rules
from demur.checks.docs import page
from demur.checks.engine import check
from demur.checks.profiles import PROFILES, chosen, profile_of, profiles_of
from demur.checks.rule import rule
from demur.cli import main
from demur.errors import UsageError
from demur.protected import prompts
from demur.protected.prompts import Background, Protected

PAIR = {"prompt": "Name a lake.", "response": "Garda."}


def codes(name: str) -> set[str]:
    return {rule.code for rule in PROFILES[name].rules}


def test_uses_differ_in_what_they_ask() -> None:
    assert "DMR312" in codes("dpo") - codes("sft")
    assert not {code for code in codes("eval") if code.startswith("DMR3")}
    assert {"DMR101", "DMR104"} <= codes("sft") & codes("dpo") & codes("eval")
    assert "DMR603" in codes("judgements") - codes("sft")
    assert "DMR101" not in codes("judgements")


def test_the_table_names_rules_that_are_there() -> None:
    for profile in PROFILES.values():
        assert {*profile.but} <= rules.RULES.keys()
        assert all(any(code.startswith(each) for code in rules.RULES) for each in profile.holds)


def test_a_new_rule_falls_into_profiles_by_its_family() -> None:
    kept = dict(rules.RULES)
    try:
        made = rule("DMR398", "new", summary="x", why="x", fix="x")(lambda _: iter(()))
        assert profiles_of(made) == ("sft", "dpo")
        assert "DMR398" in codes("sft")
        assert "Profiles: sft, dpo." in page(made).replace("\n", " ")
    finally:
        rules.RULES.clear()
        rules.RULES.update(kept)


def test_selected_rules_win() -> None:
    assert {rule.code for rule in chosen(["DMR312"], [], "sft")} == {"DMR312"}
    assert "DMR101" not in {rule.code for rule in chosen([], ["DMR1"], "sft")}
    assert len(chosen([], [], None)) == len(rules.RULES)
    with pytest.raises(UsageError, match="Did you mean 'sft'"):
        profile_of("stf")


def test_rows_are_presumed_to_be_trained_on(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text(json.dumps(PAIR) + "\n")

    def contamination(profile: str | None) -> list[str]:
        report = check(tmp_path, profile=profile, license="mit")
        return [each.what for each in report.unjudged if "trained on" in each.why]

    assert contamination(None) == contamination("eval") == ["contamination"]
    assert contamination("sft") == contamination("dpo") == []


def test_a_protected_prompt_is_found_where_rows_are_trained_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    small = Protected.from_texts([PAIR["prompt"]], "lakes", background=Background())
    monkeypatch.setattr(prompts, "bundled", lambda: small)
    (tmp_path / "a.jsonl").write_text(json.dumps(PAIR) + "\n")
    found = {name: list(check(tmp_path, profile=name, license="mit").counts) for name in ("sft", "eval")}
    assert found == {"sft": ["DMR104"], "eval": []}


def test_the_command(tmp_path: Path) -> None:
    run = CliRunner()
    listed = run.invoke(main, ["rule", "--profile", "sft"]).stdout.splitlines()
    assert len(listed) == len(codes("sft")) + 1
    assert listed[1].startswith("DMR001 unreadable (error, sft, dpo, eval, judgements): ")
    assert "Severity: warning. Profiles: sft" in run.invoke(main, ["rule", "DMR102"]).stdout.replace("\n", " ")
    (tmp_path / "pairs.jsonl").write_text('{"prompt": "Name a lake.", "chosen": "Garda.", "rejected": "Garda."}\n')
    args = ["check", str(tmp_path), "--license", "mit", "--json", "--profile"]
    found = {name: json.loads(run.invoke(main, [*args, name]).stdout)["counts"] for name in ("sft", "dpo")}
    assert found == {"sft": {}, "dpo": {"DMR312": 1}}
    (tmp_path / "demur.toml").write_text('profile = "dpo"\n')
    assert json.loads(run.invoke(main, args[:-1]).stdout)["counts"] == {"DMR312": 1}
    wrong = run.invoke(main, [*args, "stf"])
    assert (wrong.exit_code, "Did you mean 'sft'?" in wrong.output) == (2, True)
