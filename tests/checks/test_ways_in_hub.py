"""`demur check OWNER/NAME@REVISION`: sets on the Hub of the tests, by the real command and the real client."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from huggingface_hub import CommitOperationAdd

from tests.conftest import Tiny
from tests.hub.access import STRANGER, WRITER
from tests.hub.conftest import hub  # noqa: F401 - a fixture
from tests.hub.running import Hub

# as in tests/hub/conftest.py: the client uploads in a way that its own HTTP library deprecates
pytestmark = pytest.mark.filterwarnings("ignore:Use 'content=:DeprecationWarning")

SET = "lab/kites"
LAMP, SOUP = "Describe the lamp in the harbour office", "Which herbs go well with a soup of tomatoes"
CARD = b"---\nlicense: mit\n---\n# Kites\n"


def push(hub: Hub, version: str, **splits: list[str]) -> str:  # noqa: F811
    """Commit a card and JSON Lines by split, tag them, and give the commit."""
    files = {"README.md": CARD} | {
        f"{name}.jsonl": "".join(json.dumps({"prompt": text}) + "\n" for text in texts).encode()
        for name, texts in splits.items()
    }
    api = hub.api()
    api.create_repo(SET, repo_type="dataset", private=True, exist_ok=True)
    operations = [CommitOperationAdd(path, data) for path, data in files.items()]
    made = api.create_commit(SET, operations, commit_message=version, repo_type="dataset")
    api.create_tag(SET, tag=version, revision=made.oid, repo_type="dataset")
    return made.oid


def test_a_foreign_set_is_checked_as_its_tag_has_it(hub: Hub) -> None:  # noqa: F811
    leaky = push(hub, "v1", train=[SOUP, LAMP], test=["Draw a kite", LAMP])
    push(hub, "v2", train=[LAMP, SOUP], test=["Draw a kite"])
    done = hub.run("check", f"{SET}@v1", "--json")
    assert done.returncode == 1, done.stderr
    said = json.loads(done.stdout)
    assert [(each["code"], each["file"], each["row"]) for each in said["findings"]] == [("DMR101", "train.jsonl", 1)]
    assert (said["files"], said["rows"]) == (2, 4)
    assert LAMP not in done.stdout + done.stderr
    for mended in ("v2", "main"):
        clean = hub.run("check", f"{SET}@{mended}")
        assert (clean.returncode, "no findings" in clean.stdout) == (0, True), clean.stdout + clean.stderr
    before = len(hub.requests)
    offline = hub.run("check", f"{SET}@{leaky}", "--offline", "--json")
    assert (json.loads(offline.stdout)["counts"], len(hub.requests)) == ({"DMR101": 1}, before)


def test_what_cannot_be_had_is_no_finding(hub: Hub) -> None:  # noqa: F811
    push(hub, "v1", test=["Draw a kite"])
    for name, user in ((f"{SET}@v9", WRITER), (f"{SET}@", WRITER), ("lab/gone@v1", WRITER), (f"{SET}@v1", STRANGER)):
        done = hub.run("check", name, user=user)
        assert (done.returncode, done.stdout) == (2, ""), done.stderr
        assert name.partition("@")[0] in done.stderr


def test_a_set_that_demur_released_is_clean(hub: Hub, built: Tiny, tmp_path: Path) -> None:  # noqa: F811
    released = built.run(
        "release", "tiny-eval", "--to", "lab/tiny-eval", "--folder", str(built.out), "--yes",
        **hub.env(), DEMUR_CACHE=str(tmp_path / "cache"),
    )  # fmt: skip
    assert released.returncode == 0, released.stderr
    done = hub.run("check", "lab/tiny-eval@v1.0.0", "--json", home=tmp_path / "reader")
    assert done.returncode == 0, done.stdout + done.stderr
    said = json.loads(done.stdout)
    assert (said["total"], set(said["layouts"].values())) == (0, {"demur"})
    assert said["rows"] > 0
