"""A copy of the tiny project with more mild texts, of which some wait for a decision, and browsers that look at it."""

from __future__ import annotations

import asyncio
import json
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from starlette.testclient import TestClient

from demur.curation.annotations import FOLDER, Annotation, write_annotations
from demur.curation.decisions import FILE, Decision, read_decisions, write_decisions
from demur.curation.meaning.models import READINGS
from demur.curation.meaning.pairs import FILE as PAIRS
from demur.curation.meaning.pairs import SCHEMA, Pairs
from demur.files.digest import text_sha256
from demur.project import at
from demur.records.record import record_id
from demur.review.app import Review
from demur.review.desk import Desk, project_desk
from demur.review.guard import Secrets
from demur.review.guideline import guideline_of
from demur.review.session import Session
from demur.review.start import session_of
from demur.sources.fetch import Places
from tests.conftest import COMPLY, PATIENCE, REFUSE, TEXTS, Tiny, comply_rows, make_jsonl

_THINGS, _PLACES = ("basket", "candle", "lantern", "teapot", "violin"), ("blue", "green", "oak", "red", "top", "white")
MORE = [f"How long should a {thing} rest on the {place} shelf?" for thing in _THINGS for place in _PLACES]
EVERY = [*TEXTS, *MORE]
PORT = 8717


def id_of(text: str) -> str:
    return record_id("prompt", text)


def said(text: str, reader: str, behaviour: Any, kind: Any = "model", **more: Any) -> Annotation:
    return Annotation(
        record_id=id_of(text), text_sha256=text_sha256(text), sources=("tiny-comply",), reader=reader, kind=kind,
        guideline="1.1", behaviour=behaviour, **more,
    )  # fmt: skip


def decision(text: str, action: Any = "drop", who: str = "lee", **more: Any) -> Decision:
    cells = {"text_sha256": text_sha256(text), "source": "tiny-comply", **more}
    return Decision(record_id=id_of(text), action=action, who=who, when="2026-11-01", reason="for a test", **cells)


@dataclass
class Waiting:
    """The project, and processes that review it."""

    tiny: Tiny
    started: list[subprocess.Popen[str]] = field(default_factory=list)

    @property
    def root(self) -> Path:
        return self.tiny.root / "project"

    @property
    def decisions(self) -> list[Decision]:
        return read_decisions(self.root / FILE)

    def labels(self, reader: str) -> Path:
        return self.root / FOLDER / f"review-{reader}.csv"

    def desk(self) -> Desk:
        return project_desk(at(self.root), built=[self.tiny.out], places=Places(offline=True))

    def session(self, reader: str = "kim", **more: Any) -> Session:
        return session_of(self.desk(), reader, "1.1", **more)

    def start(self, reader: str, *options: str, setup: str = "") -> dict[str, Any]:
        """Start ``demur review`` in a process of its own, after ``setup`` ran in it; what it says of itself."""
        code = f"{setup}\nfrom demur.cli import main\nmain()"
        arguments = ["review", str(self.root), "--reader", reader, "--json", "--port", "0", "--offline", *options]
        process = subprocess.Popen(
            [sys.executable, "-c", code, *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=self.tiny.root,
            env=self.tiny.env(),
        )
        self.started.append(process)
        assert process.stdout is not None
        said = ""
        for line in process.stdout:
            said += line
            if line == "}\n":
                break
        assert said, process.stderr.read() if process.stderr else ""
        return dict(json.loads(said))

    def end(self, how: signal.Signals = signal.SIGINT) -> tuple[int, str]:
        """End the last process; its exit code and what it said."""
        process = self.started.pop()
        process.send_signal(how)
        out, error = process.communicate(timeout=PATIENCE)
        assert not any(text in out + error for text in EVERY), "a message quotes a text"
        return process.returncode, out + error


@pytest.fixture(scope="session")
def laid_out(built: Tiny, tmp_path_factory: pytest.TempPathFactory) -> Tiny:
    """The project with more texts, two conflicts, a meaning pair and a stale decision; pinned and built once."""
    tiny = Tiny(tmp_path_factory.mktemp("review") / "root")
    shutil.copytree(built.root, tiny.root)
    more = [{"id": f"m{number:02}", "prompt": text, "label": "safe"} for number, text in enumerate(MORE)]
    tiny.raw("comply/comply.jsonl").write_bytes(make_jsonl([*comply_rows(), *more]))
    done = tiny.run("pin", "--all", DEMUR_MIRROR=str(tiny.root / "mirror"))
    assert done.returncode == 0, done.stderr
    project = at(tiny.root / "project")
    three = [COMPLY[0][1], COMPLY[1][1]]
    labels = [
        said(text, reader, behaviour) for text in three for reader, behaviour in (("a", "careful"), ("b", "comply"))
    ]
    (project.root / FOLDER).mkdir(parents=True)
    write_annotations(project.root / FOLDER / "first.csv", labels)
    stale = decision(COMPLY[5][1], "keep", text_sha256="1" * 64)
    write_decisions(project.root / FILE, [stale])
    one, two = sorted((id_of(MORE[0]), id_of(MORE[1])))
    cells = {"record_id": one, "twin": two, "cosine": 0.82, "model": READINGS[0].name, "verdict": None}
    digests = {name: entry["digest"] for name, entry in json.loads(tiny.pins.read_text()).items()}
    Pairs(pa.Table.from_pylist([cells], SCHEMA), digests).write(project.root / PAIRS)
    done = tiny.build(DEMUR_MIRROR=str(tiny.root / "mirror"))
    assert done.returncode == 0, done.stderr
    return tiny


@pytest.fixture
def waiting(laid_out: Tiny, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Waiting]:
    """A copy of it, with everything in its cache."""
    shutil.copytree(laid_out.root, tmp_path / "tiny")
    made = Waiting(Tiny(tmp_path / "tiny"))
    for name, value in made.tiny.env().items():
        monkeypatch.setenv(name, value)
    yield made
    for process in made.started:
        with process:
            process.kill()


@dataclass
class Browser:
    """A client that was given the cookie, and sends what the page's script sends."""

    session: Session
    client: TestClient
    secrets: Secrets

    def get(self, path: str, **headers: str) -> Any:
        return self.client.get(path, headers=headers)

    def part(self, path: str) -> Any:
        return self.client.get(path, headers={"HX-Request": "true"})

    def raw(self, path: str) -> int:
        """The status of a path that no client tidied up."""
        cookie = "; ".join(f"{name}={value}" for name, value in self.client.cookies.items())
        headers = {"host": f"127.0.0.1:{PORT}", "cookie": cookie, "hx-request": "true"}
        scope = {
            "type": "http",
            "method": "GET",
            "path": path,
            "raw_path": path.encode(),
            "query_string": b"",
            "scheme": "http",
            "server": ("127.0.0.1", PORT),
            "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
        }
        sent: list[dict[str, Any]] = []

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": b"", "more_body": False}

        async def send(message: Any) -> None:
            sent.append(message)

        asyncio.run(self.client.app(scope, receive, send))  # type: ignore[arg-type]
        return int(sent[0]["status"])

    def post(self, path: str, headers: dict[str, str] | None = None, **given: str) -> Any:
        form = "application/x-www-form-urlencoded"
        own = {"HX-Request": "true", "Origin": f"http://127.0.0.1:{PORT}", "Content-Type": form}
        return self.client.post(path, data=given, headers={**own, **(headers or {})})

    def press(self, queue: str, key: str, action: str, **given: Any) -> Any:
        """Show a text, and say what it is."""
        assert self.part(f"/text/{queue}/{key}").status_code == 200
        return self.post(f"/do/{queue}/{key}", action=action, **given)


@pytest.fixture
def browse() -> Callable[..., Browser]:
    """Makes a client of a session."""

    def make(session: Session, opened: bool = True, **more: Any) -> Browser:
        secrets = Secrets()
        review = Review(session, guideline_of(), secrets, PORT, **more)
        client = TestClient(review.app, base_url=f"http://127.0.0.1:{PORT}", follow_redirects=False)
        made = Browser(session, client, secrets)
        if opened:
            assert made.get(f"/open?token={secrets.token}").status_code == 200
        return made

    return make


__all__ = ["COMPLY", "EVERY", "MORE", "PORT", "REFUSE", "Browser", "Waiting", "decision", "id_of", "said"]
