from __future__ import annotations

import io
import sys
from contextlib import nullcontext
from errno import ENOSPC, EPIPE

import pytest

from demur.progress import QUIET, VERBOSE, detail, loudness, quiet, say, track, verbose


def test_every_item_comes_and_one_line_says_so_where_nobody_watches(capsys: pytest.CaptureFixture[str]) -> None:
    assert list(track(iter("abc"), "letters read", 3)) == ["a", "b", "c"]
    assert capsys.readouterr() == ("", "letters read: 3/3\n")


def test_what_is_left_half_way_is_not_said_to_be_done(capsys: pytest.CaptureFixture[str]) -> None:
    assert next(track(iter("abc"), "letters read", 3)) == "a"
    say("on the side")
    assert capsys.readouterr().err == "on the side\n"


def test_bytes_are_counted_where_they_are_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    assert list(track(["a" * 700, "b" * 800], "texts read", 2, len)) == ["a" * 700, "b" * 800]
    assert capsys.readouterr().err == "texts read: 2/2, 1,500 bytes\n"


def test_a_terminal_sees_bytes_too(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    for name, value in {"FORCE_COLOR": "1", "TERM": "xterm", "COLUMNS": "120"}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)
    assert list(track(["a" * 700, "b" * 800], "texts read", 2, len, 1500)) == ["a" * 700, "b" * 800]
    assert "1.5 kB of 1.5 kB" in capsys.readouterr().err


def test_the_loudness_holds_until_its_block_ends(capsys: pytest.CaptureFixture[str]) -> None:
    detail("nobody asked")
    with loudness(VERBOSE):
        detail("places")
        with loudness(QUIET):
            assert quiet()
            say("warning")
            detail("seconds")
            assert list(track("abc", "letters read", 3)) == ["a", "b", "c"]
        assert verbose()
    assert not quiet()
    assert not verbose()
    assert capsys.readouterr() == ("", "places\n")


@pytest.mark.parametrize(("number", "ends"), [(ENOSPC, False), (EPIPE, True)])
def test_a_full_disk_behind_the_messages_ends_no_work(number: int, ends: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    class Stream(io.StringIO):
        def flush(self) -> None:
            raise OSError(number, "no room")

    monkeypatch.setattr(sys, "stderr", Stream())
    with pytest.raises(BrokenPipeError) if ends else nullcontext():
        assert [*track([1, 2], "fetch", 2)] == [1, 2]
