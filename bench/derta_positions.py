"""Where refusals stand in the published responses of DeRTa, by attack and model, beside the paper's human rates.

    DEMUR_MIRROR=MIRROR python -m bench.derta_positions
    python -m bench.derta_positions --report

Reads ``results/safety`` of RobustNLP/DeRTa at `COMMIT` below the mirror's folder ``github``. Writes counts and places
to ``results/derta_positions.json``, and from these ``docs/derta_positions.svg`` and the tables of
``docs/derta-positions.md``; ``--report`` writes the latter two again. No text is written or shown.
"""

from __future__ import annotations

import argparse
import json
import os
import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import Any

from bench.report import RESULTS, markdown, write_block
from demur.audits import plots
from demur.rates import Rate, rogan_gladen
from demur.text.normalise import normalise
from demur.text.refusal import grades, measured
from demur.text.refusal.measured import Reading
from demur.text.units import ends

COMMIT = "70bdb52b5e139f32f5a723b5f09d2b0befa81657"
FOLDER = f"github/RobustNLP/DeRTa/{COMMIT}"
FILE = RESULTS / "derta_positions.json"
DOCS = Path(__file__).parent.parent / "docs"
PAGE, PLOT = DOCS / "derta-positions.md", DOCS / "derta_positions.svg"

ATTACKS = {
    "codeattack": "CodeAttack", "completionattack": "CompletingAttack", "jailbreakchat": "JailbreakChat",
    "autodan": "AutoDAN", "selfcipher": "SelfCipher",
}  # fmt: skip
COMPLETING = "completionattack"
TRAINED = ("vanilla", "DeRTa", "DPO", "RecAug", "Instruct", "Instruct, DeRTa", "GPT-3.5", "GPT-4")
HUMAN = {
    ("completionattack", "vanilla"): 95.0, ("jailbreakchat", "vanilla"): 41.0, ("autodan", "vanilla"): 74.0,
    ("codeattack", "DeRTa"): 21.5, ("jailbreakchat", "DeRTa"): 1.5,
}  # fmt: skip
"""Attack success as people judged it, in percent. Source: arXiv 2407.09121, section 4."""

EARLY, LATE = 5, 30
READINGS: tuple[Reading, ...] = ("refuses at all", "refuses fully")


def called(file: Path) -> tuple[str, str, str]:
    """Attack, size and training of a file's model, by its name.

    Example:
        >>> called(Path("autodan/lora_Llama-3-70B-Instruct_ours_autodan_llama-3-70B-ins-ours_50.json"))
        ('autodan', '70B', 'Instruct, DeRTa')
    """
    name = file.stem.lower()
    if gpt := re.search(r"gpt-(3\.5|4)", name):
        return file.parent.name, "", f"GPT-{gpt[1]}"
    size = re.search(r"llama-3-(8|70)b", name)
    if size is None:
        msg = f"a name that says no model: {file.name}"
        raise ValueError(msg)
    ours = bool(re.search(r"_(?:derta|ours)_", name))
    plain = next(
        (said for part, said in (("vanill", "vanilla"), ("dpo", "DPO"), ("recaug", "RecAug")) if part in name), ""
    )
    trained = plain or ("Instruct, DeRTa" if ours and "instruct" in name else "DeRTa" if ours else "Instruct")
    return file.parent.name, f"{size[1]}B", trained


def rows_of(file: Path) -> list[Any]:
    """The rows of a file: JSON, or JSON Lines that are called so."""
    text = file.read_text(encoding="utf-8")
    try:
        found: list[Any] = json.loads(text)
    except json.JSONDecodeError:
        found = [json.loads(line) for line in text.splitlines() if line.strip()]
    return found


def answered(rows: Iterable[Any], prompts: Sequence[str]) -> dict[str, str]:
    """Question -> its first response.

    Args:
        rows: objects with a question and a response, or texts that are a prompt and, behind it, a response.
        prompts: of texts, those that they begin with.

    Raises:
        ValueError: a text that begins with none of them.
    """
    opens = [
        re.compile(r"\s*" + r"\s*".join(map(re.escape, prompt.split())))
        for prompt in sorted(prompts, key=len, reverse=True)
    ]
    found: dict[str, str] = {}
    for number, row in enumerate(rows):
        if isinstance(row, str):
            begin = next((match for each in opens if (match := each.match(row))), None)
            if begin is None:
                msg = f"row {number} begins with no prompt"
                raise ValueError(msg)
            question, response = begin[0], row[begin.end() :]
        else:
            question, response = row["question"] if "question" in row else row["instruction"], row["response"]
        found.setdefault(normalise(question), response)
    return found


def places(responses: Sequence[str]) -> dict[str, Any]:
    """Grades of some responses, and the word at which each refusal begins."""
    found = grades(responses)
    starts = [
        bisect_right(ends(text, "word"), each.start)
        for text, each in zip(responses, found, strict=True)
        if each.start is not None and each.grade in ("refusal", "partial")
    ]
    return {"grades": dict(sorted(Counter(each.grade for each in found).items())), "starts": sorted(starts)}


def measure(folder: Path) -> list[dict[str, Any]]:
    """Every file of responses of the repository."""
    prompts = [row["question"] for row in rows_of(folder / "data/test/safety_completionattack.json")]
    made = []
    for file in (folder / "results/safety").glob("*/*.json"):
        attack, size, trained = called(file)
        rows = rows_of(file)
        responses = answered(rows, prompts)
        about = {"attack": attack, "size": size, "trained": trained, "rows": len(rows), "n": len(responses)}
        made.append({**about, **places([*responses.values()])})
    order = [*ATTACKS]
    return sorted(made, key=lambda each: (order.index(each["attack"]), each["size"], TRAINED.index(each["trained"])))


def rate(found: Mapping[str, Any], *of: str) -> Rate:
    """The share of some grades among all responses but those that cannot be read."""
    return Rate.of(sum(found["grades"].get(each, 0) for each in of), found["n"] - found["grades"].get("unread", 0))


def percent(found: Any) -> str:
    """A share with its interval, and n."""
    return f"{100 * found.share:.1f} ({100 * found.low:.1f}-{100 * found.high:.1f}, n {found.n})"


def by_place(found: Mapping[str, Any]) -> list[str]:
    """A line of the first table."""
    starts = found["starts"]
    early, late = (Rate.of(sum(map(fits, starts)), len(starts)) for fits in (lambda k: k < EARLY, lambda k: k >= LATE))
    return [
        *(percent(rate(found, *each)) for each in (("answer",), ("partial",), ("refusal",))),
        *((percent(early), percent(late), f"{median(starts):.0f}") if starts else ("", "", "")),
    ]


def successes(found: Mapping[str, Any]) -> list[str]:
    """Of the second table: responses that refuse nowhere, that do not refuse fully, and both corrected."""
    plain = [rate(found, "answer", "empty"), rate(found, "answer", "partial", "empty")]
    refused = [rate(found, "refusal", "partial"), rate(found, "refusal")]
    corrected = []
    for each, reading in zip(refused, READINGS, strict=True):
        errors = measured("harmful", reading)
        if not 1 - errors.specificity.high <= each.share <= errors.sensitivity.high:
            corrected.append("not corrected")
            continue
        score = rogan_gladen(each, errors.sensitivity, errors.specificity)
        corrected.append(f"{100 * (1 - score.value):.1f} ({100 * (1 - score.high):.1f}-{100 * (1 - score.low):.1f})")
    return [percent(plain[0]), corrected[0], percent(plain[1]), corrected[1]]


def tables(found: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """Both tables, and the judge's errors."""
    lines = [
        [f"{ATTACKS[each['attack']]}, {' '.join(filter(None, (each['size'], each['trained'])))}", *by_place(each)]
        for each in found
    ]
    header = (
        "attack, model", "answers, %", "refuses and answers, %", "refuses, %",
        f"of refusals: first {EARLY} words, %", f"beyond word {LATE}, %", "median word",
    )  # fmt: skip
    beside = [
        [f"{ATTACKS[attack]}, {each['size']} {trained}", f"{human:.1f}", *successes(each)]
        for (attack, trained), human in HUMAN.items()
        for each in found
        if (each["attack"], each["trained"]) == (attack, trained)
    ]
    judged = [
        [
            reading,
            *(f"{100 * each.share:.1f} ({100 * each.low:.1f}-{100 * each.high:.1f}, n {each.n})" for each in errors),
        ]
        for reading in READINGS
        for errors in [(measured("harmful", reading).sensitivity, measured("harmful", reading).specificity)]
    ]
    return {
        "positions": markdown(header, lines),
        "human": markdown(
            ("attack, model", "people, %", "refuses nowhere, %", "corrected", "does not refuse fully, %", "corrected"),
            beside,
        ),
        "judge": markdown(("the rule says", "of people's refusals, %", "of others it does not, %"), judged),
    }


def plot(found: Sequence[Mapping[str, Any]]) -> None:
    """Share of responses that have begun to refuse by word k, before and after, by attack."""
    figure, axes = plots.panels(1, len(ATTACKS), (13, 3.4), sharey=True)
    look = {"vanilla": plots.COLORS[1], "DeRTa": plots.COLORS[0]}
    for (attack, title), panel in zip(ATTACKS.items(), axes, strict=True):
        for each in found:
            if each["attack"] == attack and each["trained"] in look:
                n, starts = each["n"], each["starts"]
                ks = [1, *(start + 1 for start in starts), 1000]
                shares = [0.0, *((place + 1) / n for place in range(len(starts))), len(starts) / n]
                style = "-" if each["size"] == "70B" else ":"
                label = f"{each['size']} {each['trained']}"
                panel.step(ks, shares, style, where="post", color=look[each["trained"]], label=label, clip_on=False)
        panel.set_xscale("log")
        panel.set(xlim=(1, 1000), ylim=(0, 1), xlabel="first k words")
        panel.set_xticks([1, 10, 100, 1000], ["1", "10", "100", "1,000"])
        panel.set_title(title, loc="left", fontsize="medium")
    axes[0].set_ylabel("refusal has begun, share")
    known = {label: handle for panel in axes for handle, label in zip(*panel.get_legend_handles_labels(), strict=True)}
    figure.legend(known.values(), known.keys(), loc="outside lower center", ncols=len(known), frameon=False)
    plots.save(figure, PLOT)


def main() -> None:
    """Measure, or write again what was measured."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--mirror", type=Path, default=os.environ.get("DEMUR_MIRROR"))
    parser.add_argument("--report", action="store_true")
    asked = parser.parse_args()
    if not asked.report:
        if asked.mirror is None:
            parser.error("say where the files are: --mirror, or DEMUR_MIRROR")
        lines = ",\n".join(map(json.dumps, measure(Path(asked.mirror) / FOLDER)))
        FILE.write_text(f'{{"commit": "{COMMIT}", "files": [\n{lines}\n]}}\n', encoding="utf-8")
    found = json.loads(FILE.read_text(encoding="utf-8"))["files"]
    plot(found)
    for name, block in tables(found).items():
        write_block(PAGE, name, block)


if __name__ == "__main__":
    main()
