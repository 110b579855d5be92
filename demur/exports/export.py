"""What an export is: the rows of a built set, written as another program reads them.

An export is a module of `demur.exports` that declares one function with `export`; the command ``demur export NAME`` is
there then, and nothing else names it. ``demur --help`` reads every declaration, so a declaration imports nothing heavy;
what its function needs, the function imports.
"""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from demur.errors import UsageError, nearest
from demur.project import submodules

if TYPE_CHECKING:
    import pyarrow as pa

    from demur.sets.folder import BuiltSet
    from demur.sets.manifest import ConfigEntry

PACKAGE = "demur.exports"
MADE = "export.json"
"""Says what was exported, and which manifest it came from."""
NOTICE = "NOTICE"
"""The attributions that the licenses of the sources ask for; they go along with the rows."""


@dataclass(frozen=True)
class Asked:
    """What is to be exported.

    Attributes:
        built: the set.
        config: one of its configs.
        splits: of that config.
        out: an empty folder.
    """

    built: BuiltSet
    config: ConfigEntry
    splits: tuple[str, ...]
    out: Path

    def rows(self, split: str) -> pa.Table:
        """The rows of a split."""
        import pyarrow.compute as pc

        rows = self.built.rows(self.config.name)
        return rows.filter(pc.equal(rows["split"], split))


@dataclass(frozen=True)
class Written:
    """What was written.

    Attributes:
        files: name below the folder -> rows in it.
        left_out: reason -> rows that the consumer's layout cannot express.
    """

    files: Mapping[str, int]
    left_out: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Export:
    """One export.

    Attributes:
        name: of its command, below ``demur export``.
        inputs: its own options, as click's, by the names of ``write``'s arguments.
        write: from what is asked, and the inputs, to what was written.
        kinds: names of the kinds of set it takes; none takes any.
    """

    name: str
    inputs: tuple[click.Parameter, ...]
    write: Callable[..., Written]
    kinds: tuple[str, ...]

    @property
    def summary(self) -> str:
        """What it does, in words: the documentation of its function."""
        return inspect.getdoc(self.write) or ""

    def run(
        self, built: BuiltSet, out: Path, config: str | None = None, splits: Sequence[str] = (), **inputs: Any
    ) -> dict[str, Any]:
        """Write the splits of a config into a folder, which is replaced as a whole.

        Args:
            built: the set.
            out: a new or empty folder, or an earlier export.
            config: by default the first one.
            splits: by default all of the config's.
            inputs: the export's own.

        Returns:
            What ``export.json`` says.

        Raises:
            UsageError: another kind of set, or no such config or split.
            OutputError: the folder cannot be written, or holds something else.
        """
        from demur.files.digest import file_sha256
        from demur.files.folder import staged
        from demur.sets.manifest_file import NAME

        manifest = built.manifest
        if self.kinds and manifest.kind not in self.kinds:
            msg = f"The export {self.name} takes other sets"
            raise UsageError(msg, where=built.path, expected=f"a {' or '.join(self.kinds)} set", got=manifest.kind)
        entry = entry_of(built, config, splits)
        with staged(out, (MADE,)) as stage:
            done = self.write(Asked(built, entry, tuple(dict.fromkeys(splits)) or tuple(entry.rows), stage), **inputs)
            said = {
                "export": self.name,
                "options": inputs,
                "set": manifest.name,
                "version": manifest.release.version if manifest.release else None,
                "manifest_sha256": file_sha256(built.path / NAME),
                "config": entry.name,
                "license": entry.license,
                "use_limits": list(entry.use_limits),
                "access": manifest.access,
                "files": dict(done.files),
                "left_out": dict(done.left_out),
            }
            if (notice := built.path / NOTICE).is_file():
                (stage / NOTICE).write_bytes(notice.read_bytes())
            (stage / MADE).write_text(json.dumps(said, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        return said


def export(
    name: str, *inputs: click.Parameter, kinds: tuple[str, ...] = ()
) -> Callable[[Callable[..., Written]], Export]:
    """Turn a function from what is asked to what was written into an `Export`.

    Example:
        >>> @export("counts")
        ... def counts(asked: Asked) -> Written:
        ...     "The number of rows of every split."
        ...     lines = (f"{split} {rows} " for split, rows in asked.config.rows.items())
        ...     return Written({"counts.txt": write_lines(lines, asked.out / "counts.txt")})
        >>> counts.name, counts.summary, counts.kinds
        ('counts', 'The number of rows of every split.', ())
    """

    def declare(write: Callable[..., Written]) -> Export:
        return Export(name, inputs, write, kinds)

    return declare


def exports() -> list[Export]:
    """Every export, in the order of the modules' names."""
    return [value for module in submodules(PACKAGE) for value in vars(module).values() if isinstance(value, Export)]


def write_lines(lines: Iterable[str], path: Path) -> int:
    """Write lines that end in a line feed, and count them."""
    count = 0
    with path.open("w", encoding="utf-8", newline="") as file:
        for line in lines:
            file.write(line)
            count += 1
    return count


def entry_of(built: BuiltSet, config: str | None, splits: Sequence[str]) -> ConfigEntry:
    """A config that has these splits, by default the first one.

    Raises:
        UsageError: no such config, or no such split.
    """
    configs = {each.name: each for each in built.manifest.configs}
    name = next(iter(configs)) if config is None else config
    if name not in configs:
        msg = f"No config {name!r}"
        raise UsageError(msg, where=built.path, fix=nearest(name, configs))
    if unknown := [split for split in splits if split not in configs[name].rows]:
        msg = f"No split {unknown[0]!r} in config {name!r}"
        raise UsageError(msg, where=built.path, fix=nearest(unknown[0], configs[name].rows))
    return configs[name]
