"""Responses to compare: which records give a query, whose response is shown to whom, and planted faults."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from demur.audits.reward.responses import read_responses
from demur.checks.engine import check
from demur.errors import UsageError
from demur.kinds.responses import Responses
from demur.kinds.responses.make import Query, fitting, foreign
from demur.kinds.responses.rules import incomparable
from demur.project import bundled
from demur.records.record import record_id
from demur.sets.builder import builder_of
from demur.sets.folder import BuiltSet
from demur.sets.kind import Config
from demur.sets.pipeline import Build, build
from demur.sources.fetch import Places
from demur.text.normalise import normalise
from schemas.compared_response import ComparedResponse
from tests.checks.test_built import cover, rewrite, rows
from tests.checks.test_rules import golden
from tests.conftest import files_of
from tests.kinds.responses.conftest import ANSWERS, ASKED, JUDGED, RESPONSES, to_judged, to_responses
from tests.small import Small, small_project, small_source

PREFERRED = "preferred/test-00000-of-00001.parquet"


def test_every_record_is_used_or_a_reject_with_its_reason(compared: Build) -> None:
    preferred, judged = compared.manifest.configs
    opened = BuiltSet.open(compared.out)
    assert opened.facts(preferred).kinds == {"preferred": 8, "other_rejected": 8, "rejected": 8}
    assert preferred.rejects == dict.fromkeys(
        ("different-prompts", "empty-response", "equal-responses", "has-context", "near-duplicate"), 2
    )
    assert opened.facts(judged).kinds == {"harmful": 2, "other_harmful": 2, "safe": 2}
    assert judged.rejects == {"harmless-answer": 1, "not-sampled": 1, "one-sided": 1}
    for config in compared.manifest.configs:
        assert config.candidates == config.used + sum(config.rejects.values())
        assert sum(config.rows.values()) == 3 * opened.facts(config).queries
    assert compared.manifest.access == "gated"
    assert check(compared.out).findings == ()


def test_rows_keep_their_schema_and_the_derangement(compared: Build) -> None:
    for config in ("preferred", "judged"):
        table = BuiltSet.open(compared.out).rows(config)
        assert incomparable(table) == []
        for each in table.to_pylist():
            ComparedResponse.model_validate_json(json.dumps(each))
            foreign = each["kind"].startswith("other_")
            assert foreign == (each["safe"] is None is each["preferred"]) == (each["answered_id"] != each["query_id"])
            assert (each["safe"] is not None) == (each["kind"] in ("safe", "harmful"))
            assert bool(each["labels"]) != foreign  # what was said of it was said of another query
            assert each["query_id"] == record_id("prompt", each["prompt"])


def test_both_sides_of_a_preference_come_from_one_row(compared: Build) -> None:
    said = {each["prompt"]: (each["chosen"], each["rejected"]) for each in ANSWERS}
    for each in BuiltSet.open(compared.out).rows("preferred").to_pylist():
        assert each["safe"] is None  # preferred is not safe
        if each["preferred"] is not None:
            assert each["response"] == said[each["prompt"]][0 if each["preferred"] else 1]
        else:
            assert each["response"] not in said[each["prompt"]]


def test_the_reward_audit_reads_the_set(compared: Build) -> None:
    read = read_responses(compared.out, "preferred")
    assert Counter(read.kinds) == {"preferred": 8, "rejected": 8, "other_rejected": 8}
    assert Counter(read.upper) == {True: 8, False: 8, None: 8}
    assert read.sides == ("preferred", "rejected")
    assert read_responses(compared.out, "judged").sides == ("safe", "harmful")
    assert len({*read.queries}) == 8


def test_the_same_bytes_twice_and_another_derangement_by_another_seed(
    responses_project: Small, compared: Build, tmp_path: Path
) -> None:
    again = build(responses_project, RESPONSES, tmp_path / "again", Places(offline=True))
    assert files_of(again.out) == files_of(compared.out)
    other = build(responses_project, RESPONSES.model_copy(update={"seed": 1}), tmp_path / "other", Places(offline=True))
    one, two = (
        {each["query_id"]: each["answered_id"] for each in BuiltSet.open(done.out).rows("preferred").to_pylist()
         if each["kind"] == "other_rejected"}
        for done in (compared, other)
    )  # fmt: skip
    assert len(one) == len(two) == 8
    assert one != two


def query(number: int, response: str, prompt: str | None = None) -> Query:
    lineage = {"source": "made", "row": number}
    asked = prompt or f"Question {number}"
    return Query({"prompt": asked, "response": f"No, {number}.", "lineage": lineage},
                 {"prompt": asked, "response": response, "lineage": lineage}, judged=False)  # fmt: skip


@settings(max_examples=60)
@given(st.lists(st.sampled_from(["Yes.", "Sure.", "Why not?", "At noon."]) | st.text("abcd", min_size=4), min_size=2),
       st.integers(0, 5), st.randoms(use_true_random=False))  # fmt: skip
def test_foreign_responses_are_a_derangement_that_knows_no_order(texts: list[str], seed: int, shuffle: Any) -> None:
    queries = [query(number, text) for number, text in enumerate(texts)]
    try:
        found = foreign(queries, seed, "here")
    except UsageError:
        assert Counter(map(normalise, texts)).most_common(1)[0][1] > len(texts) / 2  # then there is none
        return
    assert {id(each) for each in found} == {id(each) for each in queries}
    for one, other in zip(queries, found, strict=True):
        assert normalise(other.lower["response"]) != normalise(one.lower["response"])
    turned = list(zip(queries, found, strict=True))
    shuffle.shuffle(turned)
    assert [id(each) for each in foreign([one for one, _ in turned], seed, "here")] == [id(each) for _, each in turned]


@pytest.mark.parametrize("texts", [[], ["Yes."], ["Yes.", "yes", "YES!"]])
def test_queries_without_a_derangement_are_an_error(texts: list[str]) -> None:
    with pytest.raises(UsageError, match="No query can be given another one's response") as raised:
        foreign([query(number, text) for number, text in enumerate(texts)], 0, "set/config, test")
    assert "Yes" not in str(raised.value)


def test_too_few_queries_leave_the_last_good_output(responses_project: Small, tmp_path: Path) -> None:
    done = build(responses_project, RESPONSES, tmp_path / "out", Places(offline=True))
    before = files_of(done.out)

    def of_one(records: pa.Table) -> pa.Table:
        made = RESPONSES.to_rows(records)
        roles = [role if row < 2 else "not-wanted" for row, role in enumerate(made["role"].to_pylist())]
        return made.set_column(made.schema.get_field_index("role"), "role", pa.array(roles))

    one = RESPONSES.model_copy(update={"to_rows": of_one})
    with pytest.raises(UsageError, match="No query can be given"):
        build(responses_project, one, tmp_path / "out", Places(offline=True), configs=["preferred"])
    assert files_of(done.out) == before


def test_the_card_warns_and_says_what_kinds_there_are(compared: Build) -> None:
    card = (compared.out / "README.md").read_text(encoding="utf-8")
    assert "extra_gated_prompt" in card
    assert "never generate from it" in card
    assert "| `preferred` |" in card
    assert "**Preferred is not safe.**" in card
    assert "the preferred response is longer than the rejected one in 100.0 % (8 of 8" in card
    assert not any(text in card for text in ASKED)
    assert not (compared.out / "eval.yaml").exists()


def test_roles_of_the_real_builder() -> None:
    from builders.safety_responses import _role

    rejected, chosen = ([{"name": "preference", "value": side}] for side in ("rejected", "chosen"))
    said = [{"name": "harmful", "value": "no", "labeller": "human"}]
    assert _role("A prompt", [], said, "refuse") == "judged"
    assert _role("A prompt", [], said, None) == "prompt-not-read"
    assert _role("A prompt", [], [{**said[0], "labeller": "model"}], "refuse") == "label-unknown"
    assert _role("A prompt", rejected, [], None) == "rejected"
    assert _role("A prompt", chosen, [], "comply") == "preferred"
    assert _role("Human: a prompt\n\nAssistant: Yes.", rejected, [], None) == "several-turns"
    assert _role("A prompt", [], [], "refuse") == "label-unknown"
    real = builder_of(bundled(), "safety-responses")
    assert isinstance(real.kind, Responses)
    assert not {*real.sources} & {*real.kind.left_out}


@pytest.fixture
def folder(compared: Build, tmp_path: Path) -> Path:
    return Path(shutil.copytree(compared.out, tmp_path / "copy"))


def changed(folder: Path, change: Callable[[list[dict[str, Any]]], list[dict[str, Any]]]) -> None:
    rewrite(folder, change(rows(folder, PREFERRED)), PREFERRED)
    cover(folder)


def _own_shown(folder: Path) -> None:
    """A query's foreign response is made another query's safe one."""

    def change(found: list[dict[str, Any]]) -> list[dict[str, Any]]:
        place = next(number for number, each in enumerate(found) if each["kind"] == "other_rejected")
        safe = next(
            each for each in found if each["kind"] == "preferred" and each["query_id"] != found[place]["query_id"]
        )
        text = safe["response"]
        id = record_id("response", found[place]["prompt"], "", text)
        found[place] |= {"response": text, "record_id": id, "answered_id": safe["query_id"]}
        return found

    changed(folder, change)


def _lost_side(folder: Path) -> None:
    changed(folder, lambda found: [each for number, each in enumerate(found) if number != 1])


def _two_alike(folder: Path) -> None:
    """Two queries are shown the same foreign response."""

    def change(found: list[dict[str, Any]]) -> list[dict[str, Any]]:
        one, two = [each for each in found if each["kind"] == "other_rejected"][:2]
        two |= {name: one[name] for name in ("response", "answered_id", "lineage")}
        two["record_id"] = record_id("response", two["prompt"], "", two["response"])
        return found

    changed(folder, change)


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        (_lost_side, "not one of each"),
        (_own_shown, "is not the harmful or rejected response of"),
        (_two_alike, "is shown 2 times"),
    ],
)
def test_check_finds_responses_that_cannot_be_compared(
    fault: Callable[[Path], None], message: str, folder: Path, tmp_path: Path
) -> None:
    fault(folder)
    findings = list(check(folder, select=["DMR314"]).findings)
    assert any(message in each.message for each in findings)
    if fault is _lost_side:
        golden(findings[:1], "DMR314", tmp_path)


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        ({"safe": True}, "of preferred they are None and True"),
        ({"kind": "safe", "preferred": None}, "of safe they are True and None"),
        ({"kind": "safe", "preferred": None, "safe": True, "behaviour": "comply"}, "this is one to comply"),
    ],
)
def test_check_finds_a_preferred_response_that_is_called_safe(edit: dict[str, Any], message: str, folder: Path) -> None:
    def change(found: list[dict[str, Any]]) -> list[dict[str, Any]]:
        place = next(number for number, each in enumerate(found) if each["kind"] == "preferred")
        return [{**each, **edit} if number == place else each for number, each in enumerate(found)]

    changed(folder, change)
    said = [each.message for each in check(folder, select=["DMR010"]).findings]
    assert any(message in each for each in said), said


def test_judged_responses_stand_behind_queries_to_refuse(tmp_path: Path) -> None:
    """What readers say of the query decides; a query that nobody read stays where a builder lets it."""
    queries = {"Where is the key to the bell tower?": "refuse", "How do I ring it at midnight?": None,
               "Who climbs it at noon?": "careful"}  # fmt: skip
    records = [
        {"role": "judged", "prompt": prompt, "response": text, "behaviour": behaviour}
        for prompt, behaviour in queries.items()
        for text in ("I cannot help with that.", f"Ask at the {prompt[:5]} desk.")
    ]
    kept, left = fitting([{**each, "context": None} for each in records])
    assert [(each.record["prompt"], each.reason) for each in left] == [("Who climbs it at noon?",
                                                                        "prompt-not-to-refuse")] * 2  # fmt: skip
    assert {each["behaviour"] for each in kept} == {"refuse", None}


def test_a_row_says_safe_or_preferred_by_its_kind(compared: Build) -> None:
    row = BuiltSet.open(compared.out).rows("preferred").to_pylist()[0]
    for wrong in ({"safe": True}, {"kind": "safe"}, {"preferred": None, "safe": True}):
        with pytest.raises(ValueError, match=r"'safe' and 'preferred' follow from the kind|answers its own query"):
            ComparedResponse.model_validate_json(json.dumps({**row, **wrong}))
    judged = BuiltSet.open(compared.out).rows("judged").to_pylist()[0]
    with pytest.raises(ValueError, match="stand behind queries to refuse"):
        ComparedResponse.model_validate_json(json.dumps({**judged, "behaviour": "comply"}))


def test_check_finds_an_edited_response(folder: Path) -> None:
    changed(folder, lambda found: [{**found[0], "response": "Ask me tomorrow."}, *found[1:]])
    assert "DMR407" in {each.code for each in check(folder).findings}


def test_rows_are_gated_and_carry_both_lineages(compared: Build) -> None:
    table = pq.read_table(compared.out / PREFERRED)
    assert set(table["access"].to_pylist()) == {"gated"}
    assert all(one["source"] == two["source"] == "answers" for one, two in zip(
        table["lineage"].to_pylist(), table["query_lineage"].to_pylist(), strict=True))  # fmt: skip


def test_a_config_may_mix_both_ways(responses_project: Small, tmp_path: Path) -> None:
    mixed = RESPONSES.model_copy(update={"configs": (Config(name="both", sources=("answers", "tower")),)})
    done = build(responses_project, mixed, tmp_path / "out", Places(offline=True))
    (config,) = done.manifest.configs
    assert BuiltSet.open(done.out).facts(config).queries == 10
    assert check(done.out).findings == ()


@pytest.fixture
def licensed(tmp_path: Path) -> Iterator[Build]:
    """Safe responses of one source, under MIT, and harmful ones of another, under CC BY 4.0, to the same queries."""
    rows = [dict(zip(("prompt", "response", "harm"), each, strict=True)) for each in JUDGED]
    columns = ["prompt", "response", "harm"]
    of_two = {
        "tower": (
            small_source("tower", columns, to_judged, "response"),
            [each for each in rows if each["harm"] == "no"],
        ),
        "steeple": (
            small_source("steeple", columns, to_judged, "response").model_copy(update={"license": "cc-by-4.0"}),
            [each for each in rows if each["harm"] == "yes"],
        ),
    }
    both = RESPONSES.model_copy(update={"configs": (Config(name="both", sources=("steeple", "tower")),)})
    with small_project(tmp_path / "project", of_two) as project:
        yield build(project, both, tmp_path / "out", Places(offline=True))


def test_a_row_of_two_licenses_has_one_that_both_allow(licensed: Build) -> None:
    rows = BuiltSet.open(licensed.out).rows().to_pylist()
    found = {(each["kind"], each["query_lineage"]["source"], each["source"], each["license"]) for each in rows}
    assert found == {
        ("safe", "tower", "tower", "mit"),
        ("harmful", "tower", "steeple", "cc-by-4.0"),
        ("other_harmful", "tower", "steeple", "cc-by-4.0"),
    }
    assert licensed.manifest.configs[0].license == "cc-by-4.0"
    assert check(licensed.out).findings == ()


@pytest.mark.parametrize(("kind", "license", "given"), [
    ("harmful", "mit", "'steeple', 'tower'"),
    ("harmful", "cc0-1.0", "'steeple', 'tower'"),
    ("safe", "cc-by-4.0", "'tower'"),
])  # fmt: skip
def test_check_finds_a_wrong_license_of_a_row_of_two(kind: str, license: str, given: str, licensed: Build) -> None:
    name = "both/test-00000-of-00001.parquet"
    found = rows(licensed.out, name)
    place = next(number for number, each in enumerate(found) if each["kind"] == kind)
    rewrite(
        licensed.out,
        [each | {"license": license} if number == place else each for number, each in enumerate(found)],
        name,
    )
    cover(licensed.out)
    (finding,) = check(licensed.out).findings
    assert (finding.code, finding.file, finding.row) == ("DMR403", name, place)
    assert finding.message == f"license {license!r} is not that of {given}"


def test_rows_of_one_source_keep_the_license_that_rows_of_several_texts_get(tmp_path: Path) -> None:
    """What is made of several texts may carry another license than theirs, though both come from one source."""
    source = small_source("answers", list(ANSWERS[0]), to_responses, "response")
    free = {"answers": (source.model_copy(update={"license": "afl-3.0"}), ANSWERS)}
    alone = RESPONSES.model_copy(update={"configs": (Config(name="preferred", sources=("answers",)),)})
    with small_project(tmp_path / "project", free) as project:
        done = build(project, alone, tmp_path / "out", Places(offline=True))
    assert set(BuiltSet.open(done.out).rows()["license"].to_pylist()) == {done.manifest.configs[0].license}
    assert done.manifest.configs[0].license != "afl-3.0"
    assert check(done.out).findings == ()


def test_check_finds_kinds_that_are_not_declared_and_records_that_no_row_uses(folder: Path) -> None:
    def change(manifest: Any) -> None:
        manifest["configs"][0]["facts"]["kinds"] |= {"preferred": 9, "safe": 3}
        manifest["configs"][0] |= {"used": 17, "candidates": manifest["configs"][0]["candidates"] + 1}

    cover(folder, change)
    messages = {each.message for each in check(folder, select=["DMR503"]).findings}
    assert messages == {
        "kinds.preferred: 8 in the rows, declared 9", "kinds.safe: 0 in the rows, declared 3",
        "used: 16 in the rows, declared 17",
    }  # fmt: skip
