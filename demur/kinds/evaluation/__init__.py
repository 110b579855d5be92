"""Prompts to refuse and prompts to comply with."""

from demur.kinds.evaluation.kind import Evaluation

__all__ = ["Evaluation"]
