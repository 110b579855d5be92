"""Teacher-forced log-probabilities: how likely a model finds fixed responses to fixed prompts. Nothing is generated.

A response is read behind its prompt, in the model's own chat template; only the response's own tokens count, not the
template's and not the end of the turn. Prompt and response are tokenised apart, so that two models of one vocabulary
score the same tokens.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from demur.audits.probe.activations import Side
from demur.errors import UsageError
from demur.progress import track
from demur.tokens.template import Template
from demur.tokens.tokenizer import backend

_VERSION = "1"  # of what is measured; a change of it leaves older files alone
_KEPT_EVERY = 256  # responses


@dataclass(frozen=True)
class Turn:
    """The tokens of one prompt in its template, up to where an answer starts, and those of the answer."""

    context: tuple[int, ...]
    response: tuple[int, ...]

    def __len__(self) -> int:
        return len(self.context) + len(self.response)


def turns(tokenizer: Any, template: Template, prompts: Sequence[str], responses: Sequence[str]) -> list[Turn]:
    """The tokens of every prompt and response.

    Args:
        tokenizer: a fast tokenizer.
        template: the turn around them.
        prompts: one a response.
        responses: as they were published.
    """
    rust, special = backend(tokenizer), template.adds_special
    contexts = [template.context(prompt, "") + template.lead for prompt in prompts]
    before = rust.encode_batch(contexts, add_special_tokens=special)
    after = rust.encode_batch(list(responses), add_special_tokens=False)
    return [Turn(tuple(one.ids), tuple(two.ids)) for one, two in zip(before, after, strict=True)]


def key_of(model_digest: str, template: Template, dtype: str, items: Sequence[Turn]) -> str:
    """The name under which log-probabilities are kept: equal exactly if they must be."""
    digest = hashlib.sha256("\0".join((_VERSION, model_digest, template.sha256, dtype)).encode())
    for item in items:
        digest.update(np.array([len(item.context), *item.context, *item.response], np.int64).tobytes())
        digest.update(b"\0")
    return digest.hexdigest()


def log_likelihoods(
    model: Any, items: Sequence[Turn], path: Path | None = None, *, batch: int = 8, padding: Side = "left"
) -> NDArray[np.float64]:
    """Sum of the log-probabilities of every response's tokens, given all that stands before each.

    Args:
        model: a causal language model of transformers, in evaluation mode.
        items: none of them empty, or longer than the model's context.
        path: where the sums are kept; an existing file is read, and the model is not asked. What an interrupted run had
            scored stands beside it, and is not scored again.
        batch: responses in one pass, of about equal length; halved where memory runs out.
        padding: the side of the padding, which must not matter; padding on the left needs less memory.

    Raises:
        UsageError: memory does not even hold one response.
    """
    if path is not None and path.is_file():
        return _read(path)
    part = path.with_suffix(".part.npy") if path else None
    found = _read(part) if part and part.is_file() else np.full(len(items), np.nan)
    order = np.argsort([-len(item) for item in items], kind="stable")  # the longest first: memory runs out early
    left = order[np.isnan(found[order])]
    done = False
    try:
        for count, (row, value) in enumerate(
            track(_scored(model, items, left, batch, padding), "responses read", len(left))
        ):
            found[row] = value
            if part and count % _KEPT_EVERY == _KEPT_EVERY - 1:
                _keep(found, part)
        done = True
    finally:  # an interrupted run goes on where it stopped
        if part and path:
            _keep(found, path if done else part)
            if done:
                part.unlink(missing_ok=True)
    return found


def _read(path: Path) -> NDArray[np.float64]:
    kept: NDArray[np.float64] = np.load(path)
    return kept


def _keep(found: NDArray[np.float64], path: Path) -> None:
    """Write a file as a whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_name(f".{path.stem}.{os.getpid()}.npy")
    np.save(new, found)
    new.replace(path)


def _scored(
    model: Any, items: Sequence[Turn], order: NDArray[np.int64], batch: int, padding: Side
) -> Iterator[tuple[int, float]]:
    import torch

    start = 0
    while start < len(order):
        rows = order[start : start + batch]
        try:
            values = one_pass(model, [items[row] for row in rows], padding)
        except (torch.OutOfMemoryError, MemoryError, RuntimeError) as error:
            if not isinstance(error, torch.OutOfMemoryError | MemoryError) and "memory" not in str(error):
                raise  # on a CPU, memory that runs out is a plain RuntimeError
            if batch == 1:
                msg = "Memory does not hold one response"
                fix = "Use --dtype bfloat16, a smaller model, or a larger machine."
                raise UsageError(msg, got=f"{len(items[order[start]])} tokens", fix=fix) from None
            batch = max(1, batch // 2)
            continue
        yield from zip(rows.tolist(), values, strict=True)
        start += len(rows)


def one_pass(model: Any, items: Sequence[Turn], padding: Side) -> list[float]:
    """The sums of a few responses, read together."""
    import torch

    longest, answer = max(map(len, items)), max(len(item.response) for item in items)
    ids = np.zeros((len(items), longest), np.int64)
    mask = np.zeros_like(ids)
    for row, item in enumerate(items):
        place = slice(0, len(item)) if padding == "right" else slice(longest - len(item), longest)
        ids[row, place] = (*item.context, *item.response)
        mask[row, place] = 1
    positions = np.maximum(np.cumsum(mask, axis=1) - 1, 0)
    device = next(model.parameters()).device
    keep = answer + 1 if padding == "left" else 0  # logits of the last places only, or of all
    with torch.inference_mode():
        logits = model(
            input_ids=torch.from_numpy(ids).to(device),
            attention_mask=torch.from_numpy(mask).to(device),
            position_ids=torch.from_numpy(positions).to(device),
            use_cache=False,
            logits_to_keep=keep,
        ).logits
        first = longest - logits.shape[1]
        sums = []
        for row, item in enumerate(items):
            end = len(item) if padding == "right" else longest
            start = end - len(item.response)
            # the logits at a place are about the token at the next one
            mine = logits[row, start - 1 - first : end - 1 - first].float().log_softmax(dim=-1)
            wanted = torch.tensor(item.response, device=device)
            sums.append(float(mine.gather(1, wanted[:, None]).double().sum()))
    return sums
