"""Releases as a user makes and gets them: the real command and the real clients, each in processes of its own."""

from __future__ import annotations

import json
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from demur.sets.manifest_file import read_manifest
from tests.conftest import PAIRS, Tiny, comply_rows, files_of, make_jsonl
from tests.hub.access import READER, STRANGER, USERS, WRITER, User
from tests.hub.running import Hub
from tests.release.conftest import REPO

Run = Callable[..., subprocess.CompletedProcess[str]]

LOAD = """
import json, sys
from datasets import load_dataset
said = {}
ways = {"tag": {"revision": "v1.0.0"}, "new": {"revision": "v1.1.0"}, "branch": {}, "stream": {"streaming": True}}
for name, how in ways.items():
    loaded = load_dataset("lab/tiny-eval", "default", **how)
    said[name] = {
        split: [sorted(row["record_id"] for row in rows), [str(f) for f in rows.features.items()]]
        for split, rows in loaded.items()
    }
print(json.dumps(said))
"""


@pytest.fixture
def demur(tiny: Tiny, hub: Hub) -> Run:
    """``demur`` on the tiny project, with this Hub; its caches are the project's own."""

    def run(*args: str, user: User | None = WRITER, home: str = "home", **env: str) -> subprocess.CompletedProcess[str]:
        settings = {**hub.env(tiny.root / home, user), **hub.hurry(), **env}
        done = tiny.run(*args, **settings)
        assert not any(token in done.stdout + done.stderr for token in USERS), "a message quotes a token"
        return done

    return run


@pytest.fixture(scope="session")
def once(built: Tiny, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project and the Hub after the first release, to be copied."""
    root = tmp_path_factory.mktemp("once")
    shutil.copytree(built.root, root / "tiny")
    tiny, hub = Tiny(root / "tiny"), Hub(root / "hub")
    try:
        ok(tiny.run(*release("--yes"), DEMUR_MIRROR=str(tiny.root / "mirror"), **hub.env(tiny.root / "home")))
    finally:
        hub.close()
    assert not hub.unknown
    return root


@pytest.fixture
def released(once: Path, demur: Run, tiny: Tiny, hub: Hub) -> Run:
    """``demur`` after the first release."""
    hub.stop()
    shutil.copytree(once / "hub", hub.folder, dirs_exist_ok=True)
    hub.start()
    shutil.copytree(once / "tiny", tiny.root, symlinks=True, dirs_exist_ok=True)
    return demur


def ok(done: subprocess.CompletedProcess[str]) -> str:
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def fails(done: subprocess.CompletedProcess[str], said: str, code: int = 2) -> None:
    assert (done.returncode, said in done.stderr) == (code, True), done.stdout + done.stderr


def release(*more: str) -> tuple[str, ...]:
    return ("release", "tiny-eval", "--to", REPO, *more)


def commits(hub: Hub) -> list[str]:
    return [each.message for each in hub.store.history(REPO, "main")][::-1][1:]


def tags(hub: Hub) -> list[str]:
    return sorted(hub.store.refs(REPO, "tags"))


def without_a_row(tiny: Tiny) -> None:
    """Upstream takes a prompt back."""
    tiny.raw("comply/comply.jsonl").write_bytes(make_jsonl(comply_rows()[1:]))


def repin(tiny: Tiny) -> None:
    done = tiny.run("pin", "tiny-comply", DEMUR_MIRROR=str(tiny.root / "mirror"))
    assert done.returncode == 0, done.stderr


def expected(tiny: Tiny) -> dict[str, list[str]]:
    """Record ids of the default config's splits, as built."""
    return {
        path.name.partition("-")[0]: sorted(pq.read_table(path)["record_id"].to_pylist())
        for path in (tiny.out / "default").glob("*.parquet")
    }


def test_two_releases_and_what_users_load(demur: Run, tiny: Tiny, hub: Hub) -> None:
    first, before = ok(demur(*release("--yes"))), expected(tiny)
    assert "v1.0.0, the first release" in first
    assert "nothing differs" in ok(demur(*release("--yes")))
    without_a_row(tiny)
    repin(tiny)
    plan = ok(demur(*release("--dry-run")))
    assert "v1.1.0" in plan
    assert commits(hub) == ["tiny-eval v1.0.0"]
    ok(tiny.build())
    after = expected(tiny)
    assert after != before
    second = ok(demur(*release("--yes", "--json")))
    assert json.loads(second)["version"] == "v1.1.0"
    assert json.loads(second)["removed"] == 2  # from both configs
    log = ok(demur("log", REPO)).splitlines()
    assert [line.split()[0] for line in log if line.startswith("v")] == ["v1.1.0", "v1.0.0"]
    loaded = ok(hub.python(LOAD, home=tiny.root / "fresh"))
    said = json.loads(loaded)
    for name, wanted in {"tag": before, "new": after, "branch": after, "stream": after}.items():
        assert {split: ids for split, (ids, _) in said[name].items()} == wanted, name
    features = [features for splits in said.values() for _, features in splits.values()]
    assert all(each == features[0] for each in features)
    assert sum(read_manifest(tiny.out).configs[0].rows.values()) == sum(map(len, after.values()))
    card = hub.store.file(REPO, "v1.1.0", "README.md").decode()
    assert card.index("### v1.1.0") < card.index("### v1.0.0")
    assert "### v1.1.0" not in hub.store.file(REPO, "v1.0.0", "README.md").decode()


def test_a_dry_run_writes_nothing(demur: Run, hub: Hub) -> None:
    for more in (("--dry-run", "--yes"), ()):
        done = demur(*release(*more))
        assert done.returncode == 0, done.stderr
        assert "Nothing was written" in done.stderr
    assert hub.store.repo(REPO) is None
    assert {asked.method for asked in hub.requests} <= {"GET", "HEAD"}


def test_killed_between_commit_and_tag_the_next_run_only_sets_the_tag(demur: Run, tiny: Tiny, hub: Hub) -> None:
    process: list[subprocess.Popen[bytes]] = []
    fault = hub.faults.call("POST", r"/tag/", lambda: process[0].send_signal(signal.SIGKILL))
    env = tiny.env(**hub.env(tiny.root / "home"))
    command = [sys.executable, "-m", "demur.cli", "--project", str(tiny.root / "project"), *release("--yes")]
    process.append(subprocess.Popen(command, cwd=tiny.root, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE))
    with process[0]:
        process[0].communicate()
    assert process[0].returncode == -signal.SIGKILL
    assert fault.hits == 1
    hub.store.unname(REPO, "tags", "v1.0.0")  # the Hub may have set it while its client died
    assert commits(hub) == ["tiny-eval v1.0.0"]
    said = ok(demur(*release("--yes")))
    assert "made by an earlier run" in said
    assert (commits(hub), tags(hub)) == (["tiny-eval v1.0.0"], ["v1.0.0"])


def test_killed_before_it_is_public_the_next_run_opens_it(demur: Run, tiny: Tiny, hub: Hub) -> None:
    hub.faults.answer("PUT", r"/settings", 500)
    fails(demur(*release("--yes", "--public")), "The Hub failed")
    assert tags(hub) == ["v1.0.0"]
    shown = demur(*release("--public"))
    assert "left to do: lab/tiny-eval made public" in ok(shown)
    assert "--yes carries the plan out" in shown.stderr
    assert json.loads(ok(demur(*release("--public", "--json"))))["left"] == ["lab/tiny-eval made public"]
    repo = hub.store.repo(REPO)
    assert repo is not None
    assert repo.private
    assert "lab/tiny-eval is public" in ok(demur(*release("--public", "--yes")))
    repo = hub.store.repo(REPO)
    assert repo is not None
    assert not repo.private
    assert "left to do" not in ok(demur(*release("--public", "--yes")))
    assert commits(hub) == ["tiny-eval v1.0.0"]


def test_a_push_between_plan_and_commit(released: Run, tiny: Tiny, hub: Hub) -> None:
    without_a_row(tiny)
    repin(tiny)
    hub.faults.call("POST", r"/commit/", lambda: hub.store.push(REPO, {"README.md": b"# By hand\n"}))
    fails(released(*release("--yes")), "Somebody changed the repository in the meantime")
    assert (commits(hub)[-1], tags(hub)) == ("by somebody else", ["v1.0.0"])
    assert hub.store.file(REPO, "main", "README.md") == b"# By hand\n"
    fails(released(*release("--yes")), "Somebody committed to the repository since its last release")
    assert commits(hub)[-1] == "by somebody else"
    ok(released(*release("--yes", "--replace")))
    assert (commits(hub)[-1], tags(hub)) == ("tiny-eval v1.1.0", ["v1.0.0", "v1.1.0"])


def test_a_version_or_an_error_online_and_offline(released: Run, tiny: Tiny, hub: Hub) -> None:
    offline = ("--offline",)
    fails(released("pull", f"{REPO}@v1.0.0", *offline), "is not on this machine")
    out = tiny.root / "pulled"
    ok(released("pull", f"{REPO}@v1.0.0", "--to", str(out)))
    assert read_manifest(out).release is not None
    assert "a rebuild from the sources gives the same bytes" in ok(released("verify", f"{REPO}@v1.0.0", "--rebuild"))
    fails(released("pull", f"{REPO}@v1.0.1"), "There is no version v1.0.1")
    fails(released("pull", f"{REPO}@v1.0.1", *offline), "is not on this machine")
    for wrong in (REPO, f"{REPO}@main", f"{REPO}@v1", f"{REPO}@"):
        fails(released("pull", wrong), "version")
    hub.stop()
    fails(released("pull", f"{REPO}@v1.0.0"), "cannot be reached")
    ok(released("pull", f"{REPO}@v1.0.0", *offline))
    fails(released("pull", f"{REPO}@v1.0.1", *offline), "is not on this machine")
    hub.start()
    hub.store.unname(REPO, "tags", "v1.0.0")
    hub.store.name(REPO, "tags", "v1.0.0", hub.store.push(REPO, {"README.md": b"# Another\n"}))
    fails(released("pull", f"{REPO}@v1.0.0"), "The tag v1.0.0 has moved")


def test_any_data_set_on_the_hub_is_checked_at_a_revision(released: Run, tiny: Tiny, hub: Hub) -> None:
    assert "no findings" in ok(released("check", f"{REPO}@v1.0.0"))
    hub.store.create("lab/foreign")
    leak = make_jsonl([{"prompt": "Draw a kite for the harbour"}])
    hub.store.push("lab/foreign", {"train.jsonl": leak, "test.jsonl": leak, "README.md": b"---\nlicense: mit\n---\n"})
    done = released("check", "lab/foreign@main")
    assert (done.returncode, "DMR101" in done.stdout) == (1, True), done.stdout + done.stderr
    fails(released("check", "lab/foreign@v9"), "no such revision")
    fails(released("check", "lab/nowhere@v9"), "no such repository")
    fails(released("check", "lab/foreign"), "does not exist")


def test_a_damaged_download_is_never_taken(released: Run, tiny: Tiny, hub: Hub) -> None:
    said = json.loads(ok(released("pull", f"{REPO}@v1.0.0", "--json")))
    victim = next(Path(said["folder"], "default").glob("test-*")).resolve()
    victim.write_bytes(victim.read_bytes()[:-1] + b"x")
    fails(released("pull", f"{REPO}@v1.0.0", "--offline"), "not those of the manifest")


def test_who_may_see_what(released: Run, tiny: Tiny, hub: Hub) -> None:
    fails(released("log", REPO, user=STRANGER), "no such repository, or the token may not see it")
    fails(released("pull", f"{REPO}@v1.0.0", user=None), "no such repository, or the token may not see it")
    fails(released(*release("--yes"), user=STRANGER), "The token may not do this")
    assert "v1.0.0" in ok(released("log", REPO, user=READER))
    hub.store.settings(REPO, private=False, gated="manual")
    fails(released("pull", f"{REPO}@v1.0.0", user=STRANGER, home="stranger"), "gated, and the token has no access")


def test_no_token_is_left_anywhere(released: Run, tiny: Tiny, hub: Hub) -> None:
    ok(released("pull", f"{REPO}@v1.0.0", "--to", str(tiny.root / "pulled")))
    hub.faults.answer("POST|GET", r"/api/", 500, times=None)
    fails(released(*release("--yes"), DEMUR_DEBUG=""), "The Hub failed")
    hub.faults.clear()
    written = {
        **files_of(tiny.root),
        **{name: hub.store.file(REPO, "main", name) for name in ("README.md", "manifest.json")},
    }
    assert len(written) > 50
    assert not [name for name, data in written.items() if any(token.encode() in data for token in USERS)]


REFERENCES = (
    ('license="cc-by-nc-4.0"', 'license="none-stated"'),
    (
        'Config(name="noncommercial", extends="default", sources=("tiny-pairs",)),',
        'Config(name="closed", sources=("tiny-pairs",), references=True),',
    ),
    ("Evaluation(row=EvaluationItem)", "Evaluation(row=EvaluationItem, reference=EvaluationReference)"),
    (
        "from schemas.evaluation_item import EvaluationItem",
        "from schemas.evaluation_item import EvaluationItem\n"
        "from schemas.evaluation_reference import EvaluationReference",
    ),
)


@pytest.fixture
def closed(tiny: Tiny) -> list[str]:
    """The project with one source that may not be redistributed; the texts of its rows."""
    for path in (tiny.source("pairs"), tiny.root / "project" / "builders" / "tiny_eval.py"):
        text = path.read_text()
        for old, new in REFERENCES:
            text = text.replace(old, new)
        path.write_text(text)
    return [text for _, text, _ in PAIRS]


def test_references_hold_no_text_and_every_row_comes_back(demur: Run, tiny: Tiny, hub: Hub, closed: list[str]) -> None:
    ok(demur(*release("--yes")))
    commit = hub.store.resolve(REPO, "v1.0.0")
    assert commit is not None
    for path in commit.tree:
        data = hub.store.file(REPO, "v1.0.0", path)
        said = data.decode(errors="replace")
        if path.endswith(".parquet"):
            (tiny.root / "one.parquet").write_bytes(data)
            said += json.dumps(pq.read_table(tiny.root / "one.parquet").to_pylist(), ensure_ascii=False)
        assert not any(text in said for text in closed), path
    out = tiny.root / "whole"
    ok(demur("hydrate", f"{REPO}@v1.0.0", "--to", str(out)))
    rows = [row for path in sorted((out / "closed").glob("*.parquet")) for row in pq.read_table(path).to_pylist()]
    assert sorted(row["prompt"] for row in rows) == sorted(closed)
    assert all(row["access"] == "withheld" for row in rows)
    ok(demur("hydrate", f"{REPO}@v1.0.0", "--to", str(out)))  # over its own output


def test_a_text_that_is_not_the_one_referred_to(demur: Run, tiny: Tiny, hub: Hub, closed: list[str]) -> None:
    ok(tiny.build())
    for path in (tiny.out / "closed").glob("*.parquet"):
        table = pq.read_table(path)
        rows = [{**row, "prompt_sha256": "0" * 64} for row in table.to_pylist()]
        pq.write_table(pa.Table.from_pylist(rows, schema=table.schema), path)
    done = demur("hydrate", str(tiny.out), "--to", str(tiny.root / "whole"))
    fails(done, "The prompt is not the one that was referred to")
    assert not (tiny.root / "whole").exists()


def test_a_closed_source_is_refused_where_texts_are_published(tiny: Tiny, closed: list[str]) -> None:
    path = tiny.root / "project" / "builders" / "tiny_eval.py"
    path.write_text(path.read_text().replace(", references=True", ""))
    fails(tiny.build(), "may not be redistributed")


def test_a_folder_that_breaks_its_invariants_is_not_published(demur: Run, tiny: Tiny, hub: Hub) -> None:
    path = next((tiny.out / "default").glob("test-*"))
    path.write_bytes(path.read_bytes() + b" ")
    fails(demur(*release("--yes", "--folder", str(tiny.out))), "breaks its invariants")
    assert hub.store.repo(REPO) is None


def relabelled(tiny: Tiny) -> str:
    """Somebody decides of a prompt that is to be refused that it is to be answered."""
    (path,) = (tiny.out / "default").glob("test-*.parquet")
    rows = pq.read_table(path).to_pylist()
    id = str(next(row["record_id"] for row in rows if row["expected"] == "refuse"))
    done = tiny.run("decide", id, "relabel", "comply", "--reason", "a harmless joke", "--who", "anna")
    assert done.returncode == 0, done.stderr
    return id


def test_the_plan_says_which_rows_change_their_side_and_by_whose_word(demur: Run, tiny: Tiny, hub: Hub) -> None:
    ok(demur(*release("--yes", "--message", "The first one.")))
    ok(tiny.build())
    id = relabelled(tiny)
    plan = ok(demur(*release()))
    assert commits(hub) == ["tiny-eval v1.0.0\n\nThe first one."]
    (line,) = [line for line in plan.splitlines() if "expected: " in line]
    said = re.fullmatch(rf"\s+expected: refuse -> answer: 1 \(record {id}; decision (\w+) by anna, human\)", line)
    assert said is not None, line
    found = json.loads(ok(demur(*release("--json"))))
    (move,) = [each for each in found["diff"]["moves"]["columns"] if each["name"] == "expected"]
    (by,) = move["by"]
    assert (move["was"], move["now"], by["record_ids"]) == ("refuse", "answer", [id])
    assert (by["basis"], by["who"], by["reader"], by["decision"]) == ("decision", "anna", "human", said[1])
    links = [Path(line.partition("file://")[2]) for line in plan.splitlines() if "file://" in line]
    assert [path.name for path in links][:4] == ["README.md", "diff.html", "schema.json", "croissant.json"]
    assert all(path.is_file() for path in links)
    assert found["look"]["files"].keys() >= {"README.md", "diff.html", "schema.json", "croissant.json"}
    texts = [row[1] for row in PAIRS]
    assert not any(text in plan + json.dumps(found) + (links[1].read_text()) for text in texts)


def test_a_message_is_kept_in_the_log_the_card_and_the_commit(demur: Run, tiny: Tiny, hub: Hub) -> None:
    ok(demur(*release("--yes", "--message", "  Mild prompts, read <twice>. ")))
    without_a_row(tiny)
    repin(tiny)
    assert "  message: " not in ok(demur(*release()))
    ok(demur(*release("--yes")))
    entries = json.loads(ok(demur("log", REPO, "--json", home="fresh")))
    assert [entry["message"] for entry in entries] == [None, "Mild prompts, read <twice>."]
    assert "    Mild prompts, read <twice>." in ok(demur("log", REPO, home="fresh")).splitlines()
    assert commits(hub) == ["tiny-eval v1.0.0\n\nMild prompts, read <twice>.", "tiny-eval v1.1.0"]
    assert "Mild prompts, read &lt;twice&gt;." in hub.store.file(REPO, "v1.1.0", "README.md").decode()
    ok(demur("pull", f"{REPO}@v1.1.0"))


@pytest.mark.parametrize("message", ["", "  ", "two\nlines", "x" * 501, "\x1b[2J"])
def test_a_message_that_is_no_line_is_refused_before_anything(message: str, demur: Run, hub: Hub) -> None:
    fails(demur(*release("--yes", "--message", message)), "Not a message for a changelog")
    assert hub.requests == []


def test_a_killed_release_is_finished_with_the_message_that_it_had(demur: Run, hub: Hub) -> None:
    hub.faults.answer("POST", r"/tag/", 500)
    fails(demur(*release("--yes", "--message", "The first one.")), "The Hub failed")
    assert "made by an earlier run" in ok(demur(*release("--yes")))
    assert commits(hub) == ["tiny-eval v1.0.0\n\nThe first one."]
    assert json.loads(ok(demur("log", REPO, "--json")))[0]["message"] == "The first one."


def test_nothing_to_look_at_keeps_nobody_from_a_release(demur: Run, tiny: Tiny) -> None:
    ok(demur(*release()))
    (folder,) = (tiny.root / "cache" / "plans").glob("*/tiny-eval")
    (folder / "manifest.json").rename(folder / "letter.txt")
    done = demur(*release("--yes", "--json"))
    assert "warning: there is nothing to look at" in done.stderr
    assert json.loads(ok(done))["look"] is None
    assert (folder / "letter.txt").is_file()
