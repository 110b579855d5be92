"""What every task of a run knows: the question, how the work is cut, and where results are kept."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from demur import __version__
from demur.errors import UsageError
from demur.groups.sharded.exchange import Exchange
from demur.groups.sharded.inputs import Inputs
from demur.groups.sharded.store import Store, absolute
from demur.similarity.views import View


@dataclass(frozen=True, slots=True)
class Job:
    """One run.

    Attributes:
        column: the text column.
        view: which grams stand for a text.
        threshold: smallest Jaccard index of a pair.
        parts: the number of shards.
        buckets: the number of parts that grams are spread over by their hashes, and rows by their numbers.
        bits: the table that says how common grams are has 2 ** bits bytes.
        work: the folder of results of tasks.
        code: a digest of the code that the driver runs.
        rows: of all shards.
        stride: of so many rows one is asked how common its grams are.
        fast: whether grams are hashed as by `demur.similarity.onepass`, or as by `demur.similarity.sets`; one run has
            to do with one of them.
        threads: threads of one task; None for all cores.
    """

    column: str
    view: View
    threshold: float
    parts: int
    buckets: int
    bits: int
    work: str
    code: str
    rows: int
    stride: int
    fast: bool
    threads: int | None = None

    @property
    def store(self) -> Store:
        """Where the results of tasks are kept."""
        return Store(self.work)

    @property
    def row_type(self) -> type[np.unsignedinteger[Any]]:
        """The smallest type that holds the number of every row."""
        return np.uint32 if self.rows < 1 << 32 else np.uint64

    def owner(self, rows: NDArray[np.int64]) -> NDArray[np.int64]:
        """The bucket that each row belongs to: buckets are ranges of rows."""
        return rows.astype(np.int64) * self.buckets // self.rows

    @property
    def postings(self) -> Exchange:
        """From shards to buckets: the rarest grams of rows."""
        return Exchange.among(self.store, "postings", self.parts, self.buckets)

    @property
    def repeats(self) -> Exchange:
        """From shards to buckets: claims about rows with equal sets in one shard."""
        return Exchange.among(self.store, "repeats", self.parts, self.buckets)

    @property
    def crowds(self) -> Exchange:
        """Among buckets: rows of which many share a gram."""
        return Exchange.among(self.store, "crowds", self.buckets, self.buckets)

    @property
    def pairs(self) -> Exchange:
        """Among buckets: pairs of rows that may be similar."""
        return Exchange.among(self.store, "pairs", self.buckets, self.buckets)

    @property
    def wants(self) -> Exchange:
        """From buckets to shards: rows whose grams a bucket asks for."""
        return Exchange.among(self.store, "wants", self.buckets, self.parts)

    @property
    def copies(self) -> Exchange:
        """Among buckets: claims about rows with equal sets in several shards."""
        return Exchange.among(self.store, "copies", self.buckets, self.buckets)

    @property
    def sets(self) -> Exchange:
        """From shards to buckets: rows and their grams."""
        return Exchange.among(self.store, "sets", self.parts, self.buckets)

    @property
    def claims(self) -> Exchange:
        """Among buckets: claims about similar rows."""
        return Exchange.among(self.store, "claims", self.buckets, self.buckets)

    def check_code(self) -> None:
        """Refuse to mix results of two versions of the code.

        Raises:
            UsageError: this worker runs another version than the driver.
        """
        if code_digest() != self.code:
            msg = "A worker runs another version of Demur than the driver"
            raise UsageError(
                msg, where=Path(__file__).parent, expected=self.code, got=code_digest(), fix="Install the same one."
            )


def key(inputs: Inputs, out: str, column: str, view: View, threshold: float, shard_rows: int, bits: int) -> str:
    """What results of tasks depend on, as a name for their folder."""
    facts = [inputs.identity, absolute(out), column, view, threshold, shard_rows, bits, code_digest()]
    return hashlib.sha256(json.dumps(facts).encode()).hexdigest()[:16]


@cache
def code_digest() -> str:
    """A digest of the code that results depend on: the version, and the sources of kernels and stages."""
    root = Path(__file__).resolve().parents[2]
    digest = hashlib.sha256(__version__.encode())
    for package in ("text", "similarity", "groups/sharded"):
        for path in sorted(root.glob(f"{package}/*.py")):
            digest.update(path.name.encode() + path.read_bytes())
    return digest.hexdigest()[:16]
