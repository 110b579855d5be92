"""What a model makes of a prompt, layer by layer: the hidden state at the place where it starts to answer.

Layers are numbered as transformers gives them: 0 is the embedding, i the output of block i, and the last one L has the
final normalisation behind it. One pass gives all of them. They are kept in a memory-mapped file whose name follows from
model, template, number format and prompts, so that a second run reads them at once.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from demur.errors import FormatError, UsageError
from demur.progress import track
from demur.tokens.template import Template
from demur.tokens.tokenizer import backend

Side = Literal["left", "right"]
_VERSION = "1"  # of what is measured; a change of it leaves older files alone


def key_of(model_digest: str, template: Template, dtype: str, prompts: Sequence[str]) -> str:
    """The name under which activations are kept: equal exactly if they must be."""
    digest = hashlib.sha256()
    for part in (_VERSION, model_digest, template.sha256, dtype, *prompts):
        digest.update(part.encode() + b"\0")
    return digest.hexdigest()


def prompt_tokens(tokenizer: Any, template: Template, prompts: Sequence[str]) -> list[list[int]]:
    """The tokens of every prompt as a model is asked it: the turn up to the place where the answer starts."""
    texts = [template.context(prompt, "") for prompt in prompts]
    return [found.ids for found in backend(tokenizer).encode_batch(texts, add_special_tokens=template.adds_special)]


def activations(
    model: Any,
    tokens: Sequence[Sequence[int]],
    path: Path | None = None,
    *,
    batch: int = 16,
    padding: Side = "right",
) -> NDArray[np.float32]:
    """Hidden states at the last token of every prompt.

    Args:
        model: a causal language model of transformers, in evaluation mode.
        tokens: of every prompt; none longer than the model's context.
        path: where they are kept; an existing file is read, and the model is not asked.
        batch: prompts in one pass, of about equal length; halved where memory runs out.
        padding: the side of the padding, which must not matter.

    Returns:
        Prompts by layers (0 to L) by width.

    Raises:
        UsageError: memory does not even hold one prompt.
        FormatError: a hidden state is not a finite number.
    """
    if path is not None and path.is_file():
        kept: NDArray[np.float32] = np.load(path, mmap_mode="r")
        return kept
    shape = (len(tokens), model.config.num_hidden_layers + 1, model.config.hidden_size)
    part = path.with_suffix(f".{os.getpid()}.part") if path else None
    if part is not None:
        part.parent.mkdir(parents=True, exist_ok=True)
        found: NDArray[np.float32] = np.lib.format.open_memmap(part, mode="w+", dtype=np.float32, shape=shape)
    else:
        found = np.empty(shape, np.float32)
    try:
        order = np.argsort([-len(each) for each in tokens], kind="stable")  # the longest first: memory runs out early
        for row in track(_passes(model, tokens, order, batch, padding, found), "prompts read", len(tokens)):
            if not np.isfinite(found[row]).all():
                layer = int(np.flatnonzero(~np.isfinite(found[row]).all(axis=1))[0])
                msg = "A hidden state is not a finite number"
                raise FormatError(
                    msg,
                    where=f"prompt {row}, layer {layer}",
                    fix="Use --dtype float32, or another checkpoint: this one overflows.",
                )
    except BaseException:
        if part is not None:
            with suppress(OSError):
                part.unlink()
        raise
    if path is None or part is None:
        return np.asarray(found)
    del found  # a memory map, which is complete on disk from here on
    part.replace(path)
    done: NDArray[np.float32] = np.load(path, mmap_mode="r")
    return done


def _passes(
    model: Any,
    tokens: Sequence[Sequence[int]],
    order: NDArray[np.int64],
    batch: int,
    padding: Side,
    found: NDArray[np.float32],
) -> Iterator[int]:
    """Fill ``found`` and give the number of every prompt that is done."""
    import torch

    start = 0
    while start < len(order):
        rows = order[start : start + batch]
        try:
            found[rows] = last_states(model, [tokens[row] for row in rows], padding)
        except (torch.OutOfMemoryError, MemoryError, RuntimeError) as error:
            if not isinstance(error, torch.OutOfMemoryError | MemoryError) and "memory" not in str(error):
                raise  # on a CPU, memory that runs out is a plain RuntimeError
            if batch == 1:
                msg = "Memory does not hold one prompt"
                length = len(tokens[order[start]])
                raise UsageError(
                    msg, got=f"{length} tokens", fix="Use --dtype bfloat16, a smaller model, or a larger machine."
                ) from None
            batch = max(1, batch // 2)
            continue
        yield from rows.tolist()
        start += len(rows)


def last_states(model: Any, tokens: Sequence[Sequence[int]], padding: Side) -> NDArray[np.float32]:
    """One pass: prompts by layers by width, at the last token of each."""
    import torch

    longest = max(map(len, tokens))
    ids = np.zeros((len(tokens), longest), np.int64)
    mask = np.zeros_like(ids)
    for row, each in enumerate(tokens):
        place = slice(0, len(each)) if padding == "right" else slice(longest - len(each), longest)
        ids[row, place] = each
        mask[row, place] = 1
    positions = np.maximum(np.cumsum(mask, axis=1) - 1, 0)
    last = np.array([len(each) - 1 if padding == "right" else longest - 1 for each in tokens])
    device = next(model.parameters()).device
    with torch.inference_mode():
        states = model.base_model(
            input_ids=torch.from_numpy(ids).to(device),
            attention_mask=torch.from_numpy(mask).to(device),
            position_ids=torch.from_numpy(positions).to(device),
            output_hidden_states=True,
            use_cache=False,
        ).hidden_states
        rows = torch.arange(len(tokens), device=device)
        at = torch.from_numpy(last).to(device)
        made = torch.stack([state[rows, at] for state in states], dim=1).float().cpu().numpy()
    result: NDArray[np.float32] = made
    return result
