"""From sources to pairs, with small sources and an encoder of the tests' own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from demur.curation.meaning.compute import Prompts, comparable, compute
from demur.curation.meaning.models import ACROSS, ENGLISH, USE, WITHIN, Model
from demur.curation.meaning.report import Coverage, Summary
from demur.errors import UsageError
from demur.files.kept import default_root
from demur.records.record import harmful, record_id
from demur.sources import declared
from demur.sources.fetch import Places
from schemas.prompt import Prompt
from schemas.response import Response
from tests.curation.meaning.tiny import Tiny
from tests.small import Small, small_project, small_source

TEA, CUPPA, TÉ = (
    "How do I make a good pot of tea",
    "How do I make a good pot of cuppa",
    "Cómo do I hago a good pot of té",
)
ROSE, OTTER = "When should one prune a rose", "Where do otters sleep at night"


def asked(row: dict[str, str]) -> Prompt:
    return Prompt(prompt=row["q"], labels=(harmful("no", by="author"),))


def answered(row: dict[str, str]) -> Response:
    return Response(prompt=row["q"], response=row["a"], labels=())


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Small]:
    given = {
        "kitchen": (small_source("kitchen", ["q"], asked, "prompt"), [{"q": TEA}, {"q": ROSE}, {"q": f"{TEA}?"}]),
        "parlour": (
            small_source("parlour", ["q", "a"], answered, "response"),
            [{"q": CUPPA, "a": "Warm the pot."}, {"q": CUPPA, "a": "Ask an aunt."}, {"q": ROSE, "a": "In March."}],
        ),
        "cocina": (
            small_source("cocina", ["q"], asked, "prompt").model_copy(update={"languages": ("es",)}),
            [{"q": TÉ}, {"q": OTTER}],
        ),
        "bep": (
            small_source("bep", ["q"], asked, "prompt").model_copy(update={"languages": ("vi",)}),
            [{"q": "Rái cá ngủ ở đâu"}],
        ),
    }
    with small_project(tmp_path, given) as made:
        yield made


class Encoders(dict[str, Tiny]):
    """Gives the tests' encoder under the name of any."""

    def __call__(self, model: Model) -> Tiny:
        return self.setdefault(model.name, Tiny(model))


def ids(one: str, two: str) -> tuple[str, str]:
    a, b = sorted(record_id("prompt", text) for text in (one, two))
    return a, b


def of(project: Small, *names: str) -> Prompts:
    return Prompts.of([declared.source_of(project, name) for name in names], Places(offline=True))


def test_prompts_are_distinct_whatever_kind_of_record_has_them(project: Small) -> None:
    prompts = of(project, "kitchen", "parlour")
    assert [*prompts.texts] == sorted(record_id("prompt", text) for text in (TEA, ROSE, CUPPA))
    assert prompts.sources[record_id("prompt", ROSE)] == ["kitchen", "parlour"]


def test_a_paraphrase_is_found_across_sources(project: Small) -> None:
    pairs = compute(of(project, "kitchen", "parlour"), default_root(), open=Encoders())
    one, two = ids(TEA, CUPPA)
    assert pairs.table.to_pylist() == [
        {"record_id": one, "twin": two, "cosine": 1.0, "model": ENGLISH.name, "verdict": None}
    ]
    assert all(pairs.covers(name, project.recorded[name].digest) for name in ("kitchen", "parlour"))
    assert not pairs.covers("cocina", project.recorded["cocina"].digest)


def test_a_translation_is_read_with_its_own_threshold(project: Small) -> None:
    encoders = Encoders()
    pairs = compute(of(project, "kitchen", "parlour", "cocina"), default_root(), open=encoders)
    found = {(row["record_id"], row["twin"]): row["model"] for row in pairs.table.to_pylist()}
    assert found == {ids(TEA, CUPPA): ENGLISH.name, ids(TEA, TÉ): ACROSS.name, ids(CUPPA, TÉ): ACROSS.name}
    assert not {TÉ, OTTER} & {*encoders[ENGLISH.model.name].asked}  # the English encoder does not read Spanish


def test_two_texts_of_another_language_are_read_within_it(project: Small) -> None:
    found = compute(of(project, "cocina"), default_root(), open=Encoders())
    assert found.table.num_rows == 0
    assert WITHIN.floor > ACROSS.floor


def test_a_second_run_encodes_new_texts_alone(project: Small) -> None:
    first, second = Encoders(), Encoders()
    compute(of(project, "kitchen"), default_root(), open=first)
    both = compute(of(project, "kitchen", "parlour"), default_root(), open=second)
    assert sorted(second[ENGLISH.model.name].asked) == [CUPPA]
    assert both.table.num_rows == 1


def test_damaged_vectors_are_made_anew(project: Small) -> None:
    compute(of(project, "kitchen"), default_root(), open=Encoders())
    for path in default_root().glob("vectors/*/*.npz"):
        path.write_bytes(path.read_bytes()[:-60])
    again = Encoders()
    compute(of(project, "kitchen"), default_root(), open=again)
    assert len(again[ENGLISH.model.name].asked) == 2


def test_a_text_that_no_encoder_sees_to_its_end_is_not_compared(tmp_path: Path) -> None:
    wrapper = "You are a kind aunt who knows all about tea and answers every letter"
    rows = [{"q": f"{wrapper} {what}"} for what in ("on cakes", "on roses")]
    given = {"aunt": (small_source("aunt", ["q"], asked, "prompt"), [*rows, {"q": TEA}])}
    with small_project(tmp_path, given) as project:
        pairs = compute(of(project, "aunt"), default_root(), open=Encoders())
    assert (pairs.table.num_rows, pairs.too_long) == (0, {"aunt": 2})


def test_the_order_of_sources_changes_nothing(project: Small) -> None:
    names = ("kitchen", "parlour", "cocina")
    one, two = (compute(of(project, *order), default_root(), open=Encoders()) for order in (names, names[::-1]))
    assert one.table.equals(two.table)
    assert one.sources == two.sources


def test_verdicts_are_carried_over(project: Small) -> None:
    prompts = of(project, "kitchen", "parlour")
    read = compute(prompts, default_root(), open=Encoders()).read({ids(TEA, CUPPA): "not-same"}, "model")
    again = compute(prompts, default_root(), old=read, open=Encoders())
    assert (again.verdicts(), again.reader) == ({ids(TEA, CUPPA): "not-same"}, "model")


def test_sources_that_no_encoder_reads_are_told_apart(project: Small) -> None:
    read, unread = comparable(project, ["bep", "cocina", "kitchen"])
    assert [source.name for source in read] == ["cocina", "kitchen"]
    assert [source.name for source in unread] == ["bep"]
    assert "vi" not in USE.languages


def test_an_unknown_source_is_an_error(project: Small) -> None:
    with pytest.raises(UsageError, match="No source 'kichen'") as error:
        comparable(project, ["kichen"])
    assert str(error.value.fix).startswith("Did you mean 'kitchen'?")


def test_a_summary_counts_pairs_by_source(project: Small, tmp_path: Path) -> None:
    prompts = of(project, "kitchen", "parlour", "cocina")
    pairs = compute(prompts, default_root(), open=Encoders())
    summary = Summary.of(pairs, prompts, tmp_path / "pairs.parquet")
    assert [(band.model, band.joined, band.waiting) for band in summary.bands] == [
        (ENGLISH.name, 1, 0),
        (ACROSS.name, 2, 0),
    ]
    assert set(summary.between) == {
        ("cocina", "kitchen", 1),
        ("cocina", "parlour", 1),
        ("kitchen", "parlour", 1),
    }
    assert (summary.clusters, summary.clustered, summary.largest) == (1, 3, 3)
    assert TEA not in summary.lines()


def test_coverage_names_what_is_stale_and_what_is_missing(project: Small) -> None:
    pairs = compute(of(project, "kitchen", "parlour"), default_root(), open=Encoders())
    read, unread = comparable(project, ["bep", "cocina", "kitchen", "parlour"])
    moved = [
        source.model_copy(update={"pin": source.pin and source.pin.model_copy(update={"digest": "0" * 64})})
        if source.name == "parlour"
        else source
        for source in read
    ]
    coverage = Coverage.of(pairs, moved, unread)
    assert (coverage.covered, coverage.stale, coverage.missing) == (("kitchen",), ("parlour",), ("cocina",))
    assert not coverage.complete
    assert "compared with other rows than are pinned now: parlour" in coverage.lines()
    assert Coverage.of(pairs, [source for source in read if source.name != "cocina"], unread).complete
