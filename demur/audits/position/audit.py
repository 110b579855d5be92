"""``demur refusal-position``: where refusals begin in responses."""

from __future__ import annotations

from pathlib import Path

import click

from demur.audits.audit import Drawn, audit
from demur.inputs import There


@audit(
    "refusal-position",
    click.Argument(["path"], metavar="FILE", type=There()),
    click.Option(
        ["--column"], help="Column with the responses of a file, or a path to them; by default as `demur check` reads."
    ),
    click.Option(
        ["--prefix"], metavar="COLUMN", help="Column with what was written before the response: it is counted in."
    ),
    click.Option(["--where"], multiple=True, metavar="COLUMN=VALUE", help="Measure only rows with this value."),
    click.Option(["--tokenizer"], metavar="NAME", help="Folder, GGUF file or Hub name; by default words are counted."),
    draws=True,
)
def refusal_position(
    path: Path, column: str | None, prefix: str | None, where: tuple[str, ...], tokenizer: str | None
) -> Drawn:
    """Show where refusals begin in the responses of a file of any shape that `demur check` reads, or of a set.

    Of a conversation every turn of the assistant is a response; of preferences each side is measured by itself. A
    FILE may be the folder of a training set that Demur built.
    """
    from demur.audits.position.measure import measure
    from demur.tokens.tokenizer import load_tokenizer

    loaded = load_tokenizer(tokenizer) if tokenizer else None
    return measure(path, column, prefix, _conditions(where), loaded, tokenizer)


def _conditions(values: tuple[str, ...]) -> dict[str, str]:
    conditions: dict[str, str] = {}
    for value in values:
        column, sign, wanted = value.partition("=")
        if not sign or column in conditions:
            msg = f"--where takes COLUMN=VALUE, and each column once; got {value!r}"
            raise click.UsageError(msg)
        conditions[column] = wanted
    return conditions
