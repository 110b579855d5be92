"""The plan of docs/scale.md, from what `bench.scale_plan` found."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from bench.report import markdown

PAGE = Path(__file__).parent.parent / "docs" / "scale.md"


def page(results: list[dict[str, Any]]) -> str:
    """The tables of the page."""

    def line(label: str, of: Callable[[dict[str, Any]], str]) -> list[str]:
        return [label, *(of(each) for each in results)]

    def spread(values: Sequence[float], unit: float = 1, form: str = ",.1f") -> str:
        low, high = (format(value / unit, form) for value in values)
        return low if low == high else f"{low} to {high}"

    rows = [
        line("rows at hand", lambda r: f"{r['measured'][-1]['rows']:,}"),
        line("grams a row", lambda r: f"{r['measured'][-1]['grams a row']:.1f}"),
        line(
            "postings a row", lambda r: f"{r['plan']['postings a row']:.1f} ± {r['plan']['postings a row, error']:.1f}"
        ),
        line("bytes shuffled a row", lambda r: f"{r['plan']['shuffled bytes a row']:.0f}"),
        line("of which postings", lambda r: f"{r['plan']['of which postings']:.0f}"),
        line("of which grams of candidates", lambda r: f"{r['bytes a row']['sets']:.0f}"),
        line("mean bucket, million postings", lambda r: f"{r['plan']['mean bucket'] / 1e6:.2f}"),
        line("largest bucket, million postings", lambda r: spread(r["plan"]["largest bucket"], 1e6, ".2f")),
        line("largest bucket, MB", lambda r: spread(r["plan"]["largest bucket, bytes"], 1e6, ".0f")),
        line("rows under the heaviest key, at most, thousands", lambda r: spread(r["plan"]["heaviest key, rows"], 1e3)),
        line("largest crowd, at most, thousands", lambda r: f"{r['plan']['largest crowd'] / 1e3:,.0f}"),
        line("its grams, at most, GB", lambda r: f"{r['plan']['largest crowd, bytes'] / 1e9:.2f}"),
        line("pairs looked at a row, at most", lambda r: f"{r['plan']['looks a row, at most']:,.0f}"),
        line("hours of looking on one core, at most", lambda r: f"{r['plan']['hours of looking, at most']:,.0f}"),
        line("sampled rows", lambda r: f"{r['plan']['sampled rows']:,}"),
        line("table in a worker that posts, MB", lambda r: f"{r['plan']['table bytes'] / 1e6:.0f}"),
        line("pairs for the driver, GB", lambda r: f"{r['plan']['driver bytes'] / 1e9:.2f}"),
        line(
            "all claims, if the driver had them, GB",
            lambda r: f"{r['plan']['evidence of all rows in groups, bytes'] / 1e9:.1f}",
        ),
    ]
    plan = results[0]["plan"]
    counts = (
        f"{plan['tasks']:,} shards and as many buckets: {plan['files']:,} files and {plan['reads']:,} reads in all "
        f"{plan['exchanges']} exchanges (without routes: {plan['reads without routes']:,} reads)."
    )
    growth = [
        [r["corpus"], f"{step['rows']:,}", f"{step['postings a row']:.2f}",
         f"{step['heaviest key'] / step['rows']:.5f}",
         f"{step['looks a row']:.2f}", f"{step['candidates a row']:.3f}", f"{step['crowded']:.4f}"]
        for r in results
        for step in r["measured"]
    ]  # fmt: skip
    header = ["at 10^9 rows", *(each["corpus"] for each in results)]
    growth_header = [
        "corpus",
        "rows",
        "postings a row",
        "share of the heaviest key",
        "looks a row",
        "candidates a row",
        "crowded",
    ]
    return f"{markdown(header, rows)}\n\n{counts}\n\n{markdown(growth_header, growth)}\n"
