"""Rules about what a set of training rows teaches: short answers, both verdicts on one prompt, copies, shares."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pyarrow as pa

from demur.checks.again import marked
from demur.checks.batch import bare
from demur.checks.finding import Finding, hit
from demur.checks.gathered import SHORT, Taught, targets, taught_codes, verdicts
from demur.checks.rule import ANY, rule
from demur.checks.sides import HARMFUL, SAFE, Codes, length_auroc
from demur.checks.state import groups
from demur.checks.subject import Subject
from demur.errors import shown
from demur.rates import Rate

_LEAST = 30  # answers of each class, below which nothing is said of their lengths
_CEILING = 0.9
_MOST_SHORT = 0.4
_FACTOR = 8  # between a class's share of the rows and its share of the words
_SHARE = 0.05  # of the rows, below which a class's words are nobody's concern
_REPEATED = 0.05  # of a split's refusals
_READ = 5_000  # targets of a split that are read


@rule(
    "DMR315",
    "answer-length",
    invariants=(27,),
    summary="Answers that are trained on are sentences (at most 40 % have fewer than eight words), and the length of "
    "an answer does not tell its label (AUROC at most 0.9).",
    why="In a published refusal mix 65.7 % of the helpful targets had three words or fewer: what it teaches is that "
    "whoever is not refused gets a name and a full stop. Where length tells the label, a reward learns length.",
    fix="Take answers of real sentences; match the lengths of the two sides, or state their AUROC on the card.",
    applies=ANY,
    severity="warning",
)
def answer_length(subject: Subject) -> Iterator[Finding]:
    """Training sets of short answers, and labels of answers that length tells."""
    gathered = subject.state.gathered
    for config, (_, answers) in gathered.by_config.items():
        rate = Rate.of(answers.short, answers.rows)
        if answers.rows >= _LEAST and rate.low > _MOST_SHORT:
            yield hit(f"answers of fewer than {SHORT} words: {rate}", config or subject.label)
    for (config, what), counts in sorted(gathered.lengths.items()):
        one, two = counts.sum(axis=1).tolist()
        if (
            min(one, two) >= _LEAST
            and (score := length_auroc(counts)).value > _CEILING
            and not (subject.states("AUROC", "length"))
        ):
            message = f"length alone tells {what} apart: AUROC {score} on {one:,} and {two:,}"
            yield hit(message, config or subject.label)


@rule(
    "DMR316",
    "refused-and-answered",
    invariants=(1,),
    summary="No prompt of a training set is refused in one row and answered in another.",
    why="The two rows pull the model both ways on the very prompt, and the average of the two is what jailbreaks live "
    "on. Sets that are merged from several hold such prompts.",
    fix="Decide what the prompt is, and keep the rows that do that.",
    applies=ANY,
    severity="advice",
)
def refused_and_answered(subject: Subject) -> Iterator[Finding]:
    """Rows that answer what another row refuses, by a second reading of the rows whose prompts repeat."""
    state = subject.state
    prompts = np.where(state.column("answer") != 0, state.column("prompt"), np.uint64(0))
    for rows in state.configs():
        repeated = np.zeros(len(state), np.bool_)
        answers = state.column("answer")
        sets = [places for each in groups(prompts[rows]) if np.ptp(answers[places := rows[each]])]
        for places in sets:
            repeated[places] = True
        codes = _verdicts(subject, repeated)
        for places in sets:
            refused = next((int(place) for place in places if codes[place] == HARMFUL), None)
            answered = next((int(place) for place in places if codes[place] == SAFE), None)
            if refused is not None and answered is not None:
                file, row = state.place(answered)
                yield hit(f"answers the prompt that {subject.place(refused, answered)} refuses", file.name, row)


def _verdicts(subject: Subject, mask: np.ndarray) -> Codes:
    """What the targets of some rows teach; 0 for all others."""
    found = np.zeros(len(subject.state), np.int8)
    for batch, mine, start in marked(subject, mask):
        codes, texts = taught_codes(batch), targets(batch)
        if codes is not None:
            found[start + mine] = codes[mine]
        elif texts is not None:
            found[start + mine] = verdicts(texts.take(pa.array(mine)))
    return found


@rule(
    "DMR317",
    "repeated-refusal",
    invariants=(10,),
    summary="Refusals of a validation or test split do not stand word for word in the training split.",
    why="A loss on refusals that were trained on measures memory: it falls while nothing is learnt about when to "
    "refuse.",
    fix="Give each wording to one split, by a hash of the text.",
    applies=ANY,
    severity="warning",
)
def repeated_refusal(subject: Subject) -> Iterator[Finding]:
    """Of the refusals of each split, those that the training split holds as well, where they are more than a few."""
    state = subject.state
    answers, splits = state.column("answer"), state.column("split").astype(np.int64)
    train = state.split_names.index("train") if "train" in state.split_names else -1
    for rows in state.configs():
        trained = np.unique(answers[rows[(splits[rows] == train) & (answers[rows] != 0)]])
        for code in sorted({*splits[rows].tolist()} - {0, train}) if len(trained) else ():
            mine = rows[(splits[rows] == code) & (answers[rows] != 0)]
            read = np.zeros(len(state), np.bool_)
            read[mine[:: max(1, len(mine) // _READ)]] = True
            refusals = np.flatnonzero(_verdicts(subject, read) == HARMFUL)
            again = np.isin(answers[refusals], trained)
            rate = Rate.of(int(again.sum()), len(refusals))
            if rate.count and rate.share > _REPEATED:
                file, row = state.place(int(refusals[again][0]))
                name = shown(state.split_names[code])
                message = f"refusals of {name} that stand in 'train' word for word, the first of them here: {rate}"
                yield hit(message, file.name, row)


@rule(
    "DMR318",
    "token-share",
    invariants=(29,),
    summary="Refusals and answers have shares of the words that are trained on much like their shares of the rows "
    "(within a factor of eight).",
    why="The loss is a mean over tokens. In a published refusal mix the answered rows were 40 % of the rows and 3.5 % "
    "of the supervised tokens: whoever reads the row counts thinks that it is balanced.",
    fix="Count words or tokens when the mix is drawn, and state both shares on the card.",
    applies=ANY,
    severity="advice",
)
def token_share(subject: Subject) -> Iterator[Finding]:
    """Training sets in which a class of five per cent of the rows or more has far less of the words."""
    for config, taught in subject.state.gathered.by_config.items():
        total = Taught(sum(each.rows for each in taught), sum(each.words for each in taught))
        for what, mine in zip(("refusals", "answers"), taught, strict=True):
            if mine.rows < _LEAST or mine.rows == total.rows or not total.words:
                continue
            rows, words = Rate.of(mine.rows, total.rows), mine.words / total.words
            if rows.share >= _SHARE and words * _FACTOR < rows.share:
                yield hit(f"{what} are {rows} of the rows, and {words:.1%} of the words", config or subject.label)


@rule(
    "DMR322",
    "learnt-harm",
    invariants=(2,),
    summary="No text that is only read is taught: neither the target of a row of kind rto, nor, of a set that "
    "--against names, a harmful response.",
    why="The target of an rto row is a harmful response, and every position of it predicts a refusal token. Trainers "
    "ask for a column 'completion': renaming the target to that is the obvious thing to do, and trains on harm.",
    fix="Export the set for the trainer (`demur export trl`, `axolotl`, `llama-factory`), or leave such rows out.",
)
def learnt_harm(subject: Subject) -> Iterator[Finding]:
    """Rows that call themselves read and are learnt, then rows whose text opens as one that is read."""
    state, seen = subject.state, subject.state.learnt
    reads = state.column("reads").astype(np.bool_) if seen.columns else np.zeros(0, np.bool_)
    known = np.array(sorted({*seen.read, *subject.read}), np.uint64)
    for name in ("learnt", "chosen") if len(reads) or len(known) else ():
        texts = state.column(name)
        direct = reads & (texts != 0) if name == "learnt" and len(reads) else np.zeros(len(texts), np.bool_)
        for here in np.flatnonzero(direct | np.isin(texts, known)).tolist():
            file, row = state.place(here)
            column = bare(seen.columns[file.name][name])
            if direct[here]:
                yield hit("is a row of kind rto, and its text is learnt", file.name, row, column=column)
                continue
            key = int(texts[here])
            if key in subject.read:
                twin = f"the harmful response of {subject.read[key]}"
            else:
                twin = f"the text that {subject.place(seen.read[key])} only reads"
            yield hit(f"teaches to write {twin}", file.name, row, column=column)
