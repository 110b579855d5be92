"""``demur new builder``: a builder of a kind that has a template, over the project's own sources.

The template is the kind's own: ``builder.py.txt`` in its package.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from string import Template

from demur.errors import UsageError
from demur.files.whole import write_whole
from demur.project import OWN, Project, pick, submodule
from demur.sets.kind import PACKAGE, kind_of, kinds
from demur.sources import declared
from demur.start.naming import identifier, in_brackets

TEMPLATE = "builder.py.txt"


def templates() -> dict[str, Path]:
    """The kinds that have a template, and where it lies."""
    places = {name: Path(submodule(PACKAGE, name).__file__ or "").with_name(TEMPLATE) for name in kinds()}
    return {name: path for name, path in places.items() if path.is_file()}


def new_builder(project: Project, name: str, kind: str, sources: Sequence[str] = ()) -> Path:
    """Write a builder.

    Args:
        project: whose ``builders`` gets it.
        name: of the set.
        kind: of the set.
        sources: names of those that it draws from; by default all of the project's own that fit the kind.

    Raises:
        UsageError: no such kind or source, no source at all, or a builder of this name is declared here.
    """
    template = pick(templates(), kind, "template of a builder of kind")
    known = declared.origins(project)
    record = kind_of(kind).record
    own = [each for each, found in known.items() if found.by == OWN and found.value.kind == record]
    chosen = sorted(sources or own)
    for each in chosen:
        if (found := pick(known, each, "source").value.kind) != record:
            others = [f"--kind {name}" for name in templates() if kind_of(name).record == found]
            fix = f"{' or '.join(others)} takes {found}s" if others else f"No kind with a template takes {found}s"
            msg = f"A set of kind {kind} is made of {record}s"
            fix = f"{fix}; or name sources of {record}s: {', '.join(own) or 'none is declared'}."
            raise UsageError(msg, where=each, expected=f"a source of {record}s", got=f"one of {found}s", fix=fix)
    if not chosen:
        msg = f"The project declares no source of {record}s"
        raise UsageError(
            msg, where=project.root, fix="Declare one first: demur new source FILE; or name some: --source."
        )
    open_ones = [each for each in chosen if not known[each].value.quarantined]
    module = identifier(name)
    path = project.root / "builders" / f"{module}.py"
    if path.exists():
        msg = "The project has a file of this name"
        raise UsageError(msg, where=path, fix="Give another name, or delete the file.")
    path.parent.mkdir(parents=True, exist_ok=True)
    text = Template(template.read_text(encoding="utf-8")).substitute(
        name=module,
        title=module.replace("_", " ").capitalize(),
        configs=_configs(open_ones, [each for each in chosen if each not in open_ones]),
    )
    write_whole(path, text, "The new builder cannot be written")
    return path


def _configs(published: Sequence[str], closed: Sequence[str]) -> str:
    """The configs: what may not be published again stands in one of references, which hold no text."""
    named = [(published, False), (closed, True)]
    lines = []
    for number, (sources, references) in enumerate(each for each in named if each[0]):
        lines += ["        Config(", f'            name="{"closed" if number else "default"}",']
        lines.append(
            f"            sources={in_brackets([_quoted(each) for each in sources], '            sources=,')},"
        )
        lines += [*(["            references=True,"] if references else []), "        ),"]
    return "\n".join(lines)


def _quoted(name: str) -> str:
    return f'"{name}"'
