"""Rules about characters that texts should not hold (DMR013, 014, 017, 018, 029)."""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from demur.checks.batch import Batch, bare
from demur.checks.finding import Finding
from demur.checks.rule import rule
from demur.checks.said import Part
from demur.checks.signs import Mask, among, controls, hidden, matching
from demur.checks.subject import Subject

_BROKEN = (
    r"[\x{C2}-\x{F4}](?:[\x{80}-\x{BF}]|[\x{152}\x{153}\x{160}\x{161}\x{178}\x{17D}\x{17E}\x{192}\x{2C6}\x{2DC}"
    r"\x{2013}\x{2014}\x{2018}-\x{201A}\x{201C}-\x{201E}\x{2020}-\x{2022}\x{2026}\x{2030}\x{2039}\x{203A}\x{20AC}"
    r"\x{2122}])"
)
"""A letter that opens a character of UTF-8, and then a sign that continues one, both read as Latin-1 or its kin."""


@rule(
    "DMR013",
    "mojibake",
    summary="Texts were decoded by the encoding that they were written in.",
    why="UTF-8 that is read as Windows-1252 turns each dash and apostrophe into three odd characters. A model learns "
    "to write them, and a comparison of texts finds no duplicate of a prompt that was broken in one copy only.",
    fix="Decode the source anew as UTF-8; where that is gone, ftfy.fix_text mends most of it. Look at the result.",
    each="batch",
    severity="warning",
)
def mojibake(batch: Batch) -> Iterator[Finding]:
    """Texts that ftfy takes for badly decoded."""
    from ftfy.badness import is_bad

    for part in batch.said.parts:
        for place in _among(part, part.looked.hold(b"\xc3"), _BROKEN):
            if is_bad(part.texts[place].as_py()):
                yield _hit(batch, part, place, "was decoded with the wrong encoding")


_ENTITY = (
    r"&(?:amp|lt|gt|quot|apos|nbsp|hellip|[mn]dash|[lr][sd]quo|bull|copy|reg|trade|deg|#\d{2,6}|#x[0-9a-fA-F]{2,5});"
)
_QUOTED = re.compile(r"`[^`\n]*`")
_MARKUP = re.compile(
    r"</?[a-zA-Z][\w-]*[^<>]*>|```|\b(?:HTML|XML|SVG|XSS|entit(?:y|ies)|escap(?:e|ed|ing))\b|html", re.I
)


@rule(
    "DMR014",
    "html-entity",
    summary="Texts spell their characters, and no entities of HTML; code and markup may.",
    why="Text that was taken from a page and unescaped once too seldom says &quot; and &#39; where people read "
    "quotation marks. A model learns to write them, and word counts and duplicates are off.",
    fix="Unescape the texts (html.unescape) until nothing changes, then look at rows about HTML by hand.",
    each="batch",
    severity="warning",
)
def html_entity(batch: Batch) -> Iterator[Finding]:
    """Texts with an entity, neither in markup nor about it."""
    for part in batch.said.parts:
        for place in _among(part, part.looked.hold(b"&"), _ENTITY):
            text = part.texts[place].as_py()
            if not _MARKUP.search(text) and re.search(_ENTITY, _QUOTED.sub("", text)):
                yield _hit(batch, part, place, "holds an entity of HTML")


_CONTROL = re.compile(
    r"[\x00-\x08\x0b\x0e-\x1f\x7f-\x9f]|\x0c(?=rac|orall|box|lat\b|rown\b|lushleft|ootnote|oreach|or\b)"
)
"""Control characters; a form feed ends a page, but for one that was the beginning of a command (U+005C, f)."""

_SEARCHED = "! ! "
"""What suffixes begin as that a program searches for: any token may be meant there."""


@rule(
    "DMR017",
    "control-character",
    summary="Texts hold no control characters but tab, line breaks and form feeds.",
    why="A backspace or an escape shows nothing on a screen, but is a token of its own: prompts that people read as "
    "equal are not, and a model learns to write it. In eight prompts of AILuminate's demo set U+0019 and U+0014 stand "
    "where an apostrophe and a dash were.",
    fix="Find out what stood there (0x80-0x9F: read as Windows-1252; 0x08: often \\b of a program), or remove it.",
    each="batch",
    severity="warning",
)
def control_character(batch: Batch) -> Iterator[Finding]:
    """Texts with a character of C0 or C1, and which one."""
    for part in batch.said.parts:
        for place in among(part.texts, part.looked.hold(b"\x00\xc2"), controls).tolist():
            text = part.texts[place].as_py()
            if (held := _CONTROL.search(text)) and _SEARCHED not in text:
                yield _hit(batch, part, place, f"holds a control character (U+{ord(held.group()):04X})")


_NEEDED = (
    r"[\p{Arabic}\p{Hebrew}\p{Syriac}\p{Thaana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}\p{Devanagari}\p{Bengali}\p{Tamil}"
    r"\p{Telugu}\p{Kannada}\p{Malayalam}\p{Gujarati}\p{Gurmukhi}\p{Sinhala}\p{Tibetan}\p{Mongolian}\x{1F3F4}]"
)


@rule(
    "DMR029",
    "hidden-character",
    summary="Texts hold no characters that show nothing: zero-width spaces, soft hyphens, marks of direction; scripts "
    "that need them may.",
    why="A zero-width space splits a word into other tokens and hides it from a search: it comes from a copied page, "
    "or from somebody who hides a word from a filter.",
    fix="Remove them, unless the row is about them.",
    each="both",
    severity="advice",
)
def hidden_character(judged: Batch | Subject) -> Iterator[Finding]:
    """Texts with such a character; many of one column are said once."""
    if isinstance(judged, Subject):
        yield from judged.habits.told(
            "DMR029", "holds a character that shows nothing", "hold a character that shows nothing", judged.row_of
        )
        return
    for part in judged.said.parts:
        unseen = np.zeros(len(part.texts), np.bool_)
        unseen[among(part.texts, part.looked.hold(b"\xc2\xe2\xef"), hidden)] = True
        unseen &= ~matching(part.texts, unseen, _NEEDED)
        _note(judged, "DMR029", part, np.flatnonzero(unseen).tolist())


@rule(
    "DMR018",
    "edge-space",
    summary="Texts begin and end with what is said, without blanks.",
    why="A blank at the beginning changes the first token of a prompt, and one at the end the first token of its "
    "answer: scores on the same words differ, and byte for byte no copy is found. All 300 prompts of OKTest have one.",
    fix="Strip the texts when the file is written; a template puts its own blanks.",
    each="both",
    severity="advice",
)
def edge_space(judged: Batch | Subject) -> Iterator[Finding]:
    """Texts with blanks at an edge; many of one column are said once."""
    if isinstance(judged, Subject):
        yield from judged.habits.told("DMR018", "begins or ends with blanks", "begin or end with blanks", judged.row_of)
        return
    for part in judged.said.parts:
        odd = _EDGE[part.looked.first] | _EDGE[part.looked.last]
        some = part.texts.take(pa.array(np.flatnonzero(odd)))
        trimmed = pc.utf8_length(pc.utf8_trim_whitespace(some)).to_numpy(zero_copy_only=False)
        places = np.flatnonzero(odd)[trimmed > 0]  # what is blank as a whole is empty, which another rule says
        _note(judged, "DMR018", part, places.tolist())


_EDGE = np.isin(np.arange(256), [*b" \t\r\n\x0b\x0c"])


def _among(part: Part, mask: Mask, pattern: str) -> Iterator[int]:
    """The places of those texts of a mask in which a pattern is found."""
    yield from np.flatnonzero(matching(part.texts, mask, pattern)).tolist()


def _hit(batch: Batch, part: Part, place: int, message: str) -> Finding:
    row = batch.first + int(part.rows[place])
    return batch.hit(row, f"{part.what(place)} {message}", batch.native(part.column))


def _note(batch: Batch, code: str, part: Part, places: list[int]) -> None:
    column = bare(batch.native(part.column) or part.column)
    told = [(batch.first + int(part.rows[place]), part.what(place)) for place in places]
    batch.subject.habits.add(code, batch.file.name, column, len(part.texts), told)
