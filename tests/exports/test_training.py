"""What docs/training.md says is run: its commands, then its snippets, with a model of random weights."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner

from demur.cli import main
from demur.errors import UsageError
from demur.exports.training import check_options
from demur.sets.folder import BuiltSet
from tests.conftest import ROOT

PAGE = (ROOT / "docs" / "training.md").read_text(encoding="utf-8")
MODEL, SET = "HuggingFaceTB/SmolLM2-135M-Instruct", "build/refusal-training"
COMMANDS = re.findall(r"^\$ demur (export .*)$", PAGE, re.MULTILINE)
SNIPPETS = re.findall(r"^```python\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


@pytest.fixture(scope="module")
def place(training: BuiltSet, named: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a tiny model of the tokenizer, and what the commands of the page write."""
    import torch
    from transformers import AutoTokenizer, LlamaConfig, LlamaForCausalLM

    folder = tmp_path_factory.mktemp("training")
    tokenizer = AutoTokenizer.from_pretrained(named)
    torch.manual_seed(0)
    torch.set_num_threads(1)
    LlamaForCausalLM(
        LlamaConfig(
            vocab_size=len(tokenizer),
            hidden_size=16,
            intermediate_size=32,
            num_hidden_layers=1,
            num_attention_heads=2,
            pad_token_id=tokenizer.pad_token_id,
            eos_token_id=tokenizer.eos_token_id,
            bos_token_id=None,
        )
    ).save_pretrained(folder / "model")
    tokenizer.save_pretrained(folder / "model")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        for command in COMMANDS:
            done = CliRunner().invoke(
                main, shlex.split(command.replace(MODEL, "model").replace(SET, str(training.path)))
            )
            assert done.exit_code == 0, done.output
    return folder


@pytest.mark.filterwarnings("default")
@pytest.mark.parametrize("number", range(len(SNIPPETS)))
def test_a_snippet_of_the_page_trains(number: int, place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(place)
    monkeypatch.setenv("ACCELERATE_USE_CPU", "true")
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    said: dict[str, Any] = {}
    exec(compile(SNIPPETS[number].replace(MODEL, "model"), f"snippet {number}", "exec"), said)  # noqa: S102
    trainer = said["trainer"]
    assert trainer.state.global_step >= 1
    assert trainer.state.epoch == 1
    if "tokens/train.parquet" in SNIPPETS[number]:  # rto rows with their labels, as they are in the file
        kept = pq.read_table("tokens/train.parquet").to_pylist()
        found = [(row["input_ids"], row["labels"]) for row in trainer.train_dataset]
        assert found == [(row["input_ids"], row["labels"]) for row in kept]
        assert any(label not in (-100, id) for ids, labels in found for id, label in zip(ids, labels, strict=True))
    else:
        assert len(trainer.train_dataset) > 0


def test_the_page_has_a_snippet_of_every_trainer() -> None:
    assert len(COMMANDS) == 3
    assert [re.findall(r"^trainer = (\w+)\($", each, re.MULTILINE) for each in SNIPPETS] == [
        ["SFTTrainer"], ["Trainer"], ["SFTTrainer"], ["DPOTrainer"],
    ]  # fmt: skip


def test_options_that_do_not_go_together() -> None:
    check_options("tokens", ("tokens",), "name", "Sorry", 64)
    check_options("messages", ("tokens",), None, None, None)
    for asked in (("tokens", None, None, None), ("messages", "name", None, None), ("messages", None, "Sorry", None)):
        view, tokenizer, word, block = asked
        with pytest.raises(UsageError):
            check_options(view, ("tokens",), tokenizer, word, block)
