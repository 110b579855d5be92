"""What the text alone tells, where a manifest does not say it: the same that it would have said."""

from __future__ import annotations

import pytest

from demur.kinds.evaluation import Evaluation
from demur.reports import alone as module
from demur.reports.alone import alone
from demur.sets.folder import BuiltSet
from demur.sets.pipeline import Build
from tests.kinds.evaluation.conftest import evaluated, evaluation_project  # noqa: F401 - fixtures


def test_what_is_stated_is_not_measured_again(evaluated: Build, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: F811
    built = BuiltSet.open(evaluated.out)
    monkeypatch.setattr(module, "baseline", None)
    stated = [each for each in alone(built) if each.config == "default"]
    assert stated == [each for each in built.kind.alone(built.manifest) if each.config == "default"]
    assert stated


def test_what_is_not_stated_is_measured_as_the_build_would(
    evaluated: Build,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    built = BuiltSet.open(evaluated.out)
    stated = {
        (each.config, each.by): each.auroc
        for each in built.kind.alone(built.manifest)
        if each.sides == "refuse against answer"
    }
    monkeypatch.setattr(Evaluation, "alone", classmethod(lambda cls, manifest: iter(())))
    measured = {(each.config, each.by): each.auroc for each in alone(built)}
    assert stated
    assert measured["default", "combined"].value == pytest.approx(stated["default", "all three"].value, abs=0.05)


def test_of_few_groups_nothing_is_measured(tiny_set: BuiltSet) -> None:
    assert alone(tiny_set) == ()
