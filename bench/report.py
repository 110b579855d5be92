"""Results as Markdown tables, and the page that shows them.

    python -m bench.report

writes the tables of ``bench/results`` into ``docs/benchmarks.md``, between its marks.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import Any

RESULTS = Path(__file__).parent / "results"
PAGE = Path(__file__).parent.parent / "docs" / "benchmarks.md"
PEERS = (
    "duckdb",
    "polars",
    "rensa",
    "rensa deduplicator",
    "gaoya",
    "datatrove",
    "datasketch",
    "datasketch 32x4",
    "semhash",
)

HEADER = (
    "tool", "runs", "seconds", "times demur (rounds)", "process s", "CPU s", "memory GB", "recall", ".80-.85",
    ".85-.9", ".9-1", "1", "precision", "groups digest",
)  # fmt: skip


def markdown(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table; the first column is text, the others are figures."""
    lines = [header, ["---"] + ["---:"] * (len(header) - 1), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def between(page: Path, name: str, text: str) -> None:
    """Put a text between the marks of a name in a page, in place of what stands there."""
    begin, end = f"<!-- {name} -->", f"<!-- end of {name} -->"
    head, _, rest = page.read_text(encoding="utf-8").partition(begin)
    _, _, tail = rest.partition(end)
    page.write_text(f"{head}{begin}\n\n{text.strip()}\n\n{end}{tail}", encoding="utf-8")


def table(results: dict[str, Any], size: int) -> str:
    """The comparison of all tools at one size."""
    found = results["sizes"][str(size)]
    rows = []
    for tool, entry in found.items():
        if "median" not in entry:
            rows.append([tool, "0", f"not run: {entry.get('left out', '')}"] + [""] * (len(HEADER) - 3))
            continue
        cost = entry["median"]
        score = entry.get("scores", [None])[0]
        rows.append(
            [
                tool,
                str(len(entry["runs"])),
                f"{cost['work']:.2f}",
                _spread(paired(entry, found.get("demur", {}))),
                f"{cost['wall']:.2f}",
                f"{cost['cpu']:.1f}",
                f"{cost['memory']:.2f}",
                *([""] * 7 if score is None else _scores(score)),
            ]
        )
    return f"{size:,} rows\n\n{markdown(HEADER, rows)}\n"


def _scores(score: dict[str, Any]) -> list[str]:
    if "recall" not in score:
        return [*[""] * 6, score["digest"]]
    return [*(_share(value) for value in score["recall"].values()), _share(score["precision"]), score["digest"] or ""]


def _share(value: float) -> str:
    """Three digits; 1.000 only if nothing is missing."""
    return "1.000" if value == 1 else f"{min(value, 0.9999):.3f}" if value < 0.9995 else f"{value:.5f}"


def paired(one: dict[str, Any], other: dict[str, Any], figure: str = "work") -> list[float]:
    """The ratios of two tools in the rounds that both ran in."""
    theirs = {run["round"]: run[figure] for run in other.get("runs", [])}
    return [run[figure] / theirs[run["round"]] for run in one["runs"] if run["round"] in theirs]


def _spread(ratios: list[float]) -> str:
    if not ratios:
        return ""
    ends = f", {min(ratios):.1f}-{max(ratios):.1f}" if len(ratios) > 1 else ""
    return f"{median(ratios):.1f} ({len(ratios)}{ends})"


def target(name: str, value: float, bound: float, note: str = "", *, at_least: bool = False) -> dict[str, Any]:
    """A target, its figure, its bound, and whether it is met."""
    met = value >= bound if at_least else value <= bound
    return {"target": name, "value": value, "bound": bound, "at least": at_least, "met": bool(met), "note": note}


def compared(results: dict[str, Any], size: int) -> list[dict[str, Any]]:
    """The targets that are ratios of tools in one comparison, as far as they were run."""
    found = {name: entry for name, entry in results["sizes"][str(size)].items() if "median" in entry}
    ours, read, release = (found[name] for name in ("demur", "read only", "demur, groups + splits + write"))
    exact = {name: found[name] for name in PEERS if name in found and _exact(found[name])}
    fastest = min(exact, key=lambda name: median(paired(exact[name], ours)))
    scores = [score for name, entry in found.items() if name.startswith("demur") for score in entry["scores"]]
    digests = {score["digest"] for score in [*scores, *found["duckdb"]["scores"]]}
    rows = f"{size:,} rows"

    def ratio(name: str, one: dict[str, Any], other: dict[str, Any], bound: float, figure: str, **how: bool) -> Any:
        ratios = paired(one, other, figure)
        note = f"median (rounds, range): {_spread(ratios)}; in CPU seconds {_spread(paired(one, other, 'cpu'))}"
        return target(name, median(ratios), bound, note, **how)

    lines = [
        target("lowest recall of any run", min(score["recall"]["all"] for score in scores), 1, rows, at_least=True),
        target("lowest precision of any run", min(score["precision"] for score in scores), 1, rows, at_least=True),
        target("distinct digests, demur's runs, before too, and duckdb's exact join", len(digests), 1, rows),
        ratio("groups + splits + write: times reading alone, processes from start to exit", release, read, 5, "wall"),
        target(
            "groups + splits + write: GB, most of any run", max(run["memory"] for run in release["runs"]), 1.2, rows
        ),
        ratio(
            f"fastest peer of the same recall ({fastest}): times demur", exact[fastest], ours, 8, "work", at_least=True
        ),
        ratio("duckdb: times demur", found["duckdb"], ours, 8, "work", at_least=True),
    ]
    for name in ("demur", "demur, groups + splits + write"):
        if f"{name}, before" in found:
            lines.append(
                ratio(f"{name}, before: times now", found[f"{name}, before"], found[name], 2, "wall", at_least=True)
            )
    if "datasketch" in found:
        name = "datasketch, its defaults: times demur"
        lines.append(ratio(name, found["datasketch"], ours, 30, "work", at_least=True))
    return lines


def grown(results: dict[str, Any]) -> list[dict[str, Any]]:
    """Seconds of larger corpora against those of 1,000,000 rows."""
    name, lines = "demur, groups + splits + write", []
    base = results["sizes"].get("1000000", {}).get(name, {})
    for rows, bound in ((3_000_000, 3.2), (10_000_000, 12)):
        larger = results["sizes"].get(str(rows), {}).get(name, {})
        if "median" in larger and "median" in base:
            note = f"medians of {len(larger['runs'])} and {len(base['runs'])} runs, processes from start to exit: "
            note += f"{larger['median']['wall']:.1f} and {base['median']['wall']:.1f} s; "
            note += f"{larger['median']['memory']:.2f} and {base['median']['memory']:.2f} GB"
            value = larger["median"]["wall"] / base["median"]["wall"]
            lines.append(target(f"{rows // 10**6} times the rows of 1,000,000: times the seconds", value, bound, note))
    return lines


def targets(results: list[dict[str, Any]]) -> str:
    """Targets as a table."""
    rows = [
        [
            line["target"],
            f"{line['value']:.4g}",
            f"{'at least' if line['at least'] else 'at most'} {line['bound']:g}",
            "met" if line["met"] else "**missed**",
            line["note"],
        ]
        for line in results
    ]
    return markdown(["target", "figure", "bound", "", "how"], rows)


def _exact(entry: dict[str, Any]) -> bool:
    return all(score["recall"]["all"] == 1 and score["precision"] == 1 for score in entry["scores"])


def _load(name: str) -> Any:
    return json.loads((RESULTS / f"{name}.json").read_text())


def share(rate: Mapping[str, float]) -> str:
    """A stored rate, with its interval."""
    return f"{100 * rate['share']:.1f} % ({100 * rate['low']:.1f}-{100 * rate['high']:.1f})"


def write_block(page: Path, name: str, block: str) -> None:
    """Put a block between its marks in a page."""
    begin, end = f"<!-- begin {name} -->", f"<!-- end {name} -->"
    before, rest = page.read_text(encoding="utf-8").split(begin)
    page.write_text(before + f"{begin}\n\n{block}\n\n{end}" + rest.split(end)[1], encoding="utf-8")


def keep(name: str, results: dict[str, Any], told: str, *, write: bool) -> None:
    """Keep results, print what they come to, and write it into the page where that is asked for."""
    (RESULTS / f"{name}.json").write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    print(told)
    if write:
        write_block(PAGE, name.replace("_", " "), told)


def main() -> None:
    """Write the page."""
    from bench.decontamination import report
    from bench.token_rows import report as of_token_rows

    near, other = _load("near_duplicates"), _load("targets")
    versions = ", ".join(f"{name} {version}" for name, version in near["versions"].items())
    sizes = [size for size in map(int, near["sizes"]) if "duckdb" in near["sizes"][str(size)]]
    lines = [*compared(near, max(sizes)), *grown(near)]
    commits = "; ".join(f"{name}: commit {id}" for name, id in near.get("commits", {}).items() if id)
    blocks = {
        "near-duplicates": "\n".join(table(near, int(size)) for size in near["sizes"])
        + f"\nVersions: {versions}. {commits}",
        "targets": targets(lines + [line for part in other.values() for line in part]),
        "decontamination": report(_load("decontamination")).rstrip(),
        "token rows": of_token_rows(_load("token_rows")),
    }
    for name, block in blocks.items():
        write_block(PAGE, name, block)


if __name__ == "__main__":
    main()
