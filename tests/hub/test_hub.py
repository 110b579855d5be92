"""The Hub of the tests, with the real clients on the other side."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import httpx2
import pytest
from huggingface_hub import CommitOperationAdd, CommitOperationDelete, HfApi
from huggingface_hub.errors import (
    GatedRepoError,
    HfHubHTTPError,
    RemoteEntryNotFoundError,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)
from huggingface_hub.utils._http import get_session

from tests.hub.access import READER, STRANGER, WRITER, User
from tests.hub.running import Hub
from tests.hub.samples import REPO, SHARDS, download, files, head, readme, release, tag
from tests.hub.store import Store

LOAD = """
import json, sys
from datasets import load_dataset
from huggingface_hub import hf_hub_download, snapshot_download
repo, said = sys.argv[1], {}
for revision in ("v1", "v2", None):
    made = load_dataset(repo, revision=revision, split="test")
    said[str(revision)] = [made.num_rows, made.features["text"].dtype]
    streamed = load_dataset(repo, revision=revision, split="test", streaming=True)
    said[f"streamed {revision}"] = sum(1 for _ in streamed)
said["readme"] = open(hf_hub_download(repo, "README.md", repo_type="dataset", revision="v1")).read()
said["snapshot"] = snapshot_download(repo, repo_type="dataset", revision="v1")
print(json.dumps(said))
"""
GATED = """
import sys
from datasets import load_dataset
try:
    load_dataset(sys.argv[1])
except Exception as error:
    print(type(error).__name__, "gated" in str(error))
"""


def test_what_a_release_needs(hub: Hub, api: HfApi, tmp_path: Path) -> None:
    assert api.whoami()["name"] == WRITER.name
    empty = head(hub)
    first = release(api, 3, parent=empty)
    tag(api, "v1", first.oid)
    second = release(api, 5, parent=first.oid)
    tag(api, "v2", second.oid)
    refs = api.list_repo_refs(REPO, repo_type="dataset")
    assert {ref.name: ref.target_commit for ref in refs.tags} == {"v1": first.oid, "v2": second.oid}
    assert [(ref.name, ref.target_commit) for ref in refs.branches] == [("main", second.oid)]
    commits = api.list_repo_commits(REPO, repo_type="dataset")
    assert [commit.commit_id for commit in commits] == [second.oid, first.oid, empty]
    assert commits[0].title == "5 rows"
    info = api.dataset_info(REPO, revision="v1", files_metadata=True)
    assert (info.sha, info.private, info.gated) == (first.oid, True, False)
    assert info.card_data is not None
    assert info.card_data.license == "mit"
    sizes = {path: len(data) for path, data in files(3).items()}
    assert {one.rfilename: one.size for one in info.siblings or () if one.rfilename != ".gitattributes"} == sizes
    listed = {one.path: one for one in api.list_repo_tree(REPO, repo_type="dataset", recursive=True)}
    assert set(listed) == {".gitattributes", "README.md", "default", *SHARDS}
    asked = api.get_paths_info(REPO, ["default", SHARDS[0], "nothing"], repo_type="dataset")
    assert [one.path for one in asked] == ["default", SHARDS[0]]
    folder = Path(api.snapshot_download(REPO, repo_type="dataset", revision="v1", cache_dir=tmp_path))
    assert {path: (folder / path).read_bytes() for path in sizes} == files(3)
    assert folder.name == first.oid


def test_an_unchanged_commit_is_none_and_never_looks_at_its_parent(hub: Hub, released: HfApi) -> None:
    before, stale = head(hub), hub.store.history(REPO, "main")[-1].oid
    assert release(released, 3, parent=stale).oid == before
    assert head(hub) == before
    assert hub.count("POST", "/commit/") == 1


def test_deletions(hub: Hub, released: HfApi) -> None:
    gone = [CommitOperationDelete("default/"), CommitOperationDelete("README.md")]
    released.create_commit(REPO, gone, commit_message="less", repo_type="dataset")
    assert set(hub.store.history(REPO, "main")[0].tree) == {".gitattributes"}
    assert set(hub.store.history(REPO, "v1")[0].tree) == {".gitattributes", *files(3)}
    with pytest.raises(RemoteEntryNotFoundError):
        released.create_commit(REPO, [CommitOperationDelete("README.md")], commit_message="again", repo_type="dataset")


def test_what_exists_already_is_a_conflict(hub: Hub, released: HfApi) -> None:
    with pytest.raises(HfHubHTTPError, match="You already created this dataset repo") as repo:
        released.create_repo(REPO, repo_type="dataset")
    with pytest.raises(HfHubHTTPError, match="Tag reference exists already") as again:
        tag(released, "v1", hub.store.history(REPO, "main")[-1].oid)
    assert (repo.value.response.status_code, again.value.response.status_code) == (409, 409)
    with pytest.raises(RevisionNotFoundError):
        tag(released, "v2", "0" * 40)
    assert hub.store.refs(REPO, "tags") == {"v1": head(hub)}
    released.delete_tag(REPO, tag="v1", repo_type="dataset")
    released.create_branch(REPO, branch="next", repo_type="dataset")
    assert hub.store.refs(REPO, "tags") == {}
    assert set(hub.store.refs(REPO, "heads")) == {"main", "next"}


def test_a_push_between_plan_and_commit_wins(hub: Hub, released: HfApi) -> None:
    planned = head(hub)
    hub.faults.call("POST", "/commit/", lambda: hub.store.push(REPO, {"notes.md": b"mine"}))
    with pytest.raises(HfHubHTTPError, match="A commit has happened since") as refused:
        release(released, 5, parent=planned)
    assert refused.value.response.status_code == 412
    now = hub.store.history(REPO, "main")
    assert (now[0].message, now[0].parent) == ("by somebody else", planned)
    assert hub.store.file(REPO, "main", SHARDS[0]) == files(3)[SHARDS[0]]


def test_datasets_by_tag_by_branch_and_streaming(hub: Hub, released: HfApi) -> None:
    tag(released, "v2", release(released, 5).oid)
    done = hub.python(LOAD, REPO)
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout.splitlines()[-1])
    assert said["v1"] == [3 + 4, "string"]
    assert said["v2"] == said["None"] == [5 + 6, "string"]
    assert (said["streamed v1"], said["streamed v2"], said["streamed None"]) == (7, 11, 11)
    assert said["readme"] == files(3)["README.md"].decode()
    assert said["snapshot"].endswith(hub.store.refs(REPO, "tags")["v1"])


@pytest.mark.parametrize(
    ("private", "gated", "user", "seen", "read"),
    [
        (True, False, READER, None, None),
        (True, False, STRANGER, RepositoryNotFoundError, RepositoryNotFoundError),
        (True, False, None, RepositoryNotFoundError, RepositoryNotFoundError),
        (False, False, None, None, None),
        (False, "manual", READER, None, None),
        (False, "manual", STRANGER, None, GatedRepoError),
        (False, "auto", None, None, GatedRepoError),
    ],
)
def test_who_may_see_and_who_may_read(
    hub: Hub,
    released: HfApi,
    tmp_path: Path,
    private: bool,
    gated: Any,
    user: User | None,
    seen: type[HfHubHTTPError] | None,
    read: type[HfHubHTTPError] | None,
) -> None:
    released.update_repo_settings(REPO, repo_type="dataset", private=private, gated=gated)
    other = hub.api(user)
    for expected, call in ((seen, lambda: other.dataset_info(REPO)), (read, lambda: download(other, tmp_path))):
        if expected is None:
            call()
        else:
            with pytest.raises(expected) as refused:
                call()
            assert (refused.value.response.status_code == 401) is (user is None)
    before = head(hub)
    with pytest.raises(HfHubHTTPError):
        release(other, 5)
    assert head(hub) == before


def test_datasets_without_access(hub: Hub, released: HfApi) -> None:
    released.update_repo_settings(REPO, repo_type="dataset", private=False, gated="manual")
    assert hub.python(GATED, REPO, user=STRANGER).stdout == "DatasetNotFoundError True\n"


def test_what_is_not_there(released: HfApi, tmp_path: Path) -> None:
    with pytest.raises(RevisionNotFoundError):
        download(released, tmp_path, revision="v9")
    with pytest.raises(RevisionNotFoundError):
        released.snapshot_download(REPO, repo_type="dataset", revision="v9", cache_dir=tmp_path)
    with pytest.raises(RemoteEntryNotFoundError):
        download(released, tmp_path, path="nothing")


def test_a_header_that_the_hub_refuses(hub: Hub, api: HfApi) -> None:
    for wrong in ({"license": "nope"}, {"license": "other"}, {"configs": [{"name": "default"}]}):
        card = CommitOperationAdd("README.md", readme(**wrong))
        with pytest.raises(ValueError, match=r"Invalid metadata in README.md.\n- ") as refused:
            api.create_commit(REPO, [card], commit_message="card", repo_type="dataset")
        assert next(iter(wrong)) in str(refused.value)
    assert hub.count("POST", "/preupload/") == 0
    own = readme(license="other", license_name="tiny-terms", extra_gated_fields={"Name": "text"})
    api.create_commit(REPO, [CommitOperationAdd("README.md", own)], commit_message="card", repo_type="dataset")


def test_bytes_that_are_not_what_was_announced(hub: Hub) -> None:
    assert get_session().put(f"{hub.url}/_lfs/{'0' * 64}", content=b"other").status_code == 400
    assert hub.store.object("0" * 64) is None


def test_parts_of_a_file(hub: Hub, released: HfApi) -> None:
    url, whole = f"{hub.url}/datasets/{REPO}/resolve/v1/{SHARDS[0]}", files(3)[SHARDS[0]]
    headers = {"Authorization": f"Bearer {WRITER.token}"}
    for wanted, expected in (("4-9", whole[4:10]), ("7-", whole[7:]), ("-8", whole[-8:])):
        part = get_session().get(url, headers={**headers, "Range": f"bytes={wanted}"})
        assert (part.status_code, part.content) == (206, expected)
    assert get_session().get(url, headers={**headers, "Range": "bytes=99999-"}).status_code == 416


def test_the_same_after_a_restart(hub: Hub, released: HfApi, tmp_path: Path) -> None:
    released.update_repo_settings(REPO, repo_type="dataset", gated="auto")
    before, commits = hub.store.repo(REPO), hub.store.history(REPO, "main")
    hub.stop()
    with pytest.raises(httpx2.ConnectError):
        released.dataset_info(REPO)
    hub.start()
    assert hub.store.repo(REPO) == before
    assert released.dataset_info(REPO).gated == "auto"
    assert hub.store.history(REPO, "main") == commits
    assert download(released, tmp_path) == files(3)[SHARDS[0]]
    assert hub.store.refs(REPO, "tags") == {"v1": release(released, 3).oid}


def test_the_same_history_has_the_same_hashes(tmp_path: Path) -> None:
    heads = []
    for folder in (tmp_path / "one", tmp_path / "other"):
        store = Store(folder)
        store.create(REPO)
        heads.append([store.push(REPO, {"a": b"a"}), store.push(REPO, {"a": b"a"}), store.push(REPO, {"a": b"b"})])
        assert store.history(REPO, "main")[0].date == "2026-01-01T00:00:03.000Z"
        store.close()
    assert heads[0] == heads[1]
    assert len(set(heads[0])) == 3
