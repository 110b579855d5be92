from __future__ import annotations

import pytest

from demur.progress import say, track


def test_every_item_comes_and_one_line_says_so_where_nobody_watches(capsys: pytest.CaptureFixture[str]) -> None:
    assert list(track(iter("abc"), "letters read", 3)) == ["a", "b", "c"]
    assert capsys.readouterr() == ("", "letters read: 3/3\n")


def test_what_is_left_half_way_is_not_said_to_be_done(capsys: pytest.CaptureFixture[str]) -> None:
    assert next(track(iter("abc"), "letters read", 3)) == "a"
    say("on the side")
    assert capsys.readouterr().err == "on the side\n"
