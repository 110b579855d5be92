"""What rules need of a file, and the default for rules that nobody listed."""

from __future__ import annotations

from demur.checks import needs, rules
from demur.checks.layouts import layout_of, layouts
from demur.checks.needs import LABEL, PROMPT, ROWS, TEXT, need_of
from demur.checks.rule import rule


def test_the_table_names_rules_of_files() -> None:
    assert {code for code in needs._NEEDS if not rules.RULES[code].judges(None)} == set()


def test_layouts_meet_needs_by_their_columns() -> None:
    given = layout_of("prompt=ask")
    assert PROMPT.met(given, ["ask"])
    assert not PROMPT.met(given, ["other"])
    assert not need_of("DMR312").met(layout_of("prompt=ask,chosen=good"), ["ask", "good"])
    assert need_of("DMR312").met(layout_of("prompt=ask,chosen=good,rejected=bad"), ["ask", "good", "bad"])
    tokens = layouts()["segments"]
    assert LABEL.met(layouts()["beavertails"], ["prompt", "is_safe"])
    assert not LABEL.met(tokens, ["prompt"])
    assert ROWS.met(given, [])


def test_a_new_rule_needs_what_its_family_does() -> None:
    kept = dict(rules.RULES)
    try:
        wanted = {("DMR098", "batch"): TEXT, ("DMR098", "subject"): ROWS, ("DMR298", "subject"): LABEL,
                  ("DMR498", "batch"): ROWS}  # fmt: skip
        for (code, each), need in wanted.items():
            rules.RULES.pop(code, None)
            made = rule(code, f"new-{each}", summary="x", why="x", fix="x", each=each)(lambda _: iter(()))  # type: ignore[arg-type]
            assert need_of(made) is need, (code, each)
            rules.RULES.pop(code)
    finally:
        rules.RULES.clear()
        rules.RULES.update(kept)
