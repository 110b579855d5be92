from __future__ import annotations

import hashlib
import subprocess
from pathlib import Path

import pytest

from demur.release.objects import blob_id, differing


def test_it_is_the_id_that_git_gives(tmp_path: Path) -> None:
    for data in (b"", b"a kettle\n", b"x" * (1 << 20) + b"y"):
        (tmp_path / "file").write_bytes(data)
        expected = hashlib.sha1(b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest()
        assert blob_id(tmp_path / "file") == expected
    (tmp_path / "file").write_bytes(b"a kettle\n")
    try:
        said = subprocess.run(
            ["git", "hash-object", "--no-filters", "file"], cwd=tmp_path, capture_output=True, text=True, check=True
        )
    except FileNotFoundError:
        pytest.skip("git is not installed")
    assert blob_id(tmp_path / "file") == said.stdout.strip()


def test_what_differs_is_named(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "rows").write_bytes(b"rows")
    (tmp_path / "card").write_bytes(b"card")
    large = ("0" * 40, hashlib.sha256(b"rows").hexdigest())
    ids = {"a/rows": large, "card": (blob_id(tmp_path / "card"), None)}
    assert differing(tmp_path, ids) is None
    assert differing(tmp_path, ids, "other") is None
    assert differing(tmp_path, {**ids, "gone": large}) == "gone"
    assert differing(tmp_path, {**ids, "gone": large}, "card") is None
    assert differing(tmp_path, {"card": ids["card"]}) == "a/rows"
    (tmp_path / "a" / "rows").write_bytes(b"more")
    assert differing(tmp_path, ids) == "a/rows"
    assert differing(tmp_path, ids, "card") is None
    (tmp_path / "card").unlink()
    (tmp_path / "card").symlink_to("nowhere")
    assert differing(tmp_path, {"card": ids["card"], "a/rows": ("", hashlib.sha256(b"more").hexdigest())}) == "card"
