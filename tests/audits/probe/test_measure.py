"""The probe on models whose answer is known: a concept planted at one layer, none at all, and shuffled labels."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch
from click.testing import CliRunner
from transformers import AutoModelForCausalLM

from demur.audits.models import Loaded
from demur.audits.probe import audit, layers
from demur.audits.probe.activations import activations, last_states, prompt_tokens
from demur.audits.probe.layers import P0, margin, probe
from demur.audits.probe.measure import measure
from demur.audits.probe.pairs import Pairs, Split, read_pairs
from demur.audits.probe.report import Probe
from demur.cli import main
from demur.errors import FormatError, UsageError
from demur.files.kept import Kept
from demur.tokens.template import Template
from tests.audits import tiny
from tests.audits.tiny import WORDS, make_tokenizer

LAYERS, WIDTH, PAIRS, PLANTED = 5, 32, 60, 3
MARKER, NEUTRAL = "zog", "mip"


@pytest.fixture(scope="module")
def tokenizer() -> Any:
    return make_tokenizer(MARKER, NEUTRAL)


def llama(seed: int) -> Any:
    return tiny.llama(seed, LAYERS, hidden_size=WIDTH)


def planted(at: int, seed: int = 0) -> Any:
    """A model in which the last token learns of the others in block ``at`` alone: all other attention is silent."""
    model = llama(seed)
    with torch.no_grad():
        for number, block in enumerate(model.model.layers, start=1):
            scale = 12.0 if number == at else 0.0
            block.self_attn.o_proj.weight.mul_(scale)
            if number == at:
                block.self_attn.v_proj.weight.mul_(6.0)
    return model


def pairs_of(sides: Callable[[int], tuple[str, str]], count: int = PAIRS, seed: int = 0) -> Pairs:
    """Pairs of prompts of the same words in the same order, but for one, which names the side."""
    random = np.random.default_rng(seed)
    prompts, harmful = [], []
    for pair in range(count):
        words = list(random.choice(WORDS, int(random.integers(2, 9))))
        for word, side in zip(sides(pair), (True, False), strict=True):
            place = int(random.integers(len(words)))
            prompts.append(" ".join([*words[:place], word, *words[place:]]))
            harmful.append(side)
    numbers = np.repeat(np.arange(count), 2)
    return Pairs(tuple(prompts), Split(np.array(harmful), numbers, numbers % 3 == 0))


@pytest.fixture(scope="module")
def marked() -> Pairs:
    return pairs_of(lambda _: (MARKER, NEUTRAL))


@pytest.mark.parametrize("at", [1, PLANTED, LAYERS])
def test_a_planted_concept_is_seen_from_its_layer_on(tokenizer: Any, marked: Pairs, at: int) -> None:
    done = measure(Loaded(planted(at), tokenizer, "planted", "0"), marked, keep=False)
    accuracy = [each.scores.accuracy.value for each in done.layers]
    assert len(accuracy) == LAYERS + 1
    assert all(value == 0.5 for value in accuracy[:at])  # the last tokens are the same there
    assert all(value >= 0.95 for value in accuracy[at:])
    assert done.summary()["first_layer_above_p1"] == at
    assert all(each.selectivity > 0.3 for each in done.layers[at:])


def test_a_model_that_cannot_know_stays_within_its_control_task(tokenizer: Any) -> None:
    """The sides differ in nothing: both hold the same words, and the label is a coin."""
    coin = np.random.default_rng(7).random(PAIRS) < 0.5
    nothing = pairs_of(lambda pair: (MARKER, NEUTRAL) if coin[pair] else (NEUTRAL, MARKER), seed=3)
    done = measure(Loaded(llama(1), tokenizer, "random", "1"), nothing, keep=False)
    for each in done.layers:
        assert each.scores.accuracy.low <= 0.5 <= each.scores.accuracy.high
        assert each.control.low - 0.1 <= each.scores.accuracy.value <= each.control.high + 0.1
    assert done.summary()["layers_above_p1"] == []


def test_shuffled_labels_give_chance(tokenizer: Any, marked: Pairs) -> None:
    values = activations(planted(PLANTED), prompt_tokens(tokenizer, Template.of(tokenizer), marked.prompts))
    coin = np.random.default_rng(11).random(PAIRS) < 0.5
    shuffled = Split(marked.split.harmful ^ coin[marked.split.pairs], marked.split.pairs, marked.split.test)
    done = probe(values, shuffled, marked.prompts)
    for each in done.layers:
        assert each.scores.accuracy.low <= 0.5 <= each.scores.accuracy.high


def test_the_text_alone_stands_beside(tokenizer: Any, marked: Pairs) -> None:
    """Here one word gives the side away, so no layer says more than the text."""
    done = measure(Loaded(planted(PLANTED), tokenizer, "planted", "0"), marked, keep=False)
    assert done.text.accuracy.value == 1.0
    assert done.summary()["layers_beyond_text"] == []


def test_padding_and_batches_do_not_matter(tokenizer: Any, marked: Pairs) -> None:
    model = llama(2)
    tokens = prompt_tokens(tokenizer, Template.of(tokenizer), marked.prompts[:24])
    alone = np.concatenate([last_states(model, [each], "right") for each in tokens])
    for padding in ("left", "right"):
        for batch in (1, 16, 1000):
            found = activations(model, tokens, batch=batch, padding=padding)
            np.testing.assert_allclose(found, alone, atol=1e-5)


def test_hidden_states_are_those_of_transformers(tokenizer: Any, marked: Pairs) -> None:
    model = llama(2)
    text = tokenizer.apply_chat_template(
        [{"role": "user", "content": marked.prompts[0]}], add_generation_prompt=True, return_tensors="pt"
    )
    ids = text["input_ids"] if not isinstance(text, torch.Tensor) else text
    with torch.inference_mode():
        states = model(ids, output_hidden_states=True).hidden_states
    tokens = prompt_tokens(tokenizer, Template.of(tokenizer), marked.prompts[:1])
    np.testing.assert_allclose(
        activations(model, tokens)[0], np.stack([state[0, -1].numpy() for state in states]), atol=1e-6
    )


def test_a_second_run_does_not_ask_the_model(
    tokenizer: Any, marked: Pairs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DEMUR_CACHE", str(tmp_path))
    model, asked = llama(2), []
    model.model.register_forward_hook(lambda *_: asked.append(1))
    first = measure(Loaded(model, tokenizer, "m", "digest"), marked)
    count = len(asked)
    assert count > 0
    assert measure(Loaded(model, tokenizer, "m", "digest"), marked) == first
    assert len(asked) == count
    measure(Loaded(model, tokenizer, "m", "another digest"), marked)
    assert len(asked) == 2 * count
    assert len(list((tmp_path / "activations").iterdir())) == 2


def test_the_margin_is_the_closed_form(tokenizer: Any) -> None:
    random = np.random.default_rng(0)
    weights, bias, states = random.normal(size=8), 0.3, random.normal(size=(50, 8))
    found = margin(weights, bias, states)
    moved = []
    for state in states:
        shift = max(0.0, (weights @ state + bias - np.log(P0 / (1 - P0))) / np.linalg.norm(weights))
        reached = state - shift * weights / np.linalg.norm(weights)
        assert 1 / (1 + np.exp(-(weights @ reached + bias))) == pytest.approx(P0)
        moved.append(shift / np.linalg.norm(state))
    assert found.median == pytest.approx(np.median(moved), abs=1e-4)


def test_the_ablation_rises_to_the_whole_set(tokenizer: Any, marked: Pairs) -> None:
    done = measure(Loaded(planted(PLANTED), tokenizer, "planted", "0"), marked, keep=False)
    mine = [point for point in done.ablation if point.layer == PLANTED]
    assert [point.pairs for point in mine] == [1, 2, 5, 10, 20, 40]
    assert mine[-1].accuracy == done.layers[PLANTED].scores.accuracy.value
    assert mine[-1].accuracy >= mine[0].accuracy


def test_states_that_are_not_finite_are_an_error(tokenizer: Any, marked: Pairs, tmp_path: Path) -> None:
    model = llama(2)
    with torch.no_grad():
        model.model.layers[2].mlp.down_proj.weight[0, 0] = float("nan")
    tokens = prompt_tokens(tokenizer, Template.of(tokenizer), marked.prompts)
    with pytest.raises(FormatError, match="layer 3") as raised:
        activations(model, tokens, Kept(tmp_path / "kept.npy"))
    assert marked.prompts[0] not in str(raised.value)
    assert list(tmp_path.iterdir()) == []


def test_memory_that_runs_out_halves_the_batch(tokenizer: Any, marked: Pairs, monkeypatch: pytest.MonkeyPatch) -> None:
    from demur.audits.probe import activations as module

    model, sizes = llama(2), []
    tokens = prompt_tokens(tokenizer, Template.of(tokenizer), marked.prompts)
    expected = activations(model, tokens)

    def small(model: Any, tokens: Any, padding: Any) -> Any:
        sizes.append(len(tokens))
        if len(tokens) > most:
            raise torch.OutOfMemoryError
        return last_states(model, tokens, padding)

    most = 4
    monkeypatch.setattr(module, "last_states", small)
    np.testing.assert_allclose(activations(model, tokens, batch=16), expected, atol=1e-5)
    assert sizes[:3] == [16, 8, 4]
    most = 0
    with pytest.raises(UsageError, match="does not hold one prompt"):
        activations(model, tokens, batch=16)


def test_prompts_beyond_the_context_are_left_out_with_their_partners(tokenizer: Any, marked: Pairs) -> None:
    long = Pairs((*marked.prompts[:-1], " ".join(["tea"] * 100)), marked.split)
    done = measure(Loaded(llama(2), tokenizer, "m", "d"), long, keep=False)
    assert done.too_long == 1
    assert done.train_pairs + done.test_pairs == PAIRS - 1
    everything = Pairs(tuple(" ".join(["tea"] * 100) for _ in marked.prompts), marked.split)
    with pytest.raises(UsageError, match="longer than the model's context"):
        measure(Loaded(llama(2), tokenizer, "m", "d"), everything, keep=False)


def test_a_model_without_a_template(tokenizer: Any, marked: Pairs) -> None:
    from copy import deepcopy

    bare = deepcopy(tokenizer)
    bare.chat_template = None
    with pytest.raises(UsageError, match="no chat template"):
        measure(Loaded(llama(2), bare, "m", "d"), marked, keep=False)


def rows_of(pairs: Pairs) -> list[dict[str, Any]]:
    split = pairs.split
    return [
        {"prompt": prompt, "side": "harmful" if harmful else "safe", "pair_id": f"p{pair:03d}",
         "split": "test" if held else "train"}
        for prompt, harmful, pair, held in zip(pairs.prompts, split.harmful, split.pairs, split.test, strict=True)
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("change", "error", "said"),
    [
        (lambda rows: [{**row, "side": "safe"} for row in rows], FormatError, "not one harmful and one safe"),
        (lambda rows: rows[1:], FormatError, "1 pairs are not one harmful and one safe"),
        (lambda rows: [{**row, "split": "train"} for row in rows], UsageError, "no held-out prompts"),
        (lambda rows: [{**row, "side": "maybe"} for row in rows], FormatError, "neither harmful nor safe"),
        (lambda rows: [{"prompt": row["prompt"]} for row in rows], UsageError, "has no pairs"),
        (lambda rows: [{**row, "split": "test" if row["side"] == "safe" and row["pair_id"] < "p010" else row["split"]}
                       for row in rows],
         UsageError, "Pairs stand in training and among the held-out ones"),
    ],
    ids=["one-side", "unpaired", "no-test", "another-side", "no-columns", "straddling"],
)  # fmt: skip
def test_sets_that_cannot_be_probed(
    marked: Pairs, tmp_path: Path, change: Callable[[Any], Any], error: type[Exception], said: str
) -> None:
    path = tmp_path / "pairs.parquet"
    pq.write_table(pa.Table.from_pylist(change(rows_of(marked))), path)
    with pytest.raises(error, match=said):
        read_pairs(path)


def test_a_file_reads_back_as_the_pairs(marked: Pairs, tmp_path: Path) -> None:
    path = tmp_path / "pairs.parquet"
    pq.write_table(pa.Table.from_pylist(rows_of(marked)[::-1]), path)
    found = read_pairs(path)
    assert found.prompts == marked.prompts
    assert np.array_equal(found.split.test, marked.split.test)
    (tmp_path / "no.parquet").write_bytes(b"no Parquet")
    with pytest.raises(FormatError, match="cannot be read"):
        read_pairs(tmp_path / "no.parquet")


def test_the_command_on_a_saved_model(
    tokenizer: Any, marked: Pairs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DEMUR_CACHE", str(tmp_path / "cache"))
    planted(PLANTED).save_pretrained(tmp_path / "model")
    tokenizer.save_pretrained(tmp_path / "model")
    pq.write_table(pa.Table.from_pylist(rows_of(marked)), tmp_path / "pairs.parquet")
    command = ["probe", str(tmp_path / "model"), str(tmp_path / "pairs.parquet"), "--json"]
    done = CliRunner().invoke(main, [*command, "--plot", str(tmp_path / "probe.svg")])
    assert done.exit_code == 0, done.output
    said = json.loads(done.stdout)
    assert said["summary"]["first_layer_above_p1"] == PLANTED
    assert (said["layers"][PLANTED]["layer"], said["model"], said["dtype"]) == (PLANTED, "model", "float32")
    assert (tmp_path / "probe.svg").stat().st_size > 10_000
    with monkeypatch.context() as without:
        without.setattr(AutoModelForCausalLM, "from_pretrained", unread)
        again = CliRunner().invoke(main, command)
        assert again.exit_code == 0, "states that are in the cache need no model"
        assert json.loads(again.stdout) == said
        assert CliRunner().invoke(main, [*command, "--dtype", "bfloat16"]).exit_code == 2
    path = tmp_path / "pairs.parquet"
    found = audit.probe.measure(str(tmp_path / "model"), path, None, "train", "test", "float32", "cpu", 16, "right", 0)
    assert isinstance(found, Probe)
    assert json.loads(json.dumps(found.as_dict())) == said
    coarse = json.loads(CliRunner().invoke(main, [*command, "--dtype", "bfloat16", "--padding", "left"]).stdout)
    assert coarse["summary"]["first_layer_above_p1"] == PLANTED
    for wrong, message in (
        (["probe", str(tmp_path), str(tmp_path / "pairs.parquet")], "cannot be loaded"),
        ([*command, "--plot", str(tmp_path / "probe.pdf")], "Unknown kind of plot"),
    ):
        failed = CliRunner().invoke(main, wrong)
        assert (failed.exit_code, message in failed.output) == (2, True), failed.output


def unread(*_: Any, **__: Any) -> Any:
    msg = "no model is to be read"
    raise OSError(msg)


def test_a_layer_is_the_same_in_a_process_of_its_own(
    tokenizer: Any, marked: Pairs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tokens = prompt_tokens(tokenizer, Template.of(tokenizer), marked.prompts)
    values = activations(planted(PLANTED), tokens, Kept(tmp_path / "kept.npy"))
    alone = probe(values, marked.split, marked.prompts)
    workers: list[int] = []
    monkeypatch.setattr(layers, "LARGE", 0)
    monkeypatch.setattr(layers, "thread_count", lambda: workers.append(2) or 2)  # type: ignore[func-returns-value]
    assert probe(values, marked.split, marked.prompts) == alone
    assert workers == [2]


def test_the_plot_is_the_same_twice(tokenizer: Any, marked: Pairs, tmp_path: Path) -> None:
    done = measure(Loaded(planted(PLANTED), tokenizer, "planted", "0"), marked, keep=False)
    for name in ("one.svg", "two.svg"):
        done.plot(tmp_path / name)
    assert (tmp_path / "one.svg").read_bytes() == (tmp_path / "two.svg").read_bytes()
    assert (tmp_path / "one.svg").stat().st_size > 10_000
