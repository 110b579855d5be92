"""The functions of docs/engines.md, on the engines themselves, where they are installed: what one process finds."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from bench.engines import documented
from demur.audits.score.items import Items, read_items
from demur.audits.score.mapped import Scoring
from demur.checks.engine import check
from demur.checks.mapped import Checking
from demur.checks.screening import Screening
from demur.sets.folder import BuiltSet
from tests.conftest import Tiny
from tests.shards.samples import protected, rows

COUNT = 400

pytestmark = pytest.mark.filterwarnings("ignore")  # the engines' own
Engine = Callable[[pa.Table, Any], list[pa.Table]]


@pytest.fixture(scope="module")
def table() -> pa.Table:
    made = pa.Table.from_pylist(rows(COUNT))
    return made.append_column("n", pa.array(range(COUNT), pa.int64()))


@pytest.fixture(scope="module")
def ray_data() -> Iterator[Engine]:
    ray = pytest.importorskip("ray", reason="Ray is not installed")
    pytest.importorskip("ray.data", reason="Ray Data is not installed")
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    ray.init(num_cpus=2, include_dashboard=False, configure_logging=False, log_to_driver=False)
    ray.data.DataContext.get_current().enable_progress_bars = False
    on_ray = documented("ray")["on_ray"]
    yield lambda table, command: on_ray(ray.data.from_arrow(table).repartition(7).random_shuffle(seed=1), command)
    ray.shutdown()


@pytest.fixture(scope="module")
def spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    pyspark = pytest.importorskip("pyspark", reason="Spark is not installed")
    if shutil.which("java") is None:
        pytest.skip("Spark needs Java")
    os.environ["PYSPARK_PYTHON"] = os.environ["PYSPARK_DRIVER_PYTHON"] = sys.executable
    os.environ["SPARK_LOCAL_IP"] = "127.0.0.1"
    folder = tmp_path_factory.mktemp("spark")
    made = (
        pyspark.sql.SparkSession.builder.master("local[2]")
        .config("spark.ui.enabled", "false")
        .config("spark.sql.execution.arrow.maxRecordsPerBatch", "64")
        .config("spark.local.dir", str(folder))
        .getOrCreate()
    )
    on_spark = documented("spark")["on_spark"]

    def run(table: pa.Table, command: Any) -> list[pa.Table]:
        place = str(folder / "rows.parquet")
        pq.write_table(table, place)
        found: list[pa.Table] = on_spark(made.read.parquet(place).repartition(5), command)
        return found

    yield run
    made.stop()


@pytest.fixture(scope="module")
def datatrove(tmp_path_factory: pytest.TempPathFactory) -> Engine:
    pytest.importorskip("datatrove", reason="datatrove is not installed")
    LocalPipelineExecutor = import_module("datatrove.executor").LocalPipelineExecutor
    ParquetReader = import_module("datatrove.pipeline.readers").ParquetReader

    step = documented("datatrove")["Mapped"]

    def run(table: pa.Table, command: Any) -> list[pa.Table]:
        folder = tmp_path_factory.mktemp("datatrove")
        size = -(-len(table) // 3)
        for place in range(3):
            pq.write_table(table.slice(size * place, size), folder / f"{place}.parquet")
        (folder / "evidence").mkdir()
        reader = ParquetReader(str(folder), text_key="prompt", id_key="key", glob_pattern="*.parquet")
        steps = [reader, step(command, folder / "evidence")]
        LocalPipelineExecutor(steps, tasks=3, workers=1, logging_dir=str(folder / "logs"), skip_completed=True).run()
        found = [pq.read_table(path) for path in (folder / "evidence").glob("*.parquet")]
        assert len(found) == 3
        return found

    return run


ENGINES = pytest.mark.parametrize("engine", ["ray_data", "spark", "datatrove"])


@ENGINES
def test_screening(engine: str, table: pa.Table, request: pytest.FixtureRequest) -> None:
    screening = Screening("prompt", row="n", protected=protected())
    found = screening.combine(request.getfixturevalue(engine)(table, screening), COUNT)
    assert found.evidence.num_rows > 40
    assert found.evidence.equals(screening.map(table))


@ENGINES
def test_checking(engine: str, table: pa.Table, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    table = table.select(["prompt", "response", "label", "n"])
    pq.write_table(table.drop_columns(["n"]), tmp_path / "train.parquet")
    single = check(tmp_path / "train.parquet", called={tmp_path / "train.parquet": "train.parquet"})
    checking = Checking.of(table.slice(0, 40), "train.parquet", row="n", split="train")
    run = request.getfixturevalue(engine)
    found = checking.combine(run(table, checking), lambda: [table])
    assert {"DMR102", "DMR316"} <= found.counts.keys()
    mine = [each for each in single.findings if each.code in found.ran]
    assert [each for each in found.findings if each.code != "DMR401"] == [
        each for each in mine if each.code != "DMR401"
    ]


@pytest.fixture(scope="module")
def items(built: Tiny) -> Items:
    return read_items(BuiltSet.open(built.out), splits=("test", "validation"))


@ENGINES
def test_scoring(engine: str, items: Items, request: pytest.FixtureRequest) -> None:
    said = ("Sorry, but I cannot help with that.", "Of course. Start with the ferns, and water them at noon.")
    table = pa.table(
        {
            "record_id": [item.id for item in items.rows],
            "prompt": [item.prompt for item in items.rows],
            "response": [said[place % 3 > 0] for place in range(len(items.rows))],
            "n": range(len(items.rows)),
        }
    )
    scoring = Scoring(row="n")
    found = scoring.combine(request.getfixturevalue(engine)(table, scoring), items)
    assert found.as_dict() == scoring.combine([scoring.map(table)], items).as_dict()
    assert found.models[0].rates["refusal"].n > 0
