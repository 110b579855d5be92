"""Commands about releases on the Hub."""

from __future__ import annotations

import click

COMMANDS: tuple[click.Command, ...] = ()
