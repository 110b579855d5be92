"""What every task of a run knows: the question, how the work is cut, and where results are kept."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from demur import __version__
from demur.errors import UsageError
from demur.groups.sharded.inputs import Inputs
from demur.groups.sharded.store import Store, absolute
from demur.similarity.views import View

#: Bytes of text for one gram, at the least, in ordinary text.
_BYTES_PER_GRAM = {"token": 6, "word3": 6, "char": 1}


@dataclass(frozen=True, slots=True)
class Job:
    """One run.

    Attributes:
        column: the text column.
        view: which grams stand for a text.
        threshold: smallest Jaccard index of a pair.
        parts: the number of shards.
        buckets: the number of parts that grams and fingerprints are spread over by their hashes.
        bits: the table that says how common grams are has 2 ** bits bytes.
        work: the folder of results of tasks.
        code: a digest of the code that the driver runs.
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
    threads: int | None = None

    @property
    def store(self) -> Store:
        """Where the results of tasks are kept."""
        return Store(self.work)

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


def table_bits(view: View, text_bytes: int, most: int) -> int:
    """Slots for about all grams of the texts, each in one of its own, as far as memory allows.

    Example:
        >>> table_bits("word3", 6_000_000, most=27), table_bits("word3", 6_000_000_000, most=27)
        (20, 27)
    """
    return min(most, max(12, (text_bytes // _BYTES_PER_GRAM[view]).bit_length()))


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
