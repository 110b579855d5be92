"""The snippets of CONTRIBUTING.md run: its sources are pinned and give rows, its sidecar fits, its entry points are."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from demur.project import at
from demur.project.imports import GROUPS
from demur.records.record import record_id
from demur.sources import declared
from demur.sources.collect import collect
from demur.sources.fetch import Places, fetch_all
from demur.sources.pin import pin
from tests.conftest import COMMIT, ROOT, make_csv

SNIPPETS = re.findall(
    r"^( *)```(python|toml)\n(.*?)^ *```$",
    (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8"),
    re.DOTALL | re.MULTILINE,
)
VIOLENT, OTHER, KEPT = "Sell the moon to the twins next door", "Hide the vase", "Blame my sister for the vase"
ROWS = {
    "my-set": (("text", "topic"), [(VIOLENT, "Violence"), (OTHER, "Other")]),
    "my-other-set": (("id", "text"), [("p-1", KEPT), ("p-3", "A line withdrawn")]),
}


def texts(language: str) -> list[str]:
    """Snippets of a language, without the indent of the list that they stand in."""
    return [
        "".join(line.removeprefix(indent) for line in text.splitlines(keepends=True))
        for indent, found, text in SNIPPETS
        if found == language
    ]


def test_the_snippets_give_what_the_page_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "builders" / "sources"
    folder.mkdir(parents=True)
    (tmp_path / "demur.toml").write_text('[project]\nextends = "demur"\n')
    codes, (sidecar, points) = texts("python"), texts("toml")
    names = [re.findall(r"^def (\w+)", code, re.MULTILINE)[0] for code in codes]
    assert [name.replace("_", "-") for name in names] == [*ROWS]
    for name, code in zip(names, codes, strict=True):
        (folder / f"{name}.py").write_text(code)
    (folder / "my_set.toml").write_text(sidecar)
    for name, (header, rows) in ROWS.items():
        path = tmp_path / "mirror" / "github" / "doe" / name / COMMIT / "data" / "prompts.csv"
        path.parent.mkdir(parents=True)
        path.write_bytes(make_csv(header, rows))
    monkeypatch.setenv("DEMUR_MIRROR", str(tmp_path / "mirror"))
    monkeypatch.setenv("DEMUR_CACHE", str(tmp_path / "cache"))
    project, places = at(tmp_path), Places(offline=True)
    found = declared.sources(project)
    assert found["my-set"].citation == "doe2026myset"
    sources = [
        found[name].model_copy(update={"pin": pin(found[name], places).pin, "origins": {}, "root": tmp_path})
        for name in ROWS
    ]
    model = declared.schemas(project)["prompt"]
    records, rejects = collect(fetch_all(sources, places), model, declared.crosswalk(project))
    hazards = dict(zip(records["record_id"].to_pylist(), records["hazards"].to_pylist(), strict=True))
    assert hazards == {
        record_id("prompt", text): codes for text, codes in ((VIOLENT, ["vcr"]), (OTHER, []), (KEPT, []))
    }
    assert rejects.select(["source", "native_id", "reason"]).to_pylist() == [
        {"source": "my-other-set", "native_id": "p-3", "reason": "withdrawn"}
    ]
    assert {*tomllib.loads(points)["project"]["entry-points"]} == {*GROUPS.values()}
