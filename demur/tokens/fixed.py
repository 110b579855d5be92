"""The fixed refusal token: the one token that every position of an RTO row predicts, found in the tokenizer itself.

The released code of DeRTa writes the number 19701 into the model's forward pass. A number is of one vocabulary, and
"Sorry" at the start of a turn is often another token than " Sorry" in running text; so the word is looked for in the
place where it will be predicted.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from demur.errors import UsageError
from demur.tokens.template import Template, joint
from demur.tokens.tokenizer import backend

Place = Literal["middle", "start"]

WORDS = ("Sorry", "Unfortunately", "No", "I")
"""Refusal words to try, in this order; the paper's is the first."""

_RUNNING = "The colour is"


@dataclass(frozen=True)
class Fixed:
    """A refusal token: what it decodes to, its number, its tokenizer's name, and where in an answer it stands."""

    text: str
    id: int
    tokenizer: str
    place: Place
    start: int | None = None
    """The number of the word as the first of an answer, where it is another token: what position 0 predicts."""


def find_fixed(
    tokenizer: Any, template: Template, word: str = WORDS[0], place: Place = "middle", *, piece: bool = False
) -> Fixed:
    """The first token of a refusal word in its context.

    Args:
        tokenizer: a fast tokenizer.
        template: the turn that the word stands in.
        word: what a refusal begins with.
        place: "middle" after running text, as most positions of an RTO row and every prefix row with k > 0 have it;
            "start" as the first word of an answer.
        piece: take the first piece of a word that is several tokens; other words may begin with it as well.

    Raises:
        UsageError: the word is not one token here, merges with the text before it, is unknown, or does not decode to
            itself.
    """
    name = getattr(tokenizer, "name_or_path", "") or type(tokenizer).__name__
    found = _pieces(tokenizer, template, word, place)
    whole = len(found) == 1 and tokenizer.decode(found).strip() == word
    if not whole and not (piece and found and word.startswith(tokenizer.decode(found[:1]).strip() or "\0")):
        others = [other for other in WORDS if other != word and _is_whole(tokenizer, template, other, place)]
        msg = f"The refusal word {word!r} is not one token of this tokenizer"
        raise UsageError(
            msg,
            where=name,
            expected="one token that decodes to the word",
            got=f"{len(found)} tokens",
            fix=f"One token each: {', '.join(others)}." if others else "Name another word, or allow its first piece.",
        )
    token = int(found[0])
    if token == tokenizer.unk_token_id or token in tokenizer.all_special_ids:
        msg = f"The refusal word {word!r} is a special or unknown token"
        raise UsageError(msg, where=name, got=f"id {token}", fix="Name another word.")
    first = _pieces(tokenizer, template, word, "start") if place == "middle" and whole else []
    start = first[0] if len(first) == 1 and first[0] != token and tokenizer.decode(first).strip() == word else None
    return Fixed(tokenizer.decode([token]), token, name, place, start)


def _is_whole(tokenizer: Any, template: Template, word: str, place: Place) -> bool:
    found = _pieces(tokenizer, template, word, place)
    return len(found) == 1 and tokenizer.decode(found).strip() == word


def _pieces(tokenizer: Any, template: Template, word: str, place: Place) -> list[int]:
    """The tokens of the word after its context; none where the two merge."""
    prefix = _RUNNING if place == "middle" else ""
    context = template.context("?", prefix)
    text = context + (joint(prefix, word) if prefix else template.lead) + word
    apart, joined = (
        backend(tokenizer).encode(each, add_special_tokens=template.adds_special).ids for each in (context, text)
    )
    return list(joined[len(apart) :]) if joined[: len(apart)] == apart else []
