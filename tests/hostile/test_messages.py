"""Names, keys and values that would steer a terminal or a runner of CI are spelt out in every message."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from demur.checks.finding import Finding, Report
from demur.checks.outputs import OUTPUTS, as_junit
from demur.errors import DemurError, UsageError, plain, plain_lines
from demur.progress import say
from tests.hostile.test_bounds import demur, row

STEERING = "\x1b]0;lake\x07\x1b[31m\r\n::error file=a::b\x9b2J\u202egnp"
ORDERS = ("\x1b", "\x07", "\r", "\x9b", "\u202e", "\n::error file=a")


def test_nothing_steers_a_terminal() -> None:
    said = plain(STEERING)
    assert said.isprintable()
    assert "\\x1b]0;lake\\x07" in said
    assert plain("::error::x.csv") == "\\x3a:error::x.csv"
    assert plain("##[error]x") == "\\x23#[error]x"
    assert plain("C:\\lakes\\odd [red] x::y.csv") == "C:\\lakes\\odd [red] x::y.csv"


@pytest.mark.parametrize("form", OUTPUTS)
def test_no_form_of_a_report_holds_an_order(form: str) -> None:
    finding = Finding(f"a{STEERING}.csv", 0, "DMR006", STEERING, "Do.", record_id=STEERING, column=STEERING)
    report = Report((finding,), 1, 1, layouts={f"a{STEERING}.csv": STEERING})
    said = OUTPUTS[form](report)
    assert not [order for order in ORDERS if order in said]


def test_errors_hold_no_order() -> None:
    error = DemurError(f"::error::{STEERING}", where=STEERING, expected=STEERING, got=STEERING, fix=STEERING)
    assert not [order for order in ORDERS if order in f"{error}{error.brief}"]
    assert str(error).startswith("\\x3a:error")
    assert len(str(error).splitlines()) == 5


def test_progress_and_what_commands_tell_hold_no_order(capsys: pytest.CaptureFixture[str]) -> None:
    say(f"project: /tmp/{STEERING}")
    said = capsys.readouterr().err
    assert not [order for order in ORDERS if order in said]
    assert plain_lines("1.0\n  ::warning::a") == "1.0\n  \\x3a:warning::a"


def test_junit_drops_what_xml_forbids() -> None:
    odd = Report((Finding("a.csv", 0, "DMR006", "a\ufffe\uffffb", "Do."),))
    assert "ab" in (ET.fromstring(as_junit(odd).encode())[0][0][0].text or "")  # noqa: S314 - our own


@pytest.mark.parametrize("name", ["a\x1b[31mb\n::error::c.jsonl", "::error::d.jsonl", "odd[red]x.jsonl"])
def test_the_name_of_a_file(tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / name).write_text(row(prompt="", id=1) + row(prompt="Name a lake", id=2))
    monkeypatch.chdir(tmp_path)
    done = demur("check", ".", "--license", "mit", "-v")
    assert done.returncode == 1
    assert "\x1b" not in done.stdout + done.stderr
    assert not [line for line in (done.stdout + done.stderr).splitlines() if line.startswith("::")]
    assert ("odd[red]x.jsonl:1:" in done.stdout) == (name == "odd[red]x.jsonl")
    found = json.loads(demur("check", ".", "--json").stdout)["findings"]
    assert found[0]["file"] == name


def test_a_key_of_settings(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text(row(prompt="Name a lake"))
    (tmp_path / "demur.toml").write_text('"\\u001b[31m" = 1\n"a\\n::error::b" = 2\n"Name a lake of the north" = 3\n')
    done = demur("check", str(tmp_path))
    assert done.returncode == 2
    assert "\x1b" not in done.stderr
    assert "\n::error" not in done.stderr
    assert "Name a lake" not in done.stderr


@pytest.mark.parametrize(
    "text", ["a = " + "[" * 100_000 + "]" * 100_000, ".".join("a" * 100_000) + " = 1", "a = {b = " * 50_000]
)
@pytest.mark.parametrize("name", ["demur.toml", "pyproject.toml"])
def test_deep_settings(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / "a.jsonl").write_text(row(prompt="Name a lake"))
    (tmp_path / name).write_text(text)
    done = demur("check", str(tmp_path))
    assert "Traceback" not in done.stderr
    assert "should not" not in done.stderr
    assert done.returncode in (1, 2)


@pytest.mark.parametrize(
    "url",
    [
        "ftp://me:secret@example.org",
        "me:secret@example.org",
        "http://me:secret@127.0.0.1:9",
        "http://secret@127.0.0.1:9",
    ],
)
def test_the_password_of_a_mirror_is_never_shown(url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    from demur.errors import FetchError
    from demur.files.kept import Cache
    from demur.sources.carriers.carrier import Exact
    from demur.sources.carriers.github import GitHub

    monkeypatch.setenv("DEMUR_GITHUB_URL", url)
    with pytest.raises((UsageError, FetchError)) as told:
        GitHub().fetch("a/b", Exact("0" * 40), {"c.csv": None}, Cache(tmp_path))
    assert "secret" not in str(told.value)
