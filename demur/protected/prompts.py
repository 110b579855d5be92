"""Protected sets as hashes: what decontamination needs of evaluation prompts, without their text.

A sketch holds, for every prompt, its record id, its source, and 64-bit hashes of its words and of its 4-grams of
characters in reading order; and how common words and 4-grams are in benign prompts. It keeps evaluation texts out of
sight, of search and of training crawls. It is no secret: whoever guesses a text can check the guess, and public word
lists guess most words.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from demur.errors import FormatError
from demur.files.reading import bounded_table
from demur.files.temporary import temporary
from demur.files.whole import replacing
from demur.records.record import record_id
from demur.similarity.near import distinct, hashed_characters, single_grams, slots
from demur.similarity.sets import Units, hashed_units
from demur.text.arrays import Texts, as_array

FORMAT = "demur-protected-1"

#: The second sketch: prompts of evaluation sets of this project's that are everyday questions, which nobody else's file
#: is to be searched for.
TRAINING = "protected_training.parquet"

#: Of longer prompts, the character rule compares this many characters; the word rules compare all words.
CHARACTERS = 300

# A unit in one row of so many, or fewer, has full weight. Also the number of rows that are supposed to exist beside the
# counted ones, so that small collections do not make every word look common.
_RARE = 1000

SCHEMA = pa.schema(
    [
        pa.field("record_id", pa.string(), nullable=False),
        pa.field("source", pa.string(), nullable=False),
        pa.field("words", pa.list_(pa.uint64()), nullable=False),
        pa.field("characters", pa.list_(pa.uint64()), nullable=False),
    ]
)

Hashes = NDArray[np.uint64]
Levels = NDArray[np.uint8]


@dataclass(frozen=True, eq=False)
class Common:
    """Units that are common, ascending, and the weight of each: 0 for one that every row has; others have 255.

    The weight falls with the logarithm of the share of rows: full at one in a thousand, two thirds at one in a
    hundred, one third at one in ten.
    """

    hashes: Hashes = field(default_factory=lambda: np.empty(0, np.uint64))
    levels: Levels = field(default_factory=lambda: np.empty(0, np.uint8))

    @classmethod
    def of(cls, units: Units) -> Common:
        """Count the rows that have each unit."""
        rows = len(units.starts) - 1
        owners = np.repeat(np.arange(rows), np.diff(units.starts))
        known, counts = np.unique(units.hashes[distinct(units.hashes, owners)], return_counts=True)
        share = (counts + 1) / (rows + _RARE)
        levels = np.rint(255 * np.minimum(1, -np.log(share) / np.log(_RARE))).astype(np.uint8)
        return cls(known[levels < 255], levels[levels < 255])

    def as_grams(self) -> Common:
        """The same units as sets hold them, where one unit is a gram with a hash of its own."""
        hashes = single_grams(self.hashes)
        order = np.argsort(hashes)
        return Common(hashes[order], self.levels[order])

    def weigh(self, hashes: Hashes) -> Levels:
        """The weight of each unit, 0 to 255."""
        if not len(self.hashes):
            return np.full(len(hashes), 255, np.uint8)
        bits = (8 * len(self.hashes)).bit_length()
        table = np.full(1 << bits, -1, np.int32)  # of units with one slot, one
        table[slots(self.hashes, bits)] = np.arange(len(self.hashes))
        place = table[slots(hashes, bits)]
        there = (place >= 0) & (self.hashes[place] == hashes)
        rest = np.flatnonzero((place >= 0) & ~there)
        place[rest] = np.minimum(np.searchsorted(self.hashes, hashes[rest]), len(self.hashes) - 1)
        there[rest] = self.hashes[place[rest]] == hashes[rest]
        return np.where(there, self.levels[place], 255).astype(np.uint8)


@dataclass(frozen=True, eq=False)
class Background:
    """How common words and 4-grams of characters are in the texts that people write anyway."""

    words: Common = field(default_factory=Common)
    characters: Common = field(default_factory=Common)

    @classmethod
    def of(cls, texts: Texts) -> Background:
        """Count over texts; one row is one text."""
        column = as_array(texts)
        return cls(Common.of(hashed_units(column, "word3")), Common.of(hashed_characters(column)))


@dataclass(frozen=True, eq=False)
class Protected:
    """Protected prompts as hashes.

    Attributes:
        record_ids: one a prompt, as `demur.records.record.record_id` gives it.
        sources: where each prompt comes from; a prompt that stands in two sources is there twice.
        words: hashed words in reading order.
        characters: hashed 4-grams of the first `CHARACTERS` characters, in reading order, spaces left out.
        background: how common words are elsewhere.
        facts: where a sketch comes from (sources and their digests); empty in memory.
    """

    record_ids: tuple[str, ...]
    sources: tuple[str, ...]
    words: Units
    characters: Units
    background: Background
    facts: Mapping[str, Any] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.record_ids)

    @classmethod
    def from_texts(
        cls,
        texts: Sequence[str],
        sources: Sequence[str] | str = "given",
        record_ids: Sequence[str] | None = None,
        *,
        background: Background | None = None,
        facts: Mapping[str, Any] | None = None,
    ) -> Protected:
        """Hash prompts; one that a source has twice is kept once.

        Args:
            texts: the prompts.
            sources: the source of each, or of all.
            record_ids: by default those of prompts with these texts.
            background: by default that of the bundled sketch.
            facts: kept in the sketch.

        Examples:
            >>> len(Protected.from_texts(["Name a lighthouse", "name a LIGHTHOUSE!"]))
            1
        """
        names = [sources] * len(texts) if isinstance(sources, str) else sources
        ids = [record_id("prompt", text) for text in texts] if record_ids is None else record_ids
        first = {key: row for row, key in reversed(list(enumerate(zip(names, ids, strict=True))))}
        kept = [first[key] for key in sorted(first)]
        column = as_array([texts[row] for row in kept])
        return cls(
            tuple(ids[row] for row in kept),
            tuple(names[row] for row in kept),
            hashed_units(column, "word3"),
            hashed_characters(column, CHARACTERS),
            bundled().background if background is None else background,
            dict(facts or {}),
        )

    def of_sources(self, names: Iterable[str]) -> Protected:
        """The prompts of some sources only."""
        wanted = set(names)
        rows = [row for row, source in enumerate(self.sources) if source in wanted]
        return Protected(
            tuple(self.record_ids[row] for row in rows),
            tuple(self.sources[row] for row in rows),
            _taken(self.words, rows),
            _taken(self.characters, rows),
            self.background,
            self.facts,
        )

    @classmethod
    def joined(cls, parts: Sequence[Protected], background: Background) -> Protected:
        """Several protected sets as one, in order."""
        return cls(
            tuple(id for part in parts for id in part.record_ids),
            tuple(source for part in parts for source in part.sources),
            _joined([part.words for part in parts]),
            _joined([part.characters for part in parts]),
            background,
        )

    def write(self, path: Path) -> None:
        """Write the sketch; the same prompts give the same bytes.

        Raises:
            OutputError: the file cannot be written.
        """
        table = pa.table(
            [
                pa.array(self.record_ids, pa.string()),
                pa.array(self.sources, pa.string()),
                *(
                    pa.ListArray.from_arrays(pa.array(units.starts, pa.int32()), pa.array(units.hashes))
                    for units in (self.words, self.characters)
                ),
            ],
            schema=SCHEMA,
        )
        head = json.dumps(self._head(), sort_keys=True, separators=(",", ":"))
        # One dictionary for all hashes of a column; no statistics, and no second copy of the schema: for size.
        with (
            replacing(path, "The sketch cannot be written") as part,
            pq.ParquetWriter(
                part, SCHEMA, compression="zstd", compression_level=19, write_statistics=False, store_schema=False,
                dictionary_pagesize_limit=1 << 26,
            ) as writer,
        ):  # fmt: skip
            writer.write_table(table, row_group_size=max(1, len(table)))
            writer.add_key_value_metadata({"demur": head})

    def _head(self) -> dict[str, Any]:
        common = {
            view: {
                name: base64.b64encode(array.astype(array.dtype.newbyteorder("<")).tobytes()).decode()
                for name, array in (("hashes", table.hashes), ("levels", table.levels))
            }
            for view, table in (("words", self.background.words), ("characters", self.background.characters))
        }
        return {"format": FORMAT, "facts": dict(self.facts), "background": common}

    @classmethod
    def read(cls, path: Path) -> Protected:
        """Read a sketch.

        Raises:
            FormatError: the file is no sketch of this format.
        """
        msg = "The file is not a sketch of protected prompts"
        try:
            table = bounded_table(path)
            head = json.loads((table.schema.metadata or {}).get(b"demur", b"{}"))
        except (OSError, pa.ArrowException, ValueError) as error:
            raise FormatError(msg, where=path, got=type(error).__name__) from error
        if head.get("format") != FORMAT or table.schema.names != SCHEMA.names:
            raise FormatError(
                msg, where=path, expected=FORMAT, got=head.get("format"), fix="Write it again with `demur sketch`."
            )
        table = table.combine_chunks()
        background = Background(*(_common(head["background"][view]) for view in ("words", "characters")))
        return cls(
            tuple(table["record_id"].to_pylist()),
            tuple(table["source"].to_pylist()),
            _units(table["words"]),
            _units(table["characters"]),
            background,
            head["facts"],
        )


def sketch_bytes(protected: Protected) -> bytes:
    """A sketch as the bytes of its file."""
    with temporary("sketch") as folder:
        protected.write(folder / "protected.parquet")
        return (folder / "protected.parquet").read_bytes()


def bundled() -> Protected:
    """The sketch of public evaluation sets that comes with Demur.

    Raises:
        FormatError: it is missing or of another version.
    """
    return _shipped("protected.parquet")


def for_training() -> tuple[Protected, Protected]:
    """What training rows are kept apart from: the bundled sketch, and all else that this project's own sets ask.

    Raises:
        FormatError: a sketch is missing or of another version.
    """
    return bundled(), _shipped(TRAINING)


@cache
def _shipped(name: str) -> Protected:
    """A sketch that lies among this project's builders, read once a process."""
    from demur.project import bundled as project

    return Protected.read(project().root / "builders" / name)


def _taken(units: Units, rows: Sequence[int]) -> Units:
    return _joined(
        [
            Units(
                units.hashes[units.starts[row] : units.starts[row + 1]], units.starts[row : row + 2] - units.starts[row]
            )
            for row in rows
        ]
    )


def _joined(parts: Sequence[Units]) -> Units:
    lengths = np.concatenate([np.zeros(1, np.int64), *(np.diff(part.starts) for part in parts)])
    return Units(np.concatenate([np.empty(0, np.uint64), *(part.hashes for part in parts)]), np.cumsum(lengths))


def _units(column: pa.ChunkedArray) -> Units:
    lists = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    if isinstance(lists, pa.ChunkedArray):
        lists = lists.chunk(0) if lists.num_chunks else pa.array([], SCHEMA.field("words").type)
    starts = lists.offsets.to_numpy().astype(np.int64)
    return Units(lists.values.to_numpy()[starts[0] : starts[-1]].copy(), starts - starts[0])


def _common(stored: Mapping[str, str]) -> Common:
    arrays = {name: base64.b64decode(text) for name, text in stored.items()}
    return Common(np.frombuffer(arrays["hashes"], "<u8").copy(), np.frombuffer(arrays["levels"], np.uint8).copy())
