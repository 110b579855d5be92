"""The JSON Schemas of the public contract: kinds of row, the source declaration, the manifest."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import BaseModel

from demur.records.schema import json_schema
from demur.sets.manifest import Manifest
from demur.sources.source import Source


def exported(kinds: Mapping[str, type[BaseModel]]) -> dict[str, str]:
    """JSON Schemas by file name: the project's kinds of row, the source declaration and the manifest."""
    models: dict[str, type[BaseModel]] = {**kinds, "source": Source, "manifest": Manifest}
    return {f"{name}.json": json_schema(model) for name, model in sorted(models.items())}
