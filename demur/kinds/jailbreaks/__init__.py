"""Published attack variants, each tied to its base question."""

from demur.kinds.jailbreaks.kind import Jailbreaks

__all__ = ["Jailbreaks"]
