"""LLaMA-Factory: refusal training in its layouts, with the ``dataset_info.json`` that names them.

Source: github.com/hiyouga/LLaMA-Factory at 0.9.5: `data/README.md`, `data/parser.py`, `data/converter.py`, and
`data/loader.py` (``tokenized_path``: a data set saved to disk, whose ``labels`` are taken as they are).
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click

from demur.exports.export import Asked, Written, export
from demur.exports.training import TOKENIZER, TOKENS, check_options, token_rows, write_views, write_yaml

if TYPE_CHECKING:
    import pyarrow as pa


INFO, NAME = "dataset_info.json", "llama-factory.yaml"
FOLDER = "tokens"
_TAGS = {"role_tag": "role", "content_tag": "content", "user_tag": "user", "assistant_tag": "assistant"}
_INFO: dict[str, dict[str, Any]] = {
    "sharegpt": {"formatting": "sharegpt", "columns": {"messages": "messages"}, "tags": _TAGS},
    "alpaca": {"formatting": "alpaca", "columns": {"prompt": "instruction", "response": "output"}},
    "preference": {
        "formatting": "sharegpt",
        "ranking": True,
        "columns": {"messages": "messages", "chosen": "chosen", "rejected": "rejected"},
        "tags": _TAGS,
    },
}


@export(
    "llama-factory",
    click.Option(
        ["--view"],
        type=click.Choice([*_INFO, "tokens"]),
        default="sharegpt",
        show_default=True,
        help="For stage dpo preference, for stage sft the others.",
    ),
    TOKENIZER,
    *TOKENS,
    kinds=("training",),
)
def llama_factory(
    asked: Asked, view: str, tokenizer: str | None = None, word: str | None = None, block: int | None = None
) -> Written:
    """Write a training set for LLaMA-Factory, a file a split, with dataset_info.json and llama-factory.yaml.

    What a layout cannot say is left out and counted: sharegpt and alpaca have no rows with a harmful prefix and no rto
    rows, whose harmful text is read and never learnt; `tokens` has them all. `preference` sets the refusal of each
    triple (chosen) against its harmful response (rejected).
    """
    from demur.tokens import views

    check_options(view, ("tokens",), tokenizer, word, block)
    comment = "Paths are relative to this folder: run LLaMA-Factory here, or put the folder before them."
    if tokenizer is not None:
        made, written = token_rows(asked, tokenizer, word, block)
        _save(made, asked)
        write_yaml({"stage": "sft", "tokenized_path": FOLDER}, comment, asked, NAME)
        return Written({f"{FOLDER}/{split}": table.num_rows for split, table in made.items()}, written.left_out)
    written = write_views(
        asked, {"sharegpt": views.messages, "alpaca": views.alpaca, "preference": views.turns_of_sides}[view]
    )
    name = asked.built.manifest.name
    info = {f"{name}-{file.partition('.')[0]}": {"file_name": file, **_INFO[view]} for file in written.files}
    (asked.out / INFO).write_text(json.dumps(info, indent=1) + "\n", encoding="utf-8")
    tests = [each for each in info if each != f"{name}-train"]
    config: dict[str, Any] = {"stage": "dpo" if view == "preference" else "sft", "dataset_dir": "."}
    config |= {"dataset": f"{name}-train"} if f"{name}-train" in info else {}
    config |= {"eval_dataset": ",".join(tests)} if tests else {}
    write_yaml(config, comment, asked, NAME)
    return written


def _save(made: dict[str, pa.Table], asked: Asked) -> None:
    """A data set as `datasets` saves it to disk; its fingerprints are of our making, so that the bytes are the same."""
    import datasets

    parts = {
        split: datasets.Dataset(datasets.table.InMemoryTable(table), fingerprint=f"{split}-{asked.built.manifest.name}")
        for split, table in made.items()
    }
    shown = not datasets.are_progress_bars_disabled()
    datasets.disable_progress_bars()
    try:
        datasets.DatasetDict(parts).save_to_disk(asked.out / FOLDER)
    finally:
        if shown:
            datasets.enable_progress_bars()
