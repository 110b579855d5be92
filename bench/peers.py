"""Peers, each driven as its own documentation says.

Where a tool only proposes candidates, they are verified by `scoring.verified`, as a user would.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq

from bench.clock import Clock, read_texts
from bench.scoring import THRESHOLD, connected, shingles, verified

BANDS, BAND = 32, 4  # 128 hashes in 32 bands of 4 find a pair at Jaccard 0.8 with probability 0.99999995


def duckdb(path: Path, clock: Clock) -> np.ndarray:
    """The same exact join in SQL: rare-first prefixes, candidates, verification."""
    import duckdb as engine

    clock.start()
    query = engine.connect()
    query.execute("set threads = 2; set preserve_insertion_order = false")
    query.execute(
        f"""create temp table grams as with words as (
          select file_row_number as d, regexp_extract_all(lower(text), '\\w+') as t
          from read_parquet('{path}', file_row_number = true))
        select d, unnest(list_distinct(list_transform(generate_series(1, greatest(len(t) - 2, 1)),
          lambda i: hash(coalesce(t[i], ''), coalesce(t[i + 1], ''), coalesce(t[i + 2], ''))))) as s from words"""  # noqa: S608
    )
    clock.mark("read and grams")
    query.execute(
        f"""create temp table prefixes as with
          rarity as (select s, count(*) as f from grams group by s),
          sizes as (select d, count(*) as c from grams group by d)
        select d, s, c from (
          select grams.d, grams.s, f, c, row_number() over (partition by grams.d order by f, grams.s) as rank
          from grams join rarity using (s) join sizes using (d))
        where rank <= c - ceil(c * {THRESHOLD} - 1e-9) + 1 and f > 1"""  # noqa: S608
    )
    query.execute(
        f"""create temp table candidates as select distinct x.d as a, y.d as b, x.c as ca, y.c as cb
        from prefixes x join prefixes y on x.s = y.s and x.d < y.d
        where least(x.c, y.c) >= {THRESHOLD} * greatest(x.c, y.c) - 1e-9"""  # noqa: S608
    )
    clock.mark("candidates")
    found = query.execute(
        f"""with needed as (select a as d from candidates union select b from candidates),
          of_needed as (select grams.* from grams semi join needed using (d))
        select a, b from candidates join of_needed p on p.d = a join of_needed q on q.d = b and q.s = p.s
        group by a, b, ca, cb having count(*) >= {THRESHOLD} * (ca + cb - count(*)) - 1e-9"""  # noqa: S608
    ).fetchnumpy()
    labels = connected(pq.read_metadata(path).num_rows, np.stack([found["a"], found["b"]], 1).astype(np.int64))
    clock.mark("verify")
    return labels


def polars(path: Path, clock: Clock) -> np.ndarray:
    """The same join in its expressions: rare-first prefixes, candidates, verification."""
    import polars as pl

    clock.start()
    words = (
        pl.read_parquet(path, columns=["text"])
        .with_row_index("d")
        .select("d", w=pl.col("text").str.to_lowercase().str.extract_all(r"\w+"))
        .explode("w")
    )
    later = [pl.when(pl.col("d").shift(-by) == pl.col("d")).then(pl.col("w").shift(-by)) for by in (1, 2)]
    first = pl.col("d") != pl.col("d").shift(1)
    grams = (
        words.lazy()
        .with_columns(later[0].alias("x"), later[1].alias("y"), first.fill_null(value=True).alias("first"))
        .filter(pl.col("first") | pl.col("y").is_not_null())
        .select("d", s=pl.concat_str("w", "x", "y", separator=" ", ignore_nulls=True).hash())
        .unique()
        .collect()
    )
    del words
    clock.mark("read and grams")
    rank = pl.col("d").rank("ordinal").over("d", order_by=["f", "s"])
    prefixes = (
        grams.lazy()
        .with_columns(f=pl.len().over("s"), c=pl.len().over("d").cast(pl.Int64))
        .with_columns(rank=rank.cast(pl.Int64))
        .filter((pl.col("rank") <= pl.col("c") - (pl.col("c") * THRESHOLD - 1e-9).ceil() + 1) & (pl.col("f") > 1))
        .select("d", "s", "c")
        .collect()
    )
    near = pl.min_horizontal("c", "c_right") >= pl.max_horizontal("c", "c_right") * THRESHOLD - 1e-9
    candidates = (
        prefixes.lazy()
        .join(prefixes.lazy(), on="s")
        .filter((pl.col("d") < pl.col("d_right")) & near)
        .select("d", "d_right", "c", "c_right")
        .unique()
        .collect()
    )
    clock.mark("candidates")
    both = pl.col("c") + pl.col("c_right")
    found = (
        candidates.lazy()
        .join(grams.lazy(), on="d")
        .join(grams.lazy(), left_on=["d_right", "s"], right_on=["d", "s"])
        .group_by("d", "d_right", "c", "c_right")
        .len("n")
        .filter(pl.col("n").cast(pl.Int64) >= THRESHOLD * (both - pl.col("n").cast(pl.Int64)) - 1e-9)
        .select("d", "d_right")
        .collect()
    )
    labels = connected(pq.read_metadata(path).num_rows, found.to_numpy().astype(np.int64))
    clock.mark("verify")
    return labels


def _verified_labels(texts: list[str], pairs: set[tuple[int, int]], clock: Clock) -> np.ndarray:
    labels = connected(len(texts), verified(texts, pairs))
    clock.mark("verify")
    return labels


def rensa(path: Path, clock: Clock) -> np.ndarray:
    """RMinHash signatures in one batch, RMinHashLSH with 32 bands, candidates verified."""
    from rensa import RMinHash, RMinHashLSH

    texts = read_texts(path, clock).to_pylist()
    sketches = RMinHash.from_token_sets((list(shingles(text)) for text in texts), num_perm=BANDS * BAND, seed=42)
    clock.mark("signatures")
    index = RMinHashLSH(THRESHOLD, BANDS * BAND, BANDS)
    index.insert_many(sketches)
    found = index.query_all(sketches)
    pairs = {(min(i, j), max(i, j)) for i, near in enumerate(found) for j in near if i != j}
    clock.mark("candidates")
    return _verified_labels(texts, pairs, clock)


def rensa_dedup(path: Path, clock: Clock) -> np.ndarray:
    """RMinHashDeduplicator as in its README: which rows to keep."""
    from rensa import RMinHashDeduplicator

    texts = read_texts(path, clock).to_pylist()
    dedup = RMinHashDeduplicator(threshold=THRESHOLD, num_perm=BANDS * BAND, use_lsh=True)
    keep = dedup.add_pairs((str(row), list(shingles(text))) for row, text in enumerate(texts))
    clock.mark("flags")
    return ~np.array(keep, bool)


def gaoya(path: Path, clock: Clock) -> np.ndarray:
    """MinHashStringIndex over word 3-grams with bulk insert and bulk query on all cores, candidates verified."""
    from gaoya.minhash import MinHashStringIndex

    texts = read_texts(path, clock).to_pylist()
    index = MinHashStringIndex(
        hash_size=32, jaccard_threshold=THRESHOLD, num_bands=BANDS, band_size=BAND, analyzer="word", lowercase=True,
        ngram_range=(3, 3), id_container="smallvec",
    )  # fmt: skip
    # Its analyzer splits at white space only; without the full stops, so that it sees the words of the others.
    plain = [text.replace(".", "").replace(" !!", "") for text in texts]
    index.par_bulk_insert_docs(list(range(len(plain))), plain)
    clock.mark("insert")
    found = index.par_bulk_query(plain)
    pairs = {(min(i, j), max(i, j)) for i, near in enumerate(found) for j in near if i != j}
    clock.mark("query")
    return _verified_labels(texts, pairs, clock)


def datasketch(path: Path, clock: Clock) -> np.ndarray:
    """MinHash.bulk and MinHashLSH(threshold=0.8, num_perm=128), candidates verified."""
    from datasketch import MinHash, MinHashLSH

    return _datasketch(MinHash, MinHashLSH(threshold=THRESHOLD, num_perm=BANDS * BAND), path, clock)


def datasketch_tuned(path: Path, clock: Clock) -> np.ndarray:
    """The same with 32 bands of 4, for recall."""
    from datasketch import MinHash, MinHashLSH

    return _datasketch(MinHash, MinHashLSH(params=(BANDS, BAND), num_perm=BANDS * BAND), path, clock)


def _datasketch(sketch: Any, index: Any, path: Path, clock: Clock) -> np.ndarray:
    texts = read_texts(path, clock).to_pylist()
    sets = [[gram.encode() for gram in shingles(text)] for text in texts]
    sketches = sketch.bulk(sets, num_perm=BANDS * BAND, seed=1)
    clock.mark("signatures")
    pairs: set[tuple[int, int]] = set()
    for row, one in enumerate(sketches):
        pairs.update((twin, row) for twin in index.query(one))
        index.insert(row, one, check_duplication=False)
    clock.mark("candidates")
    return _verified_labels(texts, pairs, clock)


def datatrove(path: Path, clock: Clock) -> np.ndarray:
    """Its MinHash pipeline, 14 buckets of 8 as in its example, on two workers; it does not verify."""
    from bench.adapters import datatrove_labels

    clock.start()
    labels = datatrove_labels(path)
    clock.mark("read and group")
    return labels


def semhash(path: Path, clock: Clock) -> np.ndarray:
    """SemHash.self_deduplicate at its default threshold over a static embedding model made here (no hub)."""
    from semhash import SemHash

    from bench.adapters import static_model

    model = static_model()
    clock.start()
    table = pq.read_table(path, columns=["id", "text"])
    clock.mark("read")
    index = SemHash.from_records(records=table.to_pylist(), columns=["text"], model=model)
    clock.mark("embed and index")
    result = index.self_deduplicate()
    pairs = [(dropped.record["id"], dropped.duplicate_of["id"]) for dropped in result.filtered]
    labels = connected(len(table), np.array(pairs, np.int64).reshape(-1, 2))
    clock.mark("deduplicate")
    return labels
