"""The curation of a project: annotations, decisions and pairs by meaning, read once and handed on.

A private project has files of its own; where it extends Demur, or says ``inherits = true`` in its
``builders/curation/curation.toml``, it builds on those that came with Demur, and its own decisions about a text take
the place of theirs.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from demur.curation.annotations import FOLDER
from demur.curation.decisions import FILE, Decision, decisions_of
from demur.curation.meaning.models import OPPOSITE
from demur.curation.meaning.pairs import FILE as PAIRS
from demur.curation.meaning.pairs import Pairs, read_pairs
from demur.curation.opposed import FILE as OPPOSED
from demur.curation.opposed import Opposed, read_opposed
from demur.curation.resolve import Resolved, resolved_of
from demur.errors import ProjectError
from demur.files.digest import file_sha256
from demur.project import Project, bundled

SETTINGS = Path("builders") / "curation" / "curation.toml"
OPPOSITES = Path("builders") / "curation" / "contrast_pairs.parquet"


@dataclass(frozen=True)
class Curation:
    """What readers said, what the project decided, and which texts ask the same.

    Attributes:
        resolved: record id of a prompt -> what its readers say together.
        decisions: sorted.
        pairs: prompts that are near by meaning.
        opposites: prompts of one topic, one of them to be refused and the other answered.
        opposed: what readers said of such pairs.
        files: the files that it was read from -> their sha256.
    """

    resolved: Mapping[str, Resolved] = field(default_factory=dict)
    decisions: tuple[Decision, ...] = ()
    pairs: Pairs = field(default_factory=Pairs)
    opposites: Pairs = field(default_factory=Pairs)
    opposed: Opposed = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)


def curation_of(project: Project, labels_alone: bool = False) -> Curation:
    """Read the curation of a project.

    Args:
        project: whose files are read.
        labels_alone: leave out what lies there of pairs, as for whoever writes those files anew.

    Raises:
        FormatError: a file is broken, or decisions contradict each other; nothing is applied.
        ProjectError: the settings of the curation are broken.
    """
    own = _read(project, labels_alone)
    if project.is_bundled or not (project.extends or _inherits(project)):
        return own
    ours = _read(bundled(), labels_alone)
    decided = {each.record_id for each in own.decisions}
    return Curation(
        resolved={**ours.resolved, **own.resolved},
        decisions=tuple(
            sorted(
                [*own.decisions, *(each for each in ours.decisions if each.record_id not in decided)],
                key=lambda each: each.key,
            )
        ),
        pairs=own.pairs if own.pairs.sources else ours.pairs,
        opposites=own.opposites if own.opposites.sources else ours.opposites,
        opposed={**ours.opposed, **own.opposed},
        files={**{f"demur/{name}": digest for name, digest in ours.files.items()}, **own.files},
    )


def _read(project: Project, labels_alone: bool) -> Curation:
    paths = [*sorted((project.root / FOLDER).glob("*.csv")), project.root / FILE]
    resolved, decisions = resolved_of(project), tuple(decisions_of(project))
    if labels_alone:
        return Curation(resolved, decisions)
    paths += [project.root / PAIRS, project.root / OPPOSITES, project.root / OPPOSED]
    return Curation(
        resolved=resolved,
        decisions=decisions,
        pairs=read_pairs(project),
        opposites=read_pairs(project, (OPPOSITE,), file=OPPOSITES),
        opposed=read_opposed(project),
        files={path.relative_to(project.root).as_posix(): file_sha256(path) for path in paths if path.is_file()},
    )


def _inherits(project: Project) -> bool:
    path = project.root / SETTINGS
    if not path.is_file():
        return False
    try:
        return tomllib.loads(path.read_text(encoding="utf-8")).get("inherits") is True
    except (OSError, ValueError) as error:
        msg = "The settings of the curation cannot be read"
        raise ProjectError(msg, where=path, got=f"{type(error).__name__}: {error}") from error
