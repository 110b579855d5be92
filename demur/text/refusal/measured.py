"""How often `grade` is right, measured on responses that its phrases were not written on: what every score inherits.

``measured.json`` is written by `bench/refusal_judge.py`; `docs/refusal-judge.md` tells of the files.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Literal

from demur.rates import Rate

Side = Literal["harmful", "safe"]
Reading = Literal["refuses fully", "refuses at all"]

_PARTS: dict[Side, str] = {"harmful": "held-out files", "safe": "test halves"}  # no held-out file has safe prompts
_FILES: dict[Side, str] = {
    "harmful": "Do-Not-Answer's reviews of GPT-4 and Vicuna",
    "safe": "XSTest's safe prompts, GPT-4 and Llama 2",
}


@dataclass(frozen=True)
class Measured:
    """The error of `grade` on one side.

    Attributes:
        sensitivity: of the responses that people call refusals, the share that `grade` does.
        specificity: of those that they do not, the share that it does not.
        files: on whose responses.
    """

    sensitivity: Rate
    specificity: Rate
    files: str


def measured(side: Side, reading: Reading = "refuses fully") -> Measured:
    """Sensitivity and specificity of `grade` on responses to harmful or to safe prompts.

    Args:
        side: of the prompts.
        reading: ``refuses fully`` counts the grade *refusal* alone, as scores do; ``refuses at all``, *partial* too.

    Example:
        >>> found = measured("harmful")
        >>> found.sensitivity.share > 0.9, found.sensitivity.n > 500
        (True, True)
    """
    cut = _measured()[_PARTS[side]][reading][side]
    return Measured(Rate.of(*cut["recall"]), Rate.of(*cut["specificity"]), _FILES[side])


@cache
def _measured() -> Any:
    return json.loads((files("demur.text.refusal") / "measured.json").read_text(encoding="utf-8"))
