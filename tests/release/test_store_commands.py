"""Releases to stores as a user makes and gets them, by the real command."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from demur.sets.manifest_file import read_manifest
from tests.conftest import Tiny, files_of
from tests.release.test_commands import closed, fails, ok, repin, without_a_row  # noqa: F401 - a fixture

V1, V2 = "v1.0.0", "v1.1.0"


def store(tiny: Tiny) -> str:
    return f"folder:{tiny.root}/sets"


def release(tiny: Tiny, *more: str) -> tuple[str, ...]:
    return ("release", "tiny-eval", "--to", store(tiny), *more)


def index(tiny: Tiny) -> list[str]:
    found = json.loads((tiny.root / "sets" / "tiny-eval" / "index.json").read_text())
    return [each["version"] for each in found["versions"]]


def test_two_releases_to_a_folder(tiny: Tiny) -> None:
    name, sets = f"{store(tiny)}/tiny-eval", tiny.root / "sets"
    fails(tiny.run("log", name), "There is no release in the store")
    shown = tiny.run(*release(tiny))
    assert "v1.0.0, the first release" in ok(shown)
    assert "Nothing was written" in shown.stderr
    assert not sets.exists()
    ok(tiny.run(*release(tiny, "--yes")))
    assert "nothing differs" in ok(tiny.run(*release(tiny, "--yes")))
    first = files_of(sets / "tiny-eval" / V1)
    without_a_row(tiny)
    repin(tiny)
    assert json.loads(ok(tiny.run(*release(tiny, "--yes", "--json"))))["version"] == V2
    assert index(tiny) == [V1, V2]
    assert files_of(sets / "tiny-eval" / V1) == first
    said = ok(tiny.run("log", name)).splitlines()
    assert [line.split()[0] for line in said if line.startswith("v")] == [V2, V1]
    verified = ok(tiny.run("verify", f"{name}@{V2}", "--rebuild"))
    assert "a rebuild from the sources gives the same bytes" in verified
    ok(tiny.run("pull", f"{name}@{V1}", "--to", str(tiny.root / "out")))
    assert files_of(tiny.root / "out") == first
    found = tiny.run("diff", f"{name}@{V1}", f"{name}@{V2}")
    assert (found.returncode, "a minor version" in found.stdout) == (1, True), found.stdout
    assert "no difference" in ok(tiny.run("diff", str(tiny.out), f"{name}@{V1}"))
    assert "no findings" in ok(tiny.run("check", f"{name}@{V1}"))
    page = tiny.root / "page.html"
    ok(tiny.run("report", f"{name}@{V2}", "--out", str(page), "--offline"))
    told = page.read_text(encoding="utf-8")
    assert f"tiny-eval@{V1}</h3>" in told
    assert "version v1.1.0" in told
    assert "figures/hazards.svg" in files_of(sets / "tiny-eval" / V1)
    release_of = read_manifest(sets / "tiny-eval" / V2).release
    assert release_of is not None
    assert (release_of.repo, release_of.previous is not None) == (None, True)
    everything = b"".join(files_of(sets).values())
    assert str(tiny.root).encode() not in everything


def test_the_same_release_has_the_same_bytes_wherever_it_lies(tiny: Tiny) -> None:
    for place in ("one", "two"):
        ok(tiny.run("release", "tiny-eval", "--to", f"folder:{tiny.root}/{place}", "--folder", str(tiny.out), "--yes"))
    assert files_of(tiny.root / "one") == files_of(tiny.root / "two")


KILLED = """
import os, signal, sys
from demur.cli import main
from demur.release._bytes import Bytes
real, left = Bytes.put, int(sys.argv.pop(1))
def put(self, source, name):
    global left
    left -= 1
    if left == 0:
        os.kill(os.getpid(), signal.SIGKILL)
    real(self, source, name)
Bytes.put = put
main()
"""


def test_killed_in_the_middle_the_next_run_finishes(tiny: Tiny) -> None:
    command = [sys.executable, "-c", KILLED, "5", "--project", str(tiny.root / "project"), *release(tiny, "--yes")]
    killed = subprocess.run(command, cwd=tiny.root, env=tiny.env(), capture_output=True, check=False)
    assert killed.returncode == -9, killed.stderr
    assert index(tiny) == []
    assert "no release" in ok(tiny.run("log", f"{store(tiny)}/tiny-eval"))
    fails(tiny.run("pull", f"{store(tiny)}/tiny-eval@{V1}"), "There is no version v1.0.0")
    ok(tiny.run(*release(tiny, "--yes")))
    assert index(tiny) == [V1]
    assert "all invariants hold" in ok(tiny.run("verify", f"{store(tiny)}/tiny-eval@{V1}"))


def test_references_come_back_from_a_store(tiny: Tiny, closed: list[str]) -> None:  # noqa: F811
    ok(tiny.run(*release(tiny, "--yes")))
    out = tiny.root / "whole"
    ok(tiny.run("hydrate", f"{store(tiny)}/tiny-eval@{V1}", "--to", str(out)))
    assert (out / "closed").is_dir()


def test_what_does_not_go_together(tiny: Tiny) -> None:
    fails(tiny.run(*release(tiny, "--public")), "--public is for the Hub")
    fails(tiny.run("release", "tiny-eval", "--to", "lab/tiny-eval", "--without-gate"), "--without-gate is for stores")
    fails(tiny.run("release", "tiny-eval", "--to", "https://example.org/sets"), "only read from")
    fails(tiny.run("release", "tiny-eval", "--to", "nosuch://bucket/sets"), "No way to read such a URL")
    fails(tiny.run("pull", f"{store(tiny)}/tiny-eval"), "Not a version")


def test_a_folder_that_is_something_else(tiny: Tiny) -> None:
    (tiny.root / "sets" / "tiny-eval").mkdir(parents=True)
    (tiny.root / "sets" / "tiny-eval" / "thesis.tex").write_text("mine")
    fails(tiny.run(*release(tiny, "--yes")), "something that Demur did not release")
    assert [path.name for path in (tiny.root / "sets" / "tiny-eval").iterdir()] == ["thesis.tex"]


def test_a_file_in_the_place_of_the_folder(tiny: Tiny) -> None:
    (tiny.root / "sets").write_text("a file stands in the way")
    fails(tiny.run(*release(tiny, "--yes")), "NotADirectoryError")


MEMORY = """
import json, sys
from click.testing import CliRunner
from demur.cli import main
for args in json.loads(sys.argv[1]):
    done = CliRunner().invoke(main, args)
    print(json.dumps([done.exit_code, done.output, repr(done.exception)]))
"""


def test_any_file_system_of_fsspec_s(tiny: Tiny) -> None:
    """One in memory, which lives as long as its process."""
    head, ref = ["--project", str(tiny.root / "project")], f"memory://sets/tiny-eval@{V1}"
    out = str(tiny.root / "out")
    asked = (
        ["release", "tiny-eval", "--to", "memory://sets", "--folder", str(tiny.out), "--yes"],
        ["release", "tiny-eval", "--to", "memory://sets", "--folder", str(tiny.out), "--yes"],
        ["log", "memory://sets/tiny-eval"],
        ["pull", ref, "--to", out],
        ["verify", ref],
        ["diff", str(tiny.out), ref],
        ["diff", out, ref],
    )
    command = [sys.executable, "-c", MEMORY, json.dumps([[*head, *args] for args in asked])]
    done = subprocess.run(command, cwd=tiny.root, env=tiny.env(), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    said = [json.loads(line) for line in done.stdout.splitlines()]
    assert [each[0] for each in said] == [0] * len(asked), said
    texts = [each[1] for each in said]
    assert f"released memory://sets/tiny-eval@{V1}" in texts[0]
    assert "nothing differs" in texts[1]
    assert texts[2].startswith(V1)
    assert "all invariants hold" in texts[4]
    assert texts[5] == texts[6] == "no difference\n"
    assert read_manifest(Path(out)).release is not None
