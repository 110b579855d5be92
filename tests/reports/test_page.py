"""The page: alone, the same twice, with the numbers of the set, and with no text that nobody asked for."""

from __future__ import annotations

import json
import re
import shutil
from html.parser import HTMLParser
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from demur.errors import DemurError, ManifestError, OutputError
from demur.pages.environment import digest
from demur.reports.built import about
from demur.reports.checked import Checked
from demur.reports.page import page_of, report_of
from demur.sets.folder import BuiltSet
from tests.conftest import TEXTS


def page(built: BuiltSet, *, with_text: bool = False) -> str:
    return page_of(about(built, "tiny <set>", with_text=with_text))


class Attributes(HTMLParser):
    """All attributes of a page, and its texts outside of closed details."""

    def __init__(self) -> None:
        super().__init__()
        self.values: list[str] = []
        self.open: list[str] = []
        self._closed = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.values += [value for _, value in attrs if value]
        self._closed += tag == "details"

    def handle_endtag(self, tag: str) -> None:
        self._closed -= tag == "details"

    def handle_data(self, data: str) -> None:
        if not self._closed:
            self.open.append(data)


def test_the_page_loads_nothing_and_names_the_one_script_that_it_runs(clashing: BuiltSet) -> None:
    said = page(clashing)
    assert not re.findall(r"<link|@import|url\(|src=|<img|<iframe|fetch\(|XMLHttp|href=\"(?!#)", said)
    scripts = re.findall(r"<script>(.*?)</script>", said, re.DOTALL)
    assert len(scripts) == 1
    assert f"script-src {digest(scripts[0])}" in said
    assert "default-src 'none'" in said
    assert "tiny &lt;set&gt;" in said
    assert page(clashing) == said


def test_without_being_asked_a_page_holds_no_text(clashing: BuiltSet) -> None:
    said = page(clashing)
    assert [text for text in TEXTS if text in said] == []
    words = {word for text in TEXTS for word in re.findall(r"[a-z]{6,}", text.lower())}
    assert not {word for word in ("kettle", "lodger", "vicar") if word in said.lower()} & words
    assert "words shared" in said


def test_texts_are_hidden_and_stand_in_no_attribute(clashing: BuiltSet) -> None:
    said = page(clashing, with_text=True)
    assert "<ins>" in said
    assert "kettle" in said
    read = Attributes()
    read.feed(said)
    for word in ("kettle", "lodger", "vicar"):
        assert not [value for value in read.values if word in value]
        assert not [text for text in read.open if word in text]


def test_the_numbers_are_those_of_the_manifest(tiny_set: BuiltSet) -> None:
    found = about(tiny_set, "tiny")
    manifest = tiny_set.manifest
    assert dict(zip(found.rows.dims["config"], found.rows.counts("config"), strict=True)) == {
        each.name: sum(each.rows.values()) for each in manifest.configs
    }
    assert (
        dict(zip(found.rejects.dims["reason"], found.rejects.counts("reason"), strict=True)).items()
        >= dict(manifest.configs[0].rejects).items()
    )
    cubes = re.findall(r'<script type="application/json">(.*?)</script>', page(tiny_set), re.DOTALL)
    assert [json.loads(each)["one"] for each in cubes] == ["config"] * 3
    assert found.leaks[0].rate.count == 0
    assert found.leaks[0].rate.n == len(
        {id for table in tiny_set.configs.values() for id in table["group_id"].to_pylist()}
    )
    assert all(each.rate.n for each in found.leaks)


def test_findings_lead_to_the_words_of_their_rules(clashing: BuiltSet) -> None:
    """Its ``conflicts.parquet`` is not the one of the manifest."""
    found, said = about(clashing, "tiny"), page(clashing)
    codes = list(found.checked.report.counts)
    assert codes
    for code in codes:
        assert f'href="#{code}"' in said
        assert f'<details id="{code}"' in said
    anchors, ids = set(re.findall(r'href="#([^"]+)"', said)), re.findall(r'id="([^"]+)"', said)
    assert anchors <= {*ids}
    assert len(ids) == len({*ids})


def test_since_tells_what_changed(tiny_set: BuiltSet, tmp_path: Path) -> None:
    before = tmp_path / "before"
    shutil.copytree(tiny_set.path, before)
    document = json.loads((before / "manifest.json").read_text())
    document["configs"].pop()
    (before / "manifest.json").write_text(json.dumps(document))
    report_of(tiny_set.path, tmp_path / "p.html", called="tiny", since=("demo/tiny@v1.0.0", before))
    said = (tmp_path / "p.html").read_text(encoding="utf-8")
    assert "Since demo/tiny@v1.0.0" in said
    assert "<li>config added: noncommercial</li>" in said


FILES = {
    "train.jsonl": [
        {"prompt": "Name a lamp of the harbour", "response": "It stands left of the old gate, and is lit at night."},
        {"prompt": "Name a lamp of the harbour", "response": "It stands left of the old gate, and is lit at night."},
    ],
    "test.jsonl": [{"prompt": "Name a lamp of the harbour", "response": "It is the tall one, near the market."}],
}


@pytest.fixture
def files(tmp_path: Path) -> Path:
    folder = tmp_path / "files"
    folder.mkdir()
    for name, rows in FILES.items():
        (folder / name).write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return folder


def test_anybodys_files_have_a_page_of_what_was_found(files: Path, tmp_path: Path) -> None:
    for with_text in (False, True):
        done = report_of(files, tmp_path / "p.html", called="lamps", with_text=with_text)
        said = (tmp_path / "p.html").read_text(encoding="utf-8")
        assert (done["files"], done["rows"], done["bytes"]) == (2, 3, len(said.encode()))
        assert {"DMR101", "DMR102"} <= done["findings"].keys()
        assert all(f'href="#{code}"' in said for code in done["findings"])
        assert ("harbour" in said) is with_text
        assert "<script" not in said


def test_a_rule_that_found_all_rows_has_no_rate_above_one(files: Path, tmp_path: Path) -> None:
    from demur.checks.engine import check

    rates = {rule.code: rate for rule, rate in Checked(check(files)).leaks()}
    assert rates["DMR101"].count
    assert all(rate.share <= 1 for rate in rates.values())


def test_a_folder_that_brings_a_project_runs_none_of_it(tiny_set: BuiltSet, tmp_path: Path) -> None:
    folder = tmp_path / "set"
    shutil.copytree(tiny_set.path, folder)
    for place in (folder, tmp_path):
        (place / "builders").mkdir()
        (place / "builders" / "__init__.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w')")
        (place / "builders" / "tiny_eval.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w')")
    report_of(folder, tmp_path / "p.html", called="tiny")
    assert not (tmp_path / "ran").exists()


ROWS, REJECTS = "default/test-00000-of-00001.parquet", "rejects.parquet"


def other(tiny_set: BuiltSet, folder: Path, name: str, what: str) -> Path:
    """A copy of the set with a file gone, or with other columns or bytes."""
    shutil.copytree(tiny_set.path, folder)
    if what == "columns":
        pq.write_table(pa.table({"lamp": [1]}), folder / name)
    elif what == "bytes":
        (folder / name).write_bytes(b"PAR1")
    else:
        (folder / name).unlink()
    return folder


@pytest.mark.parametrize(("name", "what"), [(ROWS, "bytes"), (REJECTS, "bytes"), (REJECTS, "gone")])
def test_a_set_that_cannot_be_read_ends_in_a_message(name: str, what: str, tiny_set: BuiltSet, tmp_path: Path) -> None:
    folder = other(tiny_set, tmp_path / "set", name, what)
    with pytest.raises(DemurError) as told:
        report_of(folder, tmp_path / "p.html", called="tiny")
    assert str(folder) in str(told.value)
    assert not (tmp_path / "p.html").exists()


@pytest.mark.parametrize(("name", "what"), [(ROWS, "columns"), (REJECTS, "columns"), (ROWS, "gone")])
def test_the_page_of_a_set_with_other_files_says_so(name: str, what: str, tiny_set: BuiltSet, tmp_path: Path) -> None:
    report_of(other(tiny_set, tmp_path / "set", name, what), tmp_path / "p.html", called="tiny")
    said = (tmp_path / "p.html").read_text(encoding="utf-8")
    assert "DMR501" in said
    assert "No row was judged" in said


def test_what_cannot_be_read_or_written_is_told(tiny_set: BuiltSet, tmp_path: Path) -> None:
    with pytest.raises(OutputError):
        report_of(tiny_set.path, tmp_path / "no" / "p.html", called="tiny")
    (tmp_path / "manifest.json").write_text("{}")
    with pytest.raises(ManifestError):
        report_of(tmp_path, tmp_path / "p.html", called="broken")
