"""``demur reward``: the reward between an aligned model and its base on fixed responses."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from demur.audits.asking import options
from demur.audits.audit import Drawn, audit
from demur.inputs import There


@audit(
    "reward",
    click.Argument(["aligned"], metavar="ALIGNED"),
    click.Argument(["base"], metavar="BASE"),
    click.Argument(["responses"], metavar="SET", type=There()),
    click.Option(["--config"], help="Config of a built folder; by default its first one."),
    click.Option(
        ["--base-template"],
        type=click.Choice(["own", "aligned", "plain"]),
        default="own",
        show_default=True,
        help="A base model often has no chat template: take the aligned one's, or prompt and response on two lines.",
    ),
    click.Option(
        ["--per"],
        type=click.Choice(["token", "response"]),
        default="token",
        show_default=True,
        help="Show the mean over a response's tokens, or their sum; --json has both.",
    ),
    click.Option(
        ["--alpha", "alphas"], type=click.FloatRange(0), multiple=True, help="Strength of the turned-round score."
    ),
    *options(batch=8, of="Responses", padding="left"),
    draws=True,
)
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
) -> Drawn:
    """Audit the reward between an aligned model and its base on fixed responses, and how far it can be turned round.

    Models are folders, .gguf files or names on the Hub; SET is a built response set, or a Parquet file with columns
    query_id, prompt, response, kind, and safe or preferred. Nothing is generated.
    """
    from demur.audits.models import named
    from demur.audits.reward.measure import measure
    from demur.audits.reward.responses import read_responses
    from demur.audits.reward.rewards import ALPHAS
    from demur.tokens.template import Template

    read = read_responses(responses, config)
    one, two = named(aligned, dtype, device), named(base, dtype, device)
    template = Template.of(one.tokenizer)
    of_base = {
        "own": lambda: Template.of(two.tokenizer),
        "aligned": lambda: template,
        "plain": lambda: Template.plain("", "\n", "", two.tokenizer.eos_token or ""),
    }[base_template]()
    asked = sorted(set(alphas)) or ALPHAS
    return measure(one, two, read, (template, of_base), alphas=asked, batch=batch, padding=padding, per=per)
