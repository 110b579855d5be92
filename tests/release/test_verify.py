"""What a version is proven by: errors and warnings fail it, advice is only told."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from demur.checks.finding import Finding, Report
from demur.project import bundled
from demur.release import verify
from demur.release.reference import Ref


def test_advice_is_told_and_fails_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    advice = Finding("a", 1, "DMR018", "ends with blanks", "Strip them.", severity="advice")
    warning = Finding("a", 2, "DMR102", "the same texts as row 0", "Keep one.", severity="warning")
    pulled = SimpleNamespace(manifest=SimpleNamespace(files={}), commit="c0ffee")
    monkeypatch.setattr(verify, "pull", lambda *_, **__: pulled)
    monkeypatch.setattr(verify, "copy_to", lambda *_: None)
    monkeypatch.setattr(verify, "check", lambda _: Report((advice, warning)))
    told: list[str] = []
    failed = verify.verify(Ref.parse("lab/tiny@v1.0.0"), bundled(), told.append)
    assert ["DMR102" in line for line in failed] == [True]
    assert ["DMR018" in line for line in told] == [False, True]
