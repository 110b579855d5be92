"""What the commands show of imports and agreement, for people. No text of any prompt."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from demur.curation.agreement import QUESTIONS, Agreement, Measured
from demur.curation.behaviour import CLASSES
from demur.curation.campaign import Campaign
from demur.curation.importing import Imported
from demur.rates import Alpha, Kappa

ASKED = {"behaviour": "seven classes", "refuse": "refuse or not", "hazard": "main hazard"}

assert ASKED.keys() == QUESTIONS.keys()  # noqa: S101 - one table


def imported_dict(done: Imported) -> dict[str, Any]:
    """An import for programs."""
    return {
        "file": str(done.path),
        "annotations": len(done.annotations),
        "new": done.new,
        "texts": done.texts,
        "readers": _readers(done),
        "differ": {" / ".join(classes): count for classes, count in done.differ.items()},
        "adjudicated": done.adjudicated,
        "waiting": done.waiting,
    }


def _readers(done: Imported) -> dict[str, int]:
    found: dict[str, int] = {}
    for each in done.annotations:
        name = f"{each.reader} ({each.kind}{', adjudicates' if each.adjudicates else ''})"
        found[name] = found.get(name, 0) + 1
    return dict(sorted(found.items()))


def imported_lines(done: Imported) -> Iterator[str]:
    """An import for people: what came in, in how many texts readers differ, by class, and how many wait."""
    yield f"{done.path}: {done.new:,} new of {len(done.annotations):,} labels, of {done.texts:,} texts"
    yield "  readers: " + ", ".join(f"{name} {count:,}" for name, count in _readers(done).items())
    differ = sum(done.differ.values())
    yield f"  readers differ in {differ:,} of these texts" + (":" if differ else "")
    for classes, count in done.differ.items():
        yield f"    {' / '.join(classes)}: {count:,}"
    if differ:
        yield f"  decided by an adjudicator: {done.adjudicated:,}"
        yield f"  waiting in the queue for a decision: {done.waiting:,}"


def show_agreement(done: Agreement, gold: str, campaigns: Iterable[Campaign]) -> None:
    """Tables: all texts, by class, by source, and against people's labels."""
    from rich.console import Console

    console = Console(highlight=False, markup=False)
    chosen = f" read by guideline {done.guideline}" if done.guideline else ""
    console.print(f"{done.texts:,} texts{chosen}; readers are of kind: {', '.join(done.kinds)}")
    for title, said in (("readers", done.readers), ("adjudicators, in no pair", done.adjudicators)):
        if said:
            console.print(f"  {title}: " + ", ".join(f"{name} {count:,}" for name, count in said.items()))
    for campaign in campaigns:
        for names in campaign.families.values():
            console.print(
                f"  {campaign.name}: {', '.join(names)} are of one family: their errors may go together, and agreement "
                "says less than between people"
            )
    console.print(_table("all texts", "question", done.measured, lambda each: ASKED[each.question]))
    console.print(_table("each class against all others", "class", done.by_class, lambda each: each.part))
    if done.by_source:
        label = lambda each: f"{each.part}: {ASKED[each.question]}"  # noqa: E731
        console.print(_table("by source", "source and question", done.by_source, label))
    if done.gold:
        console.print(_gold(done, gold))
    console.print("95 % intervals: Wilson's of shares, by bootstrap of texts of kappa and alpha", style="dim")


def _table(title: str, first: str, measured: Sequence[Measured], label: Any) -> Any:
    from rich.table import Table

    table = Table(title=title, title_justify="left", title_style="bold")
    for name in (first, "readers"):
        table.add_column(name, overflow="fold")
    for name in ("texts", "the same", "kappa or alpha", "95 % interval"):
        table.add_column(name, justify="right", no_wrap=True)
    for each in measured:
        for pair in each.pairs:
            row = [f"{pair.one}, {pair.two}", f"{pair.rate.n:,}", f"{100 * pair.rate.share:.1f} %"]
            table.add_row(label(each), *row, *_score(pair.kappa))
        if each.alpha and each.alpha.n:
            table.add_row(label(each), "all (alpha)", f"{each.alpha.n:,}", "", *_score(each.alpha))
    return table


def _score(found: Kappa | Alpha) -> tuple[str, str]:
    if found.value is None:
        return "undefined", ""
    return f"{found.value:.3f}", "none" if found.low is None else f"{found.low:.3f}-{found.high:.3f}"


def _gold(done: Agreement, source: str) -> Any:
    from rich.table import Table

    table = Table(title=f"against {source}, whose labels people gave", title_justify="left", title_style="bold")
    table.add_column("reader", overflow="fold")
    table.add_column("prompts", no_wrap=True)
    for name in (*CLASSES, "right in refuse or not"):
        table.add_column(name.replace("_", "\n"), justify="right")
    for each in done.gold:
        said = [str(each.said[name]) if each.said[name] else "-" for name in CLASSES]
        right = f"{100 * each.right.share:.1f} % ({100 * each.right.low:.1f}-{100 * each.right.high:.1f})"
        table.add_row(each.reader, f"{each.n} {'unsafe' if each.harmful else 'safe'}", *said, right)
    return table
