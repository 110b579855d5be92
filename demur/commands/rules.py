"""The command about rules: what each demands."""

from __future__ import annotations

import click

from demur.commands.common import as_json, in_group, print_json
from demur.commands.completion import PROFILES, RULES


@click.command("rule")
@click.argument("code", required=False, shell_complete=RULES)
@click.option("--profile", metavar="NAME", help="Only the rules of a profile.", shell_complete=PROFILES)
@as_json
def explain(code: str | None, profile: str | None, as_json: bool) -> None:
    """Explain a rule, by code or name; without one, list all rules, each with its severity and profiles."""
    from demur.checks.docs import facts, listed, listing, page
    from demur.checks.rule import rule_of

    if as_json:
        print_json([facts(each) for each in listed(profile)] if code is None else facts(rule_of(code)))
        return
    click.echo(listing(profile) if code is None else page(rule_of(code)), nl=False)


COMMANDS = in_group("checks", explain)
