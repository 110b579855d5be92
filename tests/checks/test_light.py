"""Small files are light, all of them together; pipes are not asked for their size."""

from __future__ import annotations

import gzip
import json
import os
from pathlib import Path

import pytest

from demur.checks import light
from demur.checks.engine import check
from demur.checks.light import are_light
from demur.files.bounds import within
from demur.similarity import near
from demur.text.compiled import interpreted
from tests.checks.fixtures import PLACES, THINGS


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


def test_findings_are_the_same_whatever_is_compiled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is, everything, or what comes after a packed file that looked light has grown."""
    asked = [f"Where is the {thing} of the {place}, and who made it?" for thing in THINGS for place in PLACES]
    (tmp_path / "asked.txt").write_text("".join(f"{text}\n" for text in asked[::7]), "utf-8")
    odd = {3: "It is cafÃ©.", 11: "well-known 7", 20: f"{asked[2]} &quot;", 21: "Caf\u00e9, it's", 40: " "}
    rows = [{"prompt": text, "response": odd.get(n, f"It is number {n} of the hall.")} for n, text in enumerate(asked)]
    rows[30]["prompt"] = asked[7].replace("e", "3", 1)
    path = tmp_path / "set.jsonl.gz"
    path.write_bytes(gzip.compress("".join(json.dumps(row) + "\n" for row in rows).encode()))
    modes, found = set[bool](), []

    def noted() -> bool:
        modes.add(interpreted())
        return interpreted()

    monkeypatch.setattr(near, "interpreted", noted)
    for most, used in ((1 << 30, {True}), (0, {False}), (path.stat().st_size + 1, {True, False})):
        monkeypatch.setattr(light, "_LIGHT", most)
        modes.clear()
        with within({"batch": 500}):
            found.append(check(path, license="mit", against=[str(tmp_path / "asked.txt")]).findings)
        assert modes
        assert modes <= used  # of the last, some batches are read ahead of others that are judged
    assert found[0] == found[1] == found[2]
    assert {"DMR006", "DMR013", "DMR014", "DMR104"} <= {finding.code for finding in found[0]}
