"""One person at the desk: what comes next, what a key means, what may be shown, and what was done so far."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property
from threading import RLock

from pydantic import ValidationError

from demur.curation.agreement import ALL, QUESTIONS, Measured, measure
from demur.curation.annotations import Annotation, annotation_of
from demur.curation.behaviour import BEHAVIOURS, CLASSES
from demur.curation.decisions import PAIRS, Decision
from demur.errors import UsageError, issues
from demur.review.desk import Desk
from demur.review.files import Change, Files
from demur.review.items import QUEUES, READ, Item, Queue, Text, drawn

_LABELS = ("drop", "keep", "relabel")


@dataclass(frozen=True)
class Said:
    """What was pressed, with what was written beside it."""

    action: str
    which: str = "first"
    note: str = ""
    hazards: str = ""
    flags: str = ""


@dataclass(frozen=True)
class Progress:
    """How far a queue is."""

    done: int
    skipped: int
    total: int


@dataclass
class Session:
    """A review, from the start of the server to its end.

    Attributes:
        desk: what is reviewed.
        files: what is written.
        guideline: version of the guideline, which labels name.
        rows: how many are drawn at random.
        read_only: nothing is written.
    """

    desk: Desk
    files: Files
    guideline: str
    rows: int = 50
    read_only: bool = False
    done: list[Change] = field(default_factory=list)
    _skipped: dict[Queue, set[str]] = field(default_factory=dict)
    _seen: set[tuple[str, ...]] = field(default_factory=set)
    _lock: RLock = field(default_factory=RLock, repr=False)

    @property
    def reader(self) -> str:
        """Who reads."""
        return self.files.reader

    @property
    def queues(self) -> list[Queue]:
        """What can be looked at."""
        return [
            name
            for name in QUEUES
            if name in self.desk.made or name == "rows" or (name == "second" and not self.read_only)
        ]

    def items(self, queue: Queue) -> tuple[Item, ...]:
        """Everything in a queue, in its order, done or not."""
        if queue in self.desk.made:
            return self.desk.items(queue)
        if queue == "rows":
            return self._random
        ids = [id for id in self._read_by_others() if id in self.desk.texts]
        return self._drawn(queue, ids, len(ids))

    @cached_property
    def _random(self) -> tuple[Item, ...]:
        return self._drawn("rows", [*self.desk.texts], self.rows)

    def _drawn(self, queue: Queue, ids: list[str], rows: int) -> tuple[Item, ...]:
        return tuple(Item(queue, id) for id in drawn(ids, self.desk.name, self.reader, rows))

    def find(self, queue: Queue, key: str) -> Item:
        """The item of a key.

        Raises:
            UsageError: there is none in this queue.
        """
        found = next((each for each in self.items(queue) if each.key == key), None)
        if found is None:
            msg = "This queue has no such item"
            raise UsageError(msg)
        return found

    def next(self, queue: Queue) -> Item | None:
        """The first item that is not done and was not put off."""
        over = self._over(queue)
        skipped = self._skipped.get(queue, set())
        return next((each for each in self.items(queue) if not over(each) and each.key not in skipped), None)

    def is_over(self, item: Item) -> bool:
        """Whether an item is done, by whomever."""
        return self._over(item.queue)(item)

    def progress(self, queue: Queue) -> Progress:
        """How many are done."""
        items, over = self.items(queue), self._over(queue)
        left = [each for each in items if not over(each)]
        return Progress(
            len(items) - len(left), sum(each.key in self._skipped.get(queue, ()) for each in left), len(items)
        )

    def again(self, queue: Queue) -> None:
        """Look at what was put off."""
        with self._lock:
            self._skipped.pop(queue, None)

    def which(self, item: Item) -> str:
        """Which text of a pair a class is about, unless somebody chooses: the first that has none of this person."""
        mine = self._mine()
        return "second" if item.other and item.record_id in mine and item.other not in mine else "first"

    def texts(self, item: Item) -> list[Text]:
        """The texts of an item, which are seen from now on."""
        with self._lock:
            self._seen.add(item.ids)
        return [self.desk.texts[id] for id in item.ids if id in self.desk.texts]

    def why(self, item: Item) -> tuple[str, ...] | None:
        """Why an item waits; None where a second reader would see the first one's word before giving an own one."""
        if item.queue in READ:
            return None
        others, mine = self._read_by_others(), self._mine()
        return None if any(id in others and id not in mine for id in item.ids) else item.why

    def press(self, item: Item, said: Said) -> str:
        """Do what a key means, at once and as a whole.

        Returns:
            What was done, in words without a text.

        Raises:
            UsageError: it means nothing here, or somebody else was first; nothing is written.
        """
        with self._lock:
            if said.action == "skip":
                self._skipped.setdefault(item.queue, set()).add(item.key)
                return f"{item.record_id[:8]}: put off"
            if self.read_only:
                msg = "Nothing is written: this page is read-only"
                raise UsageError(msg)
            if said.action != "remove" and item.ids not in self._seen:
                msg = "Read it first: v shows the text"
                raise UsageError(msg)
            change = self._decided(item, said) if self.desk.decides(item.queue) else self._labelled(item, said)
            self.done.append(replace(change, said=said.action, queue=item.queue, key=item.key))
            return f"{item.record_id[:8]}: {said.action.replace('_', ' ')}, written"

    def undo(self) -> Change:
        """Take back the last thing that was done in this session.

        Raises:
            UsageError: there is none, or it was changed since.
        """
        with self._lock:
            if not self.done:
                msg = "There is nothing of this session to take back"
                raise UsageError(msg)
            self.files.undo(self.done[-1])
            return self.done.pop()

    def agreement(self) -> list[Measured]:
        """How far this person agrees with each other reader, on the texts that both read, in class and in side."""
        every = [*(each for each in self.files.every_label() if not each.adjudicates), *self._decided_classes()]
        said = {(each.reader, each.record_id): each for each in reversed(every)}
        mine = {id for reader, id in said if reader == self.reader}
        others = sorted({reader for reader, id in said if id in mine} - {self.reader})
        found = []
        for other in others:
            both = sorted(id for id in mine if (other, id) in said)
            pair = [said[reader, id] for reader in (self.reader, other) for id in both]
            found += [measure(pair, question, ALL, QUESTIONS[question]) for question in ("behaviour", "refuse")]
        return found

    def written(self) -> Mapping[str, int]:
        """How many labels and decisions this person has in the files, of this session and of earlier ones."""
        return {
            "labels": sum(each.reader == self.reader for each in self.files.every_label()),
            "decisions": sum(each.who == self.reader for each in self.files.every_decision()),
        }

    def _over(self, queue: Queue) -> _Over:
        every = self.files.every_decision()
        standing = [each for each in every if each not in self._stale.get(each.record_id, ())]
        return _Over(self.desk.decides(queue), every, standing, self._mine())

    @cached_property
    def _stale(self) -> dict[str, tuple[Decision, ...]]:
        """Decisions of another text under the same id: they settle nothing, and a new one takes their place."""
        found = self.desk.items("stale") if "stale" in self.desk.made else ()
        return {each.record_id: each.stale for each in found}

    def _mine(self) -> set[str]:
        """Texts of which this person gave a class."""
        every: Iterable[Annotation] = [*self.files.every_label(), *self._decided_classes()]
        return {each.record_id for each in every if each.reader == self.reader}

    def _read_by_others(self) -> set[str]:
        """Texts of which another person gave a class."""
        every = [*self.files.every_label(), *self._decided_classes()]
        machines = {each.reader for each in every if each.kind != "human"}
        return {each.record_id for each in every if each.reader != self.reader and each.reader not in machines}

    def _decided_classes(self) -> list[Annotation]:
        """Decisions that give a class, as what their makers said of the text."""
        labels = self.files.every_label()
        machines = {each.reader for each in labels if each.kind != "human"}
        return [
            Annotation(
                record_id=each.record_id,
                text_sha256=each.text_sha256,
                reader=each.who,
                kind="model" if each.who in machines or each.who.startswith("model") else "human",
                guideline=self.guideline,
                behaviour=each.behaviour,
            )
            for each in self.files.every_decision()
            if each.behaviour
        ]

    def _labelled(self, item: Item, said: Said) -> Change:
        text = self._text(item, said)
        if said.action not in CLASSES:
            msg = f"{said.action!r} is no class of the guideline, and here nothing else is written"
            raise UsageError(msg, expected=", ".join(CLASSES))
        made, wrong = annotation_of(
            {
                "record_id": text.record_id,
                "text_sha256": text.sha256,
                "sources": " ".join(text.sources),
                "reader": self.reader,
                "kind": "human",  # a person pressed a key
                "adjudicates": False,
                "guideline": self.guideline,
                "behaviour": said.action,
                "hazards": said.hazards.replace(",", " "),
                "flags": " ".join(said.flags.replace(",", " ").split()),
            }
        )
        if made is None:
            raise UsageError(wrong[0])
        return self.files.label(made)

    def _decided(self, item: Item, said: Said) -> Change:
        if said.action == "remove" and item.stale:
            return self.files.decide((), item.stale)
        about = self._text(item, said)
        if said.action == "keep" and item.stale:
            again = {"text_sha256": about.sha256, "when": date.today().isoformat(), "who": self.reader}
            return self.files.decide([each.model_copy(update=again) for each in item.stale], item.stale)
        made = [self._decision(item, about, said, *_meaning(item, said))]
        if hazards := said.hazards.replace(",", " ").split():
            made.append(self._decision(item, about, said, "hazards", {"hazards": tuple(sorted({*hazards}))}))
        return self.files.decide(made, self._stale.get(about.record_id, ()))

    def _decision(self, item: Item, about: Text, said: Said, action: str, what: dict[str, object]) -> Decision:
        if action in PAIRS:
            about = self.desk.texts[item.record_id]
        usual = "unusable" if said.action == "unusable" else f"read at the review page ({item.queue})"
        cells = {
            "record_id": about.record_id,
            "text_sha256": about.sha256,
            "source": about.source,
            "action": action,
            "reason": said.note.strip() or usual,
            "who": self.reader,
            "when": date.today().isoformat(),
            "evidence": "; ".join(filter(None, (f"guideline {self.guideline}", item.evidence))),
            **what,
        }
        try:
            return Decision.model_validate(cells)
        except ValidationError as error:
            raise UsageError(issues(error)[0]) from None

    def _text(self, item: Item, said: Said) -> Text:
        id = item.other if item.other and said.which == "second" else item.record_id
        if id not in self.desk.texts:
            msg = "The text is gone: its decision can be removed, nothing else"
            raise UsageError(msg)
        return self.desk.texts[id]


def _meaning(item: Item, said: Said) -> tuple[str, dict[str, object]]:
    """The action of a decision, and what it takes, from what was pressed.

    Raises:
        UsageError: it means nothing for such an item.
    """
    if said.action in BEHAVIOURS:
        return "relabel", {"behaviour": said.action}
    if said.action in ("drop", "unusable"):
        return "drop", {}
    if said.action == "keep":
        return "keep", {}
    if said.action in ("same", "not-same") and item.other:
        return f"{said.action}-as", {"other": item.other}
    msg = f"{said.action!r} means nothing here"
    raise UsageError(msg)


class _Over:
    """Whether items are done, by the files as they are now."""

    def __init__(self, decides: bool, every: list[Decision], decisions: list[Decision], mine: set[str]) -> None:
        self.decides, self.mine, self.every = decides, mine, {*every}
        self.labelled = {each.record_id: each.action for each in decisions if each.action in _LABELS}
        self.compared = {frozenset((each.record_id, each.other)) for each in decisions if each.action in PAIRS}

    def __call__(self, item: Item) -> bool:
        if not self.decides:
            return all(id in self.mine for id in item.ids)
        if item.stale:
            return not any(each in self.every for each in item.stale)
        if item.other is None:
            return item.record_id in self.labelled
        enough = _LABELS if item.queue == "conflicts" else ("drop",)
        return frozenset(item.ids) in self.compared or any(self.labelled.get(id) in enough for id in item.ids)
