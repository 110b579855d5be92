"""`demur check` with all rules on rows that all show one thing, an older checkout against this one, in CPU seconds.

    python -m bench.check_kinds --before OLDER-CHECKOUT --rows 60000 --rounds 4 --write

Chats of made-up sentences, as JSON Lines: plain, and then with something in every turn that a rule has to look at (a
date, a slot, ...), or in another form (a JSON list, two sides, ...). What a rule does for the few rows that it doubts
is seldom noticed; here it doubts all. Runs and what has to be the same are as in `bench.check_speed`; every other round
begins with the other checkout.
"""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median
from typing import Any

from bench.check_speed import FEW, VERSIONS, commit, start

_NOUNS = ("lamp", "harbour", "gate", "heron", "river", "garden", "bridge", "boat", "kettle", "ferry", "tower", "meadow")
_DOES = ("stands near", "waits for", "looks at", "was built beside", "belongs to", "is older than", "hides behind")
_HOW = ("in the early morning", "on most days of spring", "without any help", "as far as we know", "when it rains")


def _word(number: int) -> str:
    """A word that no other number has."""
    word = ""
    while number or not word:
        word += "bdfgklmnprst"[number % 12] + "aeiou"[number // 12 % 5]
        number //= 60
    return word


def _sentences(draw: Any, number: int, many: int) -> str:
    places = draw.integers(0, [12, 7, 12, 5], (many, 4)).tolist()
    said = [f"The {_NOUNS[a]} {_DOES[b]} the {_NOUNS[c]} {_HOW[d]}." for a, b, c, d in places]
    return " ".join([*said, f"Its name is {_word(number)}."])


Texts = list[tuple[str, str]]

INSIDE: dict[str, Callable[[str, int], str]] = {
    "plain": lambda text, _: text,
    "a date and a time": lambda text, number: f"{text} It was 2024-01-{number % 28 + 1:02} 12:30:{number % 60:02}.",
    "an address of a network": lambda text, number: f"{text} It is 192.168.{number % 255}.{number % 253} there.",
    "an e-mail address": lambda text, number: f"{text} Write to {_word(number)}@lakes.org today.",
    "a phone number": lambda text, number: f"{text} Call 212-{number % 800 + 100}-{number % 9000 + 1000} now.",
    "a slot": lambda text, _: f"{text} Dear {{name}} of [the harbour].",
    "a word of refusals": lambda text, _: f"{text} It cannot be seen from there.",
    "no sign at the end": lambda text, _: f"{text.removesuffix('.')} and so it went",
    "blanks around": lambda text, _: f" \n{text} \n",
    "letters of another script": lambda text, _: text.translate({97 + place: 0x3B1 + place for place in range(26)}),
    "a mark of a template": lambda text, _: f"<|im_start|>{text}<|im_end|>",
}  # fmt: skip
"""What every turn holds."""


def _turns(asked: str, answer: str) -> list[dict[str, Any]]:
    return [{"role": "user", "content": asked}, {"role": "assistant", "content": answer}]


def _each(row: Callable[[str, str, str, int], Any]) -> Callable[[Texts], str]:
    """JSON Lines of what is made of prompt, answer, another answer and the row's number."""

    def lines(texts: Texts) -> str:
        others = [texts[-1], *texts]
        every = enumerate(zip(texts, others, strict=False))
        rows = (row(asked, answer, other, number) for number, ((asked, answer), (_, other)) in every)
        return "".join(json.dumps(each) + "\n" for each in rows)

    return lines


FORMS: dict[str, tuple[str, Callable[[Texts], str]]] = {
    "JSON list": ("json", lambda texts: json.dumps([{"messages": _turns(*each)} for each in texts])),
    "JSON list, indented": (
        "json",
        lambda texts: json.dumps([{"messages": _turns(*each)} for each in texts], indent=1),
    ),
    "fractions beside": (
        "jsonl",
        _each(lambda asked, answer, _, number: {"instruction": asked, "output": answer, "score": number / 7 + 0.1}),
    ),
    "two sides, lists of turns": (
        "jsonl",
        _each(lambda asked, one, two, _: {"chosen": _turns(asked, one), "rejected": _turns(asked, two)}),
    ),
    "two sides, transcripts": (
        "jsonl",
        _each(lambda asked, *answers: {
            side: f"\n\nHuman: {asked}\n\nAssistant: {answer}"
            for side, answer in zip(("chosen", "rejected"), answers[:2], strict=True)
        }),
    ),
    "turns with a weight": (
        "jsonl",
        _each(lambda asked, answer, *_: {"messages": [{**turn, "weight": 1} for turn in _turns(asked, answer)]}),
    ),
    "contents in parts": (
        "jsonl",
        _each(lambda asked, answer, *_: {
            "messages": [
                {**turn, "content": [{"type": "text", "text": turn["content"]}]} for turn in _turns(asked, answer)
            ]
        }),
    ),
    "calls of a tool": (
        "jsonl",
        _each(lambda asked, answer, _, number: {
            "messages": [
                {"role": "user", "content": asked},
                {"role": "assistant", "content": None, "tool_calls": [{
                    "id": f"call-{number}", "type": "function",
                    "function": {"name": "look_up", "arguments": json.dumps({"name": _word(number)})},
                }]},
                {"role": "tool", "content": answer, "tool_call_id": f"call-{number}"},
                {"role": "assistant", "content": answer},
            ]
        }),
    ),
}  # fmt: skip
"""How plain rows are written."""


def write(folder: Path, rows: int) -> dict[str, Path]:
    """A file of each kind, the same bytes for the same number of rows."""
    import numpy as np

    folder.mkdir(parents=True, exist_ok=True)
    draw = np.random.default_rng(11)
    texts = [(_sentences(draw, 2 * row, 2), _sentences(draw, 2 * row + 1, 5)) for row in range(rows)]
    lines = _each(lambda asked, answer, *_: {"messages": _turns(asked, answer)})
    made = {}
    for place, (name, change) in enumerate(INSIDE.items()):
        made[name] = folder / f"{place:02}.jsonl"
        changed = [(change(asked, row), change(answer, row + 1)) for row, (asked, answer) in enumerate(texts)]
        made[name].write_text(lines(changed), encoding="utf-8")
    for place, (name, (suffix, form)) in enumerate(FORMS.items(), len(INSIDE)):
        made[name] = folder / f"{place:02}.{suffix}"
        made[name].write_text(form(texts), encoding="utf-8")
    return made


def compare(before: Path, files: dict[str, Path], few: dict[str, Path], rounds: int) -> dict[str, Any]:
    """All kinds in rounds; the same findings, or an end."""
    checkouts = dict(zip(VERSIONS, (before, Path(__file__).parent.parent), strict=True))
    found: dict[str, dict[str, list[dict[str, Any]]]] = {name: {each: [] for each in VERSIONS} for name in files}
    for number in range(rounds + 1):  # the first one compiles kernels, and is not counted
        for name, runs in found.items():
            for version in VERSIONS if number % 2 else reversed(VERSIONS):
                run = start(checkouts[version], (files if number else few)[name], few[name])
                del run["seconds"]  # by rule
                runs[version] += [run] * bool(number)
    for name, runs in found.items():
        digests = {run["digest"] for each in runs.values() for run in each}
        assert len(digests) == 1, f"other findings: {name}"
    return {"commits": {version: commit(path) for version, path in checkouts.items()}, "kinds": found}


def lines(results: dict[str, Any]) -> Iterator[str]:
    """The results as Markdown."""
    from bench.report import markdown

    kinds = results["kinds"]
    told = f"{results['rows']:,} rows of each, {len(kinds['plain']['after'])} rounds, {results['cores']} cores; medians"
    yield f"{results['commits']['before']} (before) and {results['commits']['after']} (after); {told}."

    def cpu(name: str, version: str) -> float:
        return float(median(run["cpu"] for run in kinds[name][version]))

    table = []
    for name, runs in kinds.items():
        pairs = zip(runs["before"], runs["after"], kinds["plain"]["after"], strict=True)
        ratios = [(old["cpu"] / new["cpu"], new["cpu"] / plain["cpu"]) for old, new, plain in pairs]
        wall = median(run["wall"] for run in runs["after"])
        table.append([
            name, f"{cpu(name, 'before'):.2f}", f"{cpu(name, 'after'):.2f}",
            f"{median(each[0] for each in ratios):.1f}", f"{median(each[1] for each in ratios):.1f}",
            f"{results['rows'] / wall:,.0f}", f"{runs['after'][0]['findings']:,}", runs["after"][0]["digest"],
        ])  # fmt: skip
    yield markdown(
        ("every row", "CPU s before", "after", "times after", "times plain, after", "rows a second", "findings",
         "digest of both"), table,
    )  # fmt: skip


def main() -> None:
    """Run what the arguments ask for, keep the results, print them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--before", type=Path, required=True, help="an older checkout")
    parser.add_argument("--data", type=Path, default=Path("build/bench"))
    parser.add_argument("--rows", type=int, default=60_000)
    parser.add_argument("--rounds", type=int, default=4)
    parser.add_argument("--write", action="store_true", help="write the table into docs/benchmarks.md, too")
    asked = parser.parse_args()
    from bench.report import keep

    files, few = (write(asked.data / f"kinds-{size}", size) for size in (asked.rows, FEW // 12))
    found = compare(asked.before, files, few, asked.rounds)
    results = {"rows": asked.rows, "cores": len(os.sched_getaffinity(0)), **found}
    keep("check_kinds", results, "\n\n".join(lines(results)), write=asked.write)


if __name__ == "__main__":
    main()
