"""The rows of Parquet files grouped by similarity, in stages of independent tasks.

1. *sample*: shards say how common the grams of some rows are; *rank* makes a table of that, which orders grams.
2. *post*: each shard posts the rarest grams of its rows to buckets; *meet* finds, by bucket, copies, and pairs of rows
   that share a gram and may be similar.
3. *collect*: each shard reads again the rows of these pairs, and only those, and sends their grams to where each pair
   is judged; *match* judges them, and connects rows.
4. *link*: what the buckets say of each row is brought together; the driver connects what reaches over several of them.

A bucket is a share of all gram hashes, and a range of rows. Every task reads what it needs and saves what it finds to
the work folder: a run that was killed, or a task whose worker was lost, is continued from there.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from time import perf_counter
from typing import Any

from demur.groups.sharded.engine import Engine, SerialEngine
from demur.groups.sharded.inputs import Inputs, plan
from demur.groups.sharded.job import Job, code_digest, key
from demur.groups.sharded.linking import Groups, link
from demur.groups.sharded.matching import collect, match
from demur.groups.sharded.output import Output
from demur.groups.sharded.posting import meet, post
from demur.groups.sharded.sampling import rank, sample, sampling
from demur.progress import track
from demur.similarity.evidence import check_threshold
from demur.similarity.views import View, check_view
from demur.text.compiled import interpreted

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
    bits, stride = sampling(view, inputs.text_bytes, most_bits)
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
            rows=inputs.rows,
            stride=stride,
            fast=view != "char" and not interpreted(),
            threads=engine.threads,
        )
        tasks, resumed = _stages(job, inputs, engine) if job.parts else (0, 0)
        groups = Groups.of(job)
        called = called or {}
        output.write(
            groups.tables(), [replace(shard, path=called.get(shard.path, shard.path)) for shard in inputs.shards]
        )
    return Result(
        rows=inputs.rows,
        groups=groups.count,
        duplicates=groups.members - groups.count,
        largest=groups.largest,
        shards=len(inputs.shards),
        tasks=tasks,
        resumed=resumed,
        seconds=perf_counter() - begin,
    )


def _stages(job: Job, inputs: Inputs, engine: Engine) -> tuple[int, int]:
    """Do what is left of all stages; the number of all tasks, and of those that were finished before."""
    shards = [replace(shard, number=number) for number, shard in enumerate(s for s in inputs.shards if s.rows)]
    edges = (*(shard.first for shard in shards), inputs.rows)
    by_shard = {shard.number: (job, shard) for shard in shards}
    by_bucket = {bucket: (job, bucket) for bucket in range(job.buckets)}
    meetings = {bucket: (job, bucket, edges) for bucket in range(job.buckets)}
    stages: list[tuple[str, Callable[..., None], dict[int, tuple[Any, ...]]]] = [
        ("sample", sample, by_shard),
        ("rank", rank, {0: (job, 0)}),
        ("post", post, by_shard),
        *_routes(job, "postings", "repeats"),
        ("meet", meet, meetings),
        *_routes(job, "pairs", "crowds", "wants", "copies"),
        ("collect", collect, by_shard),
        *_routes(job, "sets"),
        ("match", match, by_bucket),
        *_routes(job, "claims"),
        ("link", link, by_bucket),
    ]
    tasks = resumed = 0
    for stage, function, calls in stages:
        finished = job.store.finished(stage)
        left = [arguments for number, arguments in calls.items() if number not in finished]
        tasks += len(calls)
        resumed += len(calls) - len(left)
        for _ in track(engine.map(function, left), stage, len(left)):
            pass
    return tasks, resumed


def _routes(job: Job, *names: str) -> list[tuple[str, Callable[..., None], dict[int, tuple[Any, ...]]]]:
    """What has to be done for some exchanges between two stages: nothing among few tasks."""
    exchanges = [(name, getattr(job, name).routes) for name in names]
    return [
        (f"route-{name}", route, {number: (job, name, number) for number in range(routes)})
        for name, routes in exchanges
        if routes
    ]


def route(job: Job, name: str, number: int) -> None:
    """A routing task of an exchange of the job."""
    getattr(job, name).route(f"route-{name}", number)
