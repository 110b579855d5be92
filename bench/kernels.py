"""Kernels of a wheel, compiled ahead: ordinary work is done on made texts, and what it compiled is packed.

    python -m bench.kernels FILE

What a kernel is called with is not written down anywhere: it is what this work calls it with. Compiled is in a process
of its own, for the processor that `demur.text.shipped` names, on one thread: one environment makes the same bytes every
time. A kernel that the work does not reach ends this. Needs `demur[fast]`; for token rows tokenizers, transformers and
jinja2.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
ROWS = 20_000
TURN = "{% for m in messages %}<|{{ m['role'] }}|>{{ m['content'] }}<|end|>{% endfor %}"
OPEN = "{% if add_generation_prompt %}<|assistant|>{% endif %}"


def main(place: Path) -> None:
    """Compile and pack, in a process that does nothing else."""
    from demur.text.shipped import LEVEL

    with tempfile.TemporaryDirectory() as folder:
        fixed = {**LEVEL, "NUMBA_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "PYTHONHASHSEED": "0"}
        kept = {name: value for name, value in os.environ.items() if not name.startswith("NUMBA_")}
        subprocess.run(
            [sys.executable, "-m", "bench.kernels", str(place.resolve()), folder],
            cwd=ROOT,
            env={**kept, **fixed, "NUMBA_CACHE_DIR": folder, "HF_HUB_OFFLINE": "1"},
            check=True,
        )


def compile_all(place: Path, folder: Path) -> None:
    """Do the work, and pack what it compiled."""
    from demur.progress import QUIET, loudness
    from demur.text.compiled import MACHINES
    from demur.text.shipped import pack

    _forget_places()
    with loudness(QUIET):
        for work in (_compare, _check, _shards, _tokens):
            work(folder)
    held = pack(place, MACHINES)
    missing = sorted(kernels() - {name.partition("(")[0] for name in held})
    if missing:
        place.unlink()
        sys.exit(f"bench.kernels calls no {', '.join(missing)}: let its work reach them")
    print(f"{place}: {len(held)} signatures of {len(MACHINES)} kernels, {place.stat().st_size / 1e6:.1f} MB")


def _forget_places() -> None:
    """Let numba's errors, which stand in the code, name files from their package on, and not as they lie here."""
    from numba.core import ir

    begin = ir.Loc.__init__

    def begin_anywhere(self: Any, filename: str, *others: Any, **named: Any) -> None:
        begin(self, filename.rpartition("site-packages/")[2].removeprefix(f"{ROOT}/"), *others, **named)

    ir.Loc.__init__ = begin_anywhere


def kernels() -> set[str]:
    """All kernels of the source, by module and name."""
    found = set()
    for path in (ROOT / "demur").rglob("*.py"):
        module = ".".join(path.relative_to(ROOT).with_suffix("").parts)
        found |= {f"{module}.{name}" for name in re.findall(r"^@kernel\ndef (\w+)", path.read_text("utf-8"), re.M)}
    return found


def _compare(folder: Path) -> None:
    """Joins of each view, and by each way through them; groups and their splits; what resembles protected prompts."""
    import numpy as np
    import pyarrow as pa

    from bench.corpus import corpus
    from demur.groups.splits import MANY as SPLIT
    from demur.groups.splits import assign_codes
    from demur.protected.near import decontaminate
    from demur.protected.prompts import Background, Protected
    from demur.similarity import View, components, cross_join, self_join
    from demur.similarity.onepass import LEAST
    from demur.text.columns import fold_confusables_array, normalise_array

    one = corpus(ROWS)[0]["text"]
    many = pa.chunked_array([*one.chunks] * (1 + LEAST // ROWS))
    few = pa.array(
        [*one.slice(0, 300).to_pylist(), None, "", "\u00dcber den Flu\u00df \u6771\u4eac e\u0301 " * 9, "A b c d"]
    )
    views: tuple[View, ...] = ("token", "word3", "char")
    for view in views:
        forms: list[Any] = [few, few.to_pylist(), pa.chunked_array([few, few]), few.slice(7), []]
        for texts in forms:
            self_join(texts, view=view, threshold=0.5)
            cross_join(texts, few, view=view, threshold=0.5)
    self_join(many, view="token", threshold=0.9)
    near = self_join(many, view="word3", threshold=0.8, pairs="forest")
    group = np.resize(components(len(many), near), SPLIT)
    assign_codes(pa.array([f"row-{row}" for row in range(SPLIT)]), group, {"train": 0.9, "test": 0.1})
    protected = Protected.from_texts([text for text in few.to_pylist() if text], background=Background.of(one))
    protected.write(folder / "sketch.parquet")
    for sketch in (protected, Protected.read(folder / "sketch.parquet")):
        for texts in (few, one):
            decontaminate(texts, sketch)
    normalise_array(few)
    fold_confusables_array(few.slice(1))


def _check(folder: Path) -> None:
    """A check of prompts, of prompts with responses in two formats, and of chats: with faults, and in other scripts."""
    from bench.check_speed import FILES, write
    from demur.checks.engine import check

    write(folder, ROWS)
    for name in FILES:
        check(folder / name, license="mit")


def _shards(folder: Path) -> None:
    """Groups of files, shard by shard."""
    import pyarrow.parquet as pq

    from demur.groups.sharded.grouping import run
    from demur.similarity import View

    views: tuple[View, ...] = ("token", "word3", "char")
    pq.write_table(pq.read_table(folder / "benchmark.parquet"), folder / "rows.parquet", row_group_size=ROWS // 4)
    for view in views:
        run([str(folder / "rows.parquet")], str(folder / view), column="prompt", view=view, shard_rows=ROWS // 4)


def _tokens(folder: Path) -> None:
    """Token rows of a byte-level tokenizer: by its table of known pieces, and as it encodes itself."""
    import pyarrow as pa
    import pyarrow.parquet as pq
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    from demur.tokens.fixed import find_fixed
    from demur.tokens.rows import TokenView
    from demur.tokens.template import Template

    rows = pq.read_table(folder / "responses.parquet")
    rust = Tokenizer(models.BPE())
    rust.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    rust.decoder = decoders.ByteLevel()
    special = ["<|user|>", "<|assistant|>", "<|end|>"]
    letters = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(vocab_size=700, special_tokens=special, initial_alphabet=letters, show_progress=False)
    rust.train_from_iterator(["Sorry, no. Sorry. " * 9, *rows["prompt"].slice(0, 500).to_pylist()], trainer)
    tokenizer: Any = PreTrainedTokenizerFast(tokenizer_object=rust, eos_token="<|end|>", pad_token="<|end|>")  # noqa: S106
    tokenizer.chat_template = TURN + OPEN
    template = Template.of(tokenizer)
    table = pa.table({
        "record_id": [f"{row:032}" for row in range(len(rows))],
        "kind": ["rto" if row % 2 else "mle" for row in range(len(rows))],
        "prompt": rows["prompt"],
        "context_prefix": ["" if row % 3 else "Well, " for row in range(len(rows))],
        "target": rows["response"],
    })  # fmt: skip
    for keep, some in ((1.0, table.slice(0, 500)), (0.5, table)):
        view = TokenView(tokenizer, template, find_fixed(tokenizer, template, "Sorry"), block=256, keep_rate=keep)
        for _ in view.batches(some):
            pass


if __name__ == "__main__":
    if len(sys.argv) == 2:
        main(Path(sys.argv[1]))
    else:
        compile_all(Path(sys.argv[1]), Path(sys.argv[2]))
