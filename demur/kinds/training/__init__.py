"""Refusal training rows."""

from demur.kinds.training.bank import Bank
from demur.kinds.training.declared import FixedToken, Mix
from demur.kinds.training.kind import Training

__all__ = ["Bank", "FixedToken", "Mix", "Training"]
