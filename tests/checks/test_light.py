"""Small files are light, all of them together; pipes are not asked for their size."""

from __future__ import annotations

import os
from pathlib import Path

from demur.checks.light import are_light


def test_files_are_weighed_together(tmp_path: Path) -> None:
    one, two = (tmp_path / name for name in ("a.jsonl", "b.jsonl"))
    one.write_bytes(b" " * (1 << 21))
    two.write_bytes(b" " * ((1 << 21) - 1))
    assert are_light([one, two])
    assert not are_light([one, two, one])
    two.write_bytes(one.read_bytes())
    assert not are_light([one, two])


def test_a_pipe_has_no_size(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "rows.jsonl")
    assert are_light([tmp_path / "rows.jsonl"])
