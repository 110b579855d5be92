"""Temporary folders: gone with their block, gone after a kill with the next run, and nobody else's is touched."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from demur.files.temporary import temporary

HOLD = "from demur.files.temporary import temporary\nimport time\n"
HOLD += "with temporary('release') as folder:\n    (folder / 'rows').touch()\n    print(folder, flush=True)\n"
HOLD += "    time.sleep(600)\n"


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    return tmp_path


def test_it_goes_with_its_block(place: Path) -> None:
    def block() -> None:
        with temporary("release") as folder:
            assert folder.parent == place
            assert stat.S_IMODE(folder.stat().st_mode) == 0o700
            (folder / "deep").mkdir()
            raise KeyError

    with pytest.raises(KeyError):
        block()
    assert list(place.iterdir()) == []


@pytest.mark.skipif(sys.platform == "win32", reason="folders have no locks")
def test_what_a_killed_run_left_goes_and_what_a_living_one_holds_stays(place: Path) -> None:
    runs = [subprocess.Popen([sys.executable, "-c", HOLD], stdout=subprocess.PIPE, text=True) for _ in range(2)]
    folders = [Path(run.stdout.readline().strip()) for run in runs if run.stdout]
    assert [folder.parent for folder in folders] == [place] * 2
    runs[0].send_signal(signal.SIGKILL)
    runs[0].communicate()
    assert folders[0].exists()
    with temporary("verify"):
        assert [folder.exists() for folder in folders] == [False, True]
    runs[1].kill()
    runs[1].communicate()


def test_what_is_not_ours_stays(place: Path) -> None:
    """Folders whose names are only like ours, links, and folders of other users."""
    home = place / "home"
    (home / "deep").mkdir(parents=True)
    names = ["demur-release-2026", "demur-work.tmp", "demur-release-abcdefgh", "demur-RELEASE-abcdefgh.tmp"]
    for name in names:
        (place / name).mkdir()
    (place / "demur-release-linklink.tmp").symlink_to(home)
    if os.geteuid() == 0:
        names.append("demur-release-foreign_.tmp")
        (place / names[-1]).mkdir()
        os.chown(place / names[-1], 12345, 12345)
    with temporary("release"):
        pass
    assert sorted(path.name for path in place.iterdir()) == sorted([*names, "home", "demur-release-linklink.tmp"])
    assert (home / "deep").is_dir()
