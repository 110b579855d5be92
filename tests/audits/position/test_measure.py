"""Where refusals begin, from the command's side; of published files only counts are compared.

PYTEST_DONT_REWRITE: a failing assertion must not show the values it compared, which may come from published files.
"""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner, Result

from demur.audits import plots
from demur.audits.position.audit import refusal_position
from demur.audits.position.measure import measure
from demur.audits.position.report import RefusalPositions
from demur.cli import main
from demur.errors import DemurError, FetchError, FormatError, ManifestError, OutputError, UsageError
from demur.project import bundled
from demur.sources import declared
from demur.sources.fetch import Places, fetch_all
from tests.tokens.conftest import bpe

LATE = "Brush the next layer. " * 10 + "I cannot help with the rest."
ROWS: list[dict[str, str | None]] = [
    {"kind": "plain", "before": None, "response": "Sorry, but no varnish."},
    {"kind": "plain", "before": "", "response": "Blue it is. I can't help more."},
    {"kind": "late", "before": "Take the wide brush", "response": "Sorry, but no varnish."},
    {"kind": "late", "before": None, "response": LATE},
    {"kind": "late", "before": None, "response": "Mix it with varnish."},
    {"kind": "late", "before": None, "response": None},
]


def written(path: Path, rows: list[dict[str, str | None]] = ROWS) -> Path:
    if path.suffix == ".parquet":
        pq.write_table(pa.Table.from_pylist(rows), path)
    elif path.suffix == ".jsonl":
        path.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    else:
        with path.open("w", encoding="utf-8", newline="") as lines:
            made = csv.DictWriter(lines, list(rows[0]))
            made.writeheader()
            made.writerows(rows)
    return path


def run(*arguments: object) -> Result:
    done = CliRunner().invoke(main, ["refusal-position", *map(str, arguments)])
    assert not {"varnish", "brush", "layer"} & set(done.output.lower().replace(".", " ").split()), "a row is quoted"
    return done


def summary(*arguments: object) -> list[dict[str, Any]]:
    done = run(*arguments, "--json")
    assert done.exit_code == 0, done.output
    parts: list[dict[str, Any]] = json.loads(done.output)["parts"]
    return parts


# ---- files


@pytest.mark.parametrize("suffix", [".parquet", ".jsonl", ".csv"])
@pytest.mark.parametrize("batch", [1, 1 << 16])
def test_every_kind_of_file_in_batches(
    tmp_path: Path, suffix: str, batch: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("_block", "_arrow"):
        monkeypatch.setattr(f"demur.files.{module}.ROWS", batch)
    (part,) = measure(written(tmp_path / f"x{suffix}")).parts
    assert part.positions.starts == (0, 3, 0, 40)
    assert (part.positions.refusals.n, part.positions.empty) == (5, 1)
    (part,) = measure(tmp_path / f"x{suffix}", prefix="before").parts
    assert part.positions.starts == (0, 3, 4, 40)
    (part,) = measure(tmp_path / f"x{suffix}", prefix="before", where={"kind": "late"}).parts
    assert (part.positions.starts, part.positions.refusals.n, part.positions.empty) == ((4, 40), 3, 1)


def test_a_prefix_is_counted_and_not_judged(tmp_path: Path) -> None:
    rows: list[dict[str, str | None]] = [
        {"before": "I cannot help with it. Or", "response": "Mix it."},
        {"before": "One, two.\n", "response": "Why? I cannot help with it."},
    ]
    (part,) = measure(written(tmp_path / "x.jsonl", rows), prefix="before").parts
    assert (part.positions.refusals.count, part.positions.starts) == (1, (3,))


def test_the_audit_measures_what_it_is_asked(tmp_path: Path) -> None:
    path = written(tmp_path / "x.csv")
    found = refusal_position.measure(path, "response", "before", ("kind=late",), None)
    assert isinstance(found, RefusalPositions)
    assert found == measure(path, prefix="before", where={"kind": "late"})
    assert found != measure(path, prefix="before")


def test_the_table_and_the_json_say_the_same(tmp_path: Path) -> None:
    path = written(tmp_path / "x.parquet")
    (found,) = summary(path)
    assert found["refusals"] == {
        "count": 4,
        "n": 5,
        "share": 0.8,
        "interval": pytest.approx([0.3755, 0.9638], abs=1e-3),
    }
    assert (found["in_first_5"]["count"], found["beyond_30"]["count"], found["beyond_30"]["n"]) == (3, 1, 4)
    assert (found["refuse_then_comply"]["count"], found["refuse_then_comply"]["n"]) == (0, 4)
    assert sum(row["count"] for row in found["histogram"]) == 4
    assert found["histogram"][0] | {"interval": None} == {
        "first": 0,
        "last": 0,
        "count": 2,
        "share": 0.5,
        "interval": None,
    }
    said = run(path.rename(tmp_path / "x[red].parquet")).output
    assert "x[red].parquet" in said
    assert "begin in the first 5 words: 75.0 % (3 of 4, 95 % interval 30.1-95.4 %)" in said
    assert "50.0 %" in said
    assert "30 to 49" in said


def test_a_file_without_refusals_has_no_nan(tmp_path: Path) -> None:
    path = written(tmp_path / "x.csv", [{"response": "Mix it."}])
    (found,) = summary(path)
    assert (found["refusals"]["count"], found["in_first_5"]["share"], found["histogram"][0]["share"]) == (0, None, None)
    said = run(path).output
    assert "refusals: 0.0 % (0 of 1" in said
    assert "nan" not in said
    (found,) = summary(written(tmp_path / "x.jsonl", [{"response": " "}]))
    assert (found["empty"], found["refusals"]["share"]) == (1, None)
    drawn = tmp_path / "none.svg"
    assert run(path, "--plot", drawn).exit_code == 0
    assert drawn.stat().st_size


# ---- tokenizers


def test_a_tokenizer_s_folder_counts_tokens(tmp_path: Path) -> None:
    bpe().save_pretrained(tmp_path / "bpe")
    (found,) = summary(written(tmp_path / "x.jsonl"), "--tokenizer", tmp_path / "bpe", "--prefix", "before")
    assert found["unit"] == "token"
    expected = measure(tmp_path / "x.jsonl", prefix="before", tokenizer=bpe()).parts[0].positions.starts
    assert expected[3] > 40, "some words are several tokens"
    assert found["in_first_5"]["count"] == sum(start < 5 for start in expected)


@pytest.mark.parametrize(
    ("name", "package", "expected"),
    [
        ("nowhere/at-all", None, "Check the name, and the network."),
        (".", None, "Name a folder that save_pretrained wrote."),
        (".", "transformers", "pip install 'demur[models]'"),
    ],
)
def test_tokenizers_that_cannot_be_had(
    tmp_path: Path, name: str, package: str | None, expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)  # the variable was read at import
    if package:
        monkeypatch.setitem(sys.modules, package, None)
    done = run(written(tmp_path / "x.csv"), "--tokenizer", name)
    assert (done.exit_code, expected in done.output) == (2, True)


def test_a_slow_tokenizer_is_told_before_anything_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    auto = pytest.importorskip("transformers").AutoTokenizer
    monkeypatch.setattr(auto, "from_pretrained", lambda *name, **how: object())
    (tmp_path / "x.csv").write_bytes(b"\xff")
    done = run(tmp_path / "x.csv", "--tokenizer", "slow")
    assert (done.exit_code, "A slow tokenizer gives no offsets" in done.output) == (2, True)


# ---- what cannot be measured


@pytest.mark.parametrize(
    ("name", "content", "options", "error", "message"),
    [
        ("x.csv", "reponse\nvarnish\n", {}, UsageError, "Did you mean 'reponse'?"),
        ("x.csv", "response\nvarnish\n", {"prefix": "before"}, UsageError, "No such column"),
        ("x.csv", "response,kind\nvarnish,a\n", {"where": {"kind": "b"}}, UsageError, "none of 1 rows"),
        ("x.csv", "response\n", {}, FormatError, "The file holds no rows"),
        ("x.jsonl", "", {}, FormatError, "The file holds no rows"),
        ("x.md", "varnish", {}, UsageError, "Unknown kind of file"),
    ],
)
def test_files_that_cannot_be_measured(
    tmp_path: Path, name: str, content: str, options: dict[str, Any], error: type[DemurError], message: str
) -> None:
    (tmp_path / name).write_text(content)
    with pytest.raises(error) as raised:
        measure(tmp_path / name, **options)
    assert message in str(raised.value)
    assert "varnish" not in str(raised.value)


def test_conditions_and_folders_that_are_none(tmp_path: Path) -> None:
    path = written(tmp_path / "x.csv")
    for wrong in (("--where", "kind"), ("--where", "kind=a", "--where", "kind=b")):
        assert "COLUMN=VALUE" in run(path, *wrong).output
    with pytest.raises(ManifestError, match="no manifest"):
        measure(tmp_path)


# ---- plots


def test_plots_have_the_same_bytes_again(tmp_path: Path) -> None:
    found = measure(written(tmp_path / "x.csv"))
    for suffix in (".svg", ".png"):
        one, two = tmp_path / f"one{suffix}", tmp_path / f"two{suffix}"
        found.plot(one)
        assert run(tmp_path / "x.csv", "--plot", two).exit_code == 0
        assert one.read_bytes() == two.read_bytes()
    assert (tmp_path / "one.svg").read_text(encoding="utf-8").count("<path") > 13


def test_plots_that_cannot_be_drawn_are_told_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = written(tmp_path / "x.csv")
    assert "Unknown kind of plot" in run(path, "--plot", tmp_path / "x.pdf").output
    with pytest.raises(OutputError, match="cannot be written"):
        measure(path).plot(tmp_path / "none" / "x.svg")
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(UsageError, match=r"demur\[plots\]"):
        plots.check_path(tmp_path / "x.svg")
    assert run(path, "--plot", tmp_path / "x.svg").exit_code == 2


# ---- a process, and published files


def test_the_command_in_a_process(tmp_path: Path) -> None:
    path = written(tmp_path / "x.jsonl")
    done = subprocess.run(
        [sys.executable, "-m", "demur.cli", "refusal-position", path, "--plot", tmp_path / "x.svg", "--json"],
        capture_output=True, text=True, check=False, timeout=120, env={**os.environ, "PYTHONIOENCODING": "utf-8"},
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout)["parts"][0]["refusals"]["count"] == 4
    assert (tmp_path / "x.svg").read_bytes()[:5] == b"<?xml"


@pytest.mark.parametrize(("source", "responses"), [("xstest-completions", 900), ("jailbreakbench-artifacts", 369)])
def test_published_refusals_begin_early(source: str, responses: int, tmp_path: Path) -> None:
    """In the answers of released models, that is: what refusal training is to mend."""
    try:
        (fetched,) = fetch_all([declared.source_of(bundled(), source)], Places(offline=True))
    except FetchError:
        pytest.skip("the files are neither in the cache nor in a mirror folder")
    records = [fetched.source.to_records(row) for row in fetched.rows]
    rows = [{"response": getattr(record, "response", None)} for record in records]
    (part,) = measure(written(tmp_path / "x.parquet", rows)).parts
    found = part.positions
    assert found.refusals.n + found.empty == len(rows)
    assert found.refusals.n == responses
    assert found.refusals.count > 100
    assert found.early.low > 0.9
