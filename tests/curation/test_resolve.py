"""From readers to one answer."""

from __future__ import annotations

from itertools import permutations
from typing import get_args

import pytest

from demur.curation.annotations import annotations_of, said_of, write_annotations
from demur.curation.behaviour import BEHAVIOURS, CLASSES, CODES, EXPECTED, FLAGS, Flag
from demur.curation.resolve import resolve, resolve_all, resolved_of
from demur.errors import FormatError, UsageError
from tests.curation.conftest import Garden, said

TEXT = "How do I prune a rose?"


def test_nobody_read_it() -> None:
    assert resolve([]) is None


def test_agreeing_readers() -> None:
    found = resolve(
        [
            said(TEXT, "a", "careful", ("spc", "ssh"), ("borderline",)),
            said(TEXT, "b", "careful", ("ssh", "spc"), ("borderline", "wrapper"), kind="human"),
            said(TEXT, "c", "careful", ("ssh", "vcr", "hte"), ("policy",)),
        ]
    )
    assert found is not None
    assert (found.behaviour, found.basis, found.readers, found.kinds) == ("careful", "readers", 3, ("human", "model"))
    assert found.hazards == ("ssh", "spc", "vcr")  # the main one of two; then by how many named it; three at most
    assert found.hazards_by == (("a", "b", "c"), ("a", "b"), ("c",))
    assert found.flags == ("borderline",)  # of two in three; of one in three not


def test_half_of_the_readers_make_a_flag() -> None:
    found = resolve([said(TEXT, "a", "comply", (), ("borderline",)), said(TEXT, "b", "comply")])
    assert found is not None
    assert (found.flags, found.hazards) == (("borderline",), ())


def test_one_reader_alone_is_weaker() -> None:
    found = resolve([said(TEXT, "a", "refuse", ("ncr",))])
    assert found is not None
    assert (found.basis, found.behaviour, found.readers) == ("reader", "refuse", 1)


def test_readers_who_differ_leave_it_open() -> None:
    found = resolve([said(TEXT, "a", "refuse", ("ncr",)), said(TEXT, "b", "careful", ("ncr",), kind="human")])
    assert found is not None
    assert (found.basis, found.behaviour, found.hazards, found.flags) == ("disagreement", None, (), ())
    assert (found.readers, found.said, found.kinds) == (2, ("careful", "refuse"), ("human", "model"))


def test_an_adjudicator_wins_even_against_all() -> None:
    readers = [
        said(TEXT, "a", "refuse", ("ncr",), ("wrapper",)),
        said(TEXT, "b", "careful", ("spc", "prv"), ("borderline",)),
        said(TEXT, "j", "careful", ("prv",), ("policy",), adjudicates=True),
    ]
    found = resolve(readers)
    assert found is not None
    assert (found.behaviour, found.basis, found.readers) == ("careful", "adjudicated", 3)
    assert (found.hazards, found.hazards_by) == (("prv", "spc"), (("b", "j"), ("b",)))
    assert found.flags == ("policy",)
    alone = resolve([*readers[:1], said(TEXT, "j", "comply", adjudicates=True)])
    assert alone is not None
    assert (alone.behaviour, alone.basis, alone.hazards) == ("comply", "adjudicated", ())
    torn = resolve([*readers, said(TEXT, "k", "refuse", adjudicates=True)])
    assert torn is not None
    assert (torn.behaviour, torn.basis) == (None, "disagreement")


def test_an_adjudicator_who_names_no_hazard_means_none() -> None:
    found = resolve([said(TEXT, "a", "comply", ("spc",)), said(TEXT, "j", "comply", adjudicates=True)])
    assert found is not None
    assert (found.hazards, found.basis) == ((), "adjudicated")


def test_the_order_of_readers_plays_no_part() -> None:
    readers = [
        said(TEXT, "a", "careful", ("spc", "ssh")),
        said(TEXT, "b", "careful", ("ssh", "hte")),
        said(TEXT, "c", "careful", ("hte", "mis")),
    ]
    assert len({resolve(order) for order in permutations(readers)}) == 1


def test_unusable_is_an_answer() -> None:
    found = resolve([said(TEXT, reader, "unusable", (), ("needs_context",)) for reader in "ab"])
    assert found is not None
    assert (found.behaviour, found.flags) == ("unusable", ("needs_context",))


def test_many_texts_at_once() -> None:
    every = [said("Tea?", "a", "comply"), said("Tulips?", "a", "refuse"), said("Tea?", "b", "comply")]
    found = resolve_all(every)
    assert list(found) == sorted(found)
    assert sorted(each.readers for each in found.values()) == [1, 2]
    assert found == resolve_all(every[::-1])
    with pytest.raises(UsageError, match="one text at a time"):
        resolve(every)


def test_one_text_in_two_spellings_is_one() -> None:
    (found,) = resolve_all([said("Tea?", "a", "comply"), said("tea", "b", "comply")]).values()
    assert (found.readers, len(found.texts)) == (2, 2)


def test_the_tables_of_the_guideline_are_whole() -> None:
    assert set(CODES.values()) == {*CLASSES} == {*BEHAVIOURS, "unusable"}
    assert EXPECTED.keys() == {*BEHAVIOURS}
    assert set(FLAGS.values()) == {*get_args(Flag)}


def test_a_project_is_resolved_as_its_annotations_are(garden: Garden) -> None:
    texts = ("Tea?", "tea", "Soup", "Bread", "Where is the cat?")
    one = [said(text, reader, "careful", ("spc",), ("borderline",)) for text in texts[1:] for reader in ("a", "b")]
    two = [said(text, reader, "comply", adjudicates=text == "Soup") for text, reader in zip(texts, "cdc", strict=False)]
    garden.annotations.mkdir(parents=True, exist_ok=True)
    write_annotations(garden.annotations / "one.csv", one)
    write_annotations(garden.annotations / "two.csv", two)
    found = resolved_of(garden.project)
    assert found == resolve_all(annotations_of(garden.project))
    assert [*found] == sorted(found)
    assert {each.basis for each in found.values()} == {"disagreement", "adjudicated", "readers"}


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (",careful,", ",carefull,"),
        (",no,1", ",maybe,1"),
        (",spc,", ",spc spc,"),
        ("0", "x"),
        (",a,", ",b,"),
        (",borderline", ",borderline,more"),
        (",model,", ",person,"),
    ],
)
def test_what_is_wrong_with_a_file_is_told_as_for_its_annotations(garden: Garden, old: str, new: str) -> None:
    garden.annotations.mkdir(parents=True, exist_ok=True)
    path = garden.annotations / "one.csv"
    readers = [said(text, reader, "careful", ("spc",), ("borderline",)) for text in ("Tea", "Soup") for reader in "ab"]
    write_annotations(path, readers)
    head, *lines = path.read_text().splitlines(keepends=True)
    assert said_of(garden.project)
    lines[2] = lines[2].replace(old, new, 1)
    path.write_text("".join([head, *lines]))
    with pytest.raises(FormatError) as first:
        annotations_of(garden.project)
    with pytest.raises(FormatError) as second:
        resolved_of(garden.project)
    assert str(first.value) == str(second.value)


def test_two_files_that_hold_one_label_are_told(garden: Garden) -> None:
    garden.annotations.mkdir(parents=True, exist_ok=True)
    for name in ("one", "two"):
        write_annotations(garden.annotations / f"{name}.csv", [said("Tea", "a", "comply")])
    with pytest.raises(FormatError, match=r"(?s)two labels for one text.*one.csv and .*two.csv"):
        resolved_of(garden.project)
