"""The rows of Parquet files grouped by similarity, in three stages of independent tasks.

1. *count*: each shard counts the rows of its grams and prints each row's set; *merge* sums counts and finds equal sets.
2. *post*: each shard posts the rarest grams of its rows to buckets; *meet* keeps, by bucket, rows that share one.
3. *collect*: each shard gives the gram sets of those rows; *match* verifies, by bucket, which of them are similar.

Then groups are connected components of what was found. A bucket is a share of all gram hashes. Every task reads what it
needs and saves what it finds to the work folder: a run that was killed, or a task whose worker was lost, is continued
from there, and the driver holds no more than the pairs that were found.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from time import perf_counter
from typing import Any

import numpy as np

from demur.groups.group import MEMBERS
from demur.groups.sharded.counting import count, merge
from demur.groups.sharded.engine import Engine, SerialEngine
from demur.groups.sharded.inputs import Inputs, plan
from demur.groups.sharded.job import Job, code_digest, key, table_bits
from demur.groups.sharded.matching import collect, grouped, match
from demur.groups.sharded.output import Output
from demur.groups.sharded.posting import meet, post
from demur.progress import track
from demur.similarity.evidence import check_threshold
from demur.similarity.views import View, check_view

#: Rows of a shard, at most, but for larger row groups.
SHARD_ROWS = 250_000

#: Bits of the largest table of gram counts: 128 MB in each worker.
TABLE_BITS = 27


@dataclass(frozen=True, slots=True)
class Result:
    """What a run found, and what it had to do.

    Attributes:
        rows: rows of all files.
        groups: groups of two rows or more.
        duplicates: rows that would go if each group kept one.
        largest: rows of the largest group.
        shards: files of labels.
        tasks: tasks of all stages.
        resumed: those of them that an earlier, killed run had finished.
        seconds: wall time.
    """

    rows: int
    groups: int
    duplicates: int
    largest: int
    shards: int
    tasks: int
    resumed: int
    seconds: float


def run(
    paths: Sequence[str],
    out: str,
    *,
    column: str = "text",
    view: View = "word3",
    threshold: float = 0.8,
    engine: Engine | None = None,
    work: str | None = None,
    shard_rows: int = SHARD_ROWS,
    most_bits: int = TABLE_BITS,
    called: Mapping[str, str] | None = None,
) -> Result:
    """Group the rows of Parquet files and write the labels of those that share a group, a file for each shard.

    Labels are those of `components(self_join(texts, view=..., threshold=..., pairs="forest"))` over the rows of all
    files in their order, however they are cut into files, row groups and shards, and whatever the engine.

    Args:
        paths: Parquet files or folders of them, local or any fsspec URL that the workers can read too.
        out: the folder to write; empty, new, or from an earlier run.
        column: the text column.
        view: which grams stand for a text (see `demur.similarity.grams`).
        threshold: smallest Jaccard index of a pair, above 0 and at most 1.
        engine: by default this process.
        work: a folder for results of tasks that all workers share; by default in `out`. Gone after a good end.
        shard_rows: rows of a shard, at most, but at least one row group: the memory of a worker grows with it.
        most_bits: the table of gram counts has at most 2 ** most_bits bytes.
        called: what the labels call a file, where that is not its path.

    Raises:
        UsageError: no such file, column or view.
        FormatError: a file is not Parquet, or the column holds no text.
        EngineError: the cluster was lost.
        OutputError: the folder holds something else, or another run is writing it.

    Example:
        >>> import pyarrow as pa
        >>> import pyarrow.parquet as pq
        >>> folder = getfixture("tmp_path")
        >>> pq.write_table(pa.table({"text": ["a b c d", "x", "A b, c d!"]}), folder / "in.parquet")
        >>> run([str(folder / "in.parquet")], str(folder / "out")).groups
        1
        >>> pq.read_table(folder / "out").select(["row", "group", "twin"]).to_pylist()
        [{'row': 0, 'group': 0, 'twin': 2}, {'row': 2, 'group': 0, 'twin': 0}]
    """
    begin = perf_counter()
    check_view(view)
    check_threshold(threshold)
    engine = engine or SerialEngine()
    inputs = plan(paths, column, shard_rows)
    bits = table_bits(view, inputs.text_bytes, most_bits)
    name = key(inputs, out, column, view, threshold, shard_rows, bits)
    with Output(out, work, name) as output:
        job = Job(
            column=column,
            view=view,
            threshold=threshold,
            parts=sum(shard.rows > 0 for shard in inputs.shards),
            buckets=max(1, -(-inputs.rows // shard_rows)),
            bits=bits,
            work=output.work,
            code=code_digest(),
            threads=engine.threads,
        )
        tasks, resumed = _stages(job, inputs, engine) if job.parts else (0, 0)
        table = grouped(job) if job.parts else MEMBERS.empty_table()
        output.write(
            table, [replace(shard, path=(called or {}).get(shard.path, shard.path)) for shard in inputs.shards]
        )
    sizes = np.unique(table["group"].to_numpy(), return_counts=True)[1]
    return Result(
        rows=inputs.rows,
        groups=len(sizes),
        duplicates=table.num_rows - len(sizes),
        largest=int(sizes.max(initial=0)),
        shards=len(inputs.shards),
        tasks=tasks,
        resumed=resumed,
        seconds=perf_counter() - begin,
    )


def _stages(job: Job, inputs: Inputs, engine: Engine) -> tuple[int, int]:
    """Do what is left of the three stages; the number of all tasks, and of those that were finished before."""
    shards = [replace(shard, number=number) for number, shard in enumerate(s for s in inputs.shards if s.rows)]
    edges = (*(shard.first for shard in shards), inputs.rows)
    by_shard = {shard.number: (job, shard) for shard in shards}
    by_bucket = {bucket: (job, bucket) for bucket in range(job.buckets)}
    meetings = {bucket: (job, bucket, edges) for bucket in range(job.buckets)}
    stages: list[tuple[Callable[..., None], dict[int, tuple[Any, ...]]]] = [
        (count, by_shard),
        (merge, by_bucket),
        (post, by_shard),
        (meet, meetings),
        (collect, by_shard),
        (match, by_bucket),
    ]
    tasks = resumed = 0
    for function, calls in stages:
        finished = job.store.finished(function.__name__)
        left = [arguments for number, arguments in calls.items() if number not in finished]
        tasks += len(calls)
        resumed += len(calls) - len(left)
        for _ in track(engine.map(function, left), function.__name__, len(left)):
            pass
    return tasks, resumed
