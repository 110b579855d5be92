"""Rules about texts that do not belong in their row: slots, another language, somebody's data (DMR015, 019, 020)."""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np
import pyarrow as pa

from demur.checks.batch import Batch
from demur.checks.exchanges import ANSWERS
from demur.checks.finding import Finding
from demur.checks.rule import rule
from demur.checks.said import Part
from demur.checks.signs import Mask, among, lengths, matching, numbers, with_word
from demur.checks.subject import Subject
from demur.checks.tongues import COMMON, SCRIPTS, common, tag_of, tag_of_card, tag_of_file
from demur.text.language import LEAST, UNKNOWN, language_of
from demur.text.personal import LIKELY, identifying
from demur.text.slots import BRACKETS, LOREM, OPENED, TODO, is_nothing, unfilled

_GIVEN = ("prompt", "context")


@rule(
    "DMR015",
    "placeholder",
    summary="No slot of a template is left unfilled: {name}, [Your Name], <INSERT X>, TODO, lorem ipsum.",
    why="A template that was not filled asks for nothing in particular, and a model that is trained on '[Your Name]' "
    "writes it to people. In jailbreak collections the slot is where the request belongs: unfilled, nothing is asked. "
    "Two answers of CoCoNot's preference pairs hold '{refusal_explanation}'.",
    fix="Fill the slot, or leave the row out; say on the card where rows are templates on purpose.",
    each="batch",
    severity="warning",
)
def placeholder(batch: Batch) -> Iterator[Finding]:
    """Texts with a slot, code and formulas aside."""
    for part in batch.said.parts:
        opened = np.flatnonzero(matching(part.texts, part.looked.hold(BRACKETS), OPENED))
        capitals = np.flatnonzero(part.looked.hold_all(TODO))
        todo = capitals[with_word(part.texts.take(pa.array(capitals)), TODO)]
        lorem = np.flatnonzero(matching(part.texts, part.looked.may_say("ipsum"), LOREM))
        for place in np.unique(np.concatenate([opened, todo, lorem])).tolist():
            text, row = part.texts[place].as_py(), int(part.rows[place])
            answers = part.column in ANSWERS if part.turns is None else part.roles[place] == "assistant"
            nothing = part.column in _GIVEN and is_nothing(text)
            if nothing or (unfilled(text, asked=not answers) and not (answers and _FORM.search(_asked(batch, row)))):
                yield _hit(batch, part, place, "holds a slot that nobody filled")


_FORM = re.compile(
    r"\b(?:templates?|placeholders?|blanks?|boilerplate|slots?|lorem|fill[- ]in)\b"
    r"|\b(?:write|draft|compose|create|generate|give)\b.{0,60}\b(?:e-?mails?|letters?|press releases?|scripts?)\b",
    re.IGNORECASE,
)
"""What somebody asks for who wants slots."""


def _asked(batch: Batch, row: int) -> str:
    return batch.prompts[row].as_py() or "" if batch.prompts is not None else ""


_TASK = re.compile(
    r"translat|traduc|traduis|\u00fcbersetz|\u7ffb\u8bd1|\u7ffb\u8a33|\blanguages?\b|\b(?:French|German|Spanish|Italian|Portuguese"
    r"|Dutch|Russian|Chinese|Mandarin|Japanese|Korean|Arabic|Hindi|Latin|Greek|Swedish|Polish|Turkish|Hebrew|English"
    r"|bilingual|accents?)\b|\u82f1\u6587|\u82f1\u8bed|\u82f1\u8a9e",
    re.IGNORECASE,
)
_CODE = re.compile(r"```|[{};]\s*$|^\s*(?:def|import|SELECT|from)\b|</?\w+>|https?://", re.MULTILINE)
_SOME = 2  # common words of the other language


@rule(
    "DMR019",
    "wrong-language",
    summary="Texts are in the language that the row, the file's name or the card says.",
    why="A row that was not translated is counted as one of its language. Refusal is learnt by language: rates on a "
    "Chinese split that holds English prompts are rates on English.",
    fix="Translate the row, or correct what says its language.",
    each="batch",
    severity="advice",
)
def wrong_language(batch: Batch) -> Iterator[Finding]:
    """Texts that surely are in another language, where none is asked for."""
    stated = _stated(batch)
    for tag in sorted(each for each in {*stated} if each):
        rows = np.array([each == tag for each in stated], np.bool_)
        for part in batch.said.parts:
            for place in np.flatnonzero(rows[part.rows] & _suspected(part, tag)).tolist():
                if part.turns is not None and part.roles[place] not in ("user", "assistant", None):
                    continue
                text, row = part.texts[place].as_py(), int(part.rows[place])
                other = _other(text, tag)
                if other and not _TASK.search(f"{_asked(batch, row)}\n{text}"):
                    yield _hit(batch, part, place, f"is in {other}, and the row is said to be in {tag}")


def _stated(batch: Batch) -> list[str | None]:
    """The language that is stated for each row: by itself, by the file's name, or by the card."""
    names = {name.lower(): name for name in batch.rows.schema.names}
    column = next((names[each] for each in ("language", "lang", "locale") if each in names), None)
    subject = batch.subject
    whole = tag_of_file(batch.file.name)
    if whole is None and isinstance(subject, Subject):
        whole = tag_of_card(subject.card_near(batch.file.path.parent) or "")
    if column is None:
        return [whole] * batch.rows.num_rows
    cells = batch.rows.column(column).to_pylist()
    tags = {each: tag_of(each) for each in {cell for cell in cells if isinstance(cell, str)}}
    return [tags.get(cell) if isinstance(cell, str) else whole if cell is None else None for cell in cells]


def _suspected(part: Part, tag: str) -> Mask:
    """Texts long enough to tell, without a word or a sign that those of a language have."""
    scripts = SCRIPTS[tag]
    pattern = common(tag) or f"[{scripts}]"
    long = lengths(part.texts) >= LEAST
    return long & ~matching(part.texts, long, pattern)


def _other(text: str, tag: str) -> str | None:
    """The language of a text, if it surely is another one; one that is written alike has to show its common words."""
    found = language_of(text)
    if found in (UNKNOWN, tag) or _CODE.search(text):
        return None
    pattern = common(found)
    if pattern is None:
        return found if SCRIPTS.get(found, SCRIPTS[tag]) != SCRIPTS[tag] else None
    return found if len(re.findall(rf"(?i)\b(?:{COMMON[found]})\b", text)) >= _SOME else None


@rule(
    "DMR020",
    "personal-data",
    summary="Texts hold no e-mail address, phone, card, bank account or social security number that may be somebody's.",
    why="A model that is trained on a number can say it, and a published set cannot be called back. What conversations "
    "were collected from holds such data unless somebody looked.",
    fix="Replace it by made-up data that is reserved for that (example.com, 555-0100), or leave the row out.",
    each="batch",
    severity="advice",
)
def personal_data(batch: Batch) -> Iterator[Finding]:
    """Texts with data that has the form of somebody's, by kind; what it says is not told."""
    for part in batch.said.parts:
        likely = part.looked.hold(b"@")
        likely[among(part.texts, part.looked.hold(b"0"), numbers)] = True
        for place in np.flatnonzero(matching(part.texts, likely, LIKELY)).tolist():
            if kinds := identifying(part.texts[place].as_py()):
                yield _hit(batch, part, place, f"holds what may be personal data: {', '.join(kinds)}")


def _hit(batch: Batch, part: Part, place: int, message: str) -> Finding:
    row = batch.first + int(part.rows[place])
    return batch.hit(row, f"{part.what(place)} {message}", batch.native(part.column))
