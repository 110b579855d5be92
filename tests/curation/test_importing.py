"""The door for labels: what comes in, what is told, and what is refused, with nothing written."""

from __future__ import annotations

import json

import pytest

from demur.curation.annotations import COLUMNS, annotations_of, read_annotations, write_annotations
from demur.curation.importing import Told, import_labels
from demur.curation.reports import imported_lines
from demur.curation.texts import texts_of
from demur.errors import FormatError, UsageError
from demur.records.record import record_id
from demur.sources.fetch import Places
from tests.curation.conftest import GARDEN, Garden, said, write_csv

ROSE = record_id("prompt", GARDEN[0][0])


def test_a_campaign_comes_in_whole(garden: Garden) -> None:
    labels = garden.labels(
        "0, a, comply,,", "0, b, P,,", "1, a, refuse, ncr hte, i", "1, b, C, hte,", "1, c, refuse, ncr,"
    )
    done = garden.bring(labels, "--adjudicator", "c", "--verify")
    assert done.exit_code == 0, done.output
    assert "5 new of 5 labels, of 2 texts" in done.output
    assert "a (model) 2, b (model) 2, c (model, adjudicates) 1" in done.output
    assert "differ in 1 of these texts:\n    correct / refuse: 1\n" in done.output
    assert "adjudicator: 1\n  waiting in the queue for a decision: 0" in done.output
    found = {(each.record_id, each.reader): each for each in annotations_of(garden.project)}
    assert found[ROSE, "b"] == said(GARDEN[0][0], "b", "comply")
    fence = found[record_id("prompt", GARDEN[1][0]), "a"]
    assert fence == said(GARDEN[1][0], "a", "refuse", ("ncr", "hte"), ("personal_data",))
    assert found[record_id("prompt", GARDEN[1][0]), "c"].adjudicates


def test_the_same_file_twice_adds_nothing(garden: Garden) -> None:
    labels = garden.labels("0, a, comply,,")
    assert garden.bring(labels).exit_code == 0
    before = (garden.annotations / "first.csv").read_bytes()
    assert "0 new of 1 labels" in garden.bring(labels).output
    assert (garden.annotations / "first.csv").read_bytes() == before
    own = garden.run("curation", "import", garden.annotations / "first.csv", "--name", "again", "--json")
    assert json.loads(own.output)["new"] == 0
    assert not (garden.annotations / "again.csv").exists()


def test_a_second_reader_who_contradicts_the_first_is_told_and_kept(garden: Garden) -> None:
    garden.bring(garden.labels("0, a, comply,,", "1, a, refuse, ncr,", "3, a, refuse, ncr,"))
    second = garden.labels("0, b, comply,,", "1, b, careful, ncr,", "3, b, careful, ncr,", name="second.csv")
    done = garden.bring(second)
    assert done.exit_code == 0, done.output
    assert "differ in 2 of these texts:\n    careful / refuse: 2\n" in done.output
    assert "adjudicator: 0\n  waiting in the queue for a decision: 2" in done.output
    assert len(annotations_of(garden.project)) == 6
    assert sorted(path.name for path in garden.annotations.glob("*.csv")) == ["first.csv", "second.csv"]


def test_unknown_names_are_all_told_by_line_and_nothing_is_written(garden: Garden) -> None:
    labels = garden.labels("0, a, refues,,", "1, a, refuse, ncx vcr,", "2, a, comply,, b z", "3, a, refuse, hte hte,")
    done = garden.bring(labels, "--adjudicator", "aa")
    assert done.exit_code == 2
    for line in (
        "5 issues in the annotations",
        "line 2: behaviour: unknown class 'refues'. Did you mean 'refuse'?",
        "line 3: hazards: unknown hazard 'ncx'. Did you mean 'ncr'?",
        "line 4: flags: unknown flag 'z'.",
        "line 5: Value error, hazards stand once each",
        "no reader 'aa'. Did you mean 'a'?",
    ):
        assert line in done.output
    assert not garden.annotations.exists()


def test_two_labels_of_one_reader_for_one_text(garden: Garden) -> None:
    twice = garden.bring(garden.labels("0, a, comply,,", "1, a, refuse,,", "0, a, careful,,"))
    assert twice.exit_code == 2
    assert f"lines 2 and 4: the reader 'a' has two labels for {ROSE}" in twice.output
    assert garden.bring(garden.labels("0, a, comply,,")).exit_code == 0
    again = garden.bring(garden.labels("1, a, refuse,,", "0, a, careful,,", name="again.csv"))
    assert again.exit_code == 2
    assert f"line 3, and line 2 of first.csv: the reader 'a' has two labels for {ROSE}" in again.output
    assert not (garden.annotations / "again.csv").exists()


def test_texts_that_are_gone_or_changed(garden: Garden) -> None:
    labels = garden.labels("0, a, comply,,", "1, a, refuse,,")
    away = ["curation", "import", labels, "--reader-kind", "model", "--offline", "--verify", "--texts"]
    changed = garden.run(*away, garden.texts(changed=0))
    assert changed.exit_code == 2
    assert f"line 2: the text of {ROSE} changed: expected sha256 " in changed.output
    assert "garden row 0 has " in changed.output
    absent = garden.run(*away, garden.texts(left_out=1))
    assert "line 3: texts.csv has no text of" in absent.output
    unknown = write_csv(garden.root / "texts.csv", ("record_id", "prompt_sha256", "sources"),
                        [("0" * 32, "0" * 64, "garden")])  # fmt: skip
    lost = write_csv(
        garden.root / "lost.csv",
        ("record_id", "reader", "guideline", "behaviour", "hazards", "flags"),
        [("0" * 32, "a", "1.0", "comply", "", "")],
    )
    gone = garden.run("curation", "import", lost, "--reader-kind", "model", "--verify", "--offline", "--texts", unknown)
    assert f"line 2: no source has a text of {'0' * 32}" in gone.output
    assert not garden.annotations.exists()


def test_a_changed_text_is_found_in_our_own_form_too(garden: Garden) -> None:
    path = garden.root / "own.csv"
    write_annotations(path, [said(GARDEN[0][0], "a", "comply").model_copy(update={"text_sha256": "0" * 64})])
    assert garden.run("curation", "import", path, "--verify", "--offline").exit_code == 2
    write_annotations(path, [said(GARDEN[0][0], "a", "comply", sources=())])
    assert garden.run("curation", "import", path, "--verify", "--offline").exit_code == 0


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ((), "which texts were read, or who read"),
        (("--reader-kind", "robot"), "'robot' is not one of"),
        (("--texts", "TEXTS", "--reader-kind", "model", "--name", "First Campaign"), "name is no slug"),
    ],
)
def test_what_only_options_can_say(garden: Garden, options: tuple[str, ...], message: str) -> None:
    given = [str(garden.texts()) if each == "TEXTS" else each for each in options]
    done = garden.run("curation", "import", garden.labels("0, a, comply,,"), *given)
    assert (done.exit_code, message in done.output) == (2, True), done.output


def test_a_model_does_not_become_human(garden: Garden) -> None:
    garden.bring(garden.labels("0, a, comply,,"))
    more = garden.labels("1, a, refuse,,", name="more.csv")
    done = garden.run("curation", "import", more, "--texts", garden.texts(), "--reader-kind", "human")
    assert done.exit_code == 2
    assert "line 2: the reader 'a' is a human here, a model in line 2 of first.csv" in done.output


def test_sources_and_columns_that_nobody_knows(garden: Garden) -> None:
    path = garden.root / "own.csv"
    write_annotations(path, [said(GARDEN[0][0], "a", "comply", sources=("gardn",))])
    assert "line 2: no source 'gardn'. Did you mean 'garden'?" in garden.run("curation", "import", path).output
    write_csv(path, ("id", "label"), [("1", "comply")])
    with pytest.raises(FormatError, match="columns are not those of labels"):
        import_labels(garden.project, path, "own")
    write_csv(path, COLUMNS, [])
    with pytest.raises(FormatError, match="no labels"):
        import_labels(garden.project, path, "own")
    with pytest.raises(UsageError, match="says texts, kinds and adjudicators itself"):
        import_labels(garden.project, path, "own", Told(kind="model"))


def test_a_file_that_a_merge_broke(garden: Garden) -> None:
    path = garden.annotations / "first.csv"
    write_annotations(path, [said(text, "a", "comply") for text, _ in GARDEN[:3]])
    lines = path.read_text().splitlines()
    path.write_text("\n".join([*lines[:2], "<<<<<<< ours", lines[2].replace("comply", "complly"), *lines[3:], ""]))
    with pytest.raises(FormatError) as caught:
        read_annotations(path)
    assert "line 3: expected 10 cells; a merge may have cut the line" in str(caught.value)
    assert "line 4: behaviour: unknown class 'complly'. Did you mean 'comply'?" in str(caught.value)


def test_one_reader_in_two_files(garden: Garden) -> None:
    for name in ("one", "two"):
        write_annotations(garden.annotations / f"{name}.csv", [said(GARDEN[0][0], "a", "comply")])
    with pytest.raises(FormatError, match="two labels for one text"):
        annotations_of(garden.project)


def test_annotations_survive_their_file(garden: Garden) -> None:
    every = [
        said(GARDEN[0][0], "b", "comply", ("spc",), ("borderline", "wrapper"), sources=("garden", "kitchen")),
        said(GARDEN[0][0], "a", "careful", adjudicates=True, kind="human"),
    ]
    path = garden.root / "some.csv"
    write_annotations(path, every)
    assert read_annotations(path) == every[::-1]


def test_texts_by_record_id(garden: Garden) -> None:
    known = texts_of(garden.project, ["garden", "kitchen"], Places(offline=True))
    assert len(known) == 7
    rose = known[ROSE]
    assert [(place.source, place.row, place.harmful) for place in rose.places] == [
        ("garden", 0, "no"),
        ("kitchen", 0, "yes"),
    ]
    assert GARDEN[0][0] not in repr(rose)


def test_lines_for_people(garden: Garden) -> None:
    labels = garden.labels("0, a, comply,,")
    done = import_labels(garden.project, labels, "first", Told(garden.texts(), "human"))
    assert list(imported_lines(done))[1:] == ["  readers: a (human) 1", "  readers differ in 0 of these texts"]
