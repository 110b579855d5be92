"""``demur check``: the linter of safety data. Rules with codes over one pass of the files, then over all of them.

Nothing that is checked is executed; the schemas are those that came with Demur. Findings name files, rows and record
ids, never a text, unless somebody asks to see it.
"""

from __future__ import annotations

from collections import Counter, defaultdict, deque
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from time import perf_counter
from typing import NamedTuple, TypeAlias

from demur.checks.ahead import STAGES, beside, stage
from demur.checks.batch import Batch
from demur.checks.claimed import Claim
from demur.checks.completing import Said, completed
from demur.checks.finding import Finding, Report, in_order
from demur.checks.layouts import Layout, layout_of
from demur.checks.learnt import read_by
from demur.checks.light import are_light, weighed
from demur.checks.located import of_files, of_folder
from demur.checks.memory import release
from demur.checks.pages import may_matter
from demur.checks.profiles import chosen, profile_of
from demur.checks.rule import Rule
from demur.checks.rules import RULES
from demur.checks.settled import settle
from demur.checks.speech import prompts as asked_in
from demur.checks.subject import Subject
from demur.checks.unjudged import idle, unjudged
from demur.errors import DemurError, UsageError
from demur.files.reading import size_of
from demur.files.remote import fetched, is_url
from demur.project import bundled
from demur.protected import prompts
from demur.protected.near import Judge, Rules
from demur.protected.screen import protected_of
from demur.sets.folder import BuiltSet, is_built
from demur.sources.fetch import Places
from demur.text.compiled import loading, shared, thread_count, uncompiled

LISTED = 10_000
"""Findings of one rule in one file that are kept to be listed; more are only counted. Why a file is not read on is
always listed."""

_ROOM = 1 << 24
"""Bytes of batches that wait to be judged; one waits in any case. Memory holds several times as many."""

BROKEN = "DMR001"
SCREENS = "DMR104"
_UNREAD = ("unreadable", "ragged")

_GATES = ("DMR501", "DMR001", "DMR011", "DMR010")  # what stops the check of a built folder: others read its rows


def check(
    path: str | Path | Sequence[str | Path],
    mapping: str | Mapping[str, str] | Layout | None = None,
    select: Sequence[str] = (),
    ignore: Sequence[str] = (),
    against: Sequence[str] = (),
    show_text: bool = False,
    *,
    splits: Mapping[str, str] | None = None,
    license: str | None = None,
    offline: bool = True,
    profile: str | None = None,
    marked: bool = False,
    called: Mapping[Path, str] | None = None,
    claims: Sequence[Claim] = (),
    through: Pass | None = None,
) -> Report:
    """Check a folder that ``demur build`` wrote, or files of anybody's.

    Args:
        path: one or several; a folder is searched for files of rows. URLs that fsspec knows are fetched first.
        mapping: which columns are what (`demur.checks.layouts.layout_of`); by default found by the columns' names.
        select: codes, names or beginnings of codes of the rules to run; by default all.
        ignore: those to leave out.
        against: protected sets to stay away from: ``sketch``, sources, a sketch or a file of prompts, a built folder;
            by default the bundled sketch, for rows that are trained on. Of a built set that models are trained on, the
            harmful responses are what no row may teach, and its prompts are not protected.
        show_text: fill `Finding.text`.
        splits: file -> split, where its name does not say.
        license: of the whole, where no file beside the data says.
        offline: leave the network alone when `against` names sources.
        profile: what rows are for (`demur.checks.profiles`): its rules run, where none are selected.
        marked: fill `Finding.mark`, which a baseline needs.
        called: what findings call a file, where that is not its path.
        claims: what is stated of files elsewhere.
        through: reads anybody's files and judges their batches; by default here, one file after another.

    Returns:
        Every finding, in a stable order.

    Raises:
        UsageError: a path, a rule, a mapping or a protected set that does not exist.
        ManifestError: a manifest that cannot be read, or whose kind of row is unknown.
    """
    asked = [path] if isinstance(path, str | Path) else path
    if any(map(is_url, asked)):
        with fetched(asked, may_matter) as (places, names):
            return check(
                places, mapping, select, ignore, against, show_text, splits=splits, license=license, offline=offline,
                profile=profile, marked=marked, called=names, claims=claims, through=through,
            )  # fmt: skip
    paths = [Path(each) for each in asked]
    rules = chosen(select, ignore, profile)
    if not paths:
        msg = "There is nothing to check"
        raise UsageError(msg, expected="a file or a folder")
    subject = _subject(paths, None if mapping is None else layout_of(mapping), dict(splits or {}), called or {})
    subject.license, subject.trained = license, profile is not None and profile_of(profile).trained
    subject.claims = tuple(claims)
    sets = {each: BuiltSet.open(Path(each)) for each in against if Path(each).is_dir() and is_built(Path(each))}
    if "DMR322" in {rule.code for rule in rules} and subject.kind is None:
        subject.read = read_by(sets.values())
    named = tuple(each for each in against if each not in sets or not sets[each].kind.trains)
    subject.against = bool(named)
    if {"DMR104", "DMR105", "DMR614"} & {rule.code for rule in rules}:
        trains = bool(subject.kind and subject.kind.trains)
        subject.protect = partial(_judges, trains=trains, against=named, sets=sets, offline=offline)
    applied = [rule for rule in rules if rule.judges(subject.kind)]
    found = _Found(subject, Said(show_text, marked), tuple(rule.code for rule in applied))
    with uncompiled(small=are_light(file.path for file in subject.files)) as grown:
        subject.grown = partial(weighed, [0], grown)
        if subject.folder is None or _whole(subject, found, {rule.code for rule in rules}):
            (through or _stream)(subject, [rule for rule in applied if rule.each != "subject"], found)
            settle(subject)
            gone = _GATES if subject.folder else ()
            _as_one(subject, [rule for rule in applied if rule.each != "batch" and rule.code not in gone], found)
    return replace(found.report(), unjudged=unjudged(subject, found.ran), idle=idle(subject, found.ran))


def _subject(paths: list[Path], layout: Layout | None, splits: dict[str, str], called: Mapping[Path, str]) -> Subject:
    built = [path for path in paths if is_built(path)]
    if not built:
        root, files = of_files(paths, layout, splits, called)
        return Subject(None, root, files)
    if len(paths) > 1:
        msg = "A built folder is checked by itself"
        raise UsageError(msg, where=built[0], fix="Check one folder at a time.")
    folder = BuiltSet.open(built[0])
    made = Subject(folder.kind, folder.path, of_folder(folder), folder)
    wrapped = "wrapped" in folder.kind.traits  # texts share their wrappers: what is alike in them says nothing
    made.threshold = 1.0 if wrapped else folder.manifest.parameters.near_duplicate
    return made


def _judges(
    *, trains: bool, against: tuple[str, ...], sets: Mapping[str, BuiltSet], offline: bool
) -> tuple[Judge, ...]:
    """Protected prompts, indexed: those that were named, else the bundled ones."""
    if against:
        found = [
            _protected(sets[each]) if each in sets else protected_of(each, asked_in, bundled(), Places(offline=offline))
            for each in against
        ]
    else:
        found = [*prompts.for_training()] if trains else [prompts.bundled()]
    indexed = tuple(Judge.of(each, Rules()) for each in found)
    release()  # what making an index took is several times as much
    return indexed


def _protected(built: BuiltSet) -> prompts.Protected:
    """The prompts of a built set."""
    texts = [text for table in built.whole.values() for text in table["prompt"].to_pylist()]
    return prompts.Protected.from_texts(texts, built.manifest.name, background=prompts.bundled().background)


def _whole(subject: Subject, found: _Found, wanted: set[str]) -> bool:
    """Whether a built folder's files can be judged: they are the recorded ones, and rows fit their schema."""
    for code in _GATES:
        before = found.total
        found.add(RULES[code], subject, listed=code in wanted)
        if found.total > before:
            return False
    return True


class _Told(NamedTuple):
    """What a rule finds in a batch or in the whole, and the seconds that it took."""

    findings: list[Finding]
    seconds: float


Pass: TypeAlias = Callable[[Subject, list[Rule], "_Found"], None]


def _stream(subject: Subject, rules: list[Rule], found: _Found) -> None:
    """The one pass over all files: every rule that judges batches, and what is kept of every row.

    While rows are read, those that were read before are held against protected prompts, which takes longest, and the
    rules judge those before them; findings come in the order of the rows.
    """

    def screen(batch: Batch) -> float:
        began = perf_counter()
        _ = batch.near
        return perf_counter() - began

    def judge(batch: Batch, screened: Future[float]) -> list[_Told]:
        screened.exception()  # the rule that asks for it meets it again, and tells
        return [_judge(rule, batch) for rule in rules]

    def collect(batch: Batch, told: Future[list[_Told]], screened: Future[float]) -> None:
        for rule, each in zip(rules, told.result(), strict=True):
            found.take(rule, batch, each)
        subject.state.add_near(batch)
        if SCREENS in found.ran:
            found.seconds[SCREENS] += screened.result()

    waiting: deque[tuple[int, tuple[Batch, Future[list[_Told]], Future[float]]]] = deque()
    room = _ROOM
    with shared(STAGES), stage(2) as screening, stage() as judging:
        for file in subject.files:
            for batch in subject.scan(file):
                screened = screening.submit(screen, batch)
                size = size_of(batch.rows)
                waiting.append((size, (batch, judging.submit(judge, batch, screened), screened)))
                room -= size
                while len(waiting) > 1 and room < 0:
                    size, first = waiting.popleft()
                    room += size
                    collect(*first)
        while waiting:
            collect(*waiting.popleft()[1])
    release()


def _as_one(subject: Subject, rules: list[Rule], found: _Found) -> None:
    """Rules that judge the whole, some at a time; findings come in the order of the rules."""
    with loading():
        for rule, told in zip(rules, beside(lambda rule: _judge(rule, subject), rules, thread_count()), strict=True):
            found.take(rule, subject, told)


def _judge(rule: Rule, judged: Subject | Batch) -> _Told:
    """Run a rule. Whatever goes wrong in it is an error of Demur's, never a traceback that may quote a row."""
    began = perf_counter()
    try:
        return _Told(list(rule(judged)), perf_counter() - began)
    except (DemurError, KeyboardInterrupt, MemoryError):
        raise
    except Exception as error:
        where = judged.file.name if isinstance(judged, Batch) else str(judged.root)
        msg = f"Rule {rule.code} ({rule.name}) failed in a way it should not ({type(error).__name__})"
        fix = f"Please report it; --ignore {rule.code} leaves the rule out."
        raise DemurError(msg, where=where, fix=fix) from error


@dataclass
class _Found:
    """Findings as they come: at most `LISTED` of one rule in one file; what every row of a file has is one finding."""

    subject: Subject
    said: Said
    ran: tuple[str, ...]
    total: int = 0
    kept: dict[tuple[str, str], list[Finding]] = field(default_factory=lambda: defaultdict(list))
    counts: Counter[tuple[str, str]] = field(default_factory=Counter)
    alike: Counter[tuple[str, str, str | None, str]] = field(default_factory=Counter)
    seconds: defaultdict[str, float] = field(default_factory=lambda: defaultdict(float))
    broken: dict[str, tuple[int, set[int]]] = field(default_factory=dict)

    def add(self, rule: Rule, judged: Subject | Batch, *, listed: bool = True) -> None:
        """Run a rule, and take what it finds."""
        with loading():
            self.take(rule, judged, _judge(rule, judged), listed=listed)

    def take(self, rule: Rule, judged: Subject | Batch, told: _Told, *, listed: bool = True) -> None:
        """Keep findings of a rule."""
        self.seconds[rule.code] += told.seconds
        for finding in told.findings:
            file, row = finding.file, finding.row
            if row is not None and rule.code != BROKEN and self._is_broken(file, row):
                continue
            self.total += 1
            if not listed:
                continue
            place = (file, rule.code)
            self.counts[place] += 1
            few, fault = self.counts[place] <= LISTED, (*place, finding.column, finding.message)
            if row is not None and (few or fault in self.alike):
                self.alike[fault] += 1
            if few or (row is None and rule.code == BROKEN):
                self.kept[place].append(finding)
                if isinstance(judged, Batch) and row is not None:
                    self.said.learn(judged, row)

    def _is_broken(self, file: str, row: int) -> bool:
        """Whether a row could not be read, which is all that is to be said of it."""
        faults = self.subject.faults.get(file)
        if not faults or BROKEN not in self.ran:
            return False
        read, rows = self.broken.get(file, (0, set()))
        if read < len(faults):
            rows.update(each.row for each in faults[read:] if each.row is not None and each.kind in _UNREAD)
            self.broken[file] = len(faults), rows
        return row in rows

    def report(self) -> Report:
        """All findings in their order, complete, with what was read."""
        self._summarise()
        unlisted = {place: over for place, count in self.counts.items() if (over := count - len(self.kept[place]))}
        more = Counter[str]()
        for (_, code), over in unlisted.items():
            more[code] += over
        findings, subject = in_order(each for kept in self.kept.values() for each in kept), self.subject
        return Report(
            tuple(completed(findings, subject, self.said)),
            len(subject.files),
            sum(subject.rows.values()),
            dict(sorted(more.items())),
            {name: layout.name for name, layout in subject.layouts.items()},
            subject.root.as_posix() if subject.below else "",
            unlisted=unlisted,
            ran=self.ran,
            seconds=dict(self.seconds),
        )

    def _summarise(self) -> None:
        """A fault of every row of a file becomes one finding about the file."""
        for (file, code), kept in self.kept.items():
            rows = self.subject.rows.get(file, 0)
            if rows < 2:
                continue
            left, told = list[Finding](), set[tuple[str | None, str]]()
            for each in kept:
                column, message = fault = (each.column, each.message)
                if each.row is None or self.alike[file, code, column, message] != rows:
                    left.append(each)
                elif fault not in told:
                    told.add(fault)
                    message = f"{message}, in all {rows:,} rows"
                    about = replace(each, row=None, record_id=None, text=None, line=None, message=message, rows=rows)
                    left.append(about)
                    self.counts[file, code] -= rows - 1
            self.kept[file, code] = left


__all__ = ["LISTED", "Finding", "Report", "check"]
