"""The few places where a tool needs more than a call."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

if TYPE_CHECKING:
    from model2vec import StaticModel

    from demur.text.arrays import Texts

SetView = Literal["token", "word3", "char"]

#: Thresholds of the rules for decontamination, Demur's defaults.
RULES: dict[SetView, float] = {"token": 0.8, "word3": 0.7, "char": 0.8}
CONTAINED = 0.8

FRACTIONS = {"test": 0.1, "validation": 0.1, "train": 0.8}


def splits(ids: pa.ChunkedArray, labels: np.ndarray) -> np.ndarray:
    """The split of every row, as its place in `FRACTIONS`."""
    from demur.groups.splits import assign_codes

    return assign_codes(ids.cast(pa.string()), labels, FRACTIONS)[0]


def decontaminate(texts: Texts, protected: Texts, views: Iterable[SetView] = tuple(RULES)) -> pa.Table:
    """Evidence of some rules and containment (row, record_id, view, similarity): texts near protected prompts.

    How common words are is taken from the bundled sketch, in whose background there is no text of Alpaca's.
    """
    from demur.protected.near import Rules
    from demur.protected.near import decontaminate as judge
    from demur.protected.prompts import Protected
    from demur.text.arrays import as_array

    held = Protected.from_texts([text for text in as_array(protected).to_pylist() if text is not None])
    chosen: dict[str, Any] = {view: least if view in views else None for view, least in RULES.items()}
    return judge(texts, held, Rules(**chosen, containment=CONTAINED)).rename_columns({"rule": "view"})


def datatrove_labels(path: Path) -> np.ndarray:
    """Signatures, buckets and clusters of datatrove's MinHash pipeline; a row without a cluster is its own."""
    from datatrove.executor import LocalPipelineExecutor
    from datatrove.pipeline.dedup import MinhashDedupBuckets, MinhashDedupCluster, MinhashDedupSignature
    from datatrove.pipeline.dedup.minhash import MinhashConfig
    from datatrove.pipeline.readers import ParquetReader
    from datatrove.utils.hashing import HashConfig
    from datatrove.utils.word_tokenizers import WordTokenizer

    class Words(WordTokenizer):  # type: ignore[misc]
        """White space separates words (spaCy's tokenizer, the default for English, is slower and agrees here)."""

        def word_tokenize(self, text: str) -> list[str]:
            return text.split()

        def sent_tokenize(self, text: str) -> list[str]:
            return [text]

        def span_tokenize(self, text: str) -> list[tuple[int, int]]:
            return [(0, len(text))]

    folder = path.with_suffix(".datatrove")
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "in").mkdir(parents=True)
    # One task reads one file, so two workers need two.
    table = pq.read_table(path, columns=["id", "text"])
    table = table.set_column(0, "id", table["id"].cast(pa.string()))
    half = len(table) // 2
    for shard, rows in enumerate((table.slice(0, half), table.slice(half))):
        pq.write_table(rows, folder / "in" / f"{shard}.parquet")
    del table, rows

    # 3-grams, for the measure that all are asked for; 64-bit hashes as in its example, but from sha1: datatrove 0.10.1
    # hands strings to xxhash, and xxhash 4 takes only bytes.
    config = MinhashConfig(n_grams=3, num_buckets=14, hashes_per_bucket=8, hash_config=HashConfig(hash_fc="sha1"))
    signatures, buckets, clusters = (str(folder / name) for name in ("signatures", "buckets", "clusters"))
    first = [ParquetReader(str(folder / "in")), MinhashDedupSignature(signatures, config=config, language=Words())]
    # The default reads 5 signatures at a time; its documentation has -1 for small data: whole files.
    second = [MinhashDedupBuckets(signatures, buckets, config=config, lines_to_buffer=-1)]
    third = [MinhashDedupCluster(buckets, clusters, config=config, save_cluster_id=True, lines_to_buffer=-1)]
    with Path(os.devnull).open("w") as nothing, contextlib.redirect_stdout(nothing):
        for tasks, pipeline in ((2, first), (14, second), (1, third)):
            LocalPipelineExecutor(pipeline=pipeline, tasks=tasks, workers=min(2, tasks), skip_completed=False,
                                  logging_dir=str(folder / f"logs-{tasks}")).run()  # fmt: skip
    rows = pq.read_metadata(path).num_rows
    labels = np.arange(rows)
    for shard in range(2):
        found = np.fromfile(folder / "clusters" / f"{shard:06d}.clusters", np.uint32).reshape(-1, 2).astype(np.int64)
        labels[found[:, 0] + shard * half] = rows + found[:, 1]
    shutil.rmtree(folder)
    return np.unique(labels, return_inverse=True)[1]


def static_model() -> StaticModel:
    """A model2vec model over the corpus's vocabulary: random directions, weighted down for common words.

    semhash's default model comes from a hub. Its embedding is likewise a weighted mean of one fixed vector a word, so
    the cost is that of its kind of model; what it finds says nothing about meaning, pseudo-words having none.
    """
    from model2vec import StaticModel
    from tokenizers import Tokenizer
    from tokenizers.models import WordLevel
    from tokenizers.normalizers import Lowercase
    from tokenizers.pre_tokenizers import Whitespace

    from bench.corpus import SEED, VOCABULARY, vocabulary

    tokenizer = Tokenizer(
        WordLevel({"[UNK]": 0} | {word: i for i, word in enumerate(vocabulary(SEED), 1)}, unk_token="[UNK]")  # noqa: S106
    )
    tokenizer.normalizer = Lowercase()
    tokenizer.pre_tokenizer = Whitespace()
    law = 1.0 / np.arange(1, VOCABULARY + 1) ** 1.05
    weights = np.append(0, 1e-3 / (1e-3 + law / law.sum()))
    vectors = np.random.default_rng(SEED).normal(size=(VOCABULARY + 1, 256)).astype(np.float32)
    return StaticModel(vectors * weights[:, None].astype(np.float32), tokenizer, normalize=True)
