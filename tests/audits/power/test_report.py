"""The result of ``demur power`` for programs."""

from __future__ import annotations

from demur.audits.power.design import Question
from demur.audits.power.measure import measure


def test_programs_get_what_was_asked_and_found() -> None:
    said = measure(Question(baseline=0.9, difference=0.2), icc=0.5).as_dict()
    assert said["asked"]["other"] == 0.9 - 0.2
    assert said["icc"] == 0.5
    assert set(said["needed"]) == {"one", "paired", "unpaired"}
