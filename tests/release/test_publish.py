"""Every step of a release can fail; what then stands on the Hub, and that the next run finishes the work.

The real client over real HTTP. `commits` counts what the Hub holds, not what was asked for.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pytest

from demur.errors import HubError, ManifestError
from demur.files.parquet import write_parquet
from demur.release.hub import Hub as Client
from demur.release.plan import Plan, Same
from demur.release.publish import publish, settle
from demur.sets.describe import file_entries
from demur.sets.manifest_file import NAME, read_manifest, write_manifest
from tests.hub.access import READER, STRANGER, WRITER, User
from tests.hub.running import Hub
from tests.release.conftest import REPO

V1 = "v1.0.0"


def planned(hub: Hub, folder: Path, user: User = WRITER) -> Plan:
    """The plan of a first release of these files."""
    client = Client(REPO, hub.api(user))
    manifest = read_manifest(folder)
    return Plan(client, client.state(), manifest, folder, None, (), (NAME, *manifest.files), None)


def commits(hub: Hub) -> list[str]:
    """Messages of the default branch, oldest first, without the one that makes the repository."""
    return [each.message for each in hub.store.history(REPO, "main")][::-1][1:]


def tags(hub: Hub) -> dict[str, str]:
    return hub.store.refs(REPO, "tags")


def served(hub: Hub, folder: Path, revision: str = V1) -> bool:
    """Whether the Hub has these files under this name, byte for byte."""
    return all(
        hub.store.file(REPO, revision, path.relative_to(folder).as_posix()) == path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    )


def test_a_first_release_is_private_and_one_commit(hub: Hub, dressed: Path) -> None:
    told: list[str] = []
    commit = publish(planned(hub, dressed), told.append)
    repo = hub.store.repo(REPO)
    assert repo is not None
    assert (repo.private, repo.gated) == (True, None)
    assert commits(hub) == [f"tiny-eval {V1}"]
    assert tags(hub) == {V1: commit}
    assert served(hub, dressed)
    assert hub.count("POST", "/commit/") == 1
    assert told[-2:] == ["a fresh download of it is what was sent, file by file and row by row", f"tag {V1} names it"]


def test_public_comes_last(hub: Hub, dressed: Path) -> None:
    publish(planned(hub, dressed), public=True)
    repo = hub.store.repo(REPO)
    assert repo is not None
    assert not repo.private
    changes = [asked.path for asked in hub.requests if asked.method in ("POST", "PUT")]
    assert changes[-1].endswith("/settings")


def test_the_gate_stands_before_the_files(hub: Hub, dressed: Path, tmp_path: Path) -> None:
    folder = tmp_path / "gated"
    shutil.copytree(dressed, folder)
    write_manifest(read_manifest(folder).model_copy(update={"access": "gated"}), folder)
    publish(planned(hub, folder))
    repo = hub.store.repo(REPO)
    assert repo is not None
    assert repo.gated == "manual"
    changes = [asked.path for asked in hub.requests if asked.method in ("POST", "PUT")]
    assert [path.endswith("/settings") for path in changes].index(True) < [
        "/commit/" in path for path in changes
    ].index(True)
    hub.store.settings(REPO, private=False, gated="manual")
    with pytest.raises(HubError, match="gated, and the token has no access"):
        Client(REPO, hub.api(STRANGER)).download(tags(hub)[V1], tmp_path / "cache")


STEPS = {
    "create": ("POST", r"/api/repos/create"),
    "preupload": ("POST", r"/preupload/"),
    "batch": ("POST", r"/objects/batch"),
    "upload": ("PUT", r"/_lfs/|/lfs/"),
    "commit": ("POST", r"/commit/"),
    "tag": ("POST", r"/tag/"),
    "refs": ("GET", r"/refs$"),
    "download": ("GET", r"/resolve/"),
}
RETRIED = ("batch", "upload")
"""Steps at which the client itself tries again; at all others the next run does."""


@pytest.mark.parametrize("status", [500, 503])
@pytest.mark.parametrize("step", RETRIED)
def test_a_passing_fault_passes(hub: Hub, dressed: Path, waits: list[float], step: str, status: int) -> None:
    plan = planned(hub, dressed)
    fault = hub.faults.answer(*STEPS[step], status)
    publish(plan)
    assert fault.hits == 1
    assert (commits(hub), list(tags(hub))) == ([f"tiny-eval {V1}"], [V1])
    assert served(hub, dressed)


def test_a_slow_answer_is_waited_for(hub: Hub, dressed: Path) -> None:
    plan = planned(hub, dressed)
    fault, _ = hub.faults.hold(*STEPS["commit"], seconds=0.5, when="after")
    publish(plan)
    assert fault.hits == 1
    assert (commits(hub), list(tags(hub))) == ([f"tiny-eval {V1}"], [V1])


def test_a_rate_limit_is_waited_for_or_told(hub: Hub, dressed: Path, waits: list[float]) -> None:
    plan = planned(hub, dressed)
    hub.faults.limit(*STEPS["upload"], 3)
    hub.faults.limit(*STEPS["commit"], 7)
    with pytest.raises(HubError, match="HTTP 429, retry after 7 s"):
        publish(plan)
    assert max(waits) >= 3
    publish(planned(hub, dressed))
    assert commits(hub) == [f"tiny-eval {V1}"]


@pytest.mark.parametrize(
    ("status", "said"),
    [
        (401, "does not accept the token"),
        (403, "may not do this"),
        (409, "another change is under way"),
        (429, "limits how often"),
        (500, "The Hub failed"),
        (503, "The Hub failed"),
    ],
)
@pytest.mark.parametrize("step", ["preupload", "commit", "tag", "download"])
def test_a_lasting_fault_is_told_and_the_next_run_goes_on(
    hub: Hub, dressed: Path, waits: list[float], step: str, status: int, said: str
) -> None:
    plan = planned(hub, dressed)
    fault = hub.faults.answer(*STEPS[step], status, times=None)
    expected = "names another commit" if (step, status) == ("tag", 409) else said
    with pytest.raises(HubError, match=expected) as raised:
        publish(plan)
    assert fault.hits
    assert not any(user.token in str(raised.value) for user in (WRITER, READER, STRANGER))
    assert tags(hub) == {}
    before = commits(hub)
    assert len(before) == (step in ("tag", "download"))
    hub.faults.clear()
    again = planned(hub, dressed)
    publish(Plan(**{**vars(again), "unfinished": again.state.head if before and again.state else None}))
    assert (commits(hub), list(tags(hub))) == ([f"tiny-eval {V1}"], [V1])
    assert served(hub, dressed)


@pytest.mark.parametrize("how", ["status", "dropped"])
def test_a_commit_that_landed_without_an_answer_is_found(hub: Hub, dressed: Path, waits: list[float], how: str) -> None:
    plan = planned(hub, dressed)
    if how == "status":
        hub.faults.answer(*STEPS["commit"], 500, when="after")
    else:
        hub.faults.drop_answer(*STEPS["commit"])
    commit = publish(plan)
    assert commits(hub) == [f"tiny-eval {V1}"]
    assert tags(hub) == {V1: commit}
    assert hub.count("POST", "/commit/") == 1


def test_a_push_between_plan_and_commit_is_never_overwritten(hub: Hub, dressed: Path, waits: list[float]) -> None:
    plan = planned(hub, dressed)
    publish_once: Callable[[], object] = lambda: hub.store.push(REPO, {"README.md": b"# Mended by hand\n"})  # noqa: E731
    hub.faults.call(*STEPS["commit"], publish_once)
    with pytest.raises(HubError, match="Somebody changed the repository in the meantime") as raised:
        publish(plan)
    assert raised.value.status == 412
    assert commits(hub) == ["by somebody else"]
    assert hub.store.file(REPO, "main", "README.md") == b"# Mended by hand\n"
    assert tags(hub) == {}


@pytest.mark.parametrize("times", [1, None])
def test_a_dropped_upload(hub: Hub, dressed: Path, waits: list[float], times: int | None) -> None:
    plan = planned(hub, dressed)
    hub.faults.drop_upload(*STEPS["upload"], at=100, times=times)
    if times:
        publish(plan)
        assert served(hub, dressed)
        return
    with pytest.raises(HubError, match="the connection broke"):
        publish(plan)
    assert (commits(hub), tags(hub)) == ([], {})


def test_a_hub_that_is_away(hub: Hub, dressed: Path, waits: list[float]) -> None:
    plan = planned(hub, dressed)
    hub.stop()
    with pytest.raises(HubError, match="cannot be reached"):
        publish(plan)
    hub.start()
    assert hub.store.repo(REPO) is None


def test_who_may_not_write(hub: Hub, dressed: Path, waits: list[float]) -> None:
    hub.store.create(REPO)
    with pytest.raises(HubError, match="may not do this"):
        publish(planned(hub, dressed, READER))
    assert (commits(hub), tags(hub)) == ([], {})


def test_a_tag_that_names_another_commit_is_not_moved(hub: Hub, dressed: Path) -> None:
    plan = planned(hub, dressed)
    hub.store.create(REPO)
    foreign = hub.store.refs(REPO, "heads")["main"]
    hub.store.name(REPO, "tags", V1, foreign)
    plan = planned(hub, dressed)
    with pytest.raises(HubError, match="names another commit"):
        publish(plan)
    assert tags(hub) == {V1: foreign}


def test_files_that_nobody_sent_are_found_by_the_fresh_download(hub: Hub, dressed: Path) -> None:
    """The repository held a file that the plan did not take away."""
    hub.store.create(REPO)
    hub.store.push(REPO, {"default/extra-00000-of-00001.parquet": b"foreign"})
    with pytest.raises(ManifestError, match="not what was sent"):
        publish(planned(hub, dressed))
    assert tags(hub) == {}


def test_a_folder_that_changed_since_it_was_checked_is_not_sent(hub: Hub, dressed: Path, tmp_path: Path) -> None:
    shutil.copytree(dressed, tmp_path / "changed")
    plan = planned(hub, tmp_path / "changed")
    (tmp_path / "changed" / "NOTICE").write_text("Another\n")
    with pytest.raises(ManifestError, match="changed since they were checked"):
        publish(plan)
    assert hub.store.repo(REPO) is None


def test_a_folder_that_changes_while_it_is_sent_leaves_no_tag(hub: Hub, dressed: Path, tmp_path: Path) -> None:
    shutil.copytree(dressed, tmp_path / "changed")
    plan = planned(hub, tmp_path / "changed")
    notice = tmp_path / "changed" / "NOTICE"
    fault = hub.faults.call(*STEPS["create"], lambda: notice.write_bytes(notice.read_bytes()[::-1]))
    with pytest.raises(ManifestError, match="not what was sent"):
        publish(plan)
    assert fault.hits
    assert len(commits(hub)) == 1
    assert tags(hub) == {}


def test_a_repository_that_somebody_else_made_in_the_meantime(hub: Hub, dressed: Path) -> None:
    plan = planned(hub, dressed)
    hub.store.create(REPO)
    hub.store.push(REPO, {"thesis.tex": b"mine"})
    with pytest.raises(HubError, match="Somebody else made it in the meantime"):
        publish(plan)
    assert (commits(hub), tags(hub)) == (["by somebody else"], {})


@pytest.mark.parametrize("access", ["public", "gated"])
def test_what_is_left_to_set_is_set_by_the_next_run(hub: Hub, dressed: Path, access: str) -> None:
    """A run that was killed before ``--public``, or a gate that somebody took away."""
    publish(planned(hub, dressed))
    client = Client(REPO, hub.api())
    before = len(hub.requests)
    for public in (False, True):
        state = client.state()
        assert state is not None
        same = Same(client, state, access)
        assert bool(same.left(public)) == (public or access == "gated")
        settle(same, public=public)
    changes = [asked.path for asked in hub.requests[before:] if asked.method in ("POST", "PUT")]
    assert len(changes) == 1 + (access == "gated")
    repo = hub.store.repo(REPO)
    assert repo is not None
    assert (repo.private, repo.gated) == (False, "manual" if access == "gated" else None)
    state = client.state()
    assert state is not None
    assert Same(client, state, access).left(True) == []


def test_sixty_shards_are_one_commit(hub: Hub, dressed: Path, tmp_path: Path) -> None:
    """200,000 rows: the client's own push would make several commits of more than 50 files."""
    folder, tables = tmp_path / "large", {}
    shutil.copytree(dressed, folder)
    rows = pa.table({"record_id": [f"{row:032x}" for row in range(200_000)]})
    for shard in range(60):
        path = folder / "default" / f"large-{shard:05d}-of-00060.parquet"
        tables[path] = rows.slice(shard * 3334, 3334)
        write_parquet(tables[path], path)
    manifest = read_manifest(folder)
    made = file_entries(folder / "default", tables)
    files = {**manifest.files, **{f"default/{name}": entry for name, entry in made.items() if entry.rows}}
    write_manifest(manifest.model_copy(update={"files": files}), folder)
    publish(planned(hub, folder))
    assert sum(entry.rows or 0 for entry in made.values()) == 200_000
    assert commits(hub) == [f"tiny-eval {V1}"]
    assert served(hub, folder)
