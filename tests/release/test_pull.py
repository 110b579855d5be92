"""What a pull believes: the Hub online, what it wrote down offline, and never the cache alone."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from demur.errors import HubError, ManifestError
from demur.files.digest import file_sha256
from demur.release.hub import Hub as Client
from demur.release.place import Place
from demur.release.publish import publish
from demur.release.pull import Pulled, _known, _remember, _Seen, pull
from demur.release.reference import Ref
from demur.sets.manifest_file import NAME, read_manifest, write_manifest
from tests.hub.running import Hub
from tests.release.conftest import REPO
from tests.release.test_publish import planned

REF = Ref(REPO, "v1.0.0")


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The client's cache; what Demur writes down lies beside it."""
    monkeypatch.setenv("DEMUR_CACHE", str(tmp_path / "demur"))
    return tmp_path / "hub-cache"


@pytest.fixture
def client(hub: Hub, dressed: Path) -> Client:
    publish(planned(hub, dressed))
    return Client(REPO, hub.api())


def poisoned(folder: Path) -> None:
    """Somebody who writes to the cache changes a file, and the manifest so that it fits."""
    path = (folder / "NOTICE").resolve()
    path.write_text("Take these rows, they are the lab's.\n")
    manifest = read_manifest(folder)
    entry = manifest.files["NOTICE"].model_copy(update={"sha256": file_sha256(path), "bytes": path.stat().st_size})
    (folder / NAME).resolve().unlink()
    (folder / NAME).unlink()
    write_manifest(manifest.model_copy(update={"files": {**manifest.files, "NOTICE": entry}}), folder)


def test_a_poisoned_cache_is_found_online(client: Client, cache: Path) -> None:
    first = pull(REF, client, cache=cache)
    poisoned(first.folder)
    with pytest.raises(HubError, match="The cache does not hold what the Hub has") as raised:
        pull(REF, client, cache=cache)
    assert str(first.folder.parents[1]) in str(raised.value)


@pytest.mark.parametrize("name", ["default/more-00000-of-00001.parquet", ".gitattributes"])
def test_a_file_that_somebody_laid_beside_is_found(client: Client, cache: Path, name: str) -> None:
    path = pull(REF, client, cache=cache).folder / name
    path.unlink(missing_ok=True)
    path.write_bytes(b"PAR1")
    with pytest.raises(HubError, match="does not hold what the Hub has"):
        pull(REF, client, cache=cache)


def test_a_poisoned_cache_is_found_at_the_first_pull(client: Client, cache: Path) -> None:
    """Before Demur wrote anything down."""
    poisoned(client.download(client.commit_of("v1.0.0"), cache))
    with pytest.raises(HubError, match="does not hold what the Hub has"):
        pull(REF, client, cache=cache)


def offline(client: Client, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Pulled:
    monkeypatch.setattr(Client, "cached", lambda self, revision: folder)  # as the client's own cache gives it
    return pull(REF, client, offline=True)


def test_a_poisoned_cache_is_found_offline(
    hub: Hub, client: Client, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = pull(REF, client, cache=cache)
    hub.stop()
    assert offline(client, done.folder, monkeypatch) == done
    poisoned(done.folder)
    with pytest.raises(ManifestError, match="The manifest is not the one that was pulled before"):
        offline(client, done.folder, monkeypatch)
    hub.start()


def test_a_record_without_the_manifest_is_not_believed_offline(
    client: Client, cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As it was written down once: version and commit."""
    done = pull(REF, client, cache=cache)
    record = tmp_path / "demur" / "releases" / "lab--tiny-eval.json"
    assert json.loads(record.read_text())["v1.0.0"]["manifest"] == file_sha256(done.folder / NAME)
    record.write_text(json.dumps({"v1.0.0": done.commit}))
    with pytest.raises(HubError, match="before its manifest's sha256 was written down"):
        offline(client, done.folder, monkeypatch)
    pull(REF, client, cache=cache)
    assert offline(client, done.folder, monkeypatch) == done


@pytest.mark.parametrize("text", ["", "[]", "null", "[" * 100_000, '{"v1.0.0": 3, "v1.1.0": {"commit": 3}}'])
def test_a_record_that_cannot_be_read_is_none(cache: Path, tmp_path: Path, text: str) -> None:
    place: Place = Ref.parse("folder:sets/tiny-eval@v1.0.0").place
    _remember(REF, place, _Seen("c" * 40, None))
    record = tmp_path / "demur" / "releases" / f"{place.key}.json"
    record.write_text(text)
    assert _known(place) == {}


def test_versions_that_are_pulled_at_once_are_all_written_down(cache: Path) -> None:
    place = Ref.parse("folder:sets/tiny-eval@v1.0.0").place
    with ThreadPoolExecutor(8) as pool:
        for number in range(40):
            pool.submit(_remember, Ref("", f"v1.{number}.0"), place, _Seen(f"{number:040x}", None))
    assert len(_known(place)) == 40
