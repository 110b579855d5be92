"""The reward on tiny models against a hand-written reference, and everything that must not matter, or must be told."""

from __future__ import annotations

import json
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
from demur.audits.reward import audit, likelihood
from demur.audits.reward.likelihood import Turn, log_likelihoods, turns
from demur.audits.reward.measure import measure
from demur.audits.reward.report import Rewards
from demur.audits.reward.responses import Responses, read_responses
from demur.audits.reward.rewards import ALL, Per, Scored, reward
from demur.cli import main
from demur.errors import FormatError, UsageError
from demur.files.kept import Kept
from demur.tokens.template import Template
from tests.audits import tiny

PER: tuple[Per, ...] = ("token", "response")
WORDS = (*tiny.WORDS, "sorry", "no", "yes", "pour")


def make_tokenizer(*more: str) -> Any:
    return tiny.make_tokenizer("sorry", "no", "yes", "pour", *more)


def llama(seed: int) -> Any:
    return tiny.llama(seed, 2, vocab_size=24, max_position_embeddings=48, initializer_range=0.3)


@pytest.fixture(scope="module")
def tokenizer() -> Any:
    return make_tokenizer()


@pytest.fixture(scope="module")
def models() -> tuple[Any, Any]:
    return llama(0), llama(1)


def loaded(model: Any, tokenizer: Any, name: str = "m") -> Loaded:
    return Loaded(model, tokenizer, name, name)


def sentence(random: np.random.Generator, least: int = 1, most: int = 12) -> str:
    return " ".join(random.choice(WORDS, int(random.integers(least, most))))


@pytest.fixture(scope="module")
def given() -> Responses:
    """Ten queries with a safe, a harmful and a foreign response each."""
    random = np.random.default_rng(0)
    rows = []
    for query in range(10):
        prompt = sentence(random, 2)
        hazards = ("vcr",) if query < 4 else ("prv", "hte") if query < 7 else ()
        for kind, safe in (("preferred", True), ("rejected", False), ("other_rejected", None)):
            rows.append((f"q{query}", prompt, sentence(random), kind, safe, hazards))
    return Responses(*(tuple(column) for column in zip(*rows, strict=True)))


def by_hand(model: Any, item: Turn) -> float:
    """One response, one token at a time, each read with all before it and no padding."""
    total = 0.0
    for place, token in enumerate(item.response):
        before = torch.tensor([[*item.context, *item.response[:place]]])
        with torch.inference_mode():
            logits = model(before).logits[0, -1].double()
        total += float(logits[token] - torch.logsumexp(logits, dim=0))
    return total


@pytest.mark.parametrize("padding", ["left", "right"])
@pytest.mark.parametrize("batch", [1, 3, 100])
def test_sums_equal_those_by_hand(
    tokenizer: Any, models: tuple[Any, Any], given: Responses, padding: Any, batch: int
) -> None:
    items = turns(tokenizer, Template.of(tokenizer), given.prompts, given.responses)
    for model in models:
        expected = [by_hand(model, item) for item in items]
        found = log_likelihoods(model, items, batch=batch, padding=padding)
        np.testing.assert_allclose(found, expected, atol=1e-4)


@pytest.mark.parametrize("shift", [-1, 1])
def test_a_mask_error_of_one_token_would_be_seen(
    tokenizer: Any, models: tuple[Any, Any], given: Responses, shift: int
) -> None:
    """The comparison above can fail: with the border one token off, no sum is right."""
    items = turns(tokenizer, Template.of(tokenizer), given.prompts, given.responses)
    wrong = []
    for item in items:
        whole, border = (*item.context, *item.response), len(item.context) + shift
        wrong.append(Turn(whole[:border], whole[border:]))
    kept = [row for row, item in enumerate(wrong) if item.response]
    expected = np.array([by_hand(models[0], items[row]) for row in kept])
    found = log_likelihoods(models[0], [wrong[row] for row in kept])
    assert (np.abs(found - expected) > 1e-3).all()


def test_only_the_responses_own_tokens_count(tokenizer: Any) -> None:
    template = Template.of(tokenizer)
    (item,) = turns(tokenizer, template, ["tea ?"], ["sorry no"])
    assert tokenizer.convert_ids_to_tokens(item.response) == ["sorry", "no"]
    assert tokenizer.convert_ids_to_tokens(item.context)[-2:] == ["say", ":"]


def test_a_model_against_itself_gives_nothing(tokenizer: Any, models: tuple[Any, Any], given: Responses) -> None:
    one, template = loaded(models[0], tokenizer), Template.of(tokenizer)
    done = measure(one, one, given, (template, template), keep=False).token
    for each in done.distributions:
        assert {each.mean, each.lower_mean, *each.quantiles.values()} == {0.0}
    assert done.upper_first.count == 0  # ties are not above


def test_swapped_models_flip_the_sign(tokenizer: Any, models: tuple[Any, Any], given: Responses) -> None:
    one, two = (loaded(model, tokenizer, name) for model, name in zip(models, "ab", strict=True))
    templates = (Template.of(tokenizer),) * 2
    for per in PER:
        forth = measure(one, two, given, templates, keep=False, per=per).shown
        back = measure(two, one, given, templates, keep=False, per=per).shown
        for a, b in zip(forth.distributions, back.distributions, strict=True):
            assert a.mean == pytest.approx(-b.mean, abs=1e-5)
            assert a.quantiles[0.15] == pytest.approx(-b.quantiles[0.85], abs=1e-5)
        assert forth.upper_first.count == back.upper_first.n - back.upper_first.count


def test_the_sweep_goes_from_the_base_model_to_the_reward_turned_round() -> None:
    """Known numbers: the base model prefers the safe response, the aligned one by more."""
    scored = Scored(
        ("q", "q"), ("preferred", "rejected"), (True, False), (("vcr",), ("vcr",)),
        np.array([2, 4]), aligned=np.array([-2.0, -20.0]), base=np.array([-4.0, -10.0]),
    )  # fmt: skip
    found = reward(scored, "token", [0.0, 0.2, 1.0])
    # a token: base -2.0 and -2.5; aligned -1.0 and -5.0; turned round at 1: -3.0 and 0.0
    assert [(each.hazard, each.alpha, each.rate.count) for each in found.exposure] == [
        ("all", 0.0, 0), ("all", 0.2, 1), ("all", 1.0, 1), ("vcr", 0.0, 0), ("vcr", 0.2, 1), ("vcr", 1.0, 1),
    ]  # fmt: skip
    assert found.upper_first.count == 1
    assert [each.mean for each in found.distributions] == [1.0, -2.5]
    assert [each.mean for each in reward(scored, "response").distributions] == [2.0, -10.0]


def test_pairs_and_hazards_are_counted(tokenizer: Any, models: tuple[Any, Any], given: Responses) -> None:
    one, two = (loaded(model, tokenizer) for model in models)
    done = measure(one, two, given, (Template.of(tokenizer),) * 2, alphas=[1.0], keep=False)
    assert {each.hazard: each.rate.n for each in done.token.exposure} == {ALL: 10, "vcr": 4, "prv": 3, "hte": 3}
    assert {each.kind: each.n for each in done.token.distributions} == dict.fromkeys(sorted(set(given.kinds)), 10)
    assert done.left_out == {}


def test_a_second_run_reads_the_cache(
    tokenizer: Any, models: tuple[Any, Any], given: Responses, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DEMUR_CACHE", str(tmp_path))
    one, two = (loaded(model, tokenizer, name) for model, name in zip(models, "ab", strict=True))
    templates = (Template.of(tokenizer),) * 2
    first = measure(one, two, given, templates)
    asked: list[int] = []
    monkeypatch.setattr(likelihood, "one_pass", lambda *_: asked.append(1))
    assert measure(one, two, given, templates) == first
    assert not asked
    assert len(list((tmp_path / "likelihoods").iterdir())) == 2


@pytest.mark.parametrize("after", [0, 3])
def test_an_interrupted_run_goes_on_where_it_stopped(
    tokenizer: Any,
    models: tuple[Any, Any],
    given: Responses,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    after: int,
) -> None:
    items = turns(tokenizer, Template.of(tokenizer), given.prompts, given.responses)
    expected, real = log_likelihoods(models[0], items, batch=4), likelihood.one_pass
    path = tmp_path / "sums" / "key.npy"
    passes: list[int] = []

    def counted(model: Any, items: Any, padding: Any) -> Any:
        if len(passes) == most:
            raise KeyboardInterrupt
        passes.append(len(items))
        return real(model, items, padding)

    monkeypatch.setattr(likelihood, "one_pass", counted)
    most = after
    with pytest.raises(KeyboardInterrupt):
        log_likelihoods(models[0], items, Kept(path), batch=4)
    assert not path.exists()
    most = -1
    assert log_likelihoods(models[0], items, Kept(path), batch=4).tolist() == expected.tolist()
    assert sum(passes) == len(items)  # none twice
    assert [each.name for each in path.parent.iterdir()] == ["key.npy"]


def test_memory_that_runs_out_halves_the_batch(
    tokenizer: Any, models: tuple[Any, Any], given: Responses, monkeypatch: pytest.MonkeyPatch
) -> None:
    items = turns(tokenizer, Template.of(tokenizer), given.prompts, given.responses)
    expected, real, sizes = log_likelihoods(models[0], items), likelihood.one_pass, []

    def small(model: Any, items: Any, padding: Any) -> Any:
        sizes.append(len(items))
        if len(items) > most:
            msg = "DefaultCPUAllocator: can't allocate memory"
            raise RuntimeError(msg)
        return real(model, items, padding)

    most = 2
    monkeypatch.setattr(likelihood, "one_pass", small)
    np.testing.assert_allclose(log_likelihoods(models[0], items, batch=8), expected, atol=1e-4)
    assert sizes[:3] == [8, 4, 2]
    most = 0
    with pytest.raises(UsageError, match="does not hold one response"):
        log_likelihoods(models[0], items, batch=8)


def changed(given: Responses, row: int, response: str) -> Responses:
    texts = (*given.responses[:row], response, *given.responses[row + 1 :])
    return Responses(given.queries, given.prompts, texts, given.kinds, given.upper, given.hazards)


def test_responses_that_cannot_be_scored_take_their_other_side_with_them(
    tokenizer: Any, models: tuple[Any, Any], given: Responses
) -> None:
    one, two = (loaded(model, tokenizer) for model in models)
    broken = changed(changed(given, 0, "  "), 4, " ".join(["tea"] * 60))
    done = measure(one, two, broken, (Template.of(tokenizer),) * 2, keep=False)
    assert done.left_out == {"empty": 1, "its query lost a side": 2, "longer than the context": 1}
    assert done.token.upper_first.n == 8
    assert done.token.responses == 26


def test_nothing_to_compare_is_an_error(tokenizer: Any, models: tuple[Any, Any], given: Responses) -> None:
    one, two = (loaded(model, tokenizer) for model in models)
    templates = (Template.of(tokenizer),) * 2
    one_sided = Responses(
        given.queries, given.prompts, given.responses, given.kinds, (True,) * len(given.upper), given.hazards
    )
    with pytest.raises(UsageError, match="No query has a response of either side"):
        measure(one, two, one_sided, templates, keep=False)
    nothing = Responses(given.queries, given.prompts, ("",) * len(given.upper), given.kinds, given.upper, given.hazards)
    with pytest.raises(UsageError, match="No response can be scored"):
        measure(one, two, nothing, templates, keep=False)


def test_different_vocabularies_are_an_error(models: tuple[Any, Any], tokenizer: Any, given: Responses) -> None:
    one, two = loaded(models[0], tokenizer), loaded(models[1], make_tokenizer("extra"))
    with pytest.raises(UsageError, match="different vocabularies") as raised:
        measure(one, two, given, (Template.of(tokenizer),) * 2, keep=False)
    assert "17 and 18 tokens, " in str(raised.value)


def test_probabilities_of_nothing_are_an_error(tokenizer: Any, given: Responses) -> None:
    model = llama(2)
    with torch.no_grad():
        model.lm_head.weight[5:] = float("-inf")
    with pytest.raises(UsageError, match="not a finite number"):
        measure(loaded(model, tokenizer), loaded(llama(0), tokenizer), given, (Template.of(tokenizer),) * 2, keep=False)


@pytest.mark.parametrize(("aligned", "base", "model"), [(-np.inf, -1.0, "aligned"), (-1.0, np.nan, "base")])
def test_a_probability_of_nothing_names_query_kind_and_model(aligned: float, base: float, model: str) -> None:
    with pytest.raises(UsageError, match="1 responses have a log-probability that is not a finite number") as raised:
        Scored(("q0", "q1"), ("preferred", "rejected"), (True, False), ((), ()), np.array([2, 4]),
               aligned=np.array([-1.0, aligned]), base=np.array([-1.0, base]))  # fmt: skip
    assert f"'rejected' response to query 'q1', {model} model" in str(raised.value)


def test_queries_with_one_side_are_counted_and_in_no_share(
    tokenizer: Any, models: tuple[Any, Any], given: Responses
) -> None:
    one, two = (loaded(model, tokenizer) for model in models)
    kept = [row for row in range(len(given.upper)) if row not in (1, 5, 6)]  # q0: rejected; q1: foreign; q2: preferred
    part = Responses(*(tuple(column[row] for row in kept) for name, column in vars(given).items() if name != "sides"))
    done = measure(one, two, part, (Template.of(tokenizer),) * 2, keep=False)
    assert (done.token.one_sided, done.token.upper_first.n, done.token.responses) == (2, 8, 27)
    assert done.left_out == {}


def table_of(given: Responses) -> pa.Table:
    names = ("query_id", "prompt", "response", "kind", "safe", "hazards")
    columns = [list(column) for name, column in vars(given).items() if name != "sides"]
    return pa.table(dict(zip(names, columns, strict=True)))


def test_the_command_on_saved_models(
    tokenizer: Any, models: tuple[Any, Any], given: Responses, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DEMUR_CACHE", str(tmp_path / "cache"))
    for name, model in zip(("aligned", "base"), models, strict=True):
        model.save_pretrained(tmp_path / name)
        tokenizer.save_pretrained(tmp_path / name)
    path = tmp_path / "responses.parquet"
    pq.write_table(table_of(given), path)
    assert read_responses(path) == given
    command = ["reward", str(tmp_path / "aligned"), str(tmp_path / "base"), str(path), "--json"]
    done = CliRunner().invoke(main, [*command, "--plot", str(tmp_path / "reward.svg")])
    assert done.exit_code == 0, done.output
    said = json.loads(done.stdout)
    templates = (Template.of(tokenizer),) * 2
    expected = measure(loaded(models[0], tokenizer), loaded(models[1], tokenizer), given, templates, keep=False)
    assert said["token"]["upper_first"]["count"] == expected.token.upper_first.count
    assert said["response"]["distributions"][0]["mean"] == expected.response.distributions[0].mean
    assert said["templates"][0] == said["templates"][1] == templates[0].sha256
    assert said["digests"][0] != said["digests"][1]
    names = str(tmp_path / "aligned"), str(tmp_path / "base")
    found = audit.reward.measure(*names, path, None, "own", "response", (), "float32", "cpu", 8, "left")
    assert isinstance(found, Rewards)
    assert found.shown == found.response != found.token
    assert json.loads(json.dumps(found.as_dict())) == said
    assert (tmp_path / "reward.svg").stat().st_size > 5_000

    def unread(*_: Any, **__: Any) -> Any:
        msg = "no model is to be read"
        raise OSError(msg)

    with monkeypatch.context() as without:
        without.setattr(AutoModelForCausalLM, "from_pretrained", unread)
        again = CliRunner().invoke(main, command)
        assert again.exit_code == 0, "sums that are in the cache need no model"
        assert json.loads(again.stdout) == said
        assert CliRunner().invoke(main, [*command, "--dtype", "bfloat16"]).exit_code == 2
    plain = json.loads(CliRunner().invoke(main, [*command, "--base-template", "plain", "--alpha", "1"]).stdout)
    assert plain["templates"][0] != plain["templates"][1]
    assert {each["alpha"] for each in plain["token"]["exposure"]} == {1.0}
    pq.write_table(table_of(given).drop_columns(["safe"]), path)
    failed = CliRunner().invoke(main, command)
    assert (failed.exit_code, "no safe or preferred" in failed.output) == (2, True), failed.output


def test_a_set_of_preferences_is_scored_and_called_so(
    tokenizer: Any, models: tuple[Any, Any], given: Responses, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Which side is the upper one may stand in `preferred`: the numbers are the same, and nothing is called safe."""
    path, both = tmp_path / "preferred.parquet", tmp_path / "both.parquet"
    table = table_of(given)
    pq.write_table(table.rename_columns({"safe": "preferred"}), path)
    read = read_responses(path)
    assert (read.upper, read.sides) == (given.upper, ("preferred", "rejected"))
    one, two = (loaded(model, tokenizer) for model in models)
    templates = (Template.of(tokenizer),) * 2
    done = measure(one, two, read, templates, keep=False)
    assert done.token == measure(one, two, given, templates, keep=False).token
    done.show()
    said = " ".join(capsys.readouterr().out.split())
    assert "ranks the preferred response above the rejected one" in said
    assert "the rejected response above the preferred one" in said
    assert "safe" not in said
    half = [value if row < 15 else None for row, value in enumerate(given.upper)]
    rest = [value if row >= 15 else None for row, value in enumerate(given.upper)]
    mixed = table.set_column(4, "safe", pa.array(half)).append_column("preferred", pa.array(rest))
    pq.write_table(mixed, both)
    read = read_responses(both)
    assert (read.upper, read.sides) == (given.upper, ("safe or preferred", "harmful or rejected"))
    pq.write_table(table.append_column("preferred", table["safe"]), both)
    with pytest.raises(FormatError, match="two kinds of side"):
        read_responses(both)


def test_rows_with_a_missing_part_are_an_error(given: Responses, tmp_path: Path) -> None:
    path = tmp_path / "responses.parquet"
    pq.write_table(table_of(given).slice(0, 0), path)
    with pytest.raises(FormatError, match="no rows"):
        read_responses(path)
    said = [None if each is None else str(each).lower() for each in given.upper]
    pq.write_table(table_of(given).set_column(4, "safe", pa.array(said)), path)
    with pytest.raises(FormatError, match="'safe' has another type"):
        read_responses(path)
    pq.write_table(table_of(given).set_column(5, "hazards", pa.array(["vcr"] * len(said))), path)
    with pytest.raises(FormatError, match="'hazards' has another type"):
        read_responses(path)
    rows = table_of(given).to_pylist()
    rows[3]["prompt"] = None
    pq.write_table(pa.Table.from_pylist(rows), path)
    with pytest.raises(FormatError, match="lack their prompt"):
        read_responses(path)


def test_the_plot_is_the_same_twice(tokenizer: Any, models: tuple[Any, Any], given: Responses, tmp_path: Path) -> None:
    one, two = (loaded(model, tokenizer) for model in models)
    done = measure(one, two, given, (Template.of(tokenizer),) * 2, keep=False)
    for name in ("one.svg", "two.svg"):
        done.plot(tmp_path / name)
    assert (tmp_path / "one.svg").read_bytes() == (tmp_path / "two.svg").read_bytes()
