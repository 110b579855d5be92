"""From the pinned sources of a project to their pairs: fetch, take the distinct prompts, encode, compare."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pyarrow as pa

from demur.curation.meaning.encoder import Encoder, Vectors, open_encoder
from demur.curation.meaning.models import ACROSS, ENGLISH, LANGUAGES, READINGS, USE, WITHIN, Model, Reading
from demur.curation.meaning.neighbours import Near, near
from demur.curation.meaning.pairs import SCHEMA, Pairs
from demur.curation.meaning.vectors import vectors_of
from demur.project import Project
from demur.protected.sketch import prompts_of
from demur.records.record import record_id
from demur.sources import declared
from demur.sources.fetch import Places
from demur.sources.source import Source
from demur.sources.watched import watched


@dataclass(frozen=True, eq=False)
class Prompts:
    """The distinct prompts of some sources, by record id; of texts that share an id, the smallest stands for all.

    Attributes:
        texts: id -> text, sorted by id.
        sources: id -> names of the sources that have it.
        digests: of the sources.
    """

    texts: dict[str, str]
    sources: dict[str, list[str]]
    digests: dict[str, str]
    languages: dict[str, set[str]] = field(default_factory=dict)

    @classmethod
    def of(cls, sources: Sequence[Source], places: Places) -> Prompts:
        """Fetch sources and take their prompts: of responses, what they answer.

        Raises:
            DemurError: a source cannot be fetched.
        """
        texts: dict[str, str] = {}
        named: defaultdict[str, list[str]] = defaultdict(list)
        languages: defaultdict[str, set[str]] = defaultdict(set)
        digests = {}
        for each in watched(sources, places):
            assert each.source.pin is not None  # noqa: S101 - it was fetched by its pin
            digests[each.source.name] = each.source.pin.digest
            for text in prompts_of(each):
                id = record_id("prompt", text)
                texts[id] = min(text, texts.get(id, text))
                named[id].append(each.source.name)
                languages[id] |= {*each.source.languages}
        return cls({id: texts[id] for id in sorted(texts)}, dict(named), digests, dict(languages))


def comparable(project: Project, names: Iterable[str] = ()) -> tuple[list[Source], list[Source]]:
    """The pinned sources whose languages an encoder reads, and those whose languages none does.

    Args:
        project: where they are declared.
        names: only these; by default all.

    Raises:
        UsageError: there is no source of that name.
    """
    wanted = [declared.source_of(project, name) for name in names] or [*declared.sources(project).values()]
    pinned = [source for source in wanted if source.pin or names]
    read = [source for source in pinned if {*source.languages} <= LANGUAGES]
    return read, [source for source in pinned if not {*source.languages} <= LANGUAGES]


def compute(
    prompts: Prompts, cache: Path, old: Pairs | None = None, open: Callable[[Model], Encoder] = open_encoder
) -> Pairs:
    """All pairs of prompts that are near in meaning.

    Args:
        prompts: what is compared.
        cache: the root of the cache, where vectors are kept.
        old: pairs whose verdicts are carried over.
        open: what gives an encoder.

    Raises:
        UsageError: an encoder is not installed, or not the pinned one.
    """
    ids = [*prompts.texts]
    found: dict[tuple[str, str], tuple[float, str]] = {}
    compared: set[str] = set()
    english = [id for id in ids if "en" in prompts.languages[id]]
    other = {id for id in ids if prompts.languages[id] - {"en"}}
    if english:
        kept, vectors = _encoded(english, prompts, open(ENGLISH.model), cache)
        compared |= {*kept}
        _add(found, near(vectors, ENGLISH.floor), kept, lambda one, two: ENGLISH)
    if other:
        kept, vectors = _encoded(ids, prompts, open(USE), cache)
        compared |= {*kept} & other
        among = np.array([id in other for id in kept], bool)
        languages = prompts.languages
        _add(
            found,
            near(vectors, min(WITHIN.floor, ACROSS.floor), among),
            kept,
            lambda one, two: WITHIN if languages[one] & languages[two] else ACROSS,
        )
    keys = sorted(found)
    columns = ([one for one, _ in keys], [two for _, two in keys], *zip(*(found[key] for key in keys), strict=True))
    cells = columns if keys else ([], [], [], [])
    table = pa.table([*map(pa.array, cells, SCHEMA.types[:4]), pa.nulls(len(keys), pa.string())], schema=SCHEMA)
    long = Counter(name for id in ids if id not in compared for name in prompts.sources[id])
    made = Pairs(table, prompts.digests, READINGS, too_long=dict(long))
    return made.read(old.verdicts(), old.reader or "unknown") if old else made


def _encoded(ids: Sequence[str], prompts: Prompts, encoder: Encoder, cache: Path) -> tuple[list[str], Vectors]:
    """The prompts that an encoder sees to their end, and their vectors."""
    whole = encoder.whole([prompts.texts[id] for id in ids])
    kept = [id for id, all_of_it in zip(ids, whole.tolist(), strict=True) if all_of_it]
    return kept, vectors_of([prompts.texts[id] for id in kept], encoder, cache)


def _add(
    found: dict[tuple[str, str], tuple[float, str]], pairs: Near, ids: list[str], read: Callable[[str, str], Reading]
) -> None:
    """Add pairs that reach the floor of their reading; one that another encoder found already stays as it is."""
    for row, twin, cosine in zip(pairs.rows.tolist(), pairs.twins.tolist(), pairs.cosines.tolist(), strict=True):
        one, two = sorted((ids[row], ids[twin]))
        reading = read(one, two)
        if cosine >= reading.floor:
            found.setdefault((one, two), (cosine, reading.name))
