"""Rules about one answer and what it answers (DMR016, 335-338)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import zip_longest

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from demur.checks.batch import Batch, bare
from demur.checks.exchanges import Answers, told
from demur.checks.finding import Finding
from demur.checks.rule import rule
from demur.checks.signs import Mask, lengths, matching, may_begin_alike
from demur.checks.subject import Subject
from demur.text.ending import ending

_NOTHING = re.compile(
    r"\s*[<\[(\"']*\s*(n\s?/\s?a\.?|none|null|nan|nil|undefined|no[\s_-]?(?:answer|output|response|input)"
    r"|not (?:available|applicable)|-+|\.{2,}|_+|\?{2,}|#?error|empty|blank|tbd|todo)\s*[>\])\"']*\s*",
    re.IGNORECASE,
)
_LONGEST = 24  # bytes of an answer that is none


@rule(
    "DMR016",
    "no-answer",
    summary="An answer answers: it is not N/A, None, null, a dash, or <nooutput>.",
    why="What a program writes where it has nothing becomes a text like any other. The cleaned edition of Alpaca lists "
    "such outputs among its faults: trained on, they teach to answer a question with nothing.",
    fix="Leave the row out, or write the answer. Where 'None' is the answer, say so in a sentence.",
    each="batch",
    severity="warning",
)
def no_answer(batch: Batch) -> Iterator[Finding]:
    """Answers that are a word for nothing, which their prompt does not hold itself."""
    for answers in batch.answers:
        size = lengths(answers.part.texts)
        for place, answer, asked, _ in told(answers, (size > 0) & (size <= _LONGEST)):
            found = _NOTHING.fullmatch(answer)
            if found and not (found[1][0].isalpha() and found[1].lower() in asked.lower()):
                yield _hit(batch, answers, place, "says that there is no answer")


_LONG = 40  # bytes of an answer from which its end is read
_WHOLE, _OTHERS = 0.7, 4
"""The share of long answers that end with a sign, from which those that do not are faults, and the least number."""


@rule(
    "DMR335",
    "truncated-answer",
    summary="Answers end where a sentence does, and not in the middle of one.",
    why="A limit on new tokens cuts answers off. A model that is trained on them learns to stop in mid-sentence, and "
    "a judge reads half an answer. Ten of the 450 answers of GPT-4 that XSTest publishes break off.",
    fix="Generate the answer anew with a higher limit, or leave the row out; cutting back to the last sentence is the "
    "least good way.",
    each="both",
    severity="advice",
)
def truncated_answer(judged: Batch | Subject) -> Iterator[Finding]:
    """Answers that break off, in files of which most answers end as sentences do; many are said once."""
    if isinstance(judged, Subject):
        yield from _truncated(judged)
        return
    for answers in judged.answers:
        part = answers.part
        long = lengths(part.texts) >= _LONG
        signed = _SIGNS[part.looked.last]
        found: dict[str | None, list[tuple[int, str]]] = {"cut": [], "bare": []}
        for place, answer, _, _ in told(answers, long & ~signed):
            found.setdefault(ending(answer), []).append((judged.first + int(part.rows[place]), part.what(place)))
        column, name = bare(judged.native(part.column) or part.column), judged.file.name
        for kind, rows in (("cut", found["cut"]), ("bare", found["bare"]), ("signed", [])):
            many = int((long & signed).sum()) if kind == "signed" else int(long.sum())
            judged.subject.habits.add(f"DMR335 {kind}", name, column, many, rows)


_SIGNS = np.isin(np.arange(256), [*b".!?)\"'`:*}]>|"])


def _truncated(subject: Subject) -> Iterator[Finding]:
    whole = {(file, habit.column): habit.texts for file, habit in subject.habits.of("DMR335 signed")}
    for kind, (one, many) in _ENDS.items():
        for file, habit in subject.habits.of(f"DMR335 {kind}"):
            if whole[file, habit.column] >= max(_OTHERS, _WHOLE * habit.texts):
                yield from habit.told(file, one, many, subject.row_of)


_ENDS = {
    "cut": ("breaks off in the middle of a sentence", "break off in the middle of a sentence"),
    "bare": ("ends without a sign, unlike most: it may be cut off", "end without a sign, unlike most: they may be cut"),
}


_SAY = re.compile(r"\b(?:repeat|echo|say|recite|copy|verbatim|quote|proofread|spell|correct|rewrite|edit|fix)\b", re.I)
_HEAD = 12  # characters by which answer and prompt are compared first
_WORDS = 4  # of a prompt that is an echo as a whole


@rule(
    "DMR336",
    "echo",
    summary="An answer does not repeat its prompt.",
    why="A base model that is asked without its template often continues with the question itself, and generations "
    "that were decoded with the prompt's tokens open with it. Trained on, such rows teach to repeat.",
    fix="Cut the prompt off before the answer is stored; drop answers that are nothing else.",
    each="batch",
    severity="warning",
)
def echo(batch: Batch) -> Iterator[Finding]:
    """Answers that are their prompt, or open with the whole of it."""
    for answers in batch.answers:
        generated = answers.part.column == "response" and not batch.layout.training  # DMR602 reads these
        for place, answer, asked, _ in told(answers, _alike(answers)):
            if len(asked.split()) < _WORDS or _SAY.search(asked):
                continue
            if _same_words(answer, asked):
                yield _hit(batch, answers, place, "repeats the prompt and says nothing else")
            elif not generated and len(asked.split()) > _WORDS and answer.lstrip().startswith(asked.strip()):
                yield _hit(batch, answers, place, "opens with the whole prompt")


def _alike(answers: Answers) -> Mask:
    """Where answer and prompt open with the same characters."""
    mask = may_begin_alike(answers.part.texts, answers.asked)
    some = pa.array(np.flatnonzero(mask))
    heads = []
    for texts in (answers.part.texts.take(some), answers.asked.take(some)):
        begun = pc.utf8_ltrim_whitespace(pc.utf8_slice_codeunits(texts, 0, 2 * _HEAD))
        heads.append(pc.utf8_lower(pc.utf8_slice_codeunits(begun, 0, _HEAD)))
    mask[mask] = pc.fill_null(pc.equal(*heads), False).to_numpy(zero_copy_only=False)
    return mask


def _same_words(one: str, two: str) -> bool:
    """Whether two texts are the same but for case and signs; read as far as they are."""
    words = (map(re.Match[str].group, _WORD.finditer(text.lower())) for text in (one, two))
    return all(each == other for each, other in zip_longest(*words))


_WORD = re.compile(r"\w+")


_SPEAKS = r"\n[ \t]*(?:#{2,4} ?(?:Instruction|Human|User) ?:|(?:Human|HUMAN|User|USER) ?:)"
_OPENS = re.compile(_SPEAKS)
_LABELLED = re.compile(r"^\W*[A-Z][\w ]{0,20}:\s", re.MULTILINE)
_REPLY = re.compile(r"\n[ \t]*(?:#{2,4} ?)?(?:Assistant|ASSISTANT|AI|Response|Bot|Chatbot|GPT|Model) ?:")
_STAGED = re.compile(
    r"\b(?:dialog(?:ue)?s?|conversations?|chat(?:s|bot|ting)?|scripts?|transcripts?|interviews?|role-?play\w*|scenes?"
    r"|skits?|prompts?|few-shot|examples?|commands?|terminal|console)\b|(?:Human|User|Assistant):",
    re.IGNORECASE,
)


@rule(
    "DMR337",
    "run-on",
    summary="An answer ends before the user speaks again.",
    why="A generation that was not stopped goes on with the next question and answers that as well. Trained on, it "
    "teaches a model to speak for its user; judged, the second answer may be the one that counts.",
    fix="Cut the answer at the mark, and stop on it when generating.",
    each="batch",
)
def run_on(batch: Batch) -> Iterator[Finding]:
    """Answers that go on as the user after words of their own; dialogues that were asked for may."""
    for answers in batch.answers:
        found = matching(answers.part.texts, answers.part.looked.hold(b"\n"), _SPEAKS)
        for place, answer, asked, _ in told(answers, found):
            if (mark := _OPENS.search(answer)) and _runs_on(answer, mark, asked):
                yield _hit(batch, answers, place, "goes on as the user")


def _runs_on(answer: str, mark: re.Match[str], asked: str) -> bool:
    own = answer[: mark.start()].strip()
    if len(own.split(maxsplit=2)) < 2 or own.endswith(":") or own.count("```") % 2:
        return False
    if ":" in own and _LABELLED.search(own):
        return False
    if _STAGED.search(asked) or re.search(r"\b(?:dialogue|conversation|example)\b", own, re.IGNORECASE):
        return False
    return "\n\n" in answer[len(own) : mark.end()] or bool(_REPLY.search(answer, mark.end()))


_KINDS, _WHAT = ("system", "initial", "hidden", "original"), ("prompt", "message", "instruction", "instructions")
_MINE = rf"y (?:{'|'.join(_KINDS)}) (?:{'|'.join(_WHAT)}) (?:says?|reads?|states?|is|are|was|were)\b"
_STATED = re.compile(r"\b[Mm]" + _MINE + r"[^.\n]{0,20}[:\"\u201c]")
_SYSTEM = 40  # characters of a system prompt that is told from common words


@rule(
    "DMR338",
    "prompt-leak",
    summary="An answer does not hold its own system prompt.",
    why="Generations under a long system prompt quote it, or begin with it. A set that is trained without that prompt "
    "then teaches to recite words that nobody said, and what was private in it is published.",
    fix="Leave the row out, or write an answer that refuses to tell.",
    each="batch",
    severity="warning",
)
def prompt_leak(batch: Batch) -> Iterator[Finding]:
    """Answers with the system's words, which the user did not say, or that tell what their system prompt says."""
    for answers in batch.answers:
        texts = answers.part.texts
        said = answers.part.looked.may_say(*_KINDS) & answers.part.looked.may_say(*_WHAT)
        said = matching(texts, said, _MINE)
        size = lengths(answers.system)
        for place, answer, asked, system in told(answers, said | ((size >= _SYSTEM) & (lengths(texts) >= size))):
            mine = system.strip()
            if (len(mine) >= _SYSTEM and mine in answer and mine not in asked) or _STATED.search(answer):
                yield _hit(batch, answers, place, "tells its system prompt")


def _hit(batch: Batch, answers: Answers, place: int, message: str) -> Finding:
    part = answers.part
    row = batch.first + int(part.rows[place])
    return batch.hit(row, f"{part.what(place)} {message}", batch.native(part.column))
