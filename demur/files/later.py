"""Without pandas, which pyarrow imports for itself wherever that is installed, until somebody asks for it by name."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from importlib.machinery import ModuleSpec
from types import ModuleType


def without_pandas() -> None:
    """Let pyarrow find no pandas where it looks for it, at the first array of a process: to import it takes long.

    Where nobody has imported pyarrow yet, that is seen to once somebody does. What asks for pandas by name still gets
    it, and from then on pyarrow knows its columns as ever.
    """
    if "pandas" in sys.modules or any(isinstance(each, _Then) for each in sys.meta_path):
        return
    if "pyarrow" in sys.modules:
        _hide_pandas()
    else:
        sys.meta_path.insert(0, _Then("pyarrow", _hide_pandas))


def _hide_pandas() -> None:
    from pyarrow import array, lib

    if not hasattr(lib, "_pandas_api") or "pandas" in sys.modules:
        return
    missing = _Missing()
    sys.meta_path.insert(0, missing)
    array([0])  # here it looks
    sys.meta_path.remove(missing)
    sys.meta_path.insert(0, _Then("pandas", lambda: lib._pandas_api.version))  # and here again


class _Missing:
    """Finds no pandas."""

    def find_spec(self, name: str, path: Sequence[str] | None, target: ModuleType | None = None) -> ModuleSpec | None:
        if name == "pandas":
            raise ModuleNotFoundError(name=name)
        return None


class _Then:
    """Finds a module as others do, and calls a function once it is loaded."""

    def __init__(self, name: str, then: Callable[[], object]) -> None:
        self.name, self.then = name, then

    def find_spec(self, name: str, path: Sequence[str] | None, target: ModuleType | None = None) -> ModuleSpec | None:
        if name != self.name:
            return None
        finders = [each for each in sys.meta_path if each is not self and hasattr(each, "find_spec")]
        spec = next((found for each in finders if (found := each.find_spec(name, path, target)) is not None), None)
        if spec is not None and spec.loader is not None:
            execute = spec.loader.exec_module

            def loaded(module: ModuleType) -> None:
                execute(module)
                with suppress(ValueError):  # where it is loaded a second time
                    sys.meta_path.remove(self)
                    self.then()

            spec.loader.exec_module = loaded  # type: ignore[method-assign]
        return spec
