from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from demur.groups.sharded import exchange as exchanges
from demur.groups.sharded import run
from demur.groups.sharded.exchange import Exchange
from demur.groups.sharded.store import Store
from tests.groups.sharded.samples import ROWS, expected, labels, texts, write, written

TEXTS = texts()


def reads(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """Counts reads of files by the first word of their names."""
    counted: Counter[str] = Counter()
    load = Store.load

    def counting(store: Store, name: str, part: int) -> pa.RecordBatch:
        counted[name.partition("-")[0]] += 1
        return load(store, name, part)

    monkeypatch.setattr(Store, "load", counting)
    return counted


@pytest.mark.parametrize(("sources", "targets"), [(1, 1), (7, 3), (64, 64), (65, 2), (3, 100), (90, 90)])
def test_every_record_arrives_once_and_in_order(
    tmp_path: Path, sources: int, targets: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    exchange = Exchange.among(Store(str(tmp_path)), "made", sources, targets)
    rng = np.random.default_rng(sources)
    sent: dict[int, list[tuple[int, list[int]]]] = {target: [] for target in range(targets)}
    for source in range(sources):
        to = rng.integers(0, targets, 20)
        rows = rng.permutation(20)
        batch = pa.record_batch(
            {"value": np.arange(20) + 100 * source, "list": pa.array([[row] * 2 for row in range(20)])}
        )
        exchange.store.save("send", source, exchange.sent(source, batch, to, rows))
        for target, row in zip(to.tolist(), rows.tolist(), strict=True):
            sent[target].append((100 * source + row, [row] * 2))
    counted = reads(monkeypatch)
    for number in range(exchange.routes):
        exchange.route("route-made", number)
    for target in range(targets):
        batch = exchange.received(target)
        assert list(zip(batch["value"].to_pylist(), batch["list"].to_pylist(), strict=True)) == sent[target]
    width = exchange.width
    assert (width > 1) == (max(sources, targets) > 64)
    most = sources * targets if width == 1 else 2 * (sources + width) * (targets + width) / width
    assert counted["made"] <= most


def test_a_run_whose_exchanges_are_routed_gives_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    paths = write(tmp_path / "in", TEXTS, range(250, ROWS, 250), group=125)
    counts = []
    tables = []
    for direct in (64, 1):
        monkeypatch.setattr(exchanges, "DIRECT", direct)
        counted = reads(monkeypatch)
        done = run(paths, str(tmp_path / f"out{direct}"), shard_rows=125)
        monkeypatch.undo()
        counts.append(counted["postings"])
        tables.append(written(tmp_path / f"out{direct}"))
        routes = 8 * 25 if direct == 1 else 0  # eight exchanges among 24 tasks: five groups of five
        assert done.tasks == 6 * 24 + 1 + routes
    assert tables[0].equals(tables[1])
    assert labels(tables[0], ROWS) == expected(TEXTS)
    assert counts == [24 * 24, 24 * 5 + 24 * 5]
