"""The files that a review writes: one person's labels, and the project's decisions. Each change is whole or not at all.

A change holds the file's lock, reads what stands there, and writes it back with the change: of what other windows,
other readers and `demur decide` write at the same time, nothing is lost.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from demur.curation.annotations import Annotation, read_annotations
from demur.curation.annotations import change as change_labels
from demur.curation.decisions import Decision, clash, read_decisions
from demur.curation.decisions import change as change_decisions
from demur.errors import UsageError

T = TypeVar("T")


@dataclass(frozen=True)
class Change:
    """What one press changed, so that it can be taken back.

    Attributes:
        said: what was pressed.
        labels, decisions: what it put, and what it took.
    """

    said: str
    labels: tuple[tuple[Annotation, ...], tuple[Annotation, ...]] = ((), ())
    decisions: tuple[tuple[Decision, ...], tuple[Decision, ...]] = ((), ())
    queue: str = ""
    key: str = ""


@dataclass
class Files:
    """What is read and written, and by whom.

    Attributes:
        reader: the person's name.
        labels: the file of this person's labels; None where nothing is written.
        folder: where all annotations lie, this person's and others'; None where there is one file alone.
        decisions: the file of decisions; None where there are none.
    """

    reader: str
    labels: Path | None = None
    folder: Path | None = None
    decisions: Path | None = None
    _kept: dict[Path, tuple[object, object]] = field(default_factory=dict, repr=False)

    def every_label(self) -> list[Annotation]:
        """What anybody said, of all files, as they are now."""
        paths = {*(self.folder.glob("*.csv") if self.folder else ()), *((self.labels,) if self.labels else ())}
        return [each for path in sorted(paths) for each in self._read(path, read_annotations)]

    def every_decision(self) -> list[Decision]:
        """The decisions, as they are now."""
        return self._read(self.decisions, read_decisions) if self.decisions else []

    def label(self, new: Annotation) -> Change:
        """Write this person's label of a text, in the place of an earlier one.

        Raises:
            UsageError: nothing can be written, or another file has the label.
        """
        if self.labels is None:
            msg = "Nothing is written: this page is read-only"
            raise UsageError(msg)
        mine = [each for each in self.every_label() if each.key == new.key]
        gone: list[Annotation] = []

        def made(old: Sequence[Annotation]) -> list[Annotation]:
            gone[:] = [each for each in old if each.key == new.key]
            if mine and not gone:
                msg = "You labelled this text before, in another file of annotations"
                raise UsageError(msg, where=new.record_id)
            return [*(each for each in old if each.key != new.key), new]

        change_labels(self.labels, made)
        return Change(new.behaviour, labels=((new,), tuple(gone)))

    def decide(self, new: Sequence[Decision], without: Sequence[Decision] = ()) -> Change:
        """Write decisions, in the place of this person's earlier ones about the same.

        Args:
            new: all of them, or none.
            without: decisions that go, such as stale ones.

        Raises:
            UsageError: nothing can be written, or somebody else decided about the same.
        """
        if self.decisions is None:
            msg = "Nothing is written: this page is read-only"
            raise UsageError(msg)
        gone: list[Decision] = []

        def made(old: Sequence[Decision]) -> list[Decision]:
            against = [each for each in old if each not in without and any(clash(each, one) for one in new)]
            if any(each.who != self.reader for each in against):
                msg = "Somebody else decided about this meanwhile; that decision stands, and yours was not written"
                raise UsageError(msg, where=against[0].record_id)
            gone[:] = [each for each in old if each in against or each in without]
            return [*(each for each in old if each not in gone), *new]

        change_decisions(self.decisions, made)
        return Change(new[0].action if new else "remove", decisions=(tuple(new), tuple(gone)))

    def undo(self, change: Change) -> None:
        """Take a change back: what it put goes, what it took stands again.

        Raises:
            UsageError: somebody changed the same since; then nothing is taken back.
        """
        labels, decisions = change.labels, change.decisions
        if self.labels and labels != ((), ()):
            change_labels(self.labels, _back(*labels))
        if self.decisions and decisions != ((), ()):
            change_decisions(self.decisions, _back(*decisions))

    def _read(self, path: Path, read: Callable[[Path], list[T]]) -> list[T]:
        """A file's content, read anew where the file is another than it was."""
        try:
            at = path.stat()
        except OSError:
            return []
        mark = (at.st_mtime_ns, at.st_size, at.st_ino)
        if self._kept.get(path, (None,))[0] != mark:
            self._kept[path] = (mark, read(path))
        found: list[T] = self._kept[path][1]  # type: ignore[assignment]
        return found


def _back(put: Sequence[T], gone: Sequence[T]) -> Callable[[Sequence[T]], Iterable[T]]:
    def made(old: Sequence[T]) -> list[T]:
        if any(each not in old for each in put):
            msg = "What you said was changed since, in another window or by somebody else; nothing was taken back"
            raise UsageError(msg)
        return [*(each for each in old if each not in put), *(each for each in gone if each not in old)]

    return made
