"""What the exports of training sets share: a view of every split as JSON Lines, and token rows as Parquet."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import click

from demur.errors import UsageError
from demur.exports.export import Asked, Written, write_lines

if TYPE_CHECKING:
    import pyarrow as pa

    from demur.tokens.template import Template

    View = tuple[pa.Table, pa.Table]

COLUMNS = ("input_ids", "attention_mask", "labels")
"""What trainers read of a token row."""

TOKENIZER = click.Option(
    ["--tokenizer"],
    metavar="NAME",
    help="Folder, GGUF file or Hub name; its chat template renders what is read and what is learnt.",
)
TOKENS = (
    click.Option(
        ["--word"], metavar="WORD", help="What every position of an rto row predicts; by default the set's own word."
    ),
    click.Option(["--block"], type=click.IntRange(2), help="Tokens of a row, at most; by default no limit."),
)


def check_options(
    view: str, rendered: tuple[str, ...], tokenizer: str | None, word: str | None, block: int | None
) -> None:
    """Make sure that a tokenizer is named for the views that it renders, and token options for token rows alone.

    Raises:
        UsageError: one is missing, or stands with a view that has no use for it.
    """
    if (tokenizer is None) == (view in rendered):
        msg = f"What is rendered by a chat template, and nothing else, has a tokenizer: {' and '.join(rendered)}"
        raise UsageError(msg, got=f"--view {view}", fix="Name its tokenizer with --tokenizer, or leave that out.")
    if view != "tokens" and (word is not None or block is not None):
        msg = "--word and --block are about token rows"
        raise UsageError(msg, got=f"--view {view}", fix="Leave them out, or ask for --view tokens.")


def template_of(tokenizer: str) -> Template:
    """The chat template of a tokenizer by its name."""
    from demur.tokens.template import Template
    from demur.tokens.tokenizer import load_tokenizer

    return Template.of(load_tokenizer(tokenizer))


def write_views(asked: Asked, view: Callable[[pa.Table], View]) -> Written:
    """A view of every split as ``SPLIT.jsonl``; what it cannot express is counted."""
    from demur.tokens.views import json_lines

    files, left_out = dict[str, int](), Counter[str]()
    for split in asked.splits:
        kept, left = view(asked.rows(split))
        files[f"{split}.jsonl"] = write_lines(json_lines(kept), asked.out / f"{split}.jsonl")
        left_out.update(left["reason"].to_pylist())
    return Written(files, dict(sorted(left_out.items())))


def token_rows(
    asked: Asked, tokenizer: str, word: str | None, block: int | None
) -> tuple[dict[str, pa.Table], Written]:
    """The token rows of every split with `COLUMNS`, and what is said of them if each becomes ``SPLIT.parquet``.

    Positions of ``rto`` rows are thinned to the keep rate that the set declares for the config. The metadata of the
    tables say what the labels were made with.
    """
    import pyarrow as pa

    from demur.tokens.fixed import find_fixed
    from demur.tokens.rows import TokenView
    from demur.tokens.template import Template
    from demur.tokens.tokenizer import load_tokenizer

    stated, loaded = asked.built.stated, load_tokenizer(tokenizer)
    template = Template.of(loaded)
    rows = {split: asked.rows(split) for split in asked.splits}
    reads = any("rto" in table["kind"].unique().to_pylist() for table in rows.values())
    fixed = find_fixed(loaded, template, word or str(stated.fixed_token["text"]).strip()) if reads else None
    mix = stated.mixes.get(asked.config.name)
    view = TokenView(loaded, template, fixed, block, asked.built.manifest.parameters.seed, mix.rto_keep if mix else 1.0)
    said = {
        "template_sha256": template.sha256,
        "fixed_token": None if fixed is None else {"id": fixed.id, "start_id": fixed.start},
        "keep_rate": view.keep_rate,
        "seed": view.seed,
    }
    made, left_out = dict[str, pa.Table](), Counter[str]()
    for split, table in rows.items():
        good, bad = view.table(table)
        made[split] = good.select(COLUMNS).replace_schema_metadata({"demur": json.dumps(said)})
        left_out.update(bad["reason"].to_pylist())
    files = {f"{split}.parquet": table.num_rows for split, table in made.items()}
    return made, Written(files, dict(sorted(left_out.items())))


def write_tokens(asked: Asked, tokenizer: str, word: str | None, block: int | None) -> Written:
    """Token rows of every split as ``SPLIT.parquet``."""
    from demur.files.parquet import write_parquet

    made, written = token_rows(asked, tokenizer, word, block)
    for split, table in made.items():
        write_parquet(table, asked.out / f"{split}.parquet")
    return written


def write_yaml(config: Mapping[str, Any], comment: str, asked: Asked, name: str) -> None:
    """Write the part of a trainer's configuration that is about the data."""
    import yaml

    text = yaml.safe_dump(dict(config), sort_keys=False, allow_unicode=True)
    (asked.out / name).write_text(f"# {comment}\n{text}", encoding="utf-8")
