"""Rules about duplicates, splits and leakage (DMR1xx)."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from functools import cache

import numpy as np
import pyarrow as pa

from demur.checks import leaks
from demur.checks.again import Ints, marked, twins
from demur.checks.batch import Batch
from demur.checks.finding import Finding, hit
from demur.checks.hashes import Hashes
from demur.checks.letters import letters
from demur.checks.rule import ANY, BUILT, FILES, TRAINED, rule
from demur.checks.state import grouped, groups
from demur.checks.subject import Subject
from demur.errors import shown
from demur.files.bounds import bounds
from demur.groups.splits import unbalanced
from demur.records.record import record_id
from demur.similarity import components, self_join


@rule(
    "DMR101",
    "split-leak",
    invariants=(10,),
    summary="No prompt stands in two splits, in whichever turn, nor a near-duplicate of it (token Jaccard 0.8, or what "
    "the manifest says); and no response that a label is about, or that is long and taught word for word.",
    why="A probe or a tuned model is then tested on what it has seen. In the published split of refusal_direction "
    "one prompt of the test set stands in the training set, and others differ from a training prompt in a word or "
    "two.",
    fix="Group near-duplicates first, then give whole groups to splits; drop the training side of a leak.",
    applies=ANY,
)
def split_leak(subject: Subject) -> Iterator[Finding]:
    """Each split against every less protected one, whose row is told, with its most similar twin."""
    state = subject.state
    splits = state.column("split").astype(np.int64)
    rank = {"test": 0, "validation": 1, "train": 3}
    names = sorted(sorted(subject.split_rows), key=lambda name: rank.get(name, 2))
    order = [state.split_names.index(name) for name in names[: bounds().splits]]  # DMR001 tells of more
    for number, guarded in enumerate(order[:-1]):
        others = np.isin(splits, order[number + 1 :])
        for here, (similarity, there) in twins(subject, splits == guarded, others, subject.threshold).items():
            file, row = state.place(here)
            same = "the prompt of" if _equal(subject, here, there) else "near-duplicate of"
            message = f"{same} {subject.place(there)} in {shown(state.split_names[guarded])}"
            yield hit(f"{message} (token Jaccard {similarity:.3f})", file.name, row)
        for more in (leaks.judged, leaks.answered, leaks.later):
            yield from more(subject, splits == guarded, others, state.split_names[guarded])


def _equal(subject: Subject, one: int, two: int) -> bool:
    prompts = subject.state.column("prompt")
    return bool(prompts[one] == prompts[two])


_SHARD = re.compile(r"-\d+-of-\d+\.[^/]*$|(?:^|/)(?:part|shard)?[-_]?\d+\.[^/]*$")


@rule(
    "DMR102",
    "duplicate",
    invariants=(10,),
    summary="No row stands twice in a file, its shards, or the training files; rows are the same if all their "
    "normalised texts are.",
    why="A repeated row is counted twice in every rate. The test file of refusal_direction's split repeats ten "
    "prompts, OpenAI's moderation set 27, and Do-Not-Answer has 939 rows with 938 questions.",
    fix="Keep one of each, and say so in the card; where their labels differ, see DMR201.",
    applies=("distinct-rows", *FILES),
    severity="warning",
)
def duplicate(subject: Subject) -> Iterator[Finding]:
    """All but the first of each set of equal rows. Two models that answer one question alike are no duplicate."""
    state = subject.state
    trained = state.split_names.index("train") if "train" in state.split_names else -1
    keys, splits = state.column("key"), state.column("split").astype(np.int64)
    ids = state.column("id")
    names = {name: code for code, name in enumerate(dict.fromkeys(unsharded(file.name) for file, _ in state.files))}
    shards = np.array([names[unsharded(file.name)] for file, _ in state.files], np.int64)
    for rows in state.configs():
        places, starts = grouped(keys[rows])
        every = rows[places]
        group = np.repeat(every[starts], np.diff(np.append(starts, len(every))))  # by its first row
        side = np.where(splits[every] == trained, -1, shards[state.places(every)[0]])
        first = _first(every, group, splits[every], side)
        again = np.flatnonzero(every != first)
        again = again[np.lexsort((every[again], group[again]))]
        every, first = every[again], first[again]
        own = ids[every] != ids[first]  # rows of their own, whose spelling may be their point
        same = ~own
        same[own] = np.equal(*_letters(subject, every[own], first[own]))
        told = (each.tolist() for rows in (every[same], first[same]) for each in state.places(rows))
        for here, row, there, seen in zip(*told, strict=True):
            file = state.files[here][0]
            yield hit(f"the same texts as {subject.named(state.files[there][0], seen, file)}", file.name, row)


def _first(rows: Ints, *keys: Ints) -> Ints:
    """For each row the first one of those that share all its keys."""
    order = np.lexsort((rows, *keys))
    new = np.ones(len(order), np.bool_)
    new[1:] = np.any([each[order][1:] != each[order][:-1] for each in keys], axis=0)
    found = np.empty_like(rows)
    found[order] = rows[order][np.maximum.accumulate(np.where(new, np.arange(len(order)), 0))]
    return found


@cache
def unsharded(name: str) -> str:
    """A file's name without the number of its shard.

    Example:
        >>> [unsharded(name) for name in ("data/test-00001-of-00003.parquet", "eval/part-3.jsonl", "gpt-4.csv")]
        ['data/test', 'eval', 'gpt-4.csv']
    """
    return _SHARD.sub("", name)


def _letters(subject: Subject, *rows: Ints) -> list[Hashes]:
    """A hash of the very letters of some rows: as it was kept, or by a second reading of them alone."""
    made = subject.state.column("letters") if "letters" in subject.state else np.zeros(len(subject.state), np.uint64)
    if not all(made[each].all() for each in rows):
        mask = np.zeros(len(subject.state), np.bool_)
        mask[np.concatenate(rows)] = True
        made = np.zeros(len(mask), np.uint64)
        for batch, mine, start in marked(subject, mask):
            made[start + mine] = letters(batch)[mine]
    return [made[each] for each in rows]


@rule(
    "DMR103",
    "pair-split",
    invariants=(10,),
    summary="The members of a contrast pair, of a base question or of a group stand in one split.",
    why="The two sides of a pair differ in a word or two: a probe that saw one side in training has seen the other.",
    fix="Give whole pairs and groups to splits, by a hash of their key.",
    applies=ANY,
)
def pair_split(subject: Subject) -> Iterator[Finding]:
    """Keys with rows in several splits."""
    state = subject.state
    splits = state.column("split").astype(np.int64)
    for name in ("pair", "group"):
        for places in groups(state.column(name)):
            sides = dict.fromkeys(int(splits[place]) for place in places if splits[place])
            if len(sides) > 1:
                first = next(int(place) for place in places if splits[place] == list(sides)[1])
                file, row = state.place(first)
                names = " and ".join(sorted(str(shown(state.split_names[side])) for side in sides))
                yield hit(f"its {name} of {len(places)} rows stands in {names}", file.name, row)


@rule(
    "DMR104",
    "contamination",
    invariants=(10,),
    summary="No row that is trained on is near a prompt of a protected evaluation set; with --against, no row at all.",
    why="What was trained on says nothing when it is tested. The training side of refusal_direction's split holds "
    "117 prompts of AdvBench; HarmBench and the TDC 2023 set share 39 prompts word for word.",
    fix="Drop the row, or say in the card that the evaluation set is spent.",
    applies=(*TRAINED, *FILES),
    each="batch",
)
def contamination(batch: Batch) -> Iterator[Finding]:
    """The best reason of each row, from hashes alone; every turn of the user is read."""
    subject = batch.subject
    prompts = {id for judge in subject.judges for id in judge.protected.record_ids} if batch.near else set()
    for reason in batch.near:
        row = reason["row"]
        if not subject.against and not subject.trains(batch.file, batch.split_of(row)):
            continue
        evidence = f"{reason['source']}, {reason['rule']} {reason['similarity']:.3f}"
        same = "is" if record_id("prompt", reason["text"]) in prompts else "is near"
        what = "" if reason["said"] == "the prompt" else f"{reason['said']} "
        message = f"{what}{same} the protected prompt {reason['record_id']} ({evidence})"
        yield batch.hit(row, message, reason["column"])


@rule(
    "DMR105",
    "source-on-both-sides",
    invariants=(10,),
    summary="The prompts of one protected evaluation set do not stand in a training split and in an evaluation split.",
    why="Prompts of one author share wording and topics, so that a test on the held-out part measures the style. "
    "refusal_direction's split has AdvBench on both sides.",
    fix="Give each evaluation set to one side, or report results without it.",
    applies=FILES,
)
def both_sides(subject: Subject) -> Iterator[Finding]:
    """Sources by the split of the rows that are near their prompts."""
    by_source: defaultdict[str, dict[str, int]] = defaultdict(dict)
    for (source, split), rows in sorted(subject.state.sources.items(), key=str):
        if split is not None:
            by_source[source][split] = rows
    for source, sides in sorted(by_source.items()):
        others = {split: count for split, count in sides.items() if split not in ("train", "validation")}
        if sides.get("train") and others:
            told = ", ".join(f"{count} in {shown(split)}" for split, count in sorted(sides.items()))
            yield hit(f"{source} stands on both sides: rows that are its prompts, or near them: {told}", subject.label)


@rule(
    "DMR106",
    "near-duplicate",
    invariants=(10,),
    summary="A built evaluation set has one row of every group of near-duplicates that expects, or asks, the same.",
    why="469 clusters of near-duplicates make AdvBench's 520 prompts; a rate over all rows counts some requests up "
    "to several times.",
    fix="Build it again.",
    applies=("distinct-prompts",),
)
def near_duplicate(subject: Subject) -> Iterator[Finding]:
    """Rows but the first of each group."""
    folder = subject.folder
    for config, table in folder.whole.items() if folder else ():
        expected = np.array(table["expected" if "expected" in table.column_names else "side"].to_pylist(), object)
        ids = table["record_id"].to_pylist()
        for value in sorted(set(expected.tolist())):
            rows = np.flatnonzero(expected == value)
            evidence = self_join(table["prompt"].take(pa.array(rows)), view="token", threshold=subject.threshold)
            for row, label in zip(rows.tolist(), rows[components(len(rows), evidence)].tolist(), strict=True):
                if row != label and folder:
                    message = f"near-duplicate of {ids[label]}"
                    yield hit(message, *folder.place(config, row), record_id=ids[row])


_MERGED = 0.1  # groups joined by meaning lie more often on the evaluation side: up to seven of a hundred in our sets


@rule(
    "DMR107",
    "strata",
    invariants=(10,),
    summary="Every hazard and source has its declared share of each split, to four standard deviations.",
    why="A split that holds most of one hazard measures that hazard. A hash of the group assigns without looking, so "
    "a share that is far off means that somebody looked.",
    fix="Assignments were edited, or the stratum is one large group: look at it.",
    applies=BUILT,
)
def strata(subject: Subject) -> Iterator[Finding]:
    """Strata whose share of a split is off."""
    if subject.folder is None:
        return
    manifest = subject.folder.manifest
    shares = {name: size for name, size in manifest.parameters.splits.items() if isinstance(size, float)}
    if manifest.lock_sha256 or len(shares) < len(manifest.parameters.splits):
        return  # a lock or a number of rows overrules the shares
    for config, table in subject.folder.configs.items():
        rows = table.select(["group_id", "split", "source", "hazards"]).to_pylist()
        units = {(row["group_id"], name): row["split"] for row in rows for name in (row["source"], *row["hazards"])}
        merged = _MERGED if manifest.curation.joined else 0.0
        for stratum, split, share in unbalanced([name for _, name in units], list(units.values()), shares, merged):
            n = sum(name == stratum for _, name in units)
            yield hit(f"{share:.1%} of {n} groups of {stratum!r} lie in {split}, declared {shares[split]:.0%}", config)
