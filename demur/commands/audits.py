"""Commands that measure: models, responses, judgements."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from demur.commands.common import as_json, print_json


@click.command("refusal-position")
@click.argument("path", metavar="FILE", type=click.Path(path_type=Path, exists=True))
@click.option("--column", default="response", show_default=True, help="Column with the responses of a file.")
@click.option("--prefix", metavar="COLUMN", help="Column with what was written before the response: it is counted in.")
@click.option("--where", multiple=True, metavar="COLUMN=VALUE", help="Measure only rows with this value.")
@click.option("--tokenizer", metavar="NAME", help="Folder, GGUF file or Hub name; by default words are counted.")
@click.option("--plot", "drawn", type=click.Path(path_type=Path, dir_okay=False), help="Draw it: an .svg or .png file.")
@as_json
def refusal_position(
    path: Path,
    column: str,
    prefix: str | None,
    where: tuple[str, ...],
    tokenizer: str | None,
    drawn: Path | None,
    as_json: bool,
) -> None:
    """Show where refusals begin in responses (Parquet, JSON Lines, CSV) or in a built training set (a folder)."""
    from demur.audits import plots
    from demur.audits.position import report as position_report
    from demur.tokens.tokenizer import load_tokenizer

    if drawn:
        plots.check_path(drawn)
    loaded = load_tokenizer(tokenizer) if tokenizer else None
    parts = position_report.measure(path, column, prefix, _conditions(where), loaded)
    if drawn:
        position_report.plot(parts, drawn)
    if as_json:
        print_json({"file": str(path), "tokenizer": tokenizer, "parts": [part.summary() for part in parts]})
    else:
        position_report.show(parts)


def _conditions(values: tuple[str, ...]) -> dict[str, str]:
    conditions: dict[str, str] = {}
    for value in values:
        column, sign, wanted = value.partition("=")
        if not sign or column in conditions:
            msg = f"--where takes COLUMN=VALUE, and each column once; got {value!r}"
            raise click.UsageError(msg)
        conditions[column] = wanted
    return conditions


@click.command()
@click.argument("model", metavar="MODEL")
@click.argument("pairs", metavar="SET", type=click.Path(path_type=Path, exists=True))
@click.option("--config", help="Config of a built folder; by default its first one.")
@click.option("--train", default="train", show_default=True, help="Split to train the classifiers on.")
@click.option("--test", default="test", show_default=True, help="Split to measure them on.")
@click.option("--dtype", type=click.Choice(["float32", "bfloat16"]), default="float32", show_default=True)
@click.option("--device", default="auto", show_default=True, help="cpu, cuda, or auto: the GPU if there is one.")
@click.option("--batch", type=click.IntRange(1), default=16, show_default=True, help="Prompts in one pass, at most.")
@click.option("--padding", type=click.Choice(["left", "right"]), default="right", show_default=True)
@click.option("--seed", default=0, show_default=True, help="Of bootstrap, control task and ablation.")
@click.option("--plot", "drawn", type=click.Path(path_type=Path, dir_okay=False), help="Draw it: an .svg or .png file.")
@as_json
def probe(
    model: str,
    pairs: Path,
    config: str | None,
    train: str,
    test: str,
    dtype: Any,
    device: str,
    batch: int,
    padding: Any,
    seed: int,
    drawn: Path | None,
    as_json: bool,
) -> None:
    """Probe a model, layer by layer, for a line between harmful and safe prompts; beside it, what text alone gives.

    MODEL is a folder, a .gguf file or a name on the Hub; SET a built contrast set, or a Parquet file with columns
    prompt, side, pair_id and split.
    """
    from demur.audits import plots
    from demur.audits.models import load
    from demur.audits.probe import report as probe_report

    if drawn:
        plots.check_path(drawn)
    read = probe_report.read_pairs(pairs, config, train, test)
    loaded = load(model, dtype, device)
    done = probe_report.measure(
        loaded.model, loaded.tokenizer, read, loaded.name, loaded.digest, batch=batch, padding=padding, seed=seed
    )
    if drawn:
        probe_report.plot(done, drawn)
    if as_json:
        print_json(done.as_dict())
    else:
        probe_report.show(done)


@click.command()
@click.argument("aligned", metavar="ALIGNED")
@click.argument("base", metavar="BASE")
@click.argument("responses", metavar="SET", type=click.Path(path_type=Path, exists=True))
@click.option("--config", help="Config of a built folder; by default its first one.")
@click.option(
    "--base-template",
    type=click.Choice(["own", "aligned", "plain"]),
    default="own",
    show_default=True,
    help="A base model often has no chat template: take the aligned one's, or prompt and response on two lines.",
)
@click.option(
    "--per",
    type=click.Choice(["token", "response"]),
    default="token",
    show_default=True,
    help="Show the mean over a response's tokens, or their sum; --json has both.",
)
@click.option("--alpha", "alphas", type=click.FloatRange(0), multiple=True, help="Strength of the turned-round score.")
@click.option("--dtype", type=click.Choice(["float32", "bfloat16"]), default="float32", show_default=True)
@click.option("--device", default="auto", show_default=True, help="cpu, cuda, or auto: the GPU if there is one.")
@click.option("--batch", type=click.IntRange(1), default=8, show_default=True, help="Responses in one pass, at most.")
@click.option("--padding", type=click.Choice(["left", "right"]), default="left", show_default=True)
@click.option("--plot", "drawn", type=click.Path(path_type=Path, dir_okay=False), help="Draw it: an .svg or .png file.")
@as_json
def reward(
    aligned: str,
    base: str,
    responses: Path,
    config: str | None,
    base_template: str,
    per: Any,
    alphas: tuple[float, ...],
    dtype: Any,
    device: str,
    batch: int,
    padding: Any,
    drawn: Path | None,
    as_json: bool,
) -> None:
    """Audit the reward between an aligned model and its base on fixed responses, and how far it can be turned round.

    Models are folders, .gguf files or names on the Hub; SET is a built response set, or a Parquet file with columns
    query_id, prompt, response, kind and safe. Nothing is generated.
    """
    from demur.audits import plots
    from demur.audits.models import load
    from demur.audits.reward import report as reward_report
    from demur.audits.reward.responses import read_responses
    from demur.audits.reward.reward import ALPHAS
    from demur.tokens.template import Template

    if drawn:
        plots.check_path(drawn)
    read = read_responses(responses, config)
    one, two = load(aligned, dtype, device), load(base, dtype, device)
    template = Template.of(one.tokenizer)
    of_base = {
        "own": lambda: Template.of(two.tokenizer),
        "aligned": lambda: template,
        "plain": lambda: Template.plain("", "\n", "", two.tokenizer.eos_token or ""),
    }[base_template]()
    done = reward_report.measure(
        one, two, read, (template, of_base), alphas=sorted(set(alphas)) or ALPHAS, batch=batch, padding=padding
    )
    if drawn:
        reward_report.plot(done, drawn, per)
    if as_json:
        print_json(done.as_dict())
    else:
        reward_report.show(done, per)


COMMANDS = (refusal_position, probe, reward)
