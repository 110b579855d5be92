"""What the soak does follows from its seed, and is told in a table."""

from __future__ import annotations

import random

import pytest

from bench.kills import Counts, table
from bench.soak import main, mutated


def test_mutations_follow_from_the_seed() -> None:
    one, two = (list(mutated(20, random.Random("check 1"))) for _ in range(2))  # noqa: S311
    assert one == two != list(mutated(20, random.Random("check 2")))  # noqa: S311
    assert len({name for name, _ in one}) == 20


def test_the_table(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "--tries", "2"]) == 0
    said = capsys.readouterr().out
    assert said == table([Counts("check", tried=2)]) + "\n"
    assert said.startswith(
        "| subject | tried | killed | tracebacks | hangs | wrong exits | over memory | states left |"
    )
