"""The Hub on a port of this machine, and the real clients on the other side.

The clients read their settings when they are imported, so `Hub.run` and `Hub.python` start processes. `Hub.api` is an
HfApi of this process and much quicker; see there for what it must be told.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping
from pathlib import Path

import uvicorn
from huggingface_hub import HfApi
from starlette.applications import Starlette

from tests.hub.access import USERS, WRITER, User
from tests.hub.faults import Faults
from tests.hub.faulty import Asked, Faulty
from tests.hub.server import make
from tests.hub.store import Store

Env = Mapping[str, str] | None  # more environment of a process
PATIENCE = 120  # seconds until a test gives up on a process; nothing is measured by it
_HURRY = """import time
sleep = time.sleep
time.sleep = lambda seconds: sleep(min(seconds, 0.01))
"""


class Hub:
    """A Hub in a folder; it can be stopped, and started again at the same address.

    Attributes:
        faults: what is to go wrong.
        requests: every request so far, in the order of the answers.
        unknown: calls of the clients that the Hub does not know.
        errors: what was raised on the Hub's side, in the Hub or in what a fault called.
    """

    def __init__(self, folder: Path) -> None:
        self.folder, self.home = folder, folder / "home"
        self.faults = Faults()
        self.requests: list[Asked] = []
        self.unknown: list[str] = []
        self.errors: list[Exception] = []
        self._port = 0
        self._app: Starlette | None = None
        self._server: _Server | None = None
        self._started: list[subprocess.Popen[str]] = []
        self.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    @property
    def store(self) -> Store:
        assert self._app, "the Hub is stopped"
        store: Store = self._app.state.store
        return store

    def start(self) -> None:
        """Serve what the folder holds."""
        # Named, the protocol makes asyncio send at once; else every answer waits 40 ms for an acknowledgement.
        listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(("127.0.0.1", self._port))
        listening.listen(128)
        self._port = listening.getsockname()[1]
        self._app = make(self.folder)
        self._app.state.unknown = self.unknown
        self._server = _Server(Faulty(self._app, self.faults, self.requests, self.errors), listening)

    def stop(self) -> None:
        """Be away, as a Hub that is down: connections are refused."""
        if self._server and self._app:
            self.faults.clear()
            self._server.stop()
            self._app.state.store.close()
            self._server = self._app = None

    def close(self) -> None:
        for process in self._started:
            with process:  # closes its pipes
                process.kill()
        self.stop()

    def count(self, method: str, part: str) -> int:
        """Requests so far with this in their path."""
        return sum(asked.method == method and part in asked.path for asked in self.requests)

    def env(self, home: Path | None = None, user: User | None = WRITER) -> dict[str, str]:
        """The settings of the clients; also for ``Tiny.run(..., **hub.env(home))``. A new home is an empty cache."""
        home = home or self.home
        token = {"HF_TOKEN": user.token} if user else {"HF_HUB_DISABLE_IMPLICIT_TOKEN": "1"}
        return {
            "HF_ENDPOINT": self.url,
            "HF_HOME": str(home / "hf"),
            "HF_HUB_DISABLE_PROGRESS_BARS": "1",
            "HF_HUB_DISABLE_TELEMETRY": "1",
            "HF_HUB_DISABLE_XET": "1",
            "HF_UPDATE_DOWNLOAD_COUNTS": "0",
            "NO_PROXY": "*",
            **token,
        }

    def hurry(self) -> dict[str, str]:
        """More environment, for a process that does not wait between its attempts: the client's take 23 s in all."""
        folder = self.folder / "hurry"
        folder.mkdir(exist_ok=True)
        (folder / "sitecustomize.py").write_text(_HURRY)
        return {"PYTHONPATH": str(folder)}

    def run(
        self, *args: str, home: Path | None = None, user: User | None = WRITER, env: Env = None
    ) -> subprocess.CompletedProcess[str]:
        """Run ``demur`` to its end, with the home as the current folder."""
        done = self._run("-m", "demur.cli", *args, home=home, user=user, env=env)
        assert "Traceback" not in done.stderr, done.stderr
        return done

    def python(
        self, code: str, *args: str, home: Path | None = None, user: User | None = WRITER, env: Env = None
    ) -> subprocess.CompletedProcess[str]:
        """Run a snippet with the real clients to its end."""
        return self._run("-c", code, *args, home=home, user=user, env=env)

    def popen(
        self, *args: str, home: Path | None = None, user: User | None = WRITER, env: Env = None
    ) -> subprocess.Popen[str]:
        """Start Python with these arguments, such as ``-m demur.cli release``; it is killed with the Hub."""
        process = subprocess.Popen(
            [sys.executable, *args],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=self._made(home),
            env=self._environment(home, user, env),
        )
        self._started.append(process)
        return process

    def api(self, user: User | None = WRITER) -> HfApi:
        """The client in this process. A download must be given its ``cache_dir``: HF_HOME was read long ago."""
        return HfApi(endpoint=self.url, token=user.token if user else False)

    def _run(self, *args: str, home: Path | None, user: User | None, env: Env) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [sys.executable, *args],
            capture_output=True,
            text=True,
            check=False,
            cwd=self._made(home),
            env=self._environment(home, user, env),
            timeout=PATIENCE,
        )
        assert not any(token in done.stdout + done.stderr for token in USERS), "a message quotes a token"
        return done

    def _made(self, home: Path | None) -> Path:
        home = home or self.home
        home.mkdir(parents=True, exist_ok=True)
        return home

    def _environment(self, home: Path | None, user: User | None, more: Env) -> dict[str, str]:
        kept = ("PATH", "NUMBA_CACHE_DIR", "LANG", "DEMUR_CACHE", "DEMUR_MIRROR")
        inherited = {name: os.environ[name] for name in kept if name in os.environ}
        return {**inherited, "HOME": str(self._made(home)), "COLUMNS": "120", **self.env(home, user), **(more or {})}


class _Server(uvicorn.Server):
    """Uvicorn in a thread of its own, listening on a socket that is open already."""

    def __init__(self, app: Faulty, listening: socket.socket) -> None:
        # h11 alone hands its connection to the faults; without proxy headers nothing stands between.
        super().__init__(
            uvicorn.Config(
                app,
                http="h11",
                ws="none",
                lifespan="off",
                log_config=None,
                access_log=False,
                proxy_headers=False,
                timeout_graceful_shutdown=5,
            )
        )
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self.run, kwargs={"sockets": [listening]}, daemon=True)
        self._thread.start()
        assert self._ready.wait(PATIENCE), "the Hub does not start"

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._ready.set()

    def stop(self) -> None:
        self.should_exit = True
        self._thread.join(PATIENCE)
        assert not self._thread.is_alive(), "the Hub does not stop"
