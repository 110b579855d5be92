"""Real trainers take the rows as they are, and the loss falls. Tiny models, a few steps, mild texts."""

from __future__ import annotations

import math
import pickle
from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("transformers")
datasets = pytest.importorskip("datasets")

from demur.errors import RowError  # noqa: E402
from demur.tokens.collator import Collator  # noqa: E402
from demur.tokens.fixed import find_fixed  # noqa: E402
from demur.tokens.rows import TokenView  # noqa: E402
from demur.tokens.template import Template  # noqa: E402
from demur.tokens.views import messages, preference, prompt_completion  # noqa: E402
from tests.tokens.conftest import REFUSAL, bpe  # noqa: E402
from tests.tokens.test_views import rows  # noqa: E402

pytestmark = pytest.mark.filterwarnings("default")
STEPS = 10


def model() -> Any:
    from transformers import LlamaConfig, LlamaForCausalLM

    torch.manual_seed(0)
    torch.set_num_threads(1)  # so small a model only waits for its threads
    return LlamaForCausalLM(
        LlamaConfig(
            vocab_size=len(bpe()),
            hidden_size=32,
            intermediate_size=64,
            num_hidden_layers=2,
            num_attention_heads=2,
            max_position_embeddings=512,
            pad_token_id=bpe().pad_token_id,
            eos_token_id=bpe().eos_token_id,
            bos_token_id=None,
        )
    )


def token_rows() -> Any:
    template = Template.of(bpe())
    good, bad = TokenView(bpe(), template, find_fixed(bpe(), template, REFUSAL), block=256).table(rows())
    assert bad.num_rows == 0
    return datasets.Dataset(good)


def settings(folder: Path) -> dict[str, Any]:
    return {
        "output_dir": str(folder),
        "max_steps": STEPS,
        "per_device_train_batch_size": 8,
        "learning_rate": 1e-2,
        "lr_scheduler_type": "constant",
        "logging_steps": 1,
        "report_to": "none",
        "save_strategy": "no",
        "use_cpu": True,
        "seed": 3,
        "disable_tqdm": True,
    }


def falls(trainer: Any) -> None:
    trainer.train()
    losses = [entry["loss"] for entry in trainer.state.log_history if "loss" in entry]
    assert len(losses) == STEPS
    assert all(map(math.isfinite, losses))
    first, last = sum(losses[:3]) / 3, sum(losses[-3:]) / 3
    assert last < 0.8 * first, losses


def test_transformers_trainer_takes_token_rows(tmp_path: Path) -> None:
    from transformers import Trainer, TrainingArguments

    data = token_rows()
    falls(
        Trainer(
            model=model(),
            args=TrainingArguments(**settings(tmp_path)),
            train_dataset=data,
            data_collator=Collator(bpe().pad_token_id),
        )
    )


def test_the_loss_is_that_of_the_labels() -> None:
    """The model's own loss equals a cross entropy written out over the supervised positions only."""
    batch = Collator(bpe().pad_token_id)(token_rows().select(range(6)).to_list())
    net = model().eval()
    with torch.no_grad():
        found = net(**batch)
        chance = torch.log_softmax(found.logits[:, :-1].double(), -1)
    wanted = [
        -chance[row, place - 1, batch["labels"][row, place]].item()
        for row in range(6)
        for place in range(1, batch["labels"].shape[1])
        if batch["labels"][row, place] != -100
    ]
    assert found.loss.item() == pytest.approx(sum(wanted) / len(wanted), rel=1e-4)


def test_trl_sft_takes_token_rows_with_their_labels(tmp_path: Path) -> None:
    trl = pytest.importorskip("trl")
    data = token_rows()
    trainer = trl.SFTTrainer(
        model=model(),
        args=trl.SFTConfig(**settings(tmp_path), bf16=False, max_length=256),
        train_dataset=data,
        processing_class=bpe(),
    )
    for ours, theirs in zip(data, trainer.train_dataset, strict=True):
        assert theirs["input_ids"] == ours["input_ids"]
        assert theirs["labels"] == ours["labels"]
    falls(trainer)


def test_trl_sft_builds_our_labels_from_prompt_and_completion(tmp_path: Path) -> None:
    trl = pytest.importorskip("trl")
    view, _ = prompt_completion(rows(), Template.of(bpe()))
    trainer = trl.SFTTrainer(
        model=model(),
        args=trl.SFTConfig(**settings(tmp_path), bf16=False, max_length=256),
        train_dataset=datasets.Dataset(view),
        processing_class=bpe(),
    )
    ours = {each["record_id"]: each for each in token_rows()}
    for key, theirs in zip(view["record_id"].to_pylist(), trainer.train_dataset, strict=True):
        assert theirs["input_ids"] == ours[key]["input_ids"]
        assert theirs["labels"] == ours[key]["labels"]
    falls(trainer)


def test_trl_sft_takes_messages(tmp_path: Path) -> None:
    trl = pytest.importorskip("trl")
    view, _ = messages(rows())
    falls(
        trl.SFTTrainer(
            model=model(),
            args=trl.SFTConfig(**settings(tmp_path), bf16=False, max_length=256),
            train_dataset=datasets.Dataset(view),
            processing_class=bpe(),
        )
    )


def test_trl_dpo_takes_preferences(tmp_path: Path) -> None:
    trl = pytest.importorskip("trl")
    view, _ = preference(rows())
    falls(
        trl.DPOTrainer(
            model=model(),
            ref_model=model(),
            args=trl.DPOConfig(**settings(tmp_path), bf16=False, max_length=256),
            train_dataset=datasets.Dataset(view),
            processing_class=bpe(),
        )
    )


def test_the_collator_pads_on_the_right() -> None:
    features = [
        {"input_ids": [5, 6, 7], "labels": [-100, 6, 7], "attention_mask": [1, 1, 1], "record_id": "a"},
        {"input_ids": [8, 9], "labels": [-100, 9], "attention_mask": [1, 1], "record_id": "b"},
    ]
    batch = Collator(pad=1, multiple=4)(features)
    assert {name: tensor.tolist() for name, tensor in batch.items()} == {
        "input_ids": [[5, 6, 7, 1], [8, 9, 1, 1]],
        "attention_mask": [[1, 1, 1, 0], [1, 1, 0, 0]],
        "labels": [[-100, 6, 7, -100], [-100, 9, -100, -100]],
    }
    assert all(tensor.dtype == torch.int64 for tensor in batch.values())
    assert pickle.loads(pickle.dumps(Collator(1))) == Collator(1)  # noqa: S301 - our own bytes


def test_the_collator_refuses_rows_that_teach_nothing() -> None:
    with pytest.raises(RowError, match="no supervised position"):
        Collator(0)([{"input_ids": [5], "labels": [-100], "attention_mask": [1]}])
    with pytest.raises(RowError, match="differ in length"):
        Collator(0)([{"input_ids": [5, 6], "labels": [5], "attention_mask": [1, 1]}])
