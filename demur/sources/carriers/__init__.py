"""Carriers: how the files of a source travel, one file each; whoever needs one asks `carrier_of` with its scheme.

A new carrier is one more file in this folder, with one class by the protocol of ``carrier.py``. Declarations, pins,
``demur pin``, ``demur fetch`` and mirror folders then know it by the name of that file.
"""

from __future__ import annotations

from demur.errors import ProjectError
from demur.project import names_in, pick, submodule
from demur.sources.carriers.carrier import Carrier

_PROTOCOL = "carrier"


def schemes() -> list[str]:
    """The names of all carriers, sorted."""
    return [name for name in names_in(__name__) if name != _PROTOCOL]


def carrier_of(scheme: str) -> Carrier:
    """The carrier with a scheme.

    Raises:
        UsageError: there is none; a near name is suggested.

    Example:
        >>> carrier_of("github").page("owner/name")
        'https://github.com/owner/name'
    """
    module = submodule(__name__, pick({name: name for name in schemes()}, scheme, "carrier"))
    for each in vars(module).values():
        if isinstance(each, type) and issubclass(each, Carrier) and each.__module__ == module.__name__:
            return each()
    msg = f"The file of the carrier {scheme!r} holds none"
    raise ProjectError(msg, where=module.__file__, expected="a class by the protocol of demur.sources.carriers.carrier")


def stop() -> None:
    """End what every carrier has under way; for a command that is interrupted."""
    for scheme in schemes():
        carrier_of(scheme).stop()
