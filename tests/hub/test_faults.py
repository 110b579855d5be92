"""What the real clients do when the Hub fails, and that each fault is what it says."""

from __future__ import annotations

import traceback
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx2
import pytest
from huggingface_hub import CommitOperationAdd, HfApi
from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError
from huggingface_hub.utils._http import get_session

from tests.hub.access import USERS
from tests.hub.running import PATIENCE, Hub
from tests.hub.samples import REPO, SHARDS, download, files, head, release, tag

BACKOFF = [1, 2, 4, 8, 8]  # seconds between the six attempts of the client
RELEASE = """
import sys
from huggingface_hub import CommitOperationAdd, HfApi
made = HfApi().create_commit(sys.argv[1], [CommitOperationAdd("a.txt", b"a")], commit_message="a", repo_type="dataset")
HfApi().create_tag(sys.argv[1], tag="v1", revision=made.oid, repo_type="dataset")
"""


def without_token(error: BaseException) -> bool:
    said = "".join(traceback.format_exception(error)) + repr(vars(error))
    return not any(token in said for token in USERS)


@pytest.mark.parametrize("status", [401, 409, 412, 429, 500, 503])
def test_a_commit_is_sent_once(hub: Hub, api: HfApi, waits: list[float], status: int) -> None:
    before = head(hub)
    hub.faults.answer("POST", "/commit/", status, headers={"Retry-After": "3"})
    with pytest.raises(HfHubHTTPError, match="A fault of the test") as refused:
        release(api, 3)
    assert refused.value.response.status_code == status
    assert (waits, hub.count("POST", "/commit/"), head(hub)) == ([], 1, before)
    assert without_token(refused.value)
    assert release(api, 3, parent=before).oid == head(hub) != before


@pytest.mark.parametrize("lost", ["answer", "connection", "half"])
def test_a_commit_that_landed_and_an_answer_that_did_not(hub: Hub, api: HfApi, waits: list[float], lost: str) -> None:
    before = head(hub)
    if lost == "answer":
        hub.faults.answer("POST", "/commit/", 500, when="after")
    else:
        hub.faults.drop_answer("POST", "/commit/", 5 if lost == "half" else None)
    with pytest.raises(HfHubHTTPError if lost == "answer" else httpx2.RemoteProtocolError) as refused:
        release(api, 3, parent=before)
    assert [commit.message for commit in hub.store.history(REPO, "main")] == ["3 rows", "initial commit"]
    assert waits == []
    assert without_token(refused.value)


def test_a_commit_that_never_came(hub: Hub, api: HfApi, waits: list[float]) -> None:
    before = head(hub)
    hub.faults.drop_upload("POST", "/commit/", 10)
    with pytest.raises(httpx2.TransportError):
        release(api, 3)
    assert (head(hub), waits, hub.requests[-1].status) == (before, [], None)


@pytest.mark.parametrize("status", [429, 500, 503])
def test_uploads_are_tried_six_times(hub: Hub, api: HfApi, waits: list[float], status: int) -> None:
    hub.faults.answer("POST", "/preupload/", status, times=None)
    with pytest.raises(HfHubHTTPError) as refused:
        release(api, 3)
    assert refused.value.response.status_code == status
    assert (waits, hub.count("POST", "/preupload/")) == (BACKOFF, 6)
    hub.faults.clear()
    waits.clear()
    hub.faults.answer("PUT", "/_lfs/", status, times=None)
    with pytest.raises(RuntimeError, match="Error while uploading 'default/test-0000") as failed:
        release(api, 3)
    assert isinstance(failed.value.__cause__, HfHubHTTPError)
    assert Counter(BACKOFF) <= Counter(waits) <= Counter(BACKOFF * 2)  # two files at once; the first to fail ends both
    assert without_token(failed.value)
    hub.faults.clear()
    waits.clear()
    hub.faults.answer("PUT", "/_lfs/", status)
    release(api, 3)
    assert waits == [1]


def test_the_client_waits_as_long_as_it_is_told(hub: Hub, api: HfApi, waits: list[float]) -> None:
    hub.faults.limit("POST", "/preupload/", 7)
    release(api, 3)
    assert waits == [8]


def test_an_upload_that_breaks_off(hub: Hub, api: HfApi, waits: list[float]) -> None:
    large = CommitOperationAdd("large.parquet", bytes(3_000_000))
    once = hub.faults.drop_upload("PUT", "/_lfs/", 100_000)
    api.create_commit(REPO, [large], commit_message="large", repo_type="dataset")
    assert (once.hits, waits, len(hub.store.file(REPO, "main", "large.parquet"))) == (1, [1], 3_000_000)
    waits.clear()
    before = head(hub)
    hub.faults.drop_upload("PUT", "/_lfs/", 100, times=None)
    with pytest.raises(RuntimeError, match="Error while uploading") as failed:
        release(api, 3)
    assert isinstance(failed.value.__cause__, httpx2.TransportError)
    assert (sorted(waits), head(hub)) == (sorted(BACKOFF * 2), before)


def test_tags_and_settings_are_tried_once(hub: Hub, released: HfApi, waits: list[float]) -> None:
    hub.faults.answer("POST", "/tag/", 503)
    with pytest.raises(HfHubHTTPError):
        tag(released, "v2", head(hub))
    assert hub.store.refs(REPO, "tags") == {"v1": head(hub)}
    hub.faults.drop_answer("POST", "/tag/")
    with pytest.raises(httpx2.RemoteProtocolError):
        tag(released, "v2", head(hub))
    assert hub.store.refs(REPO, "tags") == {"v1": head(hub), "v2": head(hub)}
    hub.faults.answer("PUT", "/settings", 429)
    with pytest.raises(HfHubHTTPError, match="429 Too Many Requests"):
        released.update_repo_settings(REPO, repo_type="dataset", gated="manual")
    assert waits == []


def test_a_download_that_breaks_off(hub: Hub, released: HfApi, waits: list[float], tmp_path: Path) -> None:
    hub.faults.drop_answer("GET", "/resolve/", 100)
    assert download(released, tmp_path / "once") == files(3)[SHARDS[0]]
    assert waits == [1]
    hub.faults.drop_answer("GET", "/resolve/", 100, times=None)
    with pytest.raises(httpx2.RemoteProtocolError, match="received 100 bytes"):
        download(released, tmp_path / "always")
    assert waits == [1] * 6
    hub.faults.clear()
    hub.faults.answer("GET", "/resolve/", 500)
    with pytest.raises(HfHubHTTPError, match="500"):
        download(released, tmp_path / "failed")
    assert waits == [1] * 6


def test_a_cached_tag_is_given_when_the_hub_does_not_say(hub: Hub, released: HfApi, tmp_path: Path) -> None:
    """Why a pull asks for the commit of the tag first: the tag has moved, and the client gives the old file."""
    download(released, tmp_path)
    released.delete_tag(REPO, tag="v1", repo_type="dataset")
    tag(released, "v1", release(released, 5).oid)
    hub.faults.answer("HEAD", "/resolve/", 503, times=None)
    assert download(released, tmp_path) == files(3)[SHARDS[0]]
    hub.faults.clear()
    assert download(released, tmp_path) == files(5)[SHARDS[0]]


def test_an_empty_cache_hides_what_the_hub_said(hub: Hub, released: HfApi, waits: list[float], tmp_path: Path) -> None:
    hub.faults.answer("HEAD", "/resolve/", 503, times=None)
    with pytest.raises(LocalEntryNotFoundError) as failed:
        download(released, tmp_path)
    assert isinstance(failed.value.__cause__, HfHubHTTPError)
    assert waits == BACKOFF
    assert without_token(failed.value)


def test_killed_after_the_commit_and_before_the_tag(hub: Hub, api: HfApi) -> None:
    process = hub.popen("-c", RELEASE, REPO)
    landed = hub.faults.call("POST", "/commit/", process.kill, when="after")
    process.wait(PATIENCE)
    assert landed.hits == 1
    assert [commit.message for commit in hub.store.history(REPO, "main")] == ["a", "initial commit"]
    assert hub.store.refs(REPO, "tags") == {}


def test_a_process_in_a_hurry(hub: Hub, api: HfApi) -> None:
    hub.faults.answer("POST", "/preupload/", 503, times=None)
    done = hub.python(RELEASE, REPO, env=hub.hurry())
    assert "HfHubHTTPError" in done.stderr
    assert hub.count("POST", "/preupload/") == 6
    assert hub.run("--help").returncode == 0


def test_a_slow_answer(hub: Hub, api: HfApi) -> None:
    fault, go = hub.faults.hold("GET", f"/{REPO}$")
    with ThreadPoolExecutor(1) as pool:
        asked = pool.submit(api.dataset_info, REPO)
        assert fault.seen.wait(PATIENCE)
        assert not asked.done()
        go.set()
        assert asked.result(PATIENCE).id == REPO


def test_faults_count(hub: Hub, api: HfApi) -> None:
    fault = hub.faults.answer("GET", f"/{REPO}$", 503, skip=1, times=2)
    statuses = []
    for _ in range(4):
        try:
            api.dataset_info(REPO)
            statuses.append(200)
        except HfHubHTTPError as error:
            statuses.append(error.response.status_code)
    assert (statuses, fault.hits) == ([200, 503, 503, 200], 2)
    assert [asked.status for asked in hub.requests[-4:]] == statuses


def test_nothing_is_passed_over(hub: Hub, api: HfApi) -> None:
    assert get_session().get(f"{hub.url}/api/nothing").status_code == 404
    assert hub.unknown == ["GET /api/nothing"]
    hub.unknown.clear()
    hub.faults.call("GET", "/whoami", lambda: 1 / 0)
    with pytest.raises(HfHubHTTPError):
        api.whoami()
    assert [type(error) for error in hub.errors] == [ZeroDivisionError]
    hub.errors.clear()
    assert [asked.authorized for asked in hub.requests[-2:]] == [False, True]
    assert not any(token in repr(hub.requests) for token in USERS)


def test_the_client_quotes_a_token_that_is_no_header(hub: Hub) -> None:
    """Why a message of this kind must not be passed on: a token read from a file, with its newline, is enough."""
    with pytest.raises(httpx2.LocalProtocolError, match="hf_secret"):
        HfApi(endpoint=hub.url, token="hf_secret\n").dataset_info(REPO)  # noqa: S106
    assert hub.requests == []
