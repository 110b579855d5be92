from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from demur.cli import main
from demur.review import server
from tests.conftest import Tiny


def run(*args: str) -> tuple[int, str, str]:
    done = CliRunner().invoke(main, ["review", *args])
    return done.exit_code, done.stdout, done.stderr


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """The servers that were started, which answer nobody."""
    seen: list[object] = []
    monkeypatch.setattr(server, "serve", lambda app, place: seen.append(place))
    return seen


def test_a_built_folder_without_a_file_is_read_only(tiny: Tiny, served: list[object]) -> None:
    code, out, _ = run(str(tiny.out), "--json", "--port", "0")
    said = json.loads(out)
    assert (code, said["read_only"], said["reader"], len(served)) == (0, True, None, 1)
    assert said["url"].startswith(f"http://127.0.0.1:{said['port']}/open?token=")
    assert said["queues"] == ["conflicts", "suspects", "findings", "rows"]
    code, out, _ = run(str(tiny.out), "--no-open", "--annotations", str(tiny.root / "mine.csv"), "--reader", "kim")
    assert code == 0
    assert "Ctrl-C ends" in out
    assert "0 written" in out


@pytest.mark.parametrize(
    ("args", "what"),
    [
        (["--host", "192.168.1.5"], "--let-others-read"),
        (["--queue", "stale"], "no queue 'stale'"),
        (["--source", "tiny-refuse"], "built folder"),
        (["--annotations", "mine.csv"], "Nobody is named"),
        (["--annotations", "mine.csv", "--reader", "Kim Lee"], "short word"),
    ],
)
def test_what_does_not_fit_is_told(tiny: Tiny, served: list[object], args: list[str], what: str) -> None:
    code, _, error = run(str(tiny.out), *args)
    assert code == 2
    assert what in error
    assert served == []


def test_a_folder_that_is_neither_project_nor_set_is_told(tiny: Tiny, served: list[object]) -> None:
    code, _, error = run(str(tiny.root / "home"))
    assert (code, "There is no project" in error) == (2, True)
    code, _, error = run(str(tiny.root / "project"), "--annotations", "mine.csv")
    assert (code, "built folders" in error) == (2, True)
