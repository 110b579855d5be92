"""Sidecars: what may stand in one, and how each mistake in it is named."""

from __future__ import annotations

from pathlib import Path

import pytest

from demur.errors import ProjectError
from demur.sources.sidecar import Sidecar, read_sidecar

ENTRY = "@misc{doe2026, title = {Tea}}"


def read(folder: Path, text: str) -> Sidecar:
    path = folder / "my_set.toml"
    path.write_text(text, encoding="utf-8")
    return read_sidecar(path)


def test_nothing_in_it_is_required(tmp_path: Path) -> None:
    empty = read(tmp_path, "")
    assert (empty.note, empty.key, empty.protection, empty.hazards, empty.columns) == (None, None, None, {}, {})


def test_all_of_it(tmp_path: Path) -> None:
    full = read(
        tmp_path,
        f"""note = "Read this."
copyright = "Copyright (c) 2026 Doe"
bibtex = '''
{ENTRY}
'''
protection = {{role = "background", reason = "benign"}}
[hazards]
"Violence" = ["vcr", "ncr"]
"Other" = []
[origins]
lent = "none-stated"
[columns]
goal = "what the writer wants"
""",
    )
    assert (full.note, full.key, full.bibtex) == ("Read this.", "doe2026", ENTRY)
    assert full.protection
    assert (full.protection.role, full.protection.reason) == ("background", "benign")
    assert full.hazards == {"Violence": ("vcr", "ncr"), "Other": ()}
    assert (full.copyright, full.origins) == (("Copyright (c) 2026 Doe",), {"lent": "none-stated"})
    assert full.columns == {"goal": "what the writer wants"}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[hazards]\nViolence = ['vrc']", "hazards.Violence.0: Value error, unknown hazard 'vrc'. Did you mean 'vcr'?"),
        ("[hazards]\nViolence = 'vcr'", "hazards.Violence: Input should be a valid tuple"),
        ("[hazard]\nViolence = ['vcr']", "Value error, unknown key 'hazard'. Did you mean 'hazards'?"),
        ("protection = {role = 'protected', reason = 'x'}", "protection.role: Input should be 'protect', 'training'"),
        ("protection = {role = 'protect'}", "protection.reason: Field required"),
        ("protection = {role = 'protect', reason = ' '}", "protection.reason: String should have at least 1 character"),
        ("protection = {role = 'protect', reason = 'x', day = 1}", "protection.day: Extra inputs are not permitted"),
        ("note = 7", "note: Input should be a valid string"),
        ("citation = 'Doe 2026'", "citation: String should match pattern"),
        ("bibtex = 'Doe, 2026'", "Value error, bibtex is not one entry"),
        (f"bibtex = '{ENTRY} {ENTRY}'", "Value error, bibtex is not one entry"),
        (f"bibtex = '{ENTRY}'\ncitation = 'doe2026'", "Value error, bibtex has a key of its own"),
        ("[origins]\nlent = 'mti'", "origins.lent: Value error, license 'mti' is not in the closed list"),
        ("copyright = 7", "copyright: Input should be a valid tuple"),
        ("note = ", "TOMLDecodeError: Invalid value"),
    ],
)
def test_a_mistake_is_named_with_its_file_and_key(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(ProjectError, match="The sidecar of a source cannot be read") as caught:
        read(tmp_path, text)
    assert caught.value.where == tmp_path / "my_set.toml"
    assert str(caught.value.got).startswith(said)


def test_all_mistakes_are_named_at_once(tmp_path: Path) -> None:
    with pytest.raises(ProjectError) as caught:
        read(tmp_path, "note = 7\n[hazards]\na = ['vrc']\nb = ['ncrr']")
    assert [line.strip().partition(":")[0] for line in str(caught.value.got).splitlines()] == [
        "note",
        "hazards.a.0",
        "hazards.b.0",
    ]


def test_a_changed_file_is_read_again(tmp_path: Path) -> None:
    assert read(tmp_path, "note = 'one'").note == "one"
    assert read(tmp_path, "note = 'two'").note == "two"
