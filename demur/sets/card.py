"""The data set card: README.md with the Hub's YAML header, from the manifest and one template."""

from __future__ import annotations

import inspect
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from demur.project import Project, bundled
from demur.rates import Rate
from demur.records.hazards import HAZARDS
from demur.records.licenses import LICENSES, license_of
from demur.records.row import describe_columns
from demur.records.schema import arrow_schema, features
from demur.sets.builder import Builder
from demur.sets.figures import FIGURES
from demur.sets.kind import facts_of, stated_of
from demur.sets.manifest import ConfigEntry, Manifest
from demur.sources import declared
from demur.sources.source import Source

FEW = 5
"""Rows of a hazard below which the card says so."""

PAGE = "page.md.jinja"
"""The template of a kind's card, in its package."""

_SIZES = ((1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"), (1_000_000, "100K<n<1M"))

_HUB = "https://huggingface.co/datasets/"

_GATE = {
    "extra_gated_heading": "This data set holds harmful text",
    "extra_gated_prompt": (
        "Some rows hold harmful responses, which models are trained to turn away from. By asking for access you agree "
        "to use them for research on, and training of, refusals only: never to train a model to produce them."
    ),
    "extra_gated_fields": {
        "Name": "text",
        "Affiliation": "text",
        "What I will use it for": "text",
        "I agree to use this data set for safety work only": "checkbox",
    },
}
"""The Hub's form in front of a data set whose rows are not all public."""


_OF_RELEASE = re.compile(r"(?<!\n)\n*<!-- release -->.*?<!-- /release -->", re.DOTALL)
"""Parts of the card that only a release has; all others follow from the build."""


def write_card(builder: Builder, manifest: Manifest, project: Project, folder: Path) -> None:
    """Write ``README.md``: counts, licenses and citations, never a row's text.

    ``cards/dataset.md.jinja`` is the frame; the kind's ``page.md.jinja`` extends it.

    The Parquet files of the folder are there already: the header states their sizes and features.
    """
    import jinja2
    import yaml

    page = Path(inspect.getfile(type(builder.kind))).parent
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader([project.cards, page, bundled().cards]),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        autoescape=False,  # noqa: S701 - Markdown of our own, nothing to escape
    )
    cited = {source.citation for source in manifest.sources}
    said = declared.sources(project, [each.name for each in manifest.sources])
    text = environment.get_template(PAGE).render(
        header=yaml.safe_dump(_header(builder, manifest, said, folder), sort_keys=False, allow_unicode=True, width=120),
        builder=builder,
        manifest=manifest,
        stated=stated_of(manifest),
        facts={config.name: facts_of(manifest, config) for config in manifest.configs},
        **builder.kind.page(manifest),
        notes={each.name: " ".join((said[each.name].note or "").split()) for each in manifest.sources},
        licenses={each.license: license_of(each.license, each.name, each.terms) for each in manifest.sources},
        hazards=HAZARDS,
        citations=[entry for key, entry in declared.bibliography(project).items() if key in cited],
        columns=list(_columns(builder)),
        figures={name: words for name, words in FIGURES.items() if (folder / name).is_file()},
        thin=[line for config in manifest.configs for line in _thin(folder, config)],
    )
    (folder / "README.md").write_text(text, encoding="utf-8")


def _thin(folder: Path, config: ConfigEntry) -> Iterator[str]:
    """Hazards that few rows of a config name, and whether most of its borderline rows name none."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    files = [pq.ParquetFile(path) for path in sorted((folder / config.name).glob("*.parquet"))]
    asked = [name for name in ("hazards", "borderline") if name in files[0].schema_arrow.names]
    table = pa.concat_tables([file.read(asked) for file in files])
    named = table["hazards"].to_pylist() if "hazards" in asked else []
    counts = Counter(hazard for row in named for hazard in row)
    if few := sorted((hazard, count) for hazard, count in counts.items() if count < FEW):
        said = ", ".join(f"{hazard} ({count})" for hazard, count in few)
        yield f"`{config.name}`: fewer than {FEW} rows name {said}. A rate of so few says little."
    if "borderline" in asked:
        bare = [not hazards for hazards, is_so in zip(named, table["borderline"].to_pylist(), strict=True) if is_so]
        if bare and 2 * sum(bare) > len(bare):
            yield f"`{config.name}`: most borderline rows name no hazard, {Rate.of(sum(bare), len(bare))}."


def _columns(builder: Builder) -> Iterator[tuple[str, str, str]]:
    """Name, type and meaning of every column."""
    types = {field.name: str(field.type) for field in arrow_schema(builder.kind.row)}
    for name, text in describe_columns(builder.kind.row).items():
        yield name, types[name].replace("item: ", "").replace(" not null", ""), text.replace("|", "\\|")


def built_card(folder: Path) -> str:
    """The part of a folder's card that follows from the build alone."""
    return _OF_RELEASE.sub("", (folder / "README.md").read_text(encoding="utf-8")).rstrip()


def _header(builder: Builder, manifest: Manifest, sources: Mapping[str, Source], folder: Path) -> dict[str, Any]:
    configs = []
    for number, config in enumerate(manifest.configs):
        files = [{"split": split, "path": f"{config.name}/{split}-*.parquet"} for split in builder.splits]
        default = {"default": True} if number == 0 else {}
        configs.append({"config_name": config.name, **default, "data_files": files})
        for part, conditions in builder.kind.parts(config).items():
            rows = [list(each) for each in conditions]
            configs.append({"config_name": f"{config.name}_{part}", "data_files": files, "filters": rows})
    languages = sorted({tag for source in manifest.sources for tag in sources[source.name].languages})
    return {
        "pretty_name": builder.title,
        **_licenses(manifest),
        "language": languages,
        "size_categories": [_size(max(sum(config.rows.values()) for config in manifest.configs))],
        "task_categories": ["text-generation"],
        "annotations_creators": ["found"],
        "source_datasets": sorted(_origin(sources[source.name]) for source in manifest.sources),
        "tags": [*builder.tags, "not-for-all-audiences"],
        "configs": configs,
        "dataset_info": [_info(folder, config) for config in manifest.configs],
        **(_GATE if manifest.access != "public" else {}),
    }


def _licenses(manifest: Manifest) -> dict[str, Any]:
    """The Hub's license fields: its own ids, or ``other`` with a name where a source states none that it knows."""
    ids = sorted({config.license for config in manifest.configs})
    known = [id if id in LICENSES and LICENSES[id].redistribution else "other" for id in ids]
    named = {"license_name": _name(ids[known.index("other")])} if "other" in known else {}
    return {"license": known[0] if len(known) == 1 else sorted(set(known)), **named}


def _name(license: str) -> str:
    """A license's name as the Hub takes it: in lower case, without spaces."""
    return re.sub(r"[^a-z0-9.-]+", "-", license.lower())


def _origin(source: Source) -> str:
    """A source as the Hub lists it: by its repository there if it has one."""
    pages = [mirror.page for mirror in source.mirrors if mirror.page.startswith(_HUB)]
    return pages[0].removeprefix(_HUB) if pages else f"extended|other-{source.name}"


def _info(folder: Path, config: ConfigEntry) -> dict[str, Any]:
    """What `datasets` states of a config: features, rows and bytes of every split, bytes to download."""
    import pyarrow.parquet as pq

    splits, download, schema = [], 0, None
    for split, rows in config.rows.items():
        files = sorted((folder / config.name).glob(f"{split}-*.parquet"))
        shards = [pq.read_metadata(file) for file in files]
        size = sum(
            shard.row_group(number).total_byte_size for shard in shards for number in range(shard.num_row_groups)
        )
        splits.append({"name": split, "num_bytes": size, "num_examples": rows})
        download += sum(file.stat().st_size for file in files)
        schema = pq.read_schema(files[0])
    return {
        "config_name": config.name,
        "features": features(schema) if schema is not None else None,
        "splits": splits,
        "download_size": download,
        "dataset_size": sum(split["num_bytes"] for split in splits),
    }


def _size(rows: int) -> str:
    return next((name for limit, name in _SIZES if rows < limit), "1M<n<10M")
