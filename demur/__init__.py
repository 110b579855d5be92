r"""Demur builds, curates and releases the data that teaches language models to refuse, and the data that tests it.

This page is the public interface; everything else may move. Names are loaded when they are asked for.

Build a declared set, open it, look at its rows::

    import demur

    here = demur.find_project()
    demur.build(here, demur.builder_of(here, "refusal-eval"), Path("build/refusal-eval"))
    rows = demur.load("build/refusal-eval").rows("default")          # a pyarrow Table
    rows = demur.load("my-lab/refusal-eval@v1.2.0").rows("default")  # exactly that version of the Hub, proven

Check anybody's data:

    >>> import tempfile
    >>> from pathlib import Path
    >>> import demur
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = Path(folder) / "prompts.csv"
    ...     _ = file.write_text("prompt,label\nHow do I prune a rose?,safe\nHow do I prune a rose?,safe\n")
    ...     report = demur.check(file, {"prompt": "prompt"}, license="cc-by-4.0")
    >>> [(finding.code, finding.row) for finding in report.findings]
    [('DMR102', 1)]

Declare a source and a data set, in files of ``builders/``::

    from demur import Config, builder, source

    @source(name="garden", ...)
    def garden(row): ...

    @builder(title="Garden questions", kind=Evaluation(row=EvaluationItem), configs=(Config(...),), ...)
    def garden_questions(records): ...

What is not as it should be is a `DemurError`, which says what, where, expected, got, and what to do:

    >>> try:
    ...     demur.load("no/such/folder")
    ... except demur.DemurError as error:
    ...     print(error.what)
    There is no manifest
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from demur.checks.engine import check
    from demur.checks.finding import Finding, Report
    from demur.errors import DemurError
    from demur.project import Project
    from demur.project import find as find_project
    from demur.records.terms import Terms
    from demur.release.opening import load
    from demur.sets.builder import Builder, builder, builder_of
    from demur.sets.folder import BuiltSet
    from demur.sets.kind import Config
    from demur.sets.pipeline import Build, build
    from demur.sources.mirror import fsspec, github, https, hub, local, pypi
    from demur.sources.source import Reject, Source, source

__version__ = "0.1.0"

_WHERE = {
    "Build": "sets.pipeline",
    "Builder": "sets.builder",
    "BuiltSet": "sets.folder",
    "Config": "sets.kind",
    "DemurError": "errors",
    "Finding": "checks.finding",
    "Project": "project",
    "Reject": "sources.source",
    "Report": "checks.finding",
    "Source": "sources.source",
    "Terms": "records.terms",
    "build": "sets.pipeline",
    "builder": "sets.builder",
    "builder_of": "sets.builder",
    "check": "checks.engine",
    "find_project": "project:find",
    "fsspec": "sources.mirror",
    "github": "sources.mirror",
    "https": "sources.mirror",
    "hub": "sources.mirror",
    "load": "release.opening",
    "local": "sources.mirror",
    "pypi": "sources.mirror",
    "source": "sources.source",
}

__all__ = [
    "Build",
    "Builder",
    "BuiltSet",
    "Config",
    "DemurError",
    "Finding",
    "Project",
    "Reject",
    "Report",
    "Source",
    "Terms",
    "__version__",
    "build",
    "builder",
    "builder_of",
    "check",
    "find_project",
    "fsspec",
    "github",
    "https",
    "hub",
    "load",
    "local",
    "pypi",
    "source",
]


def __getattr__(name: str) -> Any:
    """Load a public name from its module."""
    if name not in _WHERE:
        msg = f"module 'demur' has no attribute {name!r}"
        raise AttributeError(msg)
    module, _, inner = _WHERE[name].partition(":")
    return getattr(import_module(f"demur.{module}"), inner or name)
