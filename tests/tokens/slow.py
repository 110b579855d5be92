"""An independent, slow reference: no offsets of ours, no batches, no kernels; plain lists, one position at a time."""

from __future__ import annotations

import hashlib
from typing import Any

WORD = (1 << 64) - 1


def rendered(tokenizer: Any, prompt: str, prefix: str, target: str) -> tuple[str, str]:
    """The unsupervised and the supervised text, from the tokenizer's own chat template, rendered for this row."""
    user = {"role": "user", "content": prompt}
    asked = tokenizer.apply_chat_template([user], tokenize=False, add_generation_prompt=True)
    joint = " " if prefix and not prefix[-1].isspace() and not target[0].isspace() else ""
    answer = prefix + joint + target
    whole = tokenizer.apply_chat_template([user, {"role": "assistant", "content": answer}], tokenize=False)
    whole = whole[: whole.rindex(tokenizer.eos_token) + len(tokenizer.eos_token)]
    assert whole.startswith(asked)
    context = asked
    if prefix:
        begins = whole.index(answer.strip(), len(asked))  # some templates trim, and say nothing of it
        context = whole[: begins + len(prefix.lstrip())]
    return context, whole[len(context) :]


def mixed(key: int, place: int) -> int:
    bits = (key + 0x9E3779B97F4A7C15 * (place + 1)) & WORD
    bits = ((bits ^ (bits >> 30)) * 0xBF58476D1CE4E5B9) & WORD
    bits = ((bits ^ (bits >> 27)) * 0x94D049BB133111EB) & WORD
    return bits ^ (bits >> 31)


def keep_key(record_id: str, seed: int) -> int:
    text = f"keep\0{seed}\0{0}\0{record_id}".encode()
    return int.from_bytes(hashlib.blake2b(text, digest_size=8, person=b"demur-training").digest(), "little")


def token_row(
    tokenizer: Any,
    row: dict[str, Any],
    fixed: int,
    block: int | None = None,
    seed: int = 0,
    rate: float = 1.0,
    first: int | None = None,
) -> dict[str, Any] | str:
    """The row's tokens and labels, or in one word why there are none."""
    context, continuation = rendered(tokenizer, row["prompt"], row["context_prefix"], row["target"])
    encoded = tokenizer(context + continuation, add_special_tokens=False, return_offsets_mapping=True)
    joined = encoded["input_ids"]
    apart = tokenizer(context, add_special_tokens=False)["input_ids"]
    if joined[: len(apart)] != apart:
        return "seam"
    if any(start < len(context) < end for start, end in encoded["offset_mapping"]):
        return "seam"  # two unknown characters, one on each side, can be one unknown token: the numbers look equal
    size = len(joined) if block is None else min(block, len(joined))
    if len(apart) >= size:
        return "full"
    labels = []
    numbers = {}

    def word(place: int, start: int) -> int:
        return first if first is not None and place == start else fixed

    for place in range(size):
        if place < len(apart):
            labels.append(-100)
        elif row["kind"] != "rto":
            labels.append(joined[place])
        else:
            numbers[place] = mixed(keep_key(row["record_id"], seed), place - len(apart))
            labels.append(word(place, len(apart)) if numbers[place] < rate * 2**64 else -100)
    if row["kind"] == "rto" and all(label == -100 for label in labels):
        best = min(numbers, key=lambda place: numbers[place])
        labels[best] = word(best, len(apart))
    return {"input_ids": joined[:size], "labels": labels, "attention_mask": [1] * size, "target_start": len(apart)}
