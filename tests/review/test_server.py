from __future__ import annotations

import http.client
import signal
import socket
import webbrowser
from pathlib import Path

import pytest

from demur.errors import OutputError, UsageError
from demur.review.server import PORT, host_of, listening, opened
from tests.conftest import PATIENCE
from tests.review.conftest import Waiting


def test_others_are_let_in_only_where_that_is_said_twice() -> None:
    assert host_of("localhost", others=False) == "127.0.0.1"
    assert host_of("::1", others=False) == "::1"
    assert host_of("0.0.0.0", others=True) == "0.0.0.0"  # noqa: S104
    for given in ("0.0.0.0", "::", "192.168.1.5"):  # noqa: S104
        with pytest.raises(UsageError, match="let-others-read"):
            host_of(given, others=False)
    with pytest.raises(UsageError, match="no address"):
        host_of("example.org", others=True)


def test_a_taken_port_is_told_and_without_one_the_next_is_taken() -> None:
    with listening("127.0.0.1", 0) as one:
        assert one.origin == f"http://127.0.0.1:{one.port}"
        with pytest.raises(OutputError, match="cannot be used"), listening("127.0.0.1", one.port):
            pass
    with listening("127.0.0.1") as first, listening("127.0.0.1") as second:
        assert PORT <= first.port < second.port


def test_the_browsers_command_line_has_no_token(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[str] = []
    monkeypatch.setattr(webbrowser, "open", seen.append)
    with opened("http://127.0.0.1:1/open?token=secret", wanted=True):
        (url,) = seen
        assert "secret" not in url
        page = Path(url.removeprefix("file://"))
        assert page.stat().st_mode & 0o777 == 0o600
        assert "token=secret" in page.read_text()
    assert not page.exists()
    with opened("http://127.0.0.1:1", wanted=False):
        assert len(seen) == 1


def test_a_real_server_answers_its_own_alone_and_ends_in_peace(waiting: Waiting) -> None:
    said = waiting.start("kim")
    port = said["port"]

    def ask(path: str, **headers: str) -> int:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
        try:
            connection.request("GET", path, headers=headers)
            return connection.getresponse().status
        finally:
            connection.close()

    path = said["url"].partition(str(port))[2]
    assert ask(path) == 200
    assert ask(path, Host="example.org") == 421
    assert ask("/") == 403
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as raw:
        raw.sendall(b"GET / HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nHost: example.org\r\n\r\n" % port)
        assert raw.recv(4096).startswith(b"HTTP/1.1 400 ")
    code, told = waiting.end(signal.SIGINT)
    assert code == 0
    assert said["url"].partition("=")[2] not in told
    assert "Traceback" not in told
