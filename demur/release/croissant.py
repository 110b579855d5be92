"""croissant.json: the machine-readable description of a release, made and validated by mlcroissant."""

from __future__ import annotations

import json
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq

from demur.errors import ManifestError, UsageError
from demur.kinds.evaluation.benchmark import EVALUATION
from demur.records.licenses import LICENSES
from demur.sets.manifest import Manifest

if TYPE_CHECKING:
    from mlcroissant import Field, FileObject, FileSet, RecordSet

NAME = "croissant.json"
HUB = "https://huggingface.co/datasets"

_SPDX = {"odc-by": "ODC-By-1.0"}
_NO_SHA256 = "https://github.com/mlcommons/croissant/issues/80"
"""What Croissant asks for in place of the hash of a whole repository; every file's own hash stands beside it."""


def write_croissant(manifest: Manifest, summary: str, folder: Path) -> None:
    """Describe a release: its files with their hashes, and a record set for every split of every config.

    Args:
        manifest: of the release.
        summary: what the data set is, in one paragraph.
        folder: holds the Parquet files; ``croissant.json`` is written there.

    Raises:
        UsageError: mlcroissant is not installed.
        ManifestError: mlcroissant finds fault with the description.
    """
    mlc = _mlcroissant()
    assert manifest.release is not None  # noqa: S101 - only releases are described
    repo, version = manifest.release.repo, manifest.release.version
    origin = [] if repo is None else [_origin(repo, version)]
    sets = [_file_set(config.name, split, origin) for config in manifest.configs for split in config.rows]
    described = mlc.Metadata(
        name=manifest.name,
        description=summary,
        url=None if repo is None else f"{HUB}/{repo}",
        version=version.removeprefix("v"),
        license=sorted({_license_url(config.license) for config in manifest.configs}),
        date_published=manifest.release.changelog[0].date,
        cite_as="; ".join(sorted({source.citation for source in manifest.sources} - {""})),
        keywords=["safety", "refusal", *(["evaluation"] if EVALUATION in manifest.files else [])],
        distribution=[*origin, *sets, *_files(manifest, "" if repo is None else f"{HUB}/{repo}/resolve/{version}/")],
        record_sets=[_record_set(folder, config.name, split) for config in manifest.configs for split in config.rows],
    )
    if described.issues.errors:
        msg = "mlcroissant finds fault with the description of the release"
        raise ManifestError(msg, where=NAME, got=sorted(described.issues.errors)[0], fix="Report it.")
    text = json.dumps(described.to_json(), indent=1, ensure_ascii=False, default=str)
    (folder / NAME).write_text(text + "\n", encoding="utf-8")
    _validate(folder / NAME)


def _validate(path: Path) -> None:
    """Read the file again as any user of mlcroissant does, which judges it as a whole."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of what mlcroissant itself calls in rdflib
        try:
            _mlcroissant().Dataset(jsonld=str(path))
        except _mlcroissant().ValidationError as error:
            msg = "mlcroissant does not accept the description of the release"
            raise ManifestError(msg, where=path, got=type(error).__name__, fix="Report it.") from None


def _origin(repo: str, version: str) -> FileObject:
    return _mlcroissant().FileObject(
        id="repository",
        name="repository",
        description="The repository of the release on the Hugging Face Hub.",
        content_url=f"{HUB}/{repo}/tree/{version}",
        encoding_formats=["git+https"],
        sha256=_NO_SHA256,
    )


def _files(manifest: Manifest, base: str) -> list[FileObject]:
    """Every table; those of a store by their paths from this file, since it lies where its keeper puts it."""
    mlc = _mlcroissant()
    return [
        mlc.FileObject(
            id=f"file/{name}",
            name=f"file/{name}",
            content_url=f"{base}{name}",
            encoding_formats=["application/x-parquet"],
            content_size=f"{entry.bytes} B",
            sha256=entry.sha256,
        )
        for name, entry in manifest.files.items()
        if name.endswith(".parquet")
    ]


def _file_set(config: str, split: str, origin: list[FileObject]) -> FileSet:
    return _mlcroissant().FileSet(
        id=f"files/{config}/{split}",
        name=f"files/{config}/{split}",
        contained_in=[each.id for each in origin] or None,
        encoding_formats=["application/x-parquet"],
        includes=[f"{config}/{split}-*.parquet"],
    )


def _record_set(folder: Path, config: str, split: str) -> RecordSet:
    mlc, name = _mlcroissant(), f"{config}/{split}"
    schema = pq.read_schema(sorted((folder / config).glob(f"{split}-*.parquet"))[0])
    return mlc.RecordSet(
        id=name,
        name=name,
        key=[f"{name}/record_id"],
        fields=[_field(name, column, f"files/{name}") for column in schema],
    )


def _field(parent: str, column: pa.Field, files: str) -> Field:
    """One column; of structs and lists of them the fields, each by its path."""
    mlc, name = _mlcroissant(), f"{parent}/{column.name}"
    repeated, kind = pa.types.is_list(column.type), column.type
    kind = kind.value_type if repeated else kind
    common: dict[str, Any] = {"id": name, "name": name, "repeated": repeated}
    if not pa.types.is_struct(kind):
        source = mlc.Source(file_set=files, extract=mlc.Extract(column=column.name))
        return mlc.Field(**common, data_types=[_type(kind)], source=source)
    parts = [
        mlc.Field(
            id=f"{name}/{part.name}",
            name=f"{name}/{part.name}",
            data_types=[_type(part.type)],
            source=mlc.Source(
                file_set=files,
                extract=mlc.Extract(column=column.name),
                transforms=[mlc.Transform(json_path=part.name)],
            ),
        )
        for part in kind
    ]
    return mlc.Field(**common, sub_fields=parts)


def _type(kind: pa.DataType) -> Any:
    types = _mlcroissant().DataType
    if pa.types.is_boolean(kind):
        return types.BOOL
    if pa.types.is_integer(kind):
        return types.INTEGER
    return types.FLOAT if pa.types.is_floating(kind) else types.TEXT


def _license_url(id: str) -> str:
    license = LICENSES.get(id)
    if license is None or not license.redistribution:
        return id if license is None else license.name
    return f"https://spdx.org/licenses/{_SPDX.get(id, id.upper() if id.startswith(('cc', 'mit', 'afl')) else id)}.html"


def _mlcroissant() -> Any:
    try:
        import mlcroissant
    except ImportError as error:
        msg = "mlcroissant is not installed"
        raise UsageError(msg, where="croissant.json", fix="Run `pip install 'demur[release]'`.") from error
    return mlcroissant
