"""What stays beside an output (nothing), and what a power loss takes back (nothing that was said to be done)."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from filelock import Timeout

from demur.files import folder, whole
from demur.files.folder import staged
from demur.files.kept import Cache
from demur.files.whole import locked, write_whole


def test_no_lock_stays_beside_an_output(tmp_path: Path) -> None:
    for _ in range(2):
        with staged(tmp_path / "out") as stage:
            for name in folder.MARKS:
                (stage / name).touch()
            assert (tmp_path / ".out.lock").exists()
        assert [path.name for path in tmp_path.iterdir()] == ["out"]
    with Cache(tmp_path / "cache").part("key") as part:
        part.write(b"half")
    assert [path.suffix for path in (tmp_path / "cache" / "parts").iterdir()] == [""]


def test_a_lock_that_goes_still_keeps_all_others_out(tmp_path: Path) -> None:
    """Many at once, each of which removes the file: never two inside."""
    inside: list[int] = []
    most: list[int] = []

    def enter(number: int) -> None:
        for _ in range(20):
            with locked(tmp_path / "lock", timeout=60):
                inside.append(number)
                most.append(len(inside))
                inside.remove(number)

    threads = [threading.Thread(target=enter, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == [1] * 120
    assert list(tmp_path.iterdir()) == []


def test_the_lock_of_a_killed_run_is_nobodys(tmp_path: Path) -> None:
    lock = tmp_path / "lock"
    code = "import sys, time\nfrom pathlib import Path\nfrom demur.files.whole import locked\n"
    code += "with locked(Path(sys.argv[1])):\n    print(1, flush=True)\n    time.sleep(600)\n"
    process = subprocess.Popen([sys.executable, "-c", code, str(lock)], stdout=subprocess.PIPE)
    assert process.stdout
    assert process.stdout.readline() == b"1\n"
    with pytest.raises(Timeout), locked(lock, timeout=0):
        pytest.fail("two have it")
    assert lock.exists()
    process.send_signal(signal.SIGKILL)
    process.communicate()
    with locked(lock, timeout=0):
        pass
    assert not lock.exists()


@pytest.fixture
def synced(monkeypatch: pytest.MonkeyPatch) -> list[Path | str]:
    """What reaches the disk, and the renames, in their order."""
    found: list[Path | str] = []
    sync, rename, replace, exchange = os.fsync, Path.rename, Path.replace, folder._exchange

    def fsync(file: int) -> None:
        found.append(Path(f"/proc/self/fd/{file}").readlink())
        sync(file)

    def renamed(path: Path, target: Path) -> Path:
        found.append(f"to {target.name}")
        return rename(path, target)

    def replaced(path: Path, target: Path) -> Path:
        found.append(f"to {target.name}")
        return replace(path, target)

    def exchanged(one: Path, two: Path) -> bool:
        found.append(f"to {two.name}")
        return exchange(one, two)

    monkeypatch.setattr(os, "fsync", fsync)
    monkeypatch.setattr(Path, "rename", renamed)
    monkeypatch.setattr(Path, "replace", replaced)
    monkeypatch.setattr(folder, "_exchange", exchanged)
    return found


@pytest.mark.skipif(sys.platform != "linux", reason="asks /proc which file was synced")
@pytest.mark.parametrize("again", [False, True], ids=["new", "exchanged"])
def test_folders_are_on_the_disk_as_their_files_are(tmp_path: Path, synced: list[Path | str], again: bool) -> None:
    for _ in range(1 + again):
        synced.clear()
        with staged(tmp_path / "out") as stage:
            (stage / "deep").mkdir()
            for name in (*folder.MARKS, "deep/rows"):
                (stage / name).write_bytes(b"x")
    place = synced.index("to out")
    before = set(synced[:place])
    assert before == {stage, *(stage / name for name in (*folder.MARKS, "deep", "deep/rows"))}
    assert synced[place + 1 :] == [tmp_path]


@pytest.mark.skipif(sys.platform != "linux", reason="asks /proc which file was synced")
def test_the_name_of_a_file_is_on_the_disk_too(tmp_path: Path, synced: list[Path | str]) -> None:
    write_whole(tmp_path / "pins.json", "{}")
    assert len(synced) == 3
    assert synced[1:] == ["to pins.json", tmp_path]


def test_a_folder_that_cannot_be_synced_is_no_error(tmp_path: Path) -> None:
    whole.sync_folder(tmp_path / "not there")
    assert list(tmp_path.iterdir()) == []
