"""Rules about built training rows (DMR3xx): objectives, triples, prefixes, their law, the mix, openings."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from typing import Any

from demur.checks.finding import Finding, hit
from demur.checks.rule import rule
from demur.checks.subject import Subject
from demur.kinds.training.bank import opening, room
from demur.kinds.training.counting import tokens
from demur.kinds.training.facts import TrainingParameters
from demur.kinds.training.laws import LAWS, law
from demur.kinds.training.triples import fault, row_id
from demur.rates import Rate
from demur.records.record import record_id
from demur.sets.folder import BuiltSet
from demur.text.normalise import normalise
from demur.text.refusal import judge
from demur.text.units import ends, prefix

Row = dict[str, Any]
Triple = dict[str, Row]

_OF_TRIPLES = ("prefix_mle", "refusal_mle", "rto")
_TOLERANCE = 0.01  # of a share of the mix: rounding to whole rows moves it by far less
_AGAIN = "Build it again."
_PLACE = "\0place"  # file and row of a row, under a name that no column has


@rule(
    "DMR301",
    "objective",
    invariants=(2,),
    summary="A row's kind and its target agree: refusals are taught as refusals, and a transition row reads a "
    "harmful response.",
    why="DeRTa's two objectives read the same text in opposite ways. A refusal under the transition objective "
    "teaches the model to break off refusals.",
    fix=_AGAIN,
    applies=("training",),
)
def objectives(subject: Subject) -> Iterator[Finding]:
    """Targets that read as the other kind."""
    for _, rows in _rows(subject):
        for row in rows:
            wanted = "refusal" if row["kind"] in ("prefix_mle", "refusal_mle") else "answer"
            if (verdict := judge(row["target"])) != wanted:
                yield _of(row, f"the target of a {row['kind']!r} row reads as {verdict}, not {wanted}")


@rule(
    "DMR302",
    "triple",
    invariants=(2, 11, 15),
    summary="A triple gives one row of each kind, of one prompt, in one split; its two sides differ and are not empty.",
    why="With the safe and the harmful response swapped, or the same, the model is trained towards harm, or at random.",
    fix=_AGAIN,
    applies=("training",),
)
def triples(subject: Subject) -> Iterator[Finding]:
    """What is wrong with each triple."""
    for _, rows in _rows(subject):
        for each in _triples(rows):
            yield from _of_triple(each)


def _of_triple(each: Triple) -> Iterator[Finding]:
    first = next(iter(each.values()))
    if set(each) != {*_OF_TRIPLES}:
        yield _of(first, f"its triple has only the rows {', '.join(sorted(each))}")
        return
    harmful, safe = each["rto"]["target"], each["refusal_mle"]["target"]
    places = {(row["prompt"], row["group_id"], row["split"]) for row in each.values()}
    if len(places) > 1:
        yield _of(first, "the rows of its triple differ in prompt, group or split")
        return
    if wrong := fault(first["prompt"], safe, harmful):
        yield _of(first, wrong)
    if each["prefix_mle"]["target"] != safe:
        yield _of(each["prefix_mle"], "the target is not the refusal of its triple")
    key = record_id("triple", first["prompt"], safe, harmful)
    for kind, row in each.items():
        if row["record_id"] != row_id(kind, key):
            yield _of(row, "the record id does not follow from the kind and the triple's texts")
    if first["safe_origin"] == "project_written" and first["safe_record_id"] != record_id("refusal", safe):
        yield _of(first, "the refusal is not the one that its id names")


@rule(
    "DMR303",
    "prefix",
    invariants=(3,),
    summary="0 <= k <= n, k is counted in the declared unit, and the prefix is the first k units of the linked "
    "harmful response, byte for byte.",
    why="DeRTa cuts at spaces and joins with spaces, so a prefix is not always a beginning of what the model would "
    "have written, and k counts pieces between spaces while the paper speaks of tokens.",
    fix=_AGAIN,
    applies=("training",),
)
def prefixes(subject: Subject) -> Iterator[Finding]:
    """Prefixes that are none."""
    for _, rows in _rows(subject):
        for each in _triples(rows):
            if "prefix_mle" not in each or "rto" not in each:
                continue  # told by another rule
            row, harmful = each["prefix_mle"], each["rto"]["target"]
            places = ends(harmful, row["unit"])
            if row["n"] != len(places):
                yield _of(row, f"the harmful response has {len(places)} units, not n = {row['n']}")
            elif not 0 <= row["k"] <= len(places):
                yield _of(row, f"k = {row['k']} lies outside 0 .. {len(places)}")
            elif row["context_prefix"] != prefix(harmful, row["k"], places):
                yield _of(row, f"the prefix is not the first k = {row['k']} units of the harmful response")


@rule(
    "DMR304",
    "prefix-law",
    invariants=(4, 5),
    summary="Every k is the one that the declared law draws for the row's id and the set's seed.",
    why="DeRTa's paper says that k is uniform; its script draws without a seed, never the last place, and sets every "
    "third row to 0. Nobody can draw the same rows again.",
    fix="Draw k from the record id and the seed.",
    applies=("training",),
)
def laws(subject: Subject) -> Iterator[Finding]:
    """Rows under another law, and sets whose k were not drawn."""
    declared = _declared(subject)
    for _, rows in _rows(subject):
        mine = [row for row in rows if row["kind"] == "prefix_mle"]
        for row in mine:
            if (row["law"], row["unit"]) != (declared.law, declared.unit):
                yield _of(row, "law or unit is not the declared one")
        if declared.law not in LAWS or not mine:
            continue
        drawing, seed = law(declared.law), _folder(subject).manifest.parameters.seed
        off = [
            row
            for row in mine
            if row["n"] < drawing.least or row["k"] != drawing.draw(row["record_id"], row["n"], seed)
        ]
        if off:
            zero = Rate.of(sum(row["k"] == 0 for row in mine), len(mine))
            message = f"{len(off)} of {len(mine)} rows have another k than {declared.law} draws; k = 0 in {zero}"
            yield _of(off[0], message)


@rule(
    "DMR305",
    "fixed-token",
    invariants=(7,),
    summary="All transition rows name the declared token: one id of one named tokenizer.",
    why="DeRTa's training code holds the id of its token as a number. With another tokenizer the same number is "
    "another word, and the model learns to say that word wherever a text is harmful.",
    fix=_AGAIN,
    applies=("training",),
)
def fixed_tokens(subject: Subject) -> Iterator[Finding]:
    """Rows that name another token."""
    for _, rows in _rows(subject):
        for row in rows:
            if row["kind"] == "rto" and row["fixed_token"] != _declared(subject).fixed_token:
                yield _of(row, "the fixed token is not the declared one")


@rule(
    "DMR308",
    "borderline-share",
    invariants=(23,),
    summary="Every refusal-training mix holds its declared share of borderline but harmless rows, and not none.",
    why="Without such rows a model learns that dangerous words mean no: over-refusal on XSTest rose from 18.8 % to "
    "64.0 %.",
    fix="Draw the rows of each kind to its declared share.",
    applies=("training",),
)
def borderline(subject: Subject) -> Iterator[Finding]:
    """Configs with another share of borderline rows."""
    yield from _mix(subject, only=True)


@rule(
    "DMR309",
    "mix",
    invariants=(14,),
    summary="Every kind of training row has its declared share.",
    why="The share of refusals decides how often a model refuses; a mix that drifted cannot be compared with the "
    "last one.",
    fix="Draw the rows of each kind to its declared share.",
    applies=("training",),
)
def mix(subject: Subject) -> Iterator[Finding]:
    """Configs with another share of some other kind."""
    yield from _mix(subject, only=False)


def _mix(subject: Subject, *, only: bool) -> Iterator[Finding]:
    for config, rows in _rows(subject):
        counts, mix = Counter(row["kind"] for row in rows), _declared(subject).mixes.get(config)
        most = mix.tolerance if mix else _TOLERANCE
        for kind, share in sorted((mix or _declared(subject)).shares.items()):
            found = Rate.of(counts[kind], len(rows))
            if (kind == "borderline_mle") == only and (abs(found.share - share) > most or not counts[kind]):
                yield hit(f"{kind} rows are {found}, declared {share:.0%}", config)


@rule(
    "DMR310",
    "openings",
    invariants=(14,),
    summary="No opening of the refusals has more than its declared share.",
    why="99.5 % of the refusals of tuned models stand in the first five tokens; a set that always begins alike "
    "teaches the beginning, and whoever makes a model begin otherwise gets an answer.",
    fix="Vary the refusals.",
    applies=("training",),
)
def openings(subject: Subject) -> Iterator[Finding]:
    """Openings that are too common."""
    declared = _declared(subject)
    for config, rows in _rows(subject):
        mine = [row for row in rows if row["kind"] == "refusal_mle"]
        counts = Counter(opening(row["target"], declared.opening_words) for row in mine)
        for count in sorted(count for count in counts.values() if count > room(len(mine), declared.opening_share)):
            rate = Rate.of(count, len(mine))
            message = f"one opening of {declared.opening_words} words stands in {rate}"
            yield hit(f"{message}, declared at most {declared.opening_share:.0%}", config)


@rule(
    "DMR331",
    "refusals-of-splits",
    invariants=(10,),
    summary="No refusal that is learnt in one split is learnt in another.",
    why="A validation loss over refusals that were trained on says how well they were learnt by heart.",
    fix=_AGAIN,
    applies=("training",),
)
def refusals_of_splits(subject: Subject) -> Iterator[Finding]:
    """Refusals whose text, but for case and signs, stands in two splits."""
    for _, rows in _rows(subject):
        splits: dict[str, str] = {}
        for row in rows:
            if row["kind"] == "refusal_mle":
                first = splits.setdefault(normalise(row["target"]), row["split"])
                if first != row["split"]:
                    yield _of(row, f"the same refusal is learnt in {first} and in {row['split']}")


@rule(
    "DMR332",
    "token-shares",
    invariants=(29,),
    summary="Every kind of training row has its declared share of the supervised tokens, where one is declared.",
    why="Answers of three words were 40 % of the rows of a set and 3.5 % of what its loss was over: shares of rows say "
    "little about what is learnt.",
    fix="Draw other rows, declare another share, or set the keep rate of transition rows.",
    applies=("training",),
)
def token_shares(subject: Subject) -> Iterator[Finding]:
    """Configs with another share of the tokens, counted in words between spaces."""
    for config, rows in _rows(subject):
        if mix := _declared(subject).mixes.get(config):
            sums: defaultdict[str, float] = defaultdict(float)
            for row in rows:
                sums[row["kind"]] += tokens(row, mix.rto_keep)
            every = sum(sums.values()) or 1
            for kind, share in sorted(mix.tokens.items()):
                if abs(sums[kind] / every - share) > mix.tolerance:
                    yield hit(f"{kind} rows hold {sums[kind] / every:.1%} of the tokens, declared {share:.0%}", config)


@rule(
    "DMR333",
    "refused-prompts",
    invariants=(25,),
    summary="Every triple rests on somebody's word that its prompt is to be refused, and no answer on the opposite.",
    why="A harmful response does not make its prompt harmful: a set taught to refuse a question of first aid.",
    fix="Leave the triple out, or let somebody read the prompt and relabel it.",
    applies=("training",),
)
def refused_prompts(subject: Subject) -> Iterator[Finding]:
    """Triples of prompts that are to be answered, and answers to prompts that are to be refused."""
    if not _declared(subject).least_words:
        return  # a set from before that was declared
    for _, rows in _rows(subject):
        for row in rows:
            behaviour, refused = row["behaviour"], row["kind"] in _OF_TRIPLES
            if refused and ((behaviour or "refuse") != "refuse" or row["basis"] == "unknown"):
                yield _of(row, f"it teaches to refuse, and the prompt is called {behaviour or 'nothing'}")
            elif not refused and behaviour in ("refuse", "cannot_know"):
                yield _of(row, f"it teaches to answer, and the prompt is called {behaviour}")


@rule(
    "DMR334",
    "short-answers",
    invariants=(29,),
    summary="Every answer that is learnt has the declared number of words.",
    why="A set whose harmless answers have three words and whose refusals are polite sentences teaches that an answer "
    "is curt, and a refusal is not.",
    fix="Leave the row out.",
    applies=("training",),
)
def short_answers(subject: Subject) -> Iterator[Finding]:
    """Answers that are shorter."""
    least = _declared(subject).least_words
    for _, rows in _rows(subject):
        for row in rows:
            if row["kind"] not in _OF_TRIPLES and (words := len(row["target"].split())) < least:
                yield _of(row, f"the answer has {words} words, declared at least {least}")


def _rows(subject: Subject) -> Iterator[tuple[str, list[Row]]]:
    folder = _folder(subject)
    for config, table in folder.configs.items():
        rows = table.to_pylist()
        for number, row in enumerate(rows):
            row[_PLACE] = folder.place(config, number)
        yield config, rows


def _triples(rows: list[Row]) -> list[Triple]:
    """The rows of each triple by kind."""
    found: defaultdict[tuple[str, str], Triple] = defaultdict(dict)
    for row in rows:
        if row["kind"] in _OF_TRIPLES:
            found[row["harmful_record_id"], row["safe_record_id"]][row["kind"]] = row
    return list(found.values())


def _folder(subject: Subject) -> BuiltSet:
    assert subject.folder is not None  # noqa: S101 - these rules are for built sets
    return subject.folder


def _declared(subject: Subject) -> TrainingParameters:
    declared: TrainingParameters = _folder(subject).stated
    return declared


def _of(row: Row, message: str) -> Finding:
    file, number = row[_PLACE]
    return hit(message, file, number, record_id=row["record_id"])
