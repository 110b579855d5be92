"""The commands of curation say what they are for, and refuse what is no file."""

from __future__ import annotations

from click.testing import CliRunner

from demur.cli import main
from demur.commands.curation import curation
from demur.commands.suspects import suspects


def test_they_are_found_and_explain_themselves() -> None:
    assert main.commands["curation"] is curation
    assert main.commands["suspects"] is suspects
    for args, words in (
        (("curation", "import"), "is no error: the text waits for a decision"),
        (("curation", "agreement"), "Krippendorff's alpha"),
        (("suspects",), "A suspect is no verdict"),
    ):
        done = CliRunner().invoke(main, [*args, "--help"])
        assert done.exit_code == 0
        assert words in " ".join(done.output.split())


def test_a_file_that_is_not_there() -> None:
    done = CliRunner().invoke(main, ["curation", "import", "no-such-file.csv"])
    assert done.exit_code == 2
    assert "no-such-file.csv" in done.output
