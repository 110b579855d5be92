from __future__ import annotations

import json
from pathlib import Path

import pytest

from demur.checks.engine import check
from demur.similarity import self_join
from demur.text import columns
from demur.text.compiled import uncompiled
from demur.text.scripts import character_classes


@pytest.mark.parametrize("small", [True, False])
def test_ascii_needs_no_table_of_unicode(tmp_path: Path, *, small: bool) -> None:
    """They take a tenth of a second: longer than a check of a few rows."""
    tables = (character_classes, columns.composition, columns.joining_classes, columns.folding)
    for table in tables:
        table.cache_clear()
    texts = ["How do tides work?", "how do tides work", "", "Who was it, then? 'Tis late."]
    turns = [[{"role": "user", "content": text}, {"role": "assistant", "content": "Twice."}] for text in texts]
    (tmp_path / "chats.jsonl").write_text("".join(json.dumps({"messages": turn}) + "\n" for turn in turns))
    with uncompiled(small=small):
        self_join(texts, view="token", threshold=0.8)
        self_join(texts, view="word3", threshold=0.8)
        check(tmp_path / "chats.jsonl")
    assert [table.cache_info().currsize for table in tables] == [0, 0, 0, 0]
