"""Axolotl: refusal training in the layouts of its prompt strategies, with the part of its configuration about data.

Source: github.com/axolotl-ai-cloud/axolotl at 0.19.0: `prompt_strategies/chat_template.py`, `input_output.py` (segments
are encoded one by one and joined; those with ``label`` false are masked), `dpo/chat_template.py`, and
`utils/data/wrappers.py` (a data set with ``input_ids``, ``attention_mask`` and ``labels`` is taken as it is).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from demur.exports.export import Asked, Written, export
from demur.exports.training import TOKENIZER, TOKENS, check_options, write_tokens, write_views, write_yaml

if TYPE_CHECKING:
    import pyarrow as pa

    from demur.tokens.views import View

NAME = "axolotl.yaml"
_APART = "encoded apart, as axolotl does, context and target are other tokens than together"
_TYPES: dict[str, dict[str, Any]] = {
    "chat-template": {"ds_type": "json", "type": "chat_template", "field_messages": "messages"},
    "input-output": {"ds_type": "json", "type": "input_output"},
    "preference": {
        "ds_type": "json",
        "type": "chat_template.default",
        "field_messages": "messages",
        "field_chosen": "chosen",
        "field_rejected": "rejected",
    },
    "tokens": {"ds_type": "parquet", "type": None},
}


@export(
    "axolotl",
    click.Option(
        ["--view"],
        type=click.Choice([*_TYPES]),
        default="chat-template",
        show_default=True,
        help="With rl: dpo preference, for supervised training the others.",
    ),
    TOKENIZER,
    *TOKENS,
    kinds=("training",),
)
def axolotl(
    asked: Asked, view: str, tokenizer: str | None = None, word: str | None = None, block: int | None = None
) -> Written:
    """Write a training set for Axolotl, a file a split, with axolotl.yaml: the part of its configuration about data.

    What a layout cannot say is left out and counted: chat-template has no rows with a harmful prefix; input-output has
    them, masked; neither has rto rows, whose harmful text is read and never learnt; `tokens` has them all. `preference`
    sets the refusal of each triple (chosen) against its harmful response (rejected).
    """
    from demur.tokens import views

    check_options(view, ("input-output", "tokens"), tokenizer, word, block)
    if tokenizer is None:
        written = write_views(asked, {"chat-template": views.messages, "preference": views.turns_of_sides}[view])
    elif view == "tokens":
        written = write_tokens(asked, tokenizer, word, block)
    else:
        written = write_views(asked, _Segments(tokenizer))
    parts = {name.partition(".")[0]: {"path": name, "split": "train", **_TYPES[view]} for name in written.files}
    tests = [part for split, part in parts.items() if split != "train"]
    config: dict[str, Any] = {"rl": "dpo"} if view == "preference" else {}
    config |= {"datasets": [parts["train"]]} if "train" in parts else {}
    config |= {"test_datasets": tests} if tests else {}
    comment = "Paths are relative to this folder: run axolotl here, or put the folder before them."
    write_yaml(config, comment, asked, NAME)
    return written


class _Segments:
    """Segments of rows whose tokens are the same apart as together."""

    def __init__(self, name: str) -> None:
        from demur.tokens.template import Template
        from demur.tokens.tokenizer import load_tokenizer

        self.tokenizer = load_tokenizer(name)
        self.template = Template.of(self.tokenizer)

    def __call__(self, rows: pa.Table) -> View:
        import pyarrow as pa
        import pyarrow.compute as pc

        from demur.tokens.rows import TokenView
        from demur.tokens.tokenizer import backend
        from demur.tokens.views import LEFT_OUT, segments

        kept, left = segments(rows, self.template)
        learnt = pc.invert(pc.equal(rows["kind"], "rto"))
        whole, bad = TokenView(self.tokenizer, self.template).table(rows.filter(learnt))
        ids = dict(zip(whole["record_id"].to_pylist(), whole["input_ids"].to_pylist(), strict=True))
        parts = [[each["text"] for each in row] for row in kept["segments"].to_pylist()]
        read, taught = (
            [each.ids for each in backend(self.tokenizer).encode_batch(list(texts), add_special_tokens=False)]
            for texts in (zip(*parts, strict=True) if parts else ((), ()))
        )
        names = kept["record_id"].to_pylist()
        same = [ids.get(name) == one + two for name, one, two in zip(names, read, taught, strict=True)]
        told = {each["record_id"]: each["reason"] for each in bad.to_pylist()}
        apart = [
            {"record_id": name, "reason": told.get(name, _APART)}
            for name, good in zip(names, same, strict=True)
            if not good
        ]
        return kept.filter(pa.array(same, pa.bool_())), pa.concat_tables([left, pa.Table.from_pylist(apart, LEFT_OUT)])
