"""Kernels that come with a wheel: machine code made when the wheel was, so that a first run compiles nothing.

The wheel of a platform holds `kernels.zip`: for every kernel, and every signature that ordinary work called it with,
what numba keeps in its own cache, compiled for x86-64-v3 (processors since 2013), and an index that says what it was
made from. It is used where nothing differs: the bytes of all modules with kernels, the versions of Python, numba and
llvmlite, the system, numba's settings; and where the processor has all that the code may use. Elsewhere, and for any
other signature, numba compiles, and keeps what it compiled, as it does without this file. Nothing is unpickled but what
lies in the package itself, and has the digest that the index gives.
"""

from __future__ import annotations

import hashlib
import json
import pickle
import sys
import zipfile
from collections.abc import Iterable, Mapping
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

HOME = Path(__file__).parents[2]
PLACE = HOME / "demur" / "kernels.zip"

FEATURES = (
    "avx", "avx2", "bmi", "bmi2", "cmov", "crc32", "cx16", "cx8", "f16c", "fma", "fxsr", "lzcnt", "mmx", "movbe",
    "popcnt", "sahf", "sse", "sse2", "sse3", "sse4.1", "sse4.2", "ssse3", "xsave",
)  # fmt: skip
"""What a processor of that level has, as LLVM calls it. Source: psABI of x86-64, section 3.1.1."""

LEVEL = {"NUMBA_CPU_NAME": "x86-64-v3", "NUMBA_CPU_FEATURES": ",".join(f"+{name}" for name in FEATURES)}
"""What lets a process compile for that level."""

_INDEX = "index.json"
_SETTINGS = ("BOUNDSCHECK", "DEBUGINFO_DEFAULT", "ENABLE_AVX", "LOOP_VECTORIZE", "OPT", "SLP_VECTORIZE", "USING_SVML")
"""Settings of numba that change what it compiles."""


class Shipped:
    """numba's cache of one kernel, with what was shipped of it (digests by signature) in front."""

    def __init__(self, digests: Mapping[str, str], behind: Any) -> None:
        self.digests, self.behind = digests, behind

    def load_overload(self, signature: Any, target: Any) -> Any:
        """The compiled code of a signature, or None: numba compiles it then."""
        made = None
        if str(signature) in self.digests:
            with suppress(Exception):  # whatever a damaged file gives
                made = _loaded(PLACE, self.digests[str(signature)], target)
        return made if made is not None else self.behind.load_overload(signature, target)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.behind, name)


def first(machine: Any, name: str) -> Any:
    """Let a kernel that numba is about to compile look for shipped code first."""
    digests = _usable(PLACE).get(name)
    if digests:
        machine._cache = Shipped(digests, machine._cache)  # numba's own name; its version is that of the index
    return machine


def pack(place: Path, machines: Mapping[str, Any]) -> list[str]:
    """Write what was compiled in this process, which has to compile for `LEVEL`; the signatures of all kernels.

    Args:
        place: the file.
        machines: kernels by module and name, as `demur.text.compiled` has them.
    """
    import numba
    from numba.core.serialize import dumps

    if {"NUMBA_CPU_NAME": numba.config.CPU_NAME, "NUMBA_CPU_FEATURES": numba.config.CPU_FEATURES} != LEVEL:
        msg = f"kernels are packed for another processor than they are compiled for: set {LEVEL}"
        raise ValueError(msg)
    kernels: dict[str, dict[str, str]] = {}
    members: dict[str, bytes] = {}
    for name, machine in sorted(machines.items()):
        for signature, compiled in sorted(machine.overloads.items(), key=str):
            *parts, _, inits, environments = compiled._reduce()
            data = dumps((*parts, "", inits, environments))  # without the types of every line, for people to read
            digest = hashlib.sha256(data).hexdigest()
            kernels.setdefault(name, {})[str(signature)] = digest
            members[digest] = data
    modules = {name.rpartition(".")[0] for name in kernels} | {"demur.text.compiled", "demur.text.lanes", __name__}
    index = {"made": _maker(), "sources": _sources(sorted(modules)), "kernels": kernels}
    members[_INDEX] = json.dumps(index, indent=1, sort_keys=True).encode()
    with zipfile.ZipFile(place, "w", zipfile.ZIP_DEFLATED) as file:
        for member, data in sorted(members.items()):
            file.writestr(zipfile.ZipInfo(member), data, zipfile.ZIP_DEFLATED, 9)
    return [f"{name}{signature}" for name, digests in kernels.items() for signature in digests]


@cache
def _usable(place: Path) -> dict[str, dict[str, str]]:
    """The shipped kernels, by name and signature: none, unless all that they were made from is here as well."""
    with suppress(Exception):  # no file, as in most wheels, or whatever a damaged one gives
        with zipfile.ZipFile(place) as file:
            index = json.loads(file.read(_INDEX))
        if index["made"] == _maker() and _runs() and index["sources"] == _sources(index["sources"]):
            return {name: dict(digests) for name, digests in index["kernels"].items()}
    return {}


def _loaded(place: Path, digest: str, target: Any) -> Any:
    """The compiled code with a digest, or None if it has another."""
    from numba.core.compiler import CompileResult

    with zipfile.ZipFile(place) as file:
        data = file.read(digest)
    if hashlib.sha256(data).hexdigest() != digest:
        return None
    target.refresh()
    return CompileResult._rebuild(target, *pickle.loads(data))  # noqa: S301 - of the package itself


def _runs() -> bool:
    """Whether this processor has all that the code may use, and nobody asked numba for another."""
    import numba
    from llvmlite.binding import get_host_cpu_features

    has = get_host_cpu_features()
    return numba.config.CPU_NAME is numba.config.CPU_FEATURES is None and all(has.get(name) for name in FEATURES)


def _maker() -> dict[str, Any]:
    """What compiles here."""
    import llvmlite
    import numba
    import numpy as np
    from llvmlite.binding import get_process_triple

    return {
        "python": sys.implementation.cache_tag,
        "numba": numba.__version__,
        "llvmlite": llvmlite.__version__,
        "numpy": np.__version__.partition(".")[0],  # kernels call nothing of it; its rules for types are of 2
        "system": get_process_triple(),
        "settings": {name: str(getattr(numba.config, name, None)) for name in _SETTINGS},
        "features": list(FEATURES),
    }


def _sources(modules: Iterable[str]) -> dict[str, str]:
    """Digests of the modules that kernels are made from."""
    return {name: hashlib.sha256((HOME / f"{name.replace('.', '/')}.py").read_bytes()).hexdigest() for name in modules}
