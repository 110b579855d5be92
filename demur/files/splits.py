"""Names of splits, as files, folders and sheets carry them."""

from __future__ import annotations

import re

SPLITS = {
    "train": "train", "training": "train", "sft": "train", "finetune": "train", "tuning": "train",
    "validation": "validation", "valid": "validation", "val": "validation", "dev": "validation",
    "test": "test", "testing": "test", "eval": "test", "evals": "test", "evaluate": "test", "evaluation": "test",
    "heldout": "test", "holdout": "test",
}  # fmt: skip
"""Words that say which split something is, and the split that each means."""


def split_of(name: str) -> str | None:
    """The split that a name speaks of, if it speaks of one only.

    Example:
        >>> [split_of(name) for name in ("test-00000-of-00001.parquet", "harmful_val.json", "contest.csv")]
        ['test', 'validation', None]
    """
    words = re.findall(r"[a-z]+", re.sub(r"(held|hold)[-_ ]out", r"\1out", name.lower().partition(".")[0]))
    found = {SPLITS[word] for word in words if word in SPLITS}
    return found.pop() if len(found) == 1 else None
