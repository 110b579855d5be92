"""Teacher-forced log-probabilities: how likely a model finds fixed responses to fixed prompts. Nothing is generated.

A response is read behind its prompt, in the model's own chat template; only the response's own tokens count, not the
template's and not the end of the turn. Prompt and response are tokenised apart, so that two models of one vocabulary
score the same tokens.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from demur.audits.asking import Side, in_batches, padded
from demur.files.kept import Kept
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
    model: Any, items: Sequence[Turn], kept: Kept | None = None, *, batch: int = 8, padding: Side = "left"
) -> NDArray[np.float64]:
    """Sum of the log-probabilities of every response's tokens, given all that stands before each.

    Args:
        model: a causal language model of transformers, in evaluation mode.
        items: none of them empty, or longer than the model's context.
        kept: where the sums are kept; what is there already is read, and the model is not asked. What an interrupted
            run had scored stands beside it, and is not scored again.
        batch: responses in one pass, of about equal length; halved where memory runs out.
        padding: the side of the padding, which must not matter; padding on the left needs less memory.

    Raises:
        UsageError: memory does not even hold one response.
    """
    if kept is not None and (known := kept.load()) is not None:
        return known
    begun = kept.unfinished if kept else None
    found = begun.load() if begun else None
    if found is None:
        found = np.full(len(items), np.nan)
    left = np.flatnonzero(np.isnan(found)).tolist()
    try:
        scored = _scored(model, items, left, batch, padding)
        for count, (row, value) in enumerate(track(scored, "responses read", len(left))):
            found[row] = value
            if begun and count % _KEPT_EVERY == _KEPT_EVERY - 1:
                begun.keep(found)
    except BaseException:  # an interrupted run goes on where it stopped
        if begun:
            begun.keep(found)
        raise
    if kept and begun:
        kept.keep(found)
        begun.drop()
    return found


def _scored(
    model: Any, items: Sequence[Turn], wanted: Sequence[int], batch: int, padding: Side
) -> Iterator[tuple[int, float]]:
    def ask(rows: list[int]) -> list[float]:
        return one_pass(model, [items[row] for row in rows], padding)

    for rows, values in in_batches(list(map(len, items)), wanted, batch, ask, "response"):
        yield from zip(rows, values, strict=True)


def one_pass(model: Any, items: Sequence[Turn], padding: Side) -> list[float]:
    """The sums of a few responses, read together."""
    import torch

    given = {
        name: values.to(model.device)
        for name, values in padded([(*item.context, *item.response) for item in items], padding).items()
    }
    longest, answer = given["input_ids"].shape[1], max(len(item.response) for item in items)
    keep = answer + 1 if padding == "left" else 0  # logits of the last places only, or of all
    with torch.inference_mode():
        logits = model(**given, use_cache=False, logits_to_keep=keep).logits
        first = longest - logits.shape[1]
        sums = []
        for row, item in enumerate(items):
            end = len(item) if padding == "right" else longest
            start = end - len(item.response)
            # the logits at a place are about the token at the next one
            mine = logits[row, start - 1 - first : end - 1 - first].float().log_softmax(dim=-1)
            wanted = torch.tensor(item.response, device=model.device)
            sums.append(float(mine.gather(1, wanted[:, None]).double().sum()))
    return sums
