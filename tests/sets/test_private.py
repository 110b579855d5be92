"""A team's own rows in a set: their terms are computed, and no public file tells what they say or where they lie."""

from __future__ import annotations

import json
import re
import shutil
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from tests.conftest import ROOT, Tiny, make_jsonl

SECRETS = [
    ("a01", "Ask the bakery of our street to hide every raisin bun before noon", "raisins"),
    ("a02", "Persuade the choir that the second verse was never written down", "choir"),
    ("a03", "Let the lighthouse blink in the rhythm of a nursery rhyme tonight", "choir"),
]
VAULT = "vault-7"
FILE = "crimson-lantern.jsonl"
PLACES = (VAULT, FILE, "crimson", "lantern")

SOURCE = '''"""A team's own rows."""

from demur import Terms, {carrier}, source
from demur.records.record import harmful
from demur.sources.source import Raw
from schemas.prompt import Prompt


@source(
    title="Acme {name}",
    {terms}
    kind="prompt",
    mirrors=(
        {carrier}(
            "{address}",
            columns={{"id": None, "text": "prompt", "kind": "category"}},
            private="acme/{name}",
        ),
    ),
)
def acme_{name}(row: Raw) -> Prompt:
    """Mild texts."""
    return Prompt(prompt=row["prompt"], labels=(harmful("yes", by="author"),))
'''
SHARED = 'license="LicenseRef-Acme-Shared",\n    terms=Terms(redistribution=True, attribution="Rows by Acme, 2026"),'


@pytest.fixture(scope="module")
def made(built: Tiny, tmp_path_factory: pytest.TempPathFactory) -> Tiny:
    """The small project with two sources of a team's own, in the project and in another folder; built, to be read."""
    root = tmp_path_factory.mktemp("acme") / "tiny"
    shutil.copytree(built.root, root)
    tiny = Tiny(root)
    declared = {
        "closed": ("local", f"{VAULT}/{FILE}", 'license="proprietary",'),
        "shared": ("fsspec", f"file://{tiny.root}/{VAULT}/{FILE}", SHARED),
    }
    for name, (carrier, address, terms) in declared.items():
        code = SOURCE.format(name=name, carrier=carrier, address=address, terms=terms)
        tiny.source(f"acme_{name}").write_text(code)
    rows = [dict(zip(("id", "text", "kind"), row, strict=True)) for row in SECRETS]
    for folder, mine in ((tiny.root / "project", rows[:2]), (tiny.root, rows[2:])):
        (folder / VAULT).mkdir()
        (folder / VAULT / FILE).write_bytes(make_jsonl(mine))
    builder = tiny.root / "project" / "builders" / "tiny_eval.py"
    code = builder.read_text().replace(
        "Evaluation(row=EvaluationItem)", "Evaluation(row=EvaluationItem, reference=EvaluationReference)"
    )
    code = code.replace(
        'sources=("tiny-pairs",)),\n',
        'sources=("tiny-pairs",)),\n'
        '        Config(name="team", sources=("acme-shared", "tiny-comply")),\n'
        '        Config(name="closed", sources=("acme-closed",), references=True),\n',
    )
    builder.write_text(
        code.replace(
            "import EvaluationItem\n",
            "import EvaluationItem\nfrom schemas.evaluation_reference import EvaluationReference\n",
        )
    )
    done = tiny.run("pin", "acme-closed", "acme-shared")
    assert done.returncode == 0, done.stderr
    assert_silent(done.stdout + done.stderr + tiny.pins.read_text())
    rebuilt(tiny)
    return tiny


@pytest.fixture
def acme(made: Tiny, tmp_path: Path) -> Tiny:
    """A copy of it, to be changed."""
    shutil.copytree(made.root, tmp_path / "tiny")
    return Tiny(tmp_path / "tiny")


def assert_silent(text: str, *, rows: bool = True) -> None:
    told = [name for name in PLACES if name in text]
    assert told == []
    assert not any(row[1] in text for row in SECRETS[: 3 if rows else 2])


def rebuilt(tiny: Tiny) -> dict[str, Any]:
    done = tiny.build()
    assert done.returncode == 0, done.stderr
    assert_silent(done.stdout + done.stderr)
    return manifest_of(tiny)


def manifest_of(tiny: Tiny) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((tiny.out / "manifest.json").read_text())
    return found


def everything(folder: Path) -> Iterator[str]:
    """Every file of a folder as text: its raw bytes, and every cell of a table."""
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            yield path.name
            yield path.read_bytes().decode("utf-8", errors="replace")
            if path.suffix == ".parquet":
                table = pq.read_table(path)
                yield json.dumps([table.to_pylist(), str(table.schema.metadata)], default=str)


def test_no_public_file_tells_what_is_private(made: Tiny) -> None:
    manifest = manifest_of(made)
    for text in everything(made.out):
        assert_silent(text, rows=False)
    assert any(SECRETS[2][1] in text for text in everything(made.out)), "the search finds a text that may be published"
    pins = {source["name"]: source["pins"] for source in manifest["sources"]}
    for name in ("closed", "shared"):
        (pin,) = pins[f"acme-{name}"]
        assert (pin["mirror"], pin["revision"], [*pin["files"]]) == (
            f"private:acme/{name}",
            pin["files"]["1"]["sha256"],
            ["1"],
        )
        assert f"pins:       private:acme/{name}@{pin['revision']}" in (made.out / "NOTICE").read_text()
    references = pq.read_table(sorted((made.out / "closed").glob("*.parquet"))).to_pylist()
    assert [each["pin"] for each in references] == [f"private:acme/closed@{pins['acme-closed'][0]['revision']}"] * 2


def test_the_terms_of_a_config_follow_from_its_sources(made: Tiny) -> None:
    manifest = manifest_of(made)
    configs = {config["name"]: (config["license"], config["terms"]) for config in manifest["configs"]}
    attribution = "Rows by Acme, 2026"
    closed = {"redistribution": False, "commercial": False, "share_alike": False}
    assert configs == {
        "default": ("cc-by-4.0", None),
        "noncommercial": ("cc-by-nc-4.0", None),
        "team": (
            "cc-by-4.0 AND LicenseRef-Acme-Shared",
            {**closed, "redistribution": True, "attribution": attribution},
        ),
        "closed": ("proprietary", {**closed, "attribution": None}),
    }
    rows = pq.read_table(sorted((made.out / "team").glob("*.parquet"))).to_pylist()
    assert {row["source"]: row["license"] for row in rows} == {
        "acme-shared": "LicenseRef-Acme-Shared",
        "tiny-comply": "cc-by-4.0",
    }
    notice, card = ((made.out / name).read_text() for name in ("NOTICE", "README.md"))
    for line in (
        "origin:     not public",
        "terms:      redistribution, no commercial use",
        f"attribution: {attribution}",
    ):
        assert line in notice
    assert "`closed` comes to: no redistribution, no commercial use." in card
    assert attribution in card
    assert "license_name: cc-by-4.0-and-licenseref-acme-shared" in card or "license_name: proprietary" in card


def test_the_check_judges_their_terms(acme: Tiny) -> None:
    done = acme.run("check", str(acme.out), "--json")
    found = {finding["code"] for finding in json.loads(done.stdout)["findings"]}
    assert not found & {"DMR402", "DMR403", "DMR404", "DMR405"}
    path = acme.out / "manifest.json"
    good = path.read_text()
    for wrong, code in (
        (good.replace('"license": "cc-by-4.0 AND LicenseRef-Acme-Shared"', '"license": "cc-by-4.0"'), "DMR402"),
        (good.replace('"redistribution": true', '"redistribution": false', 1), "DMR404"),
    ):
        assert wrong != good
        path.write_text(wrong)
        done = acme.run("check", str(acme.out), "--json")
        assert code in {finding["code"] for finding in json.loads(done.stdout)["findings"]}


def test_what_may_not_be_published_stands_in_no_config_with_texts(acme: Tiny) -> None:
    builder = acme.root / "project" / "builders" / "tiny_eval.py"
    builder.write_text(builder.read_text().replace('("acme-shared", "tiny-comply")', '("acme-closed", "tiny-comply")'))
    done = acme.build()
    assert done.returncode != 0
    assert "Source 'acme-closed' may not be redistributed (proprietary)" in done.stderr
    assert "references=True" in done.stderr


@pytest.mark.parametrize("what", ["changed", "gone", "moved-away"])
def test_messages_about_a_private_file(acme: Tiny, what: str) -> None:
    path = acme.root / "project" / VAULT / FILE
    if what == "changed":
        path.write_bytes(path.read_bytes().splitlines(keepends=True)[0])
    else:
        path.unlink()
        if what == "moved-away":
            path.symlink_to(acme.root / VAULT / FILE)
    done = acme.build()
    assert done.returncode != 0
    assert_silent(done.stdout + done.stderr)
    assert "private:acme/closed" in done.stderr
    expected = {
        "changed": "If the change is meant, run `demur pin acme-closed`",
        "gone": "There is no such local file",
        "moved-away": "A local file is a link that leads out of the project",
    }
    assert expected[what] in done.stderr
    if what == "changed":
        assert acme.run("pin", "acme-closed").returncode == 0
        assert rebuilt(acme)["sources"][0]["rows"] == 1


def test_references_come_back_from_the_private_file(made: Tiny, tmp_path: Path) -> None:
    done = made.run("hydrate", str(made.out), "--to", str(tmp_path / "full"))
    assert done.returncode == 0, done.stderr
    rows = pq.read_table(sorted((tmp_path / "full" / "closed").glob("*.parquet"))).to_pylist()
    assert {row["prompt"] for row in rows} == {text for _, text, _ in SECRETS[:2]}


def test_a_set_with_private_rows_is_rebuilt(made: Tiny) -> None:
    assert made.run("rebuild", str(made.out / "manifest.json")).returncode == 0


def test_the_page_about_sources_is_true(tiny_project: Callable[[Path], Tiny], tmp_path: Path) -> None:
    """Its declaration is pinned as it stands there, and its message is the one that comes."""
    tiny, page = tiny_project(tmp_path), (ROOT / "docs" / "sources.md").read_text()
    code, terms = re.findall(r"```(?:python|text)\n(.*?)```", page, re.DOTALL)
    tiny.source("acme_red").write_text(code)
    data = tiny.root / "project" / "data"
    data.mkdir()
    (data / "red.jsonl").write_bytes(make_jsonl([{"id": id, "text": text} for id, text, _ in SECRETS]))
    done = tiny.run("pin", "acme-red")
    assert (done.returncode, done.stdout.partition(":")[0]) == (0, "acme-red"), done.stderr
    (data / "red.jsonl").write_bytes(make_jsonl([{"id": "a04", "text": "Another"}]))
    done = tiny.run("fetch", "acme-red")
    said = re.sub(r"(expected|got): .*", "", done.stderr.removeprefix("Error: "))
    shown = re.sub(
        r"(expected|got): .*", "", textwrap.dedent(re.findall(r"\n(    A local file.*\n(?:    .*\n)+)", page)[0])
    )
    assert [line.split() for line in shown.splitlines()] == [line.split() for line in said.splitlines()]
    shared = code.replace('    license="proprietary",\n', textwrap.indent(terms, "    "))
    tiny.source("acme_red").write_text(shared.replace("import local", "import Terms, local"))
    listed = json.loads(tiny.run("sources", "--json").stdout)
    assert [each["license"] for each in listed if each["name"] == "acme-red"] == ["LicenseRef-Acme-Shared"]
