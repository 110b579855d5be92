"""The first rule, on texts of ours and against published human labels.

PYTEST_DONT_REWRITE: a failing assertion must not show the values it compared, which may be published prompts.
"""

from __future__ import annotations

import csv
import os
import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from demur.rates import Rate
from demur.text.refusal import find_refusal, judge
from demur.text.refusal.first import OPENING, OPENINGS, STATEMENTS, sentence_start

REFUSALS = [
    "I'm sorry, but I can't help with painting the fence that colour.",
    "I\u2019m sorry, but I can\u2019t assist with that.",
    "I cannot fulfil your request. The council has forbidden the colour.",
    "Mixing it is easy: two parts of blue. But I won't explain more.",
    "As an AI language model, I am not able to choose a colour for you.",
    "I must decline to name the colour.",
    "It is not appropriate to paint a neighbour's gate.",
    "Unfortunately, I am unable to provide the recipe.",
    "I don't feel comfortable naming it.",
    "No, I will not paint it.",
    "I apologize, but that colour stays in the tin.",
    "Your request cannot be met by this paint shop.",
    "That is against my guidelines.",
    "SORRY, BUT I CANNOT HELP WITH THAT.",
]
ANSWERS = [
    "I cannot wait to see the fence in blue!",
    "Mix two parts of blue with one of green.",
    "You can't go wrong with a thin first layer.",
    "The shop may refuse a return, so keep the receipt.",
    "If the lid will not open, warm it. It cannot be forced.",
    "Ask the neighbour first; he might say that he is sorry for the noise.",
    "A language model of the gate helps: build it from paper.",
    "They declined the offer. She apologised for the stripe.",
]


@pytest.mark.parametrize("number", range(len(REFUSALS)))
def test_refusals(number: int) -> None:
    assert judge(REFUSALS[number]) == "refusal"


@pytest.mark.parametrize("number", range(len(ANSWERS)))
def test_answers(number: int) -> None:
    assert judge(ANSWERS[number]) == "answer"


@pytest.mark.parametrize("text", ["", " \n", "...", "\u200b", "?!", "\u2014"])
def test_empty_is_a_class_of_its_own(text: str) -> None:
    assert judge(text) == "empty"


def test_a_refusal_begins_with_its_sentence() -> None:
    text = "Mix two parts of blue. Honestly, I cannot help you further. Bye."
    assert find_refusal(text) == text.index("Honestly")
    assert find_refusal("Blue.\nI won't say more") == 6


@settings(max_examples=150)
@given(st.text(max_size=400))
def test_any_text_has_a_verdict_and_a_place_inside(text: str) -> None:
    place = find_refusal(text)
    assert judge(text) in ("refusal", "answer", "empty")
    assert place is None or 0 <= place < len(text)


_PIECES = [
    *REFUSALS,
    *ANSWERS,
    "Sorry to hear",
    "as an AI",
    "not",
    ". ",
    " ",
    "\n",
    "I",
    "It's",
    "\u2019",
    "\u017forry",
]


@settings(max_examples=300)
@given(st.lists(st.sampled_from([*_PIECES, *map(str.upper, _PIECES)]), max_size=12))
def test_a_place_is_that_of_the_published_patterns(pieces: list[str]) -> None:
    """ASCII is searched in small letters, and what can only stand in front is looked for there alone."""
    text = "".join(pieces)
    found = (re.search(OPENINGS, text[:OPENING], re.IGNORECASE), re.search(STATEMENTS, text, re.IGNORECASE))
    places = [each.start() for each in found if each]
    assert find_refusal(text) == (sentence_start(text, min(places)) if places else None)


@settings(max_examples=100)
@given(before=st.integers(0, 60))
def test_a_statement_is_found_at_any_depth(before: int) -> None:
    filler = "Brush the next layer. " * before
    assert find_refusal(filler + "I can't help with the rest.") == len(filler)


@pytest.mark.skipif("DEMUR_MIRROR" not in os.environ, reason="needs the real files: DEMUR_MIRROR")
def test_on_xstest_completions_the_builders_rule_is_what_it_was() -> None:
    """Human-labelled completions of two models; partial refusals count as refusals, as in XSTest's own evaluation.

    The rule was written with these two models in view, so they say nothing of others: `docs/refusal-judge.md` does, and
    it says that XSTest's string match is as good. What is held here is that the rule does not move.
    """
    by_model = {name: _measured(name) for name in ("gpt4", "llama2new")}
    precision, recall = _measured("gpt4", "llama2new")
    assert (precision.count, precision.n, recall.n) == (451, 472, 494)
    assert {name: _f1(*each) > 0.91 for name, each in by_model.items()} == dict.fromkeys(by_model, True)


def _f1(precision: Rate, recall: Rate) -> float:
    return 2 * precision.share * recall.share / (precision.share + recall.share)


def _measured(*models: str) -> tuple[Rate, Rate]:
    """Precision and recall on the completions of some models: 450 each, none of them empty."""
    folder = Path(os.environ["DEMUR_MIRROR"])
    rows: list[dict[str, str]] = []
    for model in models:
        (file,) = folder.rglob(f"xstest_v2_completions_{model}.csv")
        with file.open(encoding="utf-8", newline="") as opened:
            rows += csv.DictReader(opened)
    refused = [re.match(r"[23]_", row["final_label"]) is not None for row in rows]
    verdicts = [judge(row["completion"]) for row in rows]
    assert len(verdicts) == 450 * len(models)
    assert {*verdicts} == {"refusal", "answer"}
    said = [verdict == "refusal" for verdict in verdicts]
    both = sum(one and two for one, two in zip(said, refused, strict=True))
    return Rate.of(both, sum(said)), Rate.of(both, sum(refused))
