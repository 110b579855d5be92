"""Agreement by hand, against scikit-learn and the literature, and of the first campaign.

PYTEST_DONT_REWRITE: a failing assertion must not show the values it compared, which may be of published prompts.
"""

from __future__ import annotations

import json
import os
import shutil

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from sklearn.metrics import cohen_kappa_score

from demur.curation.agreement import ALL, RESOLVED, agreement, measure
from demur.curation.annotations import FOLDER, Annotation, annotations_of, read_annotations
from demur.curation.campaign import campaigns_of, read_campaign
from demur.curation.reports import show_agreement
from demur.curation.texts import texts_of
from demur.errors import FormatError, UsageError
from demur.project import Project
from demur.rates import Alpha, Kappa
from demur.sources.fetch import Places
from tests.conftest import ROOT
from tests.curation.conftest import GARDEN, Garden, said

REAL = ROOT / FOLDER / "first-campaign.csv"


def counts(*readers: str) -> NDArray[np.int64]:
    """How many readers gave each verdict, of readers' verdicts as one string each; a dot is a gap."""
    names = sorted({name for said in readers for name in said} - {"."})
    return np.array([[column.count(name) for name in names] for column in zip(*readers, strict=True)])


@pytest.mark.parametrize(
    ("readers", "alpha"),
    [
        # Krippendorff (2011), Computing Krippendorff's Alpha-Reliability, sections A, B and C
        (("0100000010", "1110010000"), 0.095),
        (("aabbdcccedda", "babbbccceddd"), 0.692),
        (("123321412...", "1233224125.3", ".3332342251.", "12332441251."), 0.743),
    ],
)
def test_alpha_of_the_literature(readers: tuple[str, ...], alpha: float) -> None:
    found = Alpha.of(counts(*readers))
    assert found.value is not None
    assert round(found.value, 3) == alpha
    assert found.low is not None
    assert found.high is not None
    assert found.low < found.value < found.high
    assert found == Alpha.of(counts(*readers))


def test_alpha_without_an_answer() -> None:
    assert Alpha.of(counts("ab", "..")) == Alpha(None, None, None, 0, 0)
    assert Alpha.of(counts("aa", "aa")) == Alpha(None, None, None, 0, 2)
    assert Alpha.of(counts("ab", "ab")).value == 1
    assert Alpha.of(counts("ab.", "abc")).n == 2  # one verdict alone says nothing


@given(st.lists(st.tuples(st.sampled_from("abcd"), st.sampled_from("abcd")), min_size=2, max_size=40))
def test_kappa_of_many_classes_is_sklearns(verdicts: list[tuple[str, str]]) -> None:
    table = np.zeros((4, 4), np.int64)
    for one, two in verdicts:
        table["abcd".index(one), "abcd".index(two)] += 1
    found = Kappa.of(table.ravel().tolist())
    first, second = zip(*verdicts, strict=True)
    if len({*first, *second}) == 1:
        assert found.value is None
    else:
        assert found.value == pytest.approx(cohen_kappa_score(first, second), abs=1e-12)


def read(*verdicts: str, reader: str = "a", **more: bool) -> list[Annotation]:
    names = {"R": "refuse", "P": "comply", "A": "careful"}
    return [
        said(text, reader, names[verdict], ("ncr",) if verdict == "R" else (), **more)  # type: ignore[arg-type]
        for (text, _), verdict in zip(GARDEN, verdicts, strict=False)
        if verdict != "."
    ]


def test_agreement_by_hand() -> None:
    # a: R R P P A A, b: R R P A A P
    found = agreement([*read(*"RRPPAA"), *read(*"RRPAAP", reader="b")])
    assert (found.texts, found.readers, found.adjudicators) == (6, {"a": 6, "b": 6}, {})
    classes, refuse, hazard = found.measured
    assert (classes.question, classes.part, classes.alpha) == ("behaviour", ALL, None)
    (pair,) = classes.pairs
    # observed 4/6; by chance 3 * (2/6 * 2/6) = 1/3
    assert (pair.rate.count, pair.rate.n) == (4, 6)
    assert pair.kappa.value == pytest.approx(0.5)
    assert refuse.pairs[0].kappa.value == hazard.pairs[0].kappa.value == 1
    (careful,) = [each for each in found.by_class if each.part == "careful"]
    # one against all: both 1, one alone 1 + 1, neither 3; observed 4/6, by chance 2/6 * 2/6 + 4/6 * 4/6 = 5/9
    assert careful.pairs[0].kappa.value == pytest.approx((4 / 6 - 5 / 9) / (1 - 5 / 9))
    assert [each.part for each in found.by_source] == ["garden"] * 3


def test_three_readers_and_gaps_have_an_alpha() -> None:
    three = [*read(*"RRPPAA"), *read(*"RRPAAP", reader="b"), *read(*"RR.PA.", reader="c")]
    whole = agreement(three).measured[0]
    assert [(pair.one, pair.two, pair.rate.n) for pair in whole.pairs] == [("a", "b", 6), ("a", "c", 4), ("b", "c", 4)]
    assert whole.alpha is not None
    assert whole.alpha == Alpha.of(counts("RRPPAA", "RRPAAP", "RR.PA."))
    gaps = agreement([*read(*"RRPPAA"), *read(*"RRP...", reader="b")]).measured[0]
    assert gaps.alpha is not None
    assert gaps.alpha.n == 3
    apart = agreement([*read(*"RR...."), *read(*"..PP..", reader="b")]).measured[0]
    assert (apart.pairs, apart.alpha) == ((), Alpha(None, None, None, 0, 0))


def test_adjudicators_stand_in_no_pair_and_versions_are_chosen() -> None:
    later = [each.model_copy(update={"guideline": "1.1"}) for each in read(*"...PAA")]
    judge = said(GARDEN[3][0], "j", "careful", adjudicates=True, guideline="1.2")
    every = [*read(*"RRP..."), *later, *read(*"RRPAAP", reader="b"), judge]
    found = agreement(every)
    assert (found.adjudicators, len(found.measured[0].pairs)) == ({"j": 1}, 1)
    old, new = agreement(every, "1.0"), agreement(every, "1.1")
    assert (old.readers, new.readers, new.adjudicators) == ({"a": 3, "b": 6}, {"a": 3}, {"j": 1})
    with pytest.raises(UsageError, match=r"1\.0, 1\.1"):
        agreement(every, "2.0")
    with pytest.raises(UsageError, match="no annotations"):
        agreement([judge])


def test_against_peoples_labels() -> None:
    every = [*read(*"RRPP"), *read(*"RAPR", reader="b"), said(GARDEN[1][0], "j", "refuse", adjudicates=True)]
    ids = {row: every[row].record_id for row in range(4)}
    found = agreement(every, gold={ids[0]: "yes", ids[1]: "yes", ids[2]: "no", ids[3]: "no", "f" * 32: "no"}).gold
    table = {(each.reader, each.harmful): each for each in found}
    assert table["a", False].right.share == table["a", True].right.share == 1
    assert (table["b", False].said["refuse"], table["b", True].said["careful"]) == (1, 1)
    assert (table["j", True].n, table["j", False].n) == (1, 0)
    resolved = table[RESOLVED, True]
    assert (resolved.n, resolved.said["refuse"]) == (2, 2)
    assert table[RESOLVED, False].n == 1  # the other waits in the queue


def test_everything_is_the_same_twice_and_in_any_order() -> None:
    every = [*read(*"RRPPAA"), *read(*"RRPAAP", reader="b"), *read(*"RAP.A.", reader="c")]
    assert agreement(every) == agreement(every) == agreement(every[::-1])


def test_a_question_of_ones_own() -> None:
    found = measure(read(*"RP"), "behaviour", "mine", lambda each: each.reader)
    assert (found.part, found.pairs) == ("mine", ())


def test_the_first_campaign() -> None:
    """The figures that its readers' own report gave."""
    every = read_annotations(REAL)
    assert {each.kind for each in every} == {"model"}
    found = {version: agreement(every, version) for version in ("1.0", "1.1")}
    assert [found[version].texts for version in found] == [5_983, 2_072]
    kappas = {
        version: [round(each.pairs[0].kappa.value or 0, 3) for each in one.measured] for version, one in found.items()
    }
    assert kappas["1.0"] == [0.915, 0.952, 0.901]
    assert kappas["1.1"][:2] == [0.858, 0.951]
    shares = [round(each.pairs[0].rate.share, 3) for each in found["1.0"].measured]
    assert shares == [0.942, 0.976, 0.911]
    assert [
        each.pairs[0].rate.n - each.pairs[0].rate.count for each in (one.measured[0] for one in found.values())
    ] == [
        350,
        217,
    ]


@pytest.mark.skipif("DEMUR_MIRROR" not in os.environ, reason="DEMUR_MIRROR names no mirror")
def test_the_first_campaign_against_people() -> None:
    known = texts_of(Project(ROOT), ["xstest"], Places(offline=True))
    found = agreement(read_annotations(REAL), gold={id: each.places[0].harmful for id, each in known.items()}).gold
    table = {(each.reader, each.harmful): each for each in found}
    readers = ("model-a", "model-b", RESOLVED)
    assert [(table[name, False].n, table[name, False].said["refuse"]) for name in readers] == [(250, 0)] * 3
    assert [(table[name, True].n, table[name, True].said["careful"]) for name in readers] == [
        (200, 3),
        (200, 2),
        (200, 3),
    ]
    assert [table[name, True].said["refuse"] for name in readers[:2]] == [134, 137]


def test_campaigns_are_described_as_their_labels_are(capsys: pytest.CaptureFixture[str]) -> None:
    project = Project(ROOT)
    campaigns = campaigns_of(project)
    for path in (ROOT / FOLDER).glob("*.csv"):
        assert campaigns[path.stem].against(read_annotations(path)) == []
    (names,) = campaigns["first-campaign"].families.values()
    assert names == ["model-a", "model-b", "model-adjudicator"]
    assert {reader.kind for reader in campaigns["first-campaign"].readers} == {"model"}
    show_agreement(agreement([*read(*"RRPPAA"), *read(*"RRPAAP", reader="b")]), "xstest", campaigns.values())
    assert "are of one family: their errors may go together" in " ".join(capsys.readouterr().out.split())


def test_a_campaign_that_does_not_fit(garden: Garden) -> None:
    garden.bring(garden.labels("0, a, comply,,"))
    path = garden.annotations / "first.toml"
    path.write_text(
        'name = "first"\ntitle = "Roses"\nguidelines = ["1.0"]\ntexts = 1\nmade = "By hand."\nweak_spots = []\n'
        '[[readers]]\nname = "a"\nkind = "model"\nlabels = 1\n'
    )
    assert campaigns_of(garden.project)["first"].against(annotations_of(garden.project)) == []
    done = garden.bring(garden.labels("1, a, refuse,,", "1, b, refuse,,"))
    assert "first.toml is out of date: texts: expected 1, got 2" in done.output
    assert "a (model): expected 1 labels, got 2" in done.output
    assert "b (model): expected 0 labels, got 1" in done.output
    path.write_text('name = "first"\nkind = "human"\n')
    with pytest.raises(FormatError, match="not as declared"):
        read_campaign(path)
    path.write_text("name = ")
    with pytest.raises(FormatError, match="cannot be read"):
        read_campaign(path)


def test_the_command(garden: Garden) -> None:
    rows = [f"{row}, {reader}, {verdict},," for reader, word in (("a", "PRPRAP"), ("b", "PRPRPP"))
            for row, verdict in enumerate(word)]  # fmt: skip
    garden.bring(garden.labels(*rows))
    asked = ["curation", "agreement", "--gold", "garden", "--offline"]
    done = json.loads(garden.run(*asked, "--json").stdout)
    assert [each["pairs"][0]["rate"]["count"] for each in done["measured"][:2]] == [5, 6]
    assert done["gold"][0]["n"] == 3
    shown = garden.run(*asked)
    assert shown.exit_code == 0, shown.output
    assert "against garden, whose labels people gave" in shown.output
    assert garden.run("curation", "agreement", "--gold", "gardn").exit_code == 2


def test_without_the_gold_source_the_rest_is_told(garden: Garden) -> None:
    garden.bring(garden.labels("0, a, P,,", "0, b, P,,", "1, a, R,,", "1, b, A,,"))
    shutil.rmtree(garden.root / "mirror")
    (garden.root / "mirror").mkdir()  # one that is not there is an error of its own
    shutil.rmtree(garden.root / "cache", ignore_errors=True)
    done = garden.run("curation", "agreement", "--gold", "garden", "--offline")
    assert done.exit_code == 0, done.output
    assert "warning: not held against garden" in done.output
    assert "whose labels people gave" not in done.output
