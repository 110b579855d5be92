"""With ``DEMUR_KERNELS=1`` a wheel carries its kernels compiled, for one Python and system; else nothing is done."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from importlib.metadata import distribution
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class Kernels(BuildHookInterface):  # type: ignore[type-arg]
    """Compiles the kernels by `bench.kernels`, in a process that compiles for every processor of its level."""

    def dependencies(self) -> list[str]:
        """What the work needs that compiles them, where it is to be done."""
        if not _asked(self.target_name):
            return []
        extras = self.metadata.core.optional_dependencies
        others = [each for name in ("fast", "models", "build") for each in extras[name]]
        needed = ("numba", "tokenizers", "transformers", "jinja2")
        return [*self.metadata.core.dependencies, *(each for each in others if each.startswith(needed))]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Compile, and name the wheel after what its kernels need: they run where llvmlite's own library does."""
        if not _asked(self.target_name) or version == "editable":
            return
        if (sys.platform, platform.machine()) != ("linux", "x86_64"):
            msg = "DEMUR_KERNELS=1 compiles on Linux x86-64 alone: unset it for a wheel without kernels"
            raise RuntimeError(msg)
        place = Path(self.root) / "build" / "kernels.zip"
        place.parent.mkdir(exist_ok=True)
        subprocess.run([sys.executable, "-m", "bench.kernels", str(place)], cwd=self.root, check=True)  # noqa: S603
        wheel = (distribution("llvmlite").read_text("WHEEL") or "").splitlines()
        systems = sorted(line.rpartition("-")[2] for line in wheel if line.startswith("Tag: "))
        build_data["force_include"][str(place)] = "demur/kernels.zip"
        build_data["pure_python"] = False
        build_data["tag"] = f"cp{sys.version_info.major}{sys.version_info.minor}-none-{'.'.join(systems)}"


def _asked(target: str) -> bool:
    return target == "wheel" and os.environ.get("DEMUR_KERNELS") == "1"
