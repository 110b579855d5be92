"""Slots that nobody filled, and the braces of code and formulas, which are no such."""

from __future__ import annotations

import pytest

from demur.text.slots import is_nothing, unfilled


@pytest.mark.parametrize(
    "text",
    [
        "Dear [Your Name], welcome.",
        "I am {{name}}, made by {{author}}.",
        "Dear [INSERT NAME HERE], welcome.",
        "Send it to <your address> today.",
        "Write to {customer_name} about the lamp.",
        "TODO",
        "Lorem ipsum dolor sit amet.",
        "It says: LOREM IPSUM DOLOR!",
        "The lamp is old. TODO:",
        "{{{lamp}}} is {{ lamp }}.",
        "Dear Ann,\n\n[Your Name] sends you a lamp.",
        'He said "no". [Insert a lamp] shines.',
    ],
)
def test_a_slot(text: str) -> None:
    assert unfilled(text)


@pytest.mark.parametrize(
    "text",
    [
        "Take the set {a, b} and the set {lamp}?",
        r"The area is $\frac{width}{height}$ or x_{max}.",
        "def greet(name):\n    return f'Hello {name}'",
        "```\n{{ name }}\n```",
        "<p>{title}</p> shows the title.",
        'Send {"name": "lamp"} to it.',
        "[Enter a knight, stage left]",
        "See [the manual] and item [3].",
        "My list of things TODO today is long.",
        "const a = `${name}`;",
        "x{name} and a{{{name}}} shine.",
        "Take f'a' and {lamp} today.",
        "Call show() on {lamp} today.",
        "Then set {lamp} to it.",
        "Dear [Recipient Name],\n\nThe lamp is old. Ann",
        "Dear Ann,\n\nthe lamp is old.\n\n[Your Name]",
        "Subject: The lamp of [Company Name]\n\nIt is old, says [Your Name] there.",
        'Say "I like your [insert a thing]" to them.',
        "Say \u201cI like your [insert a thing]\u201d to them.",
    ],
)
def test_no_slot(text: str) -> None:
    assert not unfilled(text)


def test_a_prompt_may_show_the_form_of_its_answer() -> None:
    assert not unfilled("Reply as 'Pip: [your reply]'", asked=True)
    assert unfilled("Reply to this: {question}", asked=True)
    assert not unfilled("List the lamps in the format {lamp} ({date}), please", asked=True)
    assert unfilled("List the lamps in the format {lamp} ({date}), please")


@pytest.mark.parametrize(("text", "nothing"), [("<noinput>", True), ("< No Input >", True), ("<no>", False)])
def test_a_word_for_nothing(text: str, nothing: bool) -> None:
    assert is_nothing(text) is nothing
