"""Writing a folder: locked, staged beside it, swapped in one step; the last good content is never lost."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest

from demur.errors import FetchError, OutputError
from demur.files import folder as output
from demur.files.folder import staged
from tests.conftest import files_of

MARKS = {"manifest.json": b"{}", "splits.lock": b""}


def fill(folder: Path, **files: bytes) -> None:
    for name, data in {**MARKS, **files}.items():
        (folder / name).write_bytes(data)


def interrupted(folder: Path, error: type[BaseException]) -> None:
    msg = "stop"
    with staged(folder) as stage:
        fill(stage, rows=b"half")
        raise error(msg)


@pytest.fixture(params=["exchange", "two renames"])
def out(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with good content; swapped with Linux's one-step exchange, and as file systems without it do."""
    if request.param == "two renames":
        monkeypatch.setattr(output, "_exchange", lambda *_: False)
    path = tmp_path / "deep" / "out"
    with staged(path) as stage:
        fill(stage, rows=b"good", old=b"")
    return path


def test_the_new_content_takes_the_place_of_the_old(out: Path) -> None:
    with staged(out) as stage:
        fill(stage, rows=b"better")
        assert (out / "rows").read_bytes() == b"good"
    assert files_of(out) == {**MARKS, "rows": b"better"}
    assert sorted(path.name for path in out.parent.iterdir()) == ["out"]


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, SystemExit, FetchError])
def test_a_failed_block_changes_nothing(out: Path, error: type[BaseException]) -> None:
    with pytest.raises(error):
        interrupted(out, error)
    assert files_of(out) == {**MARKS, "rows": b"good", "old": b""}
    assert sorted(path.name for path in out.parent.iterdir()) == ["out"]


@pytest.mark.parametrize("named", [True, False], ids=["file named", "as Arrow says it"])
def test_a_full_disk_is_the_outputs_error(out: Path, named: bool) -> None:
    with pytest.raises(OutputError, match="The output cannot be written") as caught, staged(out) as stage:
        raise OSError(errno.ENOSPC, "No space left on device", *([str(stage / "rows")] if named else []))
    assert caught.value.where == (str(out.with_name(".out.staging") / "rows") if named else out)
    assert (out / "rows").read_bytes() == b"good"


def test_a_file_that_is_missing_elsewhere_is_not(out: Path, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError), staged(out):
        (tmp_path / "crosswalk.toml").read_text()


def test_two_at_once(out: Path) -> None:
    with staged(out) as stage:
        fill(stage, rows=b"first")
        with pytest.raises(OutputError, match="Another build is writing this folder"), staged(out):
            pytest.fail("both wrote")
    assert (out / "rows").read_bytes() == b"first"


def test_what_a_killed_run_left_is_swept(out: Path) -> None:
    stage = out.with_name(".out.staging")
    stage.mkdir()
    (stage / "half").touch()
    with staged(out) as stage:
        assert not list(stage.iterdir())
        fill(stage)
    assert files_of(out) == MARKS


def test_a_run_killed_between_the_two_renames(out: Path) -> None:
    """The old content lies aside, and nothing in its place: the next run puts it back, even if it fails itself."""
    out.rename(out.with_name(".out.old"))
    with pytest.raises(ValueError, match="stop"):
        interrupted(out, ValueError)
    assert (out / "rows").read_bytes() == b"good"


def test_a_failed_second_rename_puts_the_old_content_back(
    out: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(output, "_exchange", lambda *_: False)
    with pytest.raises(OutputError), staged(out) as stage:
        stage.rename(tmp_path / "taken away")
    assert (out / "rows").read_bytes() == b"good"


@pytest.mark.parametrize("held", [["thesis.tex"], ["manifest.json"], ["manifest.json", "thesis.tex"]])
def test_a_folder_that_no_build_wrote_is_left_alone(tmp_path: Path, held: list[str]) -> None:
    folder = tmp_path / "mine"
    folder.mkdir()
    for name in held:
        (folder / name).write_text("kept")
    with pytest.raises(OutputError, match="holds something that Demur did not build"), staged(folder):
        pytest.fail("the folder would have been replaced")
    assert files_of(folder) == dict.fromkeys(held, b"kept")


def test_an_empty_folder_and_a_link_are_written(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    with staged(tmp_path / "link") as stage:
        fill(stage)
    assert (tmp_path / "link").is_symlink()
    assert files_of(tmp_path / "real") == MARKS


def test_a_file_in_the_folders_place(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("kept")
    with pytest.raises(OutputError), staged(tmp_path / "out"):
        pass
    assert (tmp_path / "out").read_text() == "kept"


def test_a_mount_point_is_refused_before_the_work(out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Path, "is_mount", lambda path: path == out)
    with pytest.raises(OutputError, match=r"mount point(.|\n)*Name a folder inside it"), staged(out):
        pytest.fail("the folder cannot be swapped")
    assert (out / "rows").read_bytes() == b"good"


def test_the_new_folder_is_as_open_as_the_old_one(out: Path) -> None:
    out.chmod(0o700)
    with staged(out) as stage:
        fill(stage)
    assert out.stat().st_mode & 0o777 == 0o700
