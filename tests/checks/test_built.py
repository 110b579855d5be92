"""``demur check`` finds each planted fault, and names files and ids only."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from demur.checks.engine import Finding, check
from demur.errors import ManifestError
from demur.files.digest import content_digest, file_sha256
from demur.files.parquet import write_parquet
from demur.kinds.evaluation.measure import COUNTED, counts
from demur.records.record import record_id
from tests.conftest import TEXTS, Tiny

TEST, VALIDATION = (f"default/{split}-00000-of-00001.parquet" for split in ("test", "validation"))


@pytest.fixture
def folder(built: Tiny, tmp_path: Path) -> Path:
    return Path(shutil.copytree(built.out, tmp_path / "copy"))


def rows(folder: Path, name: str = TEST) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = pq.read_table(folder / name).to_pylist()
    return found


def rewrite(folder: Path, changed: list[dict[str, Any]], name: str = TEST) -> None:
    schema = pq.read_schema(folder / name)
    write_parquet(pa.Table.from_pylist(changed, schema=schema), folder / name)


def cover(folder: Path, change: Callable[[Any], object] = lambda _: None) -> None:
    """Make the manifest agree with the files, as whoever planted the fault would."""
    manifest = json.loads((folder / "manifest.json").read_text())
    for name, entry in manifest["files"].items():
        path = folder / name
        entry |= {"sha256": file_sha256(path), "bytes": path.stat().st_size}
        if path.suffix == ".parquet":
            table = pq.read_table(path)
            entry |= {"rows": table.num_rows, "content": content_digest(table)}
    for config in manifest["configs"] if manifest["kind"] == "evaluation" else ():
        shards = sorted((folder / config["name"]).glob("*.parquet"))
        table = pa.concat_tables([pq.read_table(path) for path in shards], promote_options="permissive")
        if "sides" in config["facts"] and {*COUNTED} <= {*table.column_names}:
            config["facts"] |= counts(table, next(iter(manifest["parameters"]["splits"]))).model_dump(
                mode="json", exclude={"text_alone"}
            )
    change(manifest)
    (folder / "manifest.json").write_text(json.dumps(manifest))


def count_one_less(manifest: Any, config: int = 0) -> None:
    manifest["configs"][config]["rows"]["test"] -= 1
    manifest["configs"][config]["used"] -= 1


def found(folder: Path) -> list[Finding]:
    findings = check(folder).findings
    assert not any(text in str(finding) for finding in findings for text in TEXTS)
    return list(findings)


def said(folder: Path) -> list[tuple[str, str]]:
    return [(finding.code, finding.message) for finding in found(folder)]


def test_a_good_folder_has_no_findings(folder: Path) -> None:
    assert found(folder) == []
    cover(folder)
    assert found(folder) == []  # what `cover` writes is not itself a fault


def test_a_changed_byte(folder: Path) -> None:
    data = bytearray((folder / TEST).read_bytes())
    data[len(data) // 2] ^= 1
    (folder / TEST).write_bytes(data)
    ((code, message),) = said(folder)
    assert code == "DMR501"
    assert message.startswith("sha256 is ")


@pytest.mark.parametrize("name", [TEST, "README.md", "rejects.parquet", "splits.lock"])
def test_a_missing_file(folder: Path, name: str) -> None:
    (folder / name).unlink()
    assert [(finding.file, finding.message) for finding in found(folder)] == [(name, "the file is missing")]


def test_a_file_too_many(folder: Path) -> None:
    (folder / "default" / "notes.txt").write_text("x")
    assert [finding.file for finding in found(folder)] == ["default/notes.txt"]


@pytest.mark.parametrize("name", ["README.md", "rejects.parquet", "splits.lock", "schema.json"])
def test_a_file_that_the_manifest_forgets_as_well(folder: Path, name: str) -> None:
    (folder / name).unlink()
    manifest = json.loads((folder / "manifest.json").read_text())
    del manifest["files"][name]
    (folder / "manifest.json").write_text(json.dumps(manifest))
    assert [finding.file for finding in found(folder)] == [name]


def test_a_removed_row_with_the_hashes_updated(folder: Path) -> None:
    rewrite(folder, rows(folder)[1:])
    cover(folder)
    ((code, message),) = said(folder)
    assert code == "DMR503"
    assert message.startswith("rows by split are ")


def test_a_removed_row_with_the_counts_updated(folder: Path) -> None:
    rewrite(folder, rows(folder)[1:])
    cover(folder, count_one_less)
    assert said(folder) == [("DMR502", "14 candidates, but 13 rows and rejects")]


def test_a_removed_row_with_the_records_used_as_they_were(folder: Path) -> None:
    rewrite(folder, rows(folder)[1:])
    cover(folder, lambda manifest: manifest["configs"][0]["rows"].update(test=len(rows(folder))))
    assert said(folder) == [("DMR503", "used: 11 in the rows, declared 12")]


def test_a_removed_row_with_every_count_updated(folder: Path) -> None:
    """The sources' own record counts still tell."""

    def change(manifest: Any) -> None:
        count_one_less(manifest)
        manifest["configs"][0]["candidates"] -= 1

    rewrite(folder, rows(folder)[1:])
    cover(folder, change)
    assert said(folder) == [("DMR502", "its sources give 14 candidates, declared 13")]


def test_a_near_duplicate_across_splits(folder: Path) -> None:
    """One row of test goes to validation too, with a word's case changed."""
    leaked = rows(folder)[0]
    leaked |= {"prompt": leaked["prompt"].upper(), "split": "validation"}
    rewrite(folder, [*rows(folder, VALIDATION)[1:], leaked], VALIDATION)
    cover(folder)
    findings = found(folder)
    message = f"the prompt of {TEST}: row 0 in 'test' (token Jaccard 1.000)"
    leaks = [finding for finding in findings if finding.code == "DMR101"]
    assert [(leak.file, leak.row, leak.record_id, leak.message) for leak in leaks] == [
        (VALIDATION, len(rows(folder, VALIDATION)) - 1, leaked["record_id"], message)
    ]


def test_a_group_across_splits(folder: Path) -> None:
    one, *rest = rows(folder, VALIDATION)
    one["group_id"] = rows(folder)[0]["group_id"]
    rewrite(folder, [one, *rest], VALIDATION)
    cover(folder)
    assert ("DMR103", "its group of 3 rows stands in 'test' and 'validation'") in said(folder)


def test_a_near_duplicate_in_one_split(folder: Path) -> None:
    one, two, *rest = rows(folder)
    two["prompt"] = one["prompt"] + "!"
    two["expected"], two["labels"], two["borderline"] = one["expected"], one["labels"], one["borderline"]
    two["record_id"] = record_id("prompt", two["prompt"])
    rewrite(folder, [one, two, *rest])
    cover(folder)
    assert {*said(folder)} >= {
        ("DMR102", "the same texts as row 0"),
        ("DMR106", f"near-duplicate of {one['record_id']}"),
        ("DMR601", "the id stands 2 times"),
    }


def test_an_edited_text(folder: Path) -> None:
    one, *rest = rows(folder)
    rewrite(folder, [{**one, "prompt": one["prompt"] + " Sing it"}, *rest])
    cover(folder)
    assert ("DMR407", "the record id does not follow from the row's texts") in said(folder)


@pytest.mark.parametrize("license", ["cc-by-nc-4.0", "gpl-99"])
def test_a_wrong_license_of_a_row(folder: Path, license: str) -> None:
    one, *rest = rows(folder)
    rewrite(folder, [{**one, "license": license}, *rest])
    cover(folder)
    assert said(folder) == [("DMR403", f"license {license!r} is not that of {one['source']!r}")]


def test_a_wrong_license_of_a_config(folder: Path) -> None:
    cover(folder, lambda manifest: manifest["configs"][1].update(license="mit"))
    assert said(folder) == [("DMR402", "license is mit, its sources demand cc-by-nc-4.0")]


def test_a_use_limit_that_is_not_inherited(folder: Path) -> None:
    cover(folder, lambda manifest: manifest["configs"][1].update(use_limits=[]))
    assert said(folder) == [("DMR404", "use limits are not inherited: eval_only")]


def test_a_license_outside_the_closed_list(folder: Path) -> None:
    cover(folder, lambda manifest: manifest["sources"][2].update(license="gpl-99"))
    assert ("DMR402", "License 'gpl-99' is not in the closed list") in said(folder)


def test_a_source_that_the_manifest_does_not_declare(folder: Path) -> None:
    cover(folder, lambda manifest: manifest["sources"].pop())
    assert ("DMR402", "the manifest says nothing of its sources tiny-refuse") in said(folder)


@pytest.mark.parametrize("name", ["README.md", "splits.lock"])
def test_a_text_in_the_card(folder: Path, name: str) -> None:
    with (folder / name).open("a") as page:
        page.write(f"\nFor example: {rows(folder)[0]['prompt']}\n")
    cover(folder)
    broken = [("DMR503", name, "is no lock: a record id and its split on each line")] if name == "splits.lock" else []
    told = [(f.code, f.file, f.message) for f in found(folder)]
    assert told == [("DMR406", name, "holds the text of a row"), *broken]


def test_a_page_that_begins_as_a_text_quotes_none(folder: Path) -> None:
    text = rows(folder)[0]["prompt"]
    assert len(text) > 20
    with (folder / "README.md").open("a") as page:
        page.write(f"\nFor example: {text[:-1]}~\n")
    cover(folder)
    assert found(folder) == []


def test_a_text_in_the_manifest_behind_json_escapes(folder: Path) -> None:
    one, *rest = rows(folder)
    text = 'Say "tomato" and "soup" until the kettle sings'
    one |= {"prompt": text, "record_id": record_id("prompt", text)}
    rewrite(folder, [one, *rest])
    cover(folder, lambda manifest: manifest.update(title=text))
    assert ("DMR406", "holds the text of a row") in [(each.code, each.message) for each in check(folder).findings]


def test_a_withheld_row(folder: Path) -> None:
    one, *rest = rows(folder)
    rewrite(folder, [{**one, "access": "withheld"}, *rest])
    cover(folder)
    assert said(folder) == [("DMR405", "a withheld row stands in a public config")]


def test_an_unknown_column(folder: Path) -> None:
    table = pq.read_table(folder / TEST)
    write_parquet(table.append_column("severity", pa.array([1] * len(table))), folder / TEST)
    cover(folder)
    assert said(folder) == [("DMR011", "columns differ from the schema: 'severity'")]


def test_a_column_whose_name_is_a_text(folder: Path) -> None:
    table = pq.read_table(folder / TEST)
    write_parquet(table.append_column(TEXTS[0], pa.array([1] * len(table))), folder / TEST)
    cover(folder)
    assert said(folder) == [("DMR011", f"columns differ from the schema: <{len(TEXTS[0])} characters>")]


def test_a_value_outside_its_enum(folder: Path) -> None:
    one, *rest = rows(folder)
    rewrite(folder, [{**one, "expected": "perhaps"}, *rest])
    cover(folder)
    ((code, message),) = said(folder)
    assert code == "DMR010"
    assert message.startswith("expected: Input should be 'refuse', 'answer' or 'either'")


def test_a_label_that_contradicts_the_expectation(folder: Path) -> None:
    one, *rest = rows(folder)
    rewrite(folder, [{**one, "expected": "answer" if one["expected"] == "refuse" else "refuse"}, *rest])
    cover(folder)
    ((code, message),) = said(folder)
    assert code == "DMR010"
    assert "'expected' follows from the source's 'harmful' label" in message


def test_rejects_that_are_not_the_counted_ones(folder: Path) -> None:
    rewrite(folder, rows(folder, "rejects.parquet")[1:], "rejects.parquet")
    cover(folder)
    assert ("DMR503", "rejects by reason are not the declared ones") in said(folder)


def test_rejects_with_another_column(folder: Path) -> None:
    write_parquet(pq.read_table(folder / "rejects.parquet").drop_columns(["twin"]), folder / "rejects.parquet")
    cover(folder)
    assert said(folder) == [("DMR503", "columns differ from the schema")]


def test_a_parquet_file_that_is_none(folder: Path) -> None:
    (folder / TEST).write_bytes(b"PAR1")
    manifest = json.loads((folder / "manifest.json").read_text())
    manifest["files"][TEST]["sha256"] = file_sha256(folder / TEST)
    (folder / "manifest.json").write_text(json.dumps(manifest))
    assert said(folder) == [("DMR001", "cannot be read: it is broken, or is of another format than its name says")]


def test_a_config_without_files(folder: Path) -> None:
    manifest = json.loads((folder / "manifest.json").read_text())
    for name in (TEST, VALIDATION):
        (folder / name).unlink()
        del manifest["files"][name]
    (folder / "manifest.json").write_text(json.dumps(manifest))
    assert said(folder) == [("DMR001", "a config without Parquet files")]


@pytest.mark.parametrize(
    ("change", "what"),
    [
        (lambda manifest: manifest.update(kind="poem"), "There is no kind of set 'poem'"),
        (lambda manifest: manifest.update(row="poem"), "Unknown kind of row"),
        (lambda manifest: manifest["parameters"].update(stated={"balanse": None}), "The manifest is broken"),
        (lambda manifest: manifest["configs"][1].update(facts={"verses": 3}), "The manifest is broken"),
        (lambda manifest: manifest["parameters"].pop("near_duplicate"), "The manifest is broken"),
    ],
    ids=["kind", "row", "declaration", "facts", "threshold"],
)
def test_a_manifest_that_lacks_what_the_rules_need(folder: Path, change: Callable[[Any], object], what: str) -> None:
    cover(folder, change)
    with pytest.raises(ManifestError, match=what):
        check(folder)


def test_the_command_and_its_exit_codes(built: Tiny, folder: Path) -> None:
    """0 fine, 1 findings (on standard output, for programs as JSON), 2 no data set."""
    fine = built.run("check", str(folder))
    assert (fine.returncode, fine.stdout.count("\n")) == (0, 1)
    assert fine.stdout.endswith(" rows, read as demur (4): no findings\n")
    (folder / "README.md").write_text("x")
    wrong = built.run("check", str(folder))
    assert (wrong.returncode, wrong.stdout.count("\n")) == (1, 1)
    assert wrong.stdout.startswith(f"{folder / 'README.md'}: error DMR501 files: sha256 is ")
    assert wrong.stderr.splitlines()[0] == "DMR501 files (error): 1"
    as_json = built.run("check", str(folder), "--json")
    assert as_json.returncode == 1
    assert [finding["file"] for finding in json.loads(as_json.stdout)["findings"]] == ["README.md"]


def test_the_checked_folder_is_never_imported(built: Tiny, folder: Path) -> None:
    """Modules in it, and in the folder one stands in, stay unread: `check` works on anybody's data."""
    trap = "raise SystemExit('imported')"
    for place in (folder / "default", built.root):
        assert place.is_dir()
    (folder / "schemas").mkdir()
    (folder / "schemas" / "evaluation_item.py").write_text(trap)
    done = built.run("check", str(folder))
    assert done.returncode == 1
    assert "schemas/evaluation_item.py" in done.stdout
    assert "imported" not in done.stdout + done.stderr
