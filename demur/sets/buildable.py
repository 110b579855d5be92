"""What a project can build: every data set, its kind, and the license that follows from the sources of each config."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from demur.errors import LicenseError
from demur.project import Project
from demur.sets.builder import Builder, builders
from demur.sets.terms import license_of_config
from demur.sources import declared
from demur.sources.source import Source


def buildable(project: Project) -> list[dict[str, Any]]:
    """Every data set by name: title, kind and configs, each with its license and whether it has to be asked for.

    A config whose sources exclude each other, or are not there, has no license, and says why.
    """
    sources = declared.sources(project)
    return [
        {
            "name": name,
            "title": each.title,
            "kind": each.kind.name,
            "configs": [
                {"name": config.name, "on_demand": config.on_demand, **_license(each, config.name, sources)}
                for config in each.configs
            ],
        }
        for name, each in sorted(builders(project).items())
    ]


def buildable_lines(found: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """The same for people."""
    for each in found:
        yield f"{each['name']}: {each['title']} ({each['kind']})"
        for config in each["configs"]:
            asked = f", by --config {config['name']}" if config["on_demand"] else ""
            yield f"  {config['name']}: {config['license'] or 'cannot be built: ' + config['why']}{asked}"
    yield "`demur build NAME` builds one." if found else "The project declares no data set."


def _license(builder: Builder, config: str, sources: Mapping[str, Source]) -> dict[str, str | None]:
    if lost := [name for name in builder.sources_of(config) if name not in sources]:
        return {"license": None, "why": f"no source {lost[0]!r}"}
    try:
        return {"license": license_of_config(builder, config, sources).id, "why": None}
    except LicenseError as error:
        return {"license": None, "why": error.what}
