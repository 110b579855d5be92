"""The probe of a model on a set: the model is asked, unless its states are kept, and every layer is measured."""

from __future__ import annotations

from demur.audits.asking import Side
from demur.audits.models import Model
from demur.audits.probe.activations import activations, key_of, prompt_tokens
from demur.audits.probe.layers import probe
from demur.audits.probe.pairs import Pairs
from demur.audits.probe.report import Probe
from demur.errors import UsageError
from demur.files.kept import Kept
from demur.tokens.template import Template


def measure(
    asked: Model, pairs: Pairs, *, batch: int = 16, padding: Side = "right", seed: int = 0, keep: bool = True
) -> Probe:
    """Probe a model.

    Args:
        asked: a causal language model, and its fast tokenizer with a chat template.
        pairs: the set.
        batch: prompts in one pass.
        padding: the side of the padding.
        seed: of bootstrap, control task and ablation.
        keep: keep the hidden states in the cache, and use those that are there.

    Raises:
        UsageError: no chat template; every pair is longer than the context; memory does not hold one prompt.
        FormatError: a hidden state is not a finite number.
    """
    template = Template.of(asked.tokenizer)
    tokens = prompt_tokens(asked.tokenizer, template, pairs.prompts)
    limit = asked.context or max(map(len, tokens))
    if long := [row for row, each in enumerate(tokens) if len(each) > limit]:
        if len(long) == len(tokens):
            msg = "Every prompt is longer than the model's context"
            raise UsageError(msg, where=asked.name, expected=f"at most {limit} tokens", got=min(map(len, tokens)))
        pairs = pairs.without(long)
        tokens = prompt_tokens(asked.tokenizer, template, pairs.prompts)
    key = key_of(asked.digest, template, asked.dtype, pairs.prompts)
    kept = Kept.under("activations", key) if keep else None
    values = kept.load(mapped=True) if kept else None
    if values is None:
        values = activations(asked.model.eval(), tokens, kept, batch=batch, padding=padding)
    found = probe(values, pairs.split, pairs.prompts, seed, pairs.stated)
    return Probe(
        model=asked.name,
        model_digest=asked.digest,
        template_sha256=template.sha256,
        dtype=asked.dtype,
        layers=found.layers,
        width=values.shape[2],
        too_long=len(long),
        train_pairs=pairs.split.train_pairs,
        test_pairs=pairs.split.test_pairs,
        text=found.text,
        ablation=found.ablation,
        seed=seed,
        stated=pairs.stated,
    )
