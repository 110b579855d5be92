"""Every audit keeps the protocol: its inputs are those of its function, and its command adds the rest."""

from __future__ import annotations

import inspect
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from demur.audits import plots
from demur.audits.audit import Audit, Drawn, Result, audits
from demur.audits.models import load
from demur.cli import main
from demur.commands.audits import command_of
from demur.errors import OutputError, UsageError
from tests.conftest import ROOT

PARTS = {"engine", "scheduler", "workers", "shard_rows", "work"}


def test_names_are_unique() -> None:
    names = [each.name for each in audits()]
    assert (
        sorted(names)
        == sorted(set(names))
        == ["baseline", "judgements", "power", "probe", "refusal-position", "reward", "score"]
    )


@pytest.mark.parametrize("each", audits(), ids=lambda each: each.name)
def test_inputs_are_the_arguments_of_the_measure(each: Audit) -> None:
    assert {one.name for one in each.inputs} | ({"parts"} if each.parts else set()) == {
        *inspect.signature(each.measure).parameters
    }
    assert each.summary
    added = {one.name for one in command_of(each).params} - {one.name for one in each.inputs}
    assert added == {"as_json"} | ({"drawn"} if each.draws else set()) | (PARTS if each.parts else set())


def test_declarations_are_light() -> None:
    code = "import sys; from demur.audits.audit import audits; audits(); print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert not {"numpy", "pyarrow", "torch", "sklearn", "rich", "pydantic"} & set(done.stdout.split())


def test_a_result_that_cannot_be_shown_is_none() -> None:
    class Silent(Result):
        def as_dict(self) -> dict[str, object]:
            return {}

    with pytest.raises(TypeError, match="show"):
        Silent()  # type: ignore[abstract]
    assert issubclass(Drawn, Result)


def test_plots_are_svg_or_png(tmp_path: Path) -> None:
    figure, (panel,) = plots.panels(1, 1, (2, 2))
    panel.plot([0, 1], [0, 1])
    with pytest.raises(UsageError, match="Unknown kind of plot"):
        plots.save(figure, tmp_path / "x.gif")
    with pytest.raises(OutputError, match="cannot be written"):
        plots.save(figure, tmp_path / "nowhere" / "x.png")


def test_a_folder_without_a_model(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be loaded"):
        load(str(tmp_path))
    done = CliRunner().invoke(main, ["probe", str(tmp_path), str(tmp_path)])
    assert done.exit_code == 2
