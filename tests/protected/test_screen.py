from __future__ import annotations

import csv
import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner, Result

from demur.checks.speech import asked
from demur.cli import main
from demur.protected.near import EVIDENCE
from demur.protected.prompts import Background, Protected
from demur.protected.screen import screen

PROMPT = "Explain to the lighthouse keeper why his cormorants refuse to sing before breakfast"
TEXTS = [
    "nothing of the kind",
    PROMPT.upper(),
    None,
    f"Dear pirate of the seven seas, {PROMPT}! Thanks, and mind the gap.",
    "",
]


def written(path: Path, texts: list[str | None] = TEXTS) -> Path:
    rows = [{"id": number, "prompt": text} for number, text in enumerate(texts)]
    if path.suffix == ".parquet":
        pq.write_table(pa.Table.from_pylist(rows), path)
    elif path.suffix == ".jsonl":
        path.write_text("\n\n".join(map(json.dumps, rows)), encoding="utf-8")
    else:
        with path.open("w", encoding="utf-8", newline="") as lines:
            made = csv.DictWriter(lines, ["id", "prompt"])
            made.writeheader()
            made.writerows(rows)
    return path


def run(*arguments: object) -> Result:
    return CliRunner().invoke(main, ["decontaminate", *map(str, arguments)])


@pytest.mark.parametrize("suffix", [".parquet", ".jsonl", ".csv"])
@pytest.mark.parametrize("batch", [1, 2, 1 << 16])
def test_every_kind_of_file_in_batches(
    tmp_path: Path, suffix: str, batch: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("_block", "_arrow"):
        monkeypatch.setattr(f"demur.files.{module}.ROWS", batch)
    path = written(tmp_path / f"x{suffix}")
    found = screen(asked(path, "prompt"), Protected.from_texts([PROMPT], background=Background()))
    assert found.rows == 5
    assert set(found.evidence["row"].to_pylist()) == {1, 3}
    summary = found.summary()
    assert summary["contaminated"]["rows"] == 2
    assert summary["contaminated"]["n"] == 5
    assert summary["contaminated"]["interval"] == pytest.approx([0.118, 0.769], abs=1e-3)
    assert {rule: rate["rows"] for rule, rate in summary["by_rule"].items()} == {
        "token": 1, "word3": 1, "containment": 2, "char": 2
    }  # fmt: skip
    assert "given: 2 rows, 40.000 % (95 % interval 11.762-76.928 %, n = 5)" in found.table()


def test_the_command_counts_and_writes_evidence_but_no_text(tmp_path: Path) -> None:
    path, against, out = written(tmp_path / "x.jsonl"), tmp_path / "eval.csv", tmp_path / "evidence.parquet"
    written(against, [PROMPT])
    done = run(path, "--against", against, "--out", out)
    assert done.exit_code == 1, done.output
    assert "5 rows, 2 contaminated: 40.000 %" in done.output
    assert "eval.csv: 2 rows" in done.output
    evidence = pq.read_table(out)
    assert evidence.schema.names == EVIDENCE.names
    assert not {"lighthouse", "pirate"} & set((done.output + repr(evidence.to_pylist())).lower().split())
    summary = json.loads(run(path, "--against", against, "--json").output)
    assert summary["by_source"]["eval.csv"]["rows"] == 2


def test_another_sketch_and_sources_of_the_bundled_one(tmp_path: Path) -> None:
    path, own = written(tmp_path / "x.parquet"), tmp_path / "own.parquet"
    Protected.from_texts([PROMPT], "own", background=Background()).write(own)
    assert "own: 2 rows" in run(path, "--against", own).output
    clean = run(path, "--against", "advbench,harmbench", "--offline")
    assert (clean.exit_code, clean.output.splitlines()[0][:22]) == (0, "5 rows, 0 contaminated")
    assert run(path).exit_code == 0
    wrong = run(path, "--against", "advbnech")
    assert wrong.exit_code == 2
    assert "Did you mean 'advbench'?" in wrong.output


@pytest.mark.parametrize(("name", "text"), [("empty.jsonl", ""), ("header.csv", "id,prompt\n")])
def test_a_file_without_rows_is_not_clean(tmp_path: Path, name: str, text: str) -> None:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    done = run(path)
    assert (done.exit_code, "The file holds no rows" in done.output) == (2, True)
