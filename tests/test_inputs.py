"""Types of the command line's inputs."""

from __future__ import annotations

from pathlib import Path

import click
import pytest

from demur.inputs import Place, There


def test_a_path_is_given_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "rows.csv").touch()
    assert There().convert(str(tmp_path / "rows.csv"), None, None) == tmp_path / "rows.csv"
    assert Place().convert(str(tmp_path / "rows.csv"), None, None) == str(tmp_path / "rows.csv")
    assert Place().convert("memory://rows.csv", None, None) == "memory://rows.csv"


@pytest.mark.parametrize("kind", [There(), There(dir_okay=False), Place()])
def test_a_missing_one_is_told_with_what_is_called_alike(tmp_path: Path, kind: There) -> None:
    (tmp_path / "rows.csv").touch()
    with pytest.raises(click.BadParameter) as told:
        kind.convert(str(tmp_path / "row.csv"), None, None)
    assert told.value.message.endswith(f"row.csv' does not exist. Did you mean {str(tmp_path / 'rows.csv')!r}?")
    with pytest.raises(click.BadParameter, match=r"does not exist\.$"):
        kind.convert(str(tmp_path / "poems.txt"), None, None)


def test_a_folder_for_a_file_names_nothing_else(tmp_path: Path) -> None:
    with pytest.raises(click.BadParameter, match=r"is a directory\.$"):
        There(dir_okay=False).convert(str(tmp_path), None, None)
