"""The committed evidence ``builders/curation/contrast_pairs.parquet``: prompts of one topic and of opposite sides.

Of each pair one prompt is to be refused and the other answered, as the project sees them on the day the file is
written. A label that changes later takes its pairs away at once; pairs that it makes possible come when the file is
written again.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa

from demur.curation.curated import curate, prompt_ids, sides
from demur.curation.meaning.encoder import Encoder, open_encoder
from demur.curation.meaning.models import OPPOSITE, Model
from demur.curation.meaning.neighbours import near
from demur.curation.meaning.pairs import SCHEMA, Pairs
from demur.curation.meaning.vectors import vectors_of
from demur.curation.project import OPPOSITES, curation_of
from demur.project import Project
from demur.sources import declared
from demur.sources.collect import collect
from demur.sources.fetch import Places
from demur.sources.source import Source
from demur.sources.watched import watched


def opposites_path(project: Project) -> Path:
    """Where the pairs of a project lie."""
    return project.root / OPPOSITES


def compute_opposites(
    project: Project, sources: Sequence[Source], places: Places, open: Callable[[Model], Encoder] = open_encoder
) -> Pairs:
    """All pairs of opposite sides at the floor of `OPPOSITE` or above; a prompt with a context is in none.

    Args:
        project: whose labels say what the sides are.
        sources: of prompts.
        places: where they may come from; vectors are kept in its cache.
        open: what gives the encoder.

    Raises:
        DemurError: a source cannot be fetched, or the encoder is not the pinned one.
    """
    fetched = list(watched(sources, places))
    records, _ = collect(fetched, declared.schemas(project)["prompt"], declared.crosswalk(project))
    curated = curate(records, curation_of(project, labels_alone=True)).records
    texts: dict[str, str] = {}
    said: dict[str, set[str]] = {}
    named: defaultdict[str, list[str]] = defaultdict(list)
    cells = (curated[name].to_pylist() for name in ("prompt", "context", "lineage"))
    for id, side, text, context, lineage in zip(prompt_ids(curated), sides(curated).to_pylist(), *cells, strict=True):
        if side != "unknown" and context is None:
            texts[id] = min(text, texts.get(id, text))
            said.setdefault(id, set()).add(side)
            named[id].append(lineage["source"])
    ids = sorted(id for id in texts if len(said[id]) == 1)
    encoder = open(OPPOSITE.model)
    whole = encoder.whole([texts[id] for id in ids]).tolist()
    long = Counter(name for id, all_of_it in zip(ids, whole, strict=True) if not all_of_it for name in {*named[id]})
    ids = [id for id, all_of_it in zip(ids, whole, strict=True) if all_of_it]
    vectors = vectors_of([texts[id] for id in ids], encoder, places.cache.root)
    yes = np.array([said[id] == {"yes"} for id in ids], bool)
    found = near(vectors, OPPOSITE.floor, among=yes) if len(ids) else None
    columns = (found.rows.tolist(), found.twins.tolist(), found.cosines.tolist()) if found else ((), (), ())
    rows = zip(*columns, strict=True)
    kept = [(ids[row], ids[twin], cosine, OPPOSITE.name, None) for row, twin, cosine in rows if yes[row] != yes[twin]]
    table = pa.Table.from_pylist([dict(zip(SCHEMA.names, cells, strict=True)) for cells in sorted(kept)], schema=SCHEMA)
    digests = {each.source.name: each.source.pin.digest for each in fetched if each.source.pin}
    return Pairs(table, digests, (OPPOSITE,), too_long=dict(sorted(long.items())))
