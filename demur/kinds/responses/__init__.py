"""Fixed responses to compare."""

from demur.kinds.responses.kind import Responses

__all__ = ["Responses"]
