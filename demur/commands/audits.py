"""Commands that measure: models, responses, judgements."""

from __future__ import annotations

import click

COMMANDS: tuple[click.Command, ...] = ()
