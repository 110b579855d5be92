"""The files beside the rows: NOTICE with every source's terms, and eval.yaml, which registers a benchmark."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from demur.records.licenses import license_of
from demur.sets.manifest import Manifest, SourceEntry

if TYPE_CHECKING:
    pass


NOTICE = "NOTICE"

LOOK = (
    "\nCopyright lines are those of the license file in a source's repository. Where none is given, no license file "
    "was\nat hand: look for one at its origin and at its pins.\n"
)

VENDORS = (
    'Some of the texts were written by a vendor\'s model ("by a model" below). Their publishers put them under the '
    "license named\nhere; the vendor's terms of use, which may forbid training models that compete with its own, are a "
    "matter between you\nand the vendor, and no license here lifts them."
)
"""One rule for all sources: the text stands under its publisher's license, and who wrote it is said."""


def write_notice(manifest: Manifest, folder: Path) -> None:
    """Write ``NOTICE``: title, home, license, use limits, citation key and pins of every source, sorted by name."""
    head = (
        f"{manifest.title}\n\nThis data set holds material from the sources below, each under its own license.\n"
        "The card (README.md) names the license of every config, which follows from them.\n"
    )
    head += LOOK
    if any(source.model_written for source in manifest.sources):
        head += f"\n{VENDORS}\n"
    body = "\n".join(_attribution(source, manifest) for source in manifest.sources)
    (folder / NOTICE).write_text(f"{head}\n{body}", encoding="utf-8")


def _taken_over(source: SourceEntry) -> str:
    """Where rows come from that the source took over, and under which license."""
    return ", ".join(f"{origin} ({id})" for origin, id in sorted(source.origins.items()))


def _attribution(source: SourceEntry, manifest: Manifest) -> str:
    license = license_of(source.license, source.name, source.terms)
    configs = [config for config in manifest.configs if source.name in config.sources]
    lines = {
        "origin": source.homepage or "not public",
        "license": f"{license.name} ({license.id})",
        **({"terms": str(license.terms)} if license.own else {}),
        **({"attribution": "; ".join(license.attribution)} if license.attribution else {}),
        **({"copyright": "; ".join(source.copyright)} if source.copyright else {}),
        **({"taken over": _taken_over(source)} if source.origins else {}),
        **({"by a model": source.model_written} if source.model_written else {}),
        "use limits": ", ".join(source.use_limits) or "none",
        **({"citation": source.citation} if source.citation else {}),
        "configs": ", ".join(f"{each.name} (references only)" if each.references else each.name for each in configs),
        "pins": ", ".join(f"{pin.mirror.partition('==')[0]}@{pin.revision}" for pin in source.pins),
    }
    return "".join([f"{source.title}\n", *(f"  {name + ':':<11} {value}\n" for name, value in lines.items())])
