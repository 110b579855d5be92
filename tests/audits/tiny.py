"""Tiny models and a tokenizer of whole words, made in the test."""

from __future__ import annotations

from typing import Any

import torch

WORDS = ("tea", "kettle", "garden", "lamp", "river", "paper", "cloud", "spoon")


def make_tokenizer(*more: str) -> Any:
    """A fast tokenizer of these words and ours, with a chat template."""
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    names = ["<eos>", "<unk>", ":", "ask", "say", *more, *WORDS]
    numbers = {name: number for number, name in enumerate(names)}
    rust = Tokenizer(models.WordLevel(numbers, unk_token="<unk>"))  # noqa: S106
    rust.pre_tokenizer = pre_tokenizers.Whitespace()
    made = PreTrainedTokenizerFast(tokenizer_object=rust, eos_token="<eos>", unk_token="<unk>")  # noqa: S106
    made.chat_template = (
        "{% for m in messages %}{% if m['role'] == 'user' %}ask : {{ m['content'] }} say : "
        "{% else %}{{ m['content'] }}<eos>{% endif %}{% endfor %}"
    )
    return made


def llama(seed: int, layers: int, **more: Any) -> Any:
    """A Llama of random weights."""
    from transformers import LlamaConfig, LlamaForCausalLM

    torch.manual_seed(seed)
    shape = {"vocab_size": 32, "hidden_size": 32, "intermediate_size": 48, "max_position_embeddings": 64}
    heads = {"num_attention_heads": 4, "num_key_value_heads": 4}
    return LlamaForCausalLM(LlamaConfig(num_hidden_layers=layers, **{**shape, **heads, **more})).eval()
