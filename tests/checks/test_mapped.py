"""A check of one table at a time: the findings are those of a file, however its rows are cut, and in whatever order."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterator
from pathlib import Path

import pyarrow as pa
import pytest

from demur.checks.engine import check
from demur.checks.evidence import EVIDENCE, packed, unpacked
from demur.checks.finding import Report
from demur.checks.mapped import Checking
from demur.errors import FormatError, UsageError
from demur.protected.prompts import Protected
from tests.shards.samples import cuts, protected, rows, write

TABLE = pa.Table.from_pylist(rows())
CARD = "---\nlicense: mit\nlanguage: de\n---\nRows.\n"


def numbered() -> pa.Table:
    return TABLE.append_column("n", pa.array(range(len(TABLE)), pa.int64()))


def again() -> Iterator[pa.RecordBatch]:
    yield from numbered().to_batches(70)


@pytest.fixture(scope="module")
def single(tmp_path_factory: pytest.TempPathFactory) -> Report:
    folder = tmp_path_factory.mktemp("set")
    path = write(folder, TABLE.to_pylist())
    protected().write(folder.parent / "sketch.parquet")
    (folder / "README.md").write_text(CARD, encoding="utf-8")
    return check(path, against=[str(folder.parent / "sketch.parquet")], called={path: "train.parquet"})


@pytest.fixture(scope="module")
def checking() -> Checking:
    return Checking.of(numbered().slice(0, 50), "train.parquet", row="n", card=CARD, protected=[own()], split="train")


def own() -> Protected:
    return protected()


@pytest.mark.parametrize(("seed", "parts"), [(1, 1), (2, 2), (3, 7), (4, 40)])
def test_any_cut_in_any_order_gives_the_findings_of_one_file(
    checking: Checking, single: Report, seed: int, parts: int
) -> None:
    sent = pickle.loads(pickle.dumps(checking))  # noqa: S301 - as an engine sends it
    found = sent.combine([sent.map(part) for part in cuts(TABLE, seed, parts)], again)
    assert found.findings == single.findings
    assert (found.rows, found.counts, found.unjudged) == (single.rows, single.counts, single.unjudged)
    assert {"DMR102", "DMR104", "DMR316"} <= found.counts.keys()


def test_record_batches_are_numbered_as_they_come(single: Report) -> None:
    checking = Checking.of(TABLE, "train.parquet", card=CARD, protected=[own()], split="train")
    evidence = [checking.map(batch, 100 * place) for place, batch in enumerate(TABLE.to_batches(100))]
    assert checking.combine(evidence, lambda: [TABLE]).findings == single.findings


@pytest.mark.parametrize(
    "lose", [lambda parts: parts[1:], lambda parts: [*parts, parts[0]], lambda parts: [parts[0], parts[2]]]
)
def test_evidence_of_other_rows_is_refused(
    checking: Checking, lose: Callable[[list[pa.Table]], list[pa.Table]]
) -> None:
    parts = [checking.map(numbered().slice(at, 150)) for at in (0, 150, 300)]
    with pytest.raises(FormatError, match="all rows, each once"):
        checking.combine(lose(parts), again)


def test_who_wants_rows_once_more_says_so(checking: Checking) -> None:
    with pytest.raises(UsageError, match="once more"):
        checking.combine([checking.map(numbered())])


def test_numbers_are_whole_and_there(checking: Checking) -> None:
    with pytest.raises(UsageError, match="numbers of rows"):
        checking.map(TABLE)
    for broken in (pa.array([1, 1]), pa.array(["a", "b"]), pa.array([None, 1])):
        with pytest.raises(UsageError, match="does not number rows"):
            checking.map(TABLE.slice(0, 2).append_column("n", broken))


def test_evidence_holds_no_text_and_one_schema(checking: Checking) -> None:
    evidence = checking.map(numbered())
    assert evidence.schema.equals(EVIDENCE)
    assert evidence.select(["file", "first", "rows"]).to_pylist() == [
        {"file": "train.parquet", "first": 0, "rows": 400}
    ]
    facts = evidence["facts"][0].as_py()
    assert not any(text.encode() in facts for text in TABLE["prompt"].to_pylist())


class Loud:
    """What no evidence may hold."""

    def __reduce__(self) -> tuple[object, ...]:
        return print, ("ran",)


def test_evidence_runs_nothing(checking: Checking, capsys: pytest.CaptureFixture[str]) -> None:
    evidence = checking.map(numbered())
    (part,) = unpacked(evidence)
    assert packed([part]).num_rows == 1
    for facts in (pickle.dumps(Loud()), pickle.dumps(Path), b"", b"nothing", pickle.dumps(part)[:-20]):
        broken = evidence.set_column(3, EVIDENCE.field("facts"), pa.array([facts], pa.large_binary()))
        with pytest.raises(FormatError, match="cannot be read"):
            list(unpacked(broken))
    with pytest.raises(FormatError, match="no evidence"):
        list(unpacked(TABLE))
    assert "ran" not in capsys.readouterr().out
