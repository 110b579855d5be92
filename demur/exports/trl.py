"""TRL: refusal training in the layouts of its trainers (see `demur.tokens.views` for what each can express)."""

from __future__ import annotations

import click

from demur.exports.export import Asked, Written, export
from demur.exports.training import TOKENIZER, TOKENS, check_options, template_of, write_tokens, write_views


@export(
    "trl",
    click.Option(
        ["--view"],
        type=click.Choice(["messages", "prompt-completion", "preference", "tokens"]),
        default="messages",
        show_default=True,
        help="For DPOTrainer preference, for SFTTrainer the others.",
    ),
    TOKENIZER,
    *TOKENS,
    kinds=("training",),
)
def trl(
    asked: Asked, view: str, tokenizer: str | None = None, word: str | None = None, block: int | None = None
) -> Written:
    """Write a training set for TRL's trainers, a file a split: token rows as Parquet, all else as JSON Lines.

    What a layout cannot say is left out and counted: `messages` has no rows with a harmful prefix, and neither it nor
    prompt-completion has rto rows, whose harmful text is read and never learnt; `tokens` has them all. `preference`
    sets the refusal of each triple (chosen) against its harmful response (rejected).
    """
    from demur.tokens import views

    check_options(view, ("prompt-completion", "tokens"), tokenizer, word, block)
    if tokenizer is None:
        return write_views(asked, {"messages": views.messages, "preference": views.preference}[view])
    if view == "tokens":
        return write_tokens(asked, tokenizer, word, block)
    template = template_of(tokenizer)
    return write_views(asked, lambda rows: views.prompt_completion(rows, template))
