"""Rows that a source took over from others keep the license that they came with."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from demur.checks.engine import check
from demur.records.record import ACCESS_TIERS
from demur.sets.kind import Config
from demur.sets.terms import admitted, of_records
from tests.checks.test_built import TEST, VALIDATION, cover, rewrite, rows
from tests.conftest import Tiny

ORIGINS = """
copyright = "Copyright (c) 2026 The Tea Makers"
model_written = "one prompt by a model of nobody's"
[origins]
own = "cc-by-4.0"
lent = "none-stated"
free = "cc0-1.0"
"""


def record(license: str, number: int = 0) -> dict[str, object]:
    lineage = {"source": "tea", "row": number, "native_id": None, "row_sha256": "0" * 64}
    return {
        "record_id": f"{number:032x}",
        "license": license,
        "lineage": lineage,
        "use_limits": [],
        "access": ACCESS_TIERS[0],
    }


RECORDS = pa.Table.from_pylist(
    [record(license, n) for n, license in enumerate(("mit", "none-stated", "cc-by-nc-4.0", "vendor-terms"))]
)


@pytest.mark.parametrize(
    ("how", "kept", "reasons"),
    [
        ({"commercial": True}, ["mit"], ["license-unknown", "license-noncommercial", "license-unknown"]),
        ({}, ["mit", "cc-by-nc-4.0"], ["license-unknown", "license-unknown"]),
        ({"references": True}, ["mit", "none-stated", "cc-by-nc-4.0", "vendor-terms"], []),
    ],
)
def test_a_config_takes_the_rows_whose_own_license_lets_it(
    how: dict[str, Any], kept: list[str], reasons: list[str]
) -> None:
    found, rejects = admitted(RECORDS, Config(name="all", sources=("tea",), **how))
    assert found["license"].to_pylist() == kept
    assert rejects["reason"].to_pylist() == reasons
    assert {*rejects["config"].to_pylist()} <= {"all"}


def test_two_rows_of_one_source_may_have_two_licenses() -> None:
    assert of_records([record("mit"), record("cc-by-nc-4.0")])["license"] == "cc-by-nc-4.0"
    assert of_records([record("cc-by-nc-4.0"), record("mit")])["license"] == "cc-by-nc-4.0"


@pytest.fixture
def lent(tiny_project: Callable[[Path], Tiny], tmp_path: Path) -> Tiny:
    """The small project, in which two rows of a source come from other sets."""
    tiny = tiny_project(tmp_path)
    source = tiny.source("comply")
    code = source.read_text().replace(
        'labels=(harmful(value, by="author"),))',
        'labels=(harmful(value, by="author"),), native_labels=(NativeLabel(name="origin", value=origin),))',
    )
    code = code.replace(
        "    value = {", '    origin = {"c05": "lent", "c06": "free"}.get(row["id"], "own")\n    value = {'
    )
    source.write_text(code.replace("import harmful", "import NativeLabel, harmful"))
    beside = tiny.source("tiny_comply").with_suffix(".toml")
    beside.write_text(beside.read_text() + ORIGINS)
    return tiny


def test_rows_without_a_license_stand_in_no_config_and_are_counted(lent: Tiny) -> None:
    done = lent.build()
    assert done.returncode == 0, done.stderr
    licenses = {
        each["lineage"]["native_id"]: each["license"]
        for name in (TEST, VALIDATION)
        for each in rows(lent.out, name)
        if each["source"] == "tiny-comply"
    }
    assert "c05" not in licenses
    assert licenses.pop("c06") == "cc0-1.0"
    assert {*licenses.values()} == {"cc-by-4.0"}
    rejects = pq.read_table(lent.out / "rejects.parquet").to_pylist()
    assert [(each["config"], each["native_id"]) for each in rejects if each["reason"] == "license-unknown"] == [
        ("default", "c05"),
        ("noncommercial", "c05"),
    ]
    assert check(lent.out).findings == ()
    notice = (lent.out / "NOTICE").read_text()
    for said in (
        "Copyright (c) 2026 The Tea Makers",
        "lent (none-stated)",
        "by a model of nobody's",
        "no license file",
    ):
        assert said in notice
    assert "lent (none-stated)" in (lent.out / "README.md").read_text()


def test_a_row_with_the_license_of_another_origin_is_told(lent: Tiny) -> None:
    assert lent.build().returncode == 0
    name = next(name for name in (TEST, VALIDATION) if any("c06" in json.dumps(row) for row in rows(lent.out, name)))
    changed = [
        {**row, "license": "cc-by-4.0"} if row["lineage"]["native_id"] == "c06" else row for row in rows(lent.out, name)
    ]
    rewrite(lent.out, changed, name)
    cover(lent.out)
    assert [each.code for each in check(lent.out, select=["DMR403"]).findings] == ["DMR403"]


def test_an_origin_that_the_sidecar_does_not_know_stops_the_build(lent: Tiny) -> None:
    beside = lent.source("tiny_comply").with_suffix(".toml")
    beside.write_text(beside.read_text().replace('free = "cc0-1.0"\n', ""))
    done = lent.build()
    assert done.returncode != 0
    assert "does not say which license rows from 'free' have" in done.stderr
