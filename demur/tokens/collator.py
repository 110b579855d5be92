"""A data collator: token rows of several lengths -> one padded batch, as `transformers.Trainer` and TRL take it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from demur.errors import RowError, UsageError
from demur.tokens._assemble import IGNORED

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class Collator:
    """Pads on the right: input ids with the pad token, attention mask with 0, labels with -100.

    Nothing is shifted and nothing is drawn: the model shifts labels itself, and the keep mask is in the labels already.

    Attributes:
        pad: number of the pad token; its value is of no consequence, for it is neither attended to nor counted.
        multiple: pad to a multiple of this length.
    """

    pad: int
    multiple: int = 1

    def __post_init__(self) -> None:
        if self.pad < 0 or self.multiple < 1:
            msg = "A setting of the collator is out of range"
            raise UsageError(msg, expected="pad >= 0, multiple >= 1", got=f"pad {self.pad}, multiple {self.multiple}")

    def __call__(self, features: Sequence[Mapping[str, Any]]) -> dict[str, torch.Tensor]:
        """One batch: ``input_ids``, ``attention_mask`` and ``labels``, each of shape (rows, length), as int64.

        Raises:
            RowError: a row whose columns differ in length, or without a supervised position.
        """
        import torch

        columns = {"input_ids": self.pad, "attention_mask": 0, "labels": IGNORED}
        longest = max((len(each["input_ids"]) for each in features), default=0)
        length = -(-longest // self.multiple) * self.multiple
        batch = {name: torch.full((len(features), length), value) for name, value in columns.items()}
        for row, each in enumerate(features):
            size = len(each["input_ids"])
            if len(each["labels"]) != size or len(each["attention_mask"]) != size:
                msg = "The columns of a token row differ in length"
                raise RowError(msg, where=f"row {row} of the batch", expected=size, got=len(each["labels"]))
            for name, tensor in batch.items():
                tensor[row, :size] = torch.as_tensor(each[name])
            if bool((batch["labels"][row] == IGNORED).all()):
                msg = "A token row has no supervised position"
                raise RowError(msg, where=f"row {row} of the batch", fix="Make the rows again with a larger block.")
        return batch
