"""Two small sets to export: training rows, and queries, which carry a canary."""

from __future__ import annotations

from typing import Any

import pyarrow.compute as pc
import pytest

from demur.sets.folder import BuiltSet
from demur.sets.pipeline import Build
from tests.builders.test_refusal_training import sketch, small  # noqa: F401 - fixtures
from tests.kinds.queries.conftest import drawn, queries_project  # noqa: F401 - fixtures
from tests.small import Small
from tests.tokens.conftest import bpe, fast


@pytest.fixture(scope="module")
def training(small: tuple[Small, Build]) -> BuiltSet:  # noqa: F811
    return BuiltSet.open(small[1].out)


@pytest.fixture(scope="module")
def queries(drawn: Build) -> BuiltSet:  # noqa: F811
    return BuiltSet.open(drawn.out)


def tokenizer_of(rows: Any) -> Any:
    """A byte-level BPE whose words are those of these rows, with ChatML: the set's own refusal word is one token."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

    rust = Tokenizer(models.BPE())
    rust.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    rust.decoder = decoders.ByteLevel()
    rust.train_from_iterator(
        [*rows["target"].to_pylist(), "Unfortunately, no. Unfortunately, no."],
        trainers.BpeTrainer(
            vocab_size=2000,
            special_tokens=["<|im_start|>", "<|im_end|>", "<|pad|>"],
            initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
            show_progress=False,
        ),
    )
    return fast(rust, bpe().chat_template, eos_token="<|im_end|>", pad_token="<|pad|>")  # noqa: S106


@pytest.fixture(scope="module")
def named(training: BuiltSet, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The folder of a tokenizer in which the set's refusal word is one token."""
    folder = tmp_path_factory.mktemp("tokenizer")
    tokenizer_of(training.rows()).save_pretrained(folder)
    return str(folder)


def read(built: BuiltSet) -> set[str]:
    """The texts that are read and never learnt."""
    rows = built.rows()
    return set(rows.filter(pc.equal(rows["kind"], "rto"))["target"].to_pylist())
