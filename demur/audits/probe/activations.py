"""What a model makes of a prompt, layer by layer: the hidden state at the place where it starts to answer.

Layers are numbered as transformers gives them: 0 is the embedding, i the output of block i, and the last one L has the
final normalisation behind it. One pass gives all of them. They are kept in a memory-mapped file whose name follows from
model, template, number format and prompts, so that a second run reads them at once.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from typing import Any

import numpy as np
from numpy.typing import NDArray

from demur.audits.asking import Side, in_batches, padded
from demur.errors import FormatError
from demur.files.kept import Kept
from demur.progress import track
from demur.tokens.template import Template
from demur.tokens.tokenizer import backend

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
    kept: Kept | None = None,
    *,
    batch: int = 16,
    padding: Side = "right",
) -> NDArray[np.float32]:
    """Hidden states at the last token of every prompt.

    Args:
        model: a causal language model of transformers, in evaluation mode.
        tokens: of every prompt; none longer than the model's context.
        kept: where they are kept; what is there already is read, and the model is not asked.
        batch: prompts in one pass, of about equal length; halved where memory runs out.
        padding: the side of the padding, which must not matter.

    Returns:
        Prompts by layers (0 to L) by width.

    Raises:
        UsageError: memory does not even hold one prompt.
        FormatError: a hidden state is not a finite number.
    """
    if kept is not None and (known := kept.load(mapped=True)) is not None:
        return known
    shape = (len(tokens), model.config.num_hidden_layers + 1, model.config.hidden_size)
    with kept.filled(shape, np.float32) if kept else nullcontext(np.empty(shape, np.float32)) as found:
        for row in track(_passes(model, tokens, batch, padding, found), "prompts read", len(tokens)):
            if not np.isfinite(found[row]).all():
                layer = int(np.flatnonzero(~np.isfinite(found[row]).all(axis=1))[0])
                msg = "A hidden state is not a finite number"
                raise FormatError(
                    msg,
                    where=f"prompt {row}, layer {layer}",
                    fix="Use --dtype float32, or another checkpoint: this one overflows.",
                )
    done = kept.load(mapped=True) if kept else found
    assert done is not None  # noqa: S101 - it was filled
    return done


def _passes(
    model: Any, tokens: Sequence[Sequence[int]], batch: int, padding: Side, found: NDArray[np.float32]
) -> Iterator[int]:
    """Fill ``found`` and give the number of every prompt that is done."""

    def ask(rows: list[int]) -> NDArray[np.float32]:
        return last_states(model, [tokens[row] for row in rows], padding)

    for rows, states in in_batches(list(map(len, tokens)), range(len(tokens)), batch, ask, "prompt"):
        found[rows] = states
        yield from rows


def last_states(model: Any, tokens: Sequence[Sequence[int]], padding: Side) -> NDArray[np.float32]:
    """One pass: prompts by layers by width, at the last token of each."""
    import torch

    given = {name: values.to(model.device) for name, values in padded(tokens, padding).items()}
    longest = given["input_ids"].shape[1]
    last = [len(each) - 1 if padding == "right" else longest - 1 for each in tokens]
    with torch.inference_mode():
        states = model.base_model(**given, output_hidden_states=True, use_cache=False).hidden_states
        rows, at = torch.arange(len(tokens), device=model.device), torch.tensor(last, device=model.device)
        made = torch.stack([state[rows, at] for state in states], dim=1).float().cpu().numpy()
    result: NDArray[np.float32] = made
    return result
