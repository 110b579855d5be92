from __future__ import annotations

from pathlib import Path

from demur.sources.pins import SourcePin
from demur.start.declaration import Asked
from demur.start.sniff import sniff
from demur.start.source import NewSource
from demur.start.telling import lines

LONG = "A label that is a whole sentence, and perhaps a text"


def told(label: str | None, asked: Asked, copied: Path | None = None) -> str:
    rows = [
        {"prompt": f"Draw a kite {at}", **({"label": each} if label else {})} for at, each in enumerate([label, "safe"])
    ]
    pin = SourcePin(rows=2, digest="0" * 64, mirrors=())
    return "\n".join(lines(NewSource("kites", sniff(rows, "rows"), pin, (Path("a.py"),), copied), asked))


def test_what_was_seen_is_told_without_a_text() -> None:
    said = told(LONG, Asked(license="mit"), Path("data/kites.jsonl"))
    assert "kites: 2 rows, en; prompt is 'prompt', label is 'label'" in said
    assert "no: 'safe'" in said
    assert "copied to data/kites.jsonl" in said
    assert "wrote a.py" in said
    assert LONG not in said
    assert "Draw" not in said


def test_what_a_person_has_to_look_at() -> None:
    assert "no column says which prompts are harmful" in told(None, Asked(license="mit"))
    assert "no column says" not in told(None, Asked(license="mit", harmful="yes"))
    assert "references, without texts" in told(None, Asked())
