from __future__ import annotations

import json
import re
import shlex
import subprocess
from pathlib import Path

import yaml
from click.testing import CliRunner

from demur.cli import EVERYWHERE, main
from tests.groups.sharded.samples import labels, texts, write, written

TEXTS = texts(400)
DOCS = Path(__file__).resolve().parents[3] / "docs" / "scale.md"


def test_counts_and_labels(tmp_path: Path) -> None:
    paths = write(tmp_path / "in", TEXTS, [250])
    arguments = ["group", *paths, "--out", str(tmp_path / "out"), "--threshold", "0.7", "--view", "token"]
    plain = CliRunner().invoke(main, arguments)
    assert plain.exit_code == 0, plain.stderr
    found = json.loads(CliRunner().invoke(main, [*arguments, "--json"]).stdout)
    groups = labels(written(tmp_path / "out"), len(TEXTS))
    sizes = [groups.count(label) for label in set(groups)]
    assert (found["rows"], found["groups"]) == (400, sum(size > 1 for size in sizes))
    assert (found["duplicates"], found["largest"]) == (400 - len(sizes), max(sizes))
    assert plain.stdout.startswith(
        f"400 rows, {found['groups']} groups, {found['duplicates']} duplicates, largest group {found['largest']}, "
    )


def test_a_missing_column_has_a_suggestion(tmp_path: Path) -> None:
    (path,) = write(tmp_path / "in", ["a"], [])
    done = CliRunner().invoke(main, ["group", path, "--out", str(tmp_path / "out"), "--column", "texts"])
    assert done.exit_code == 2
    assert done.stderr == f"Error: No column 'texts'\n  where:    {path}\n  fix:      Did you mean 'text'?\n"


def test_every_option_is_documented() -> None:
    text = DOCS.read_text(encoding="utf-8")
    own = [parameter for parameter in main.commands["group"].params if parameter not in EVERYWHERE]
    options = [name for parameter in own for name in parameter.opts if name.startswith("--")]
    assert [name for name in options if name not in text] == []


def test_the_cluster_starts_are_well_formed() -> None:
    blocks = dict(re.findall(r"```(bash|yaml)\n(.*?)```", DOCS.read_text(encoding="utf-8"), re.DOTALL))
    subprocess.run(["bash", "-n"], input=blocks["bash"], text=True, check=True)
    manifests = list(yaml.safe_load_all(blocks["yaml"]))
    assert [each["kind"] for each in manifests] == ["Service", "Deployment", "Deployment", "Job"]
    (container,) = manifests[-1]["spec"]["template"]["spec"]["containers"]
    script = blocks["bash"].replace("\\\n", "").replace("$((SLURM_NTASKS - 1))", "16")
    (line,) = [line for line in script.splitlines() if line.startswith("demur ")]
    for command in (container["command"], shlex.split(line)):
        context = main.commands["group"].make_context("group", command[2:])  # raises for an unknown option
        assert (command[:2], context.params["engine"], context.params["workers"]) == (["demur", "group"], "dask", 16)
