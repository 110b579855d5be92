"""TRL: refusal training in the layouts of its trainers (see `demur.tokens.views` for what each can express)."""

from __future__ import annotations

from collections import Counter

import click

from demur.errors import UsageError
from demur.exports.export import Asked, Written, export, write_lines


@export(
    "trl",
    click.Option(
        ["--view"],
        type=click.Choice(["messages", "prompt-completion", "preference"]),
        default="messages",
        show_default=True,
        help="For SFTTrainer the first two, for DPOTrainer the last.",
    ),
    click.Option(
        ["--tokenizer"],
        metavar="NAME",
        help="Folder, GGUF file or Hub name; its chat template renders prompt and completion.",
    ),
    kinds=("training",),
)
def trl(asked: Asked, view: str, tokenizer: str | None) -> Written:
    """Write a training set as JSON Lines for TRL's trainers, a file a split.

    What a layout cannot say is left out and counted: `messages` has no rows with a harmful prefix, and neither it nor
    prompt-completion has rto rows, whose harmful text is read and never learnt. `preference` sets the refusal of each
    triple (chosen) against its harmful response (rejected).
    """
    from demur.tokens import views
    from demur.tokens.template import Template
    from demur.tokens.tokenizer import load_tokenizer

    if (tokenizer is None) == (view == "prompt-completion"):
        msg = "The view prompt-completion, and no other, is rendered by a chat template"
        raise UsageError(msg, got=f"--view {view}", fix="Name its tokenizer with --tokenizer, or leave that out.")
    if tokenizer is not None:
        template = Template.of(load_tokenizer(tokenizer))
        made = {split: views.prompt_completion(asked.rows(split), template) for split in asked.splits}
    else:
        made_by = {"messages": views.messages, "preference": views.preference}[view]
        made = {split: made_by(asked.rows(split)) for split in asked.splits}
    left_out = Counter(reason for _, left in made.values() for reason in left["reason"].to_pylist())
    files = {
        f"{split}.jsonl": write_lines(views.json_lines(kept), asked.out / f"{split}.jsonl")
        for split, (kept, _) in made.items()
    }
    return Written(files, dict(sorted(left_out.items())))
