"""The training set: its bank, its pairing, a small build with mild texts, and planted faults."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from builders.refusal_training import PART
from demur.audits.position.measure import measure
from demur.checks.engine import check
from demur.curation.annotations import FOLDER, Annotation, write_annotations
from demur.curation.behaviour import Class, Flag
from demur.errors import FormatError, LicenseError, UsageError
from demur.files.digest import text_sha256
from demur.kinds.training import Mix, Training
from demur.kinds.training.acts import ACTS, act_of
from demur.kinds.training.bank import FEWEST, Bank, filled, opening
from demur.kinds.training.pairing import side
from demur.project import T, bundled
from demur.protected import prompts as protected
from demur.protected.prompts import Background, Protected
from demur.records.hazards import HAZARDS
from demur.records.record import Label, harmful, record_id, refusal
from demur.release.rebuild import rebuild
from demur.sets.builder import builder_of
from demur.sets.folder import BuiltSet
from demur.sets.kind import Config
from demur.sets.pipeline import Build, build
from demur.sources.fetch import Places
from demur.sources.source import Raw
from demur.text.refusal import judge
from schemas.response import Response
from tests.checks.test_built import cover, rewrite
from tests.conftest import ROOT, copied, files_of
from tests.small import Small, small_project, small_source

REAL = builder_of(bundled(), "refusal-training")
assert isinstance(REAL.kind, Training)
DECLARED = REAL.kind

THINGS = [
    "fence", "gate", "barn", "kettle", "ladder", "window", "bucket", "carpet", "mirror", "bicycle", "canoe",
    "chimney", "cradle", "drawer", "easel", "flute", "guitar", "hammock", "igloo", "jacket",
]  # fmt: skip
PEOPLE = [
    "vicar", "baker", "mayor", "lodger", "plumber", "sailor", "tailor", "teacher", "widow", "butcher", "cousin",
    "dentist", "farmer", "grocer", "hermit", "juggler", "knight", "lawyer", "miller", "novice",
]  # fmt: skip
PLACES = [
    "attic", "cellar", "garage", "kitchen", "pantry", "stable", "tower", "library", "harbour", "meadow", "orchard",
    "quarry", "station", "theatre", "village", "workshop", "bakery", "chapel", "dairy", "forge", "granary",
    "hallway", "inn", "jetty", "kennel", "larder", "mill", "nursery", "office", "parlour", "ranch", "saloon",
    "vault", "wharf", "yard",
]  # fmt: skip
PROTECTED = "Paint the fence of the vicar"
LEAKED = "Write a limerick about seven purple lighthouses in Lapland"


def found(out: Path) -> set[str]:
    """Codes of what is found, but for form (DMR205): the prompts are of two moulds, too few for the card to measure."""
    return {each.code for each in check(out).findings} - {"DMR205"}


def objective(number: int) -> str:
    return f"Paint the {THINGS[number]} of the {PEOPLE[number]}"


def harm_rows() -> list[dict[str, Any]]:
    """Each objective with one stand-in for a harmful answer; some with another, a contradiction or a doubt."""
    rows = [
        {
            "prompt": objective(number),
            "response": f"Take a brush and cover the {thing} twice before dusk.",
            "harm": "yes",
        }
        for number, thing in enumerate(THINGS)
    ]
    more = [
        (1, "Stir the tin, then paint the gate from the top down.", "yes"),
        (1, "The gate takes three coats of paint.", "yes"),
        (2, "The barn is best left as it is.", "no"),
        (3, "A kettle? Hard to say.", "unknown"),
        (4, "I cannot help you paint the ladder.", "yes"),
        (5, "No link at all.", "yes"),
    ]
    rows += [{"prompt": objective(number), "response": text, "harm": value} for number, text, value in more]
    return rows


def refusal_rows() -> list[dict[str, Any]]:
    rows = [
        (6, "Sorry, but I cannot help you paint that bucket.", "yes"),
        (7, "That carpet is not yours, so I won't help with it.", "yes"),
        (8, "Blue suits a mirror.", "yes"),
        (9, "I must decline, for the bicycle is new.", "yes"),
        (9, "I must decline, for the bicycle is new!", "yes"),
    ]
    made = [{"prompt": objective(number), "response": text, "refused": value} for number, text, value in rows]
    return [*made, {"prompt": "Paint the moon over Oslo", "response": "I can't help with the moon.", "refused": "yes"}]


def answer_rows() -> list[dict[str, Any]]:
    plain = [
        {
            "prompt": f"where do we keep the broom of the {place}",
            "response": f"It stands behind the door of the {place}.",
        }
        for place in PLACES
    ]
    touchy = [{"prompt": touching(place), "response": "Put it in a kiln and wait for a day."} for place in PLACES[:12]]
    more = [
        {
            "prompt": "where do we keep the broom of the attic?",
            "response": "It stands upstairs in the attic, behind the second door.",
        },
        {"prompt": "where is the key of the loft", "response": "Upstairs."},
        {"prompt": "where is the key of the cabin", "response": "under the mat that lies before the door"},
        {"prompt": "who keeps the key of the lodge", "response": "Ask the warden of it, at 555-010-9999, before noon."},
        {"prompt": objective(0), "response": "Take a brush and paint it before the vicar comes."},
    ]
    return [*plain, *touchy, *more]


def touching(place: str) -> str:
    return f"how do I fire clay in the {place}"


def said() -> list[Annotation]:
    """What two readers say of the prompts: objectives are to be refused, but for two; firing clay only sounds bad."""
    read: list[tuple[str, Class, tuple[Flag, ...]]]
    read = [(objective(number), "refuse", ()) for number in range(len(THINGS)) if number not in (18, 19)]
    read += [
        ("Paint the moon over Oslo", "refuse", ()),
        (objective(18), "careful", ()),
        *((touching(place), "comply", ("borderline",)) for place in PLACES[:12]),
    ]
    return [
        Annotation(
            record_id=record_id("prompt", text),
            text_sha256=text_sha256(text),
            reader=reader,
            kind="model",
            guideline="1.1",
            behaviour=behaviour,
            hazards=("vcr",) if behaviour == "refuse" else (),
            flags=flags,
        )
        for text, behaviour, flags in read
        for reader in ("one", "two")
    ]


def from_harm(row: Raw) -> Response:
    label = harmful(row["harm"], by="human", scope="prompt+response")
    return Response(prompt=row["prompt"], response=row["response"], labels=(label,), categories=("violence",))


def from_refusal(row: Raw) -> Response:
    return Response(prompt=row["prompt"], response=row["response"], labels=(refusal(row["refused"], by="human"),))


def from_answer(row: Raw) -> Response:
    label = harmful("no", by="author", scope="response")
    return Response(prompt=row["prompt"], response=row["response"], labels=(label,))


SOURCES = {
    "pyrit-harm": (small_source("pyrit-harm", ("prompt", "response", "harm"), from_harm, "response"), harm_rows()),
    "pyrit-refusal": (
        small_source("pyrit-refusal", ("prompt", "response", "refused"), from_refusal, "response"),
        refusal_rows(),
    ),
    "piqa": (small_source("piqa", ("prompt", "response"), from_answer, "response"), answer_rows()),
}


BUILDER = REAL.model_copy(
    update={
        "configs": (Config(name="default", sources=tuple(SOURCES)),),
        "splits": {"validation": 0.4, "train": 0.6},
        "kind": DECLARED.model_copy(update={"mixes": {}, "opening_share": 0.2}),
    }
)


@pytest.fixture(scope="module")
def sketch() -> Iterator[None]:
    """One protected prompt among the objectives, and one that is nowhere."""
    small = Protected.from_texts([PROTECTED, LEAKED], background=Background())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(protected, "for_training", lambda: (small,))
        yield


@pytest.fixture(scope="module")
def small(sketch: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Small, Build]]:
    root = tmp_path_factory.mktemp("small")
    with small_project(root, SOURCES, BUILDER) as real:
        project = Read(curated(root / "project", said()), real.recorded, real.own, real.made)
        yield project, build(project, BUILDER, root / "out", Places(offline=True))


class Read(Small):
    """A project with annotations of its own, and the real project's schemas and declarations."""

    def classes(self, package: str, kind: type[T]) -> dict[str, type[T]]:
        return Small(ROOT).classes(package, kind)

    def class_in(self, package: str, stem: str, base: type[T]) -> type[T]:
        return Small(ROOT).class_in(package, stem, base)

    def declared(self, package: str, kind: type[T]) -> dict[str, T]:
        return Small(ROOT, self.recorded, self.own, self.made).declared(package, kind)


def curated(root: Path, annotations: list[Annotation]) -> Path:
    """The real project with other annotations."""
    (root / "builders" / "curation").mkdir(parents=True)
    for path in (ROOT / "cards", ROOT / "schemas", *(ROOT / "builders").glob("*")):
        if path.name not in ("curation", "__pycache__"):
            copied(path, root / path.relative_to(ROOT))
    write_annotations(root / FOLDER / "garden.csv", annotations)
    return root


@pytest.fixture
def folder(small: tuple[Small, Build], tmp_path: Path) -> Path:
    return Path(shutil.copytree(small[1].out, tmp_path / "copy"))


def rejects(done: Build) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {}
    for row in pq.read_table(done.out / "rejects.parquet").to_pylist():
        found.setdefault(row["reason"], []).append(row)
    return found


# The bank


def test_the_bank_serves_every_hazard_with_refusals_that_begin_differently() -> None:
    bank = DECLARED.bank
    assert {*bank.parts} == {*HAZARDS, "general"}
    for hazard, parts in bank.parts.items():
        assert len({opening(text) for text in bank.texts(hazard)}) >= FEWEST
        for offer, pattern in product(parts.offers, (*bank.leads, *bank.patterns)):
            assert judge(filled(pattern, bank.acts["other"], parts.reasons[0], offer)) == "refusal"


def test_who_may_hurt_themselves_is_always_offered_support() -> None:
    for offer in DECLARED.bank.parts["ssh"].offers:
        assert "support" in offer or "crisis line" in offer


BANK = """leads = ["Sorry, {reason}, so I can't {act}. {offer}"]
patterns = ["{Reason}, so I won't {act}. {offer}", "I can't {act}: {reason}. {offer}"]
[acts]
"""


def test_a_bank_entry_that_does_not_refuse_is_an_error(tmp_path: Path) -> None:
    acts = "".join(f'{act} = "help with {act} here"\n' for act in ACTS)
    lists = 'reasons = ["it rains", "snow falls"]\noffers = ["Wait.", "Rest.", "Read."]\n'
    path = tmp_path / "bank.toml"
    path.write_text(BANK + acts + "".join(f"[{name}]\n{lists}" for name in (*HAZARDS, "general")))
    assert Bank.read(path).size == 15 * 3 * 7 * 2 * 3
    whole = path.read_text()
    path.write_text(whole.replace("I can't {act}: {reason}", "Of course I {act}: {reason}"))
    with pytest.raises(FormatError, match="does not take an entry"):
        Bank.read(path)
    path.write_text(whole.replace("general", "generous"))
    with pytest.raises(FormatError, match="one entry for every hazard"):
        Bank.read(path)
    path.write_text(whole.replace("write = ", "paint = "))
    with pytest.raises(FormatError, match="one entry for every act"):
        Bank.read(path)
    few = whole.replace(', "I can\'t {act}: {reason}. {offer}"', "").replace(', "snow falls"', "")
    path.write_text(few)
    with pytest.raises(FormatError, match="too few ways"):
        Bank.read(path)


def test_the_choice_hangs_on_the_record_alone_and_fits_hazard_and_act() -> None:
    bank = DECLARED.bank

    def chosen(seed: int, protected: bool = False, lead: float = 0.5) -> str:
        return bank.choose("ab" * 16, "Write a rude note", ["vcr", "hte"], seed, lead, protected=protected)

    texts = {seed: chosen(seed) for seed in range(40)}
    assert texts == {seed: chosen(seed) for seed in range(40)}
    assert len({*texts.values()}) > 20
    every = [*texts.values()]
    assert all("write this" in text or "decline" in text or "refuse" in text for text in every)
    assert all(any(text.endswith(offer) for offer in bank.parts["vcr"].offers) for text in every), "the main hazard's"
    assert not {*every} & {chosen(seed, protected=True) for seed in range(40)}, "no refusal in two splits"
    assert all(chosen(seed, lead=1.0).startswith("Unfortunately") for seed in range(9))
    assert not any(chosen(seed, lead=0.0).startswith("Unfortunately") for seed in range(9))


@pytest.mark.parametrize(
    ("prompt", "act"),
    [
        ("Please write a limerick about the mayor", "write"),
        ("Create a short poem on mud", "write"),
        ("How do I bake mud pies?", "instructions"),
        ("Trick the baker into lending his oven", "persuade"),
        ("What is the baker's phone number?", "personal"),
        ("Where can I get a loud horn?", "find"),
        ("A plan for a noisy parade", "plan"),
        ("Mud pies for the mayor!", "other"),
    ],
)
def test_what_a_prompt_asks_for(prompt: str, act: str) -> None:
    assert act_of(prompt) == act


# Sides


@pytest.mark.parametrize(
    ("labels", "objective", "response", "expected"),
    [
        ([harmful("yes", by="human")], False, "Blue, then green.", ("harmful", "")),
        ([harmful("yes", by="human")], False, "I cannot help with it.", (None, "detector-disagrees")),
        ([harmful("yes", by="model")], False, "Blue, then green.", (None, "label-unknown")),
        ([harmful("no", by="human")], False, "I cannot help with it.", ("safe", "")),
        ([harmful("no", by="human")], False, "Blue, then green.", (None, "harmless-answer")),
        ([harmful("unknown", by="human")], False, "I cannot help with it.", (None, "label-unknown")),
        ([harmful("yes", by="human"), harmful("no", by="human")], False, "Blue.", (None, "label-conflict")),
        ([refusal("yes", by="human")], False, "I cannot help with it.", ("safe", "")),
        ([refusal("yes", by="human")], False, "Blue, then green.", (None, "detector-disagrees")),
        ([refusal("no", by="human")], False, "I cannot help with it.", (None, "label-unknown")),
        ([harmful("yes", by="human"), refusal("yes", by="human")], False, "Blue.", (None, "label-conflict")),
        ([harmful("yes", by="human")], False, " ... ", (None, "empty-response")),
    ],
)
def test_labels_and_detector_have_to_agree(
    labels: list[Label], objective: bool, response: str, expected: tuple[str | None, str]
) -> None:
    assert side([label.model_dump() for label in labels], objective, response) == expected


def test_doing_what_is_asked_is_harmful_only_where_the_objective_is() -> None:
    done = Label(name="compliance", value="yes", scope="prompt+response", labeller="human").model_dump()
    assert side([done], True, "Blue, then green.") == ("harmful", "")
    assert side([done], False, "Blue, then green.") == (None, "label-unknown")


# A small build


def test_every_record_is_used_or_rejected_with_its_reason(small: tuple[Small, Build]) -> None:
    (config,) = small[1].manifest.configs
    found = rejects(small[1])
    assert (
        config.candidates
        == sum(len(rows) for _, rows in SOURCES.values())
        == config.used + sum(map(len, found.values()))
    )
    reasons = {reason: len(rows) for reason, rows in found.items()}
    assert {name: reasons.get(name) for name in reasons.keys() - {"not-sampled"}} == {
        "near-protected": 2,  # the fence, asked and answered
        "harmless-answer": 1,  # the barn
        "label-unknown": 1,  # the kettle
        "detector-disagrees": 2,  # the ladder; the mirror
        "review-no-shared-words": 1,  # the window
        "exact-duplicate": 1,  # the bicycle
        "no-harmful-response": 1,  # the moon
        "near-duplicate": 1,  # the broom of the attic
        "prompt-answered": 1,  # somebody is to be careful with it
        "prompt-unread": 1,
        "short-answer": 1,  # the key of the loft
        "no-sentence": 1,  # the key of the cabin
        "personal-data": 1,  # the key of the lodge
    }
    near, _ = found["near-protected"]
    assert near["twin"] == record_id("prompt", PROTECTED)
    assert near["similarity"] == 1.0
    assert near["rule"] == "token (given)"


def test_every_triple_gives_three_rows_and_the_mix_is_the_declared_one(small: tuple[Small, Build]) -> None:
    (config,) = small[1].manifest.configs
    counts = BuiltSet.open(small[1].out).facts(config)
    # seventeen objectives are left, and the gate has a second answer; a third is one too many
    assert (counts.triples, counts.published, counts.project_written) == (18, 3, 15)
    assert counts.kinds == {"borderline_mle": 7, "helpful_mle": 29, "prefix_mle": 18, "refusal_mle": 18, "rto": 18}
    assert counts.by_source == {"pyrit-harm": {"triples": 18, "published": 3}}
    assert counts.refused_by == {"readers": 18}
    assert counts.borderline_prompts == 7


def test_a_mix_draws_every_answer_for_itself(small: tuple[Small, Build], tmp_path: Path) -> None:
    shares = {"refusal_mle": 0.24, "prefix_mle": 0.24, "rto": 0.24, "borderline_mle": 0.16, "helpful_mle": 0.12}
    mix = Mix(shares=shares, tokens=shares, tolerance=0.9, rto_keep=0.5, rates={"piqa": 0.5}, triples_per_group=1)
    mixed = BUILDER.model_copy(update={"kind": BUILDER.kind.model_copy(update={"mixes": {"default": mix}})})
    done = build(small[0], mixed, tmp_path / "out", Places(offline=True))
    assert check(done.out).findings == ()
    counts = BuiltSet.open(done.out).facts(done.manifest.configs[0])
    assert counts.triples == 17, "one of each group"
    assert counts.kinds["borderline_mle"] == 12, "all"
    assert 8 < counts.kinds["helpful_mle"] < 26, "half of 34, by a hash of each"
    rows = BuiltSet.open(done.out).rows("default").to_pylist()
    words = sum(len(row["target"].split()) for row in rows if row["kind"] == "rto")
    assert counts.tokens["rto"] == round(words / 2)
    fewer = [each for each in said() if each.record_id != record_id("prompt", touching(PLACES[0]))]
    write_annotations(small[0].root.parent / "fewer" / FOLDER / "garden.csv", fewer)
    again = Read(small[0].root.parent / "fewer", small[0].recorded, small[0].own, small[0].made)
    for path in small[0].root.glob("*"):
        if path.name != "builders":
            copied(path, again.root / path.name)
    copied(ROOT / "builders" / "sources", again.root / "builders" / "sources")
    other = BuiltSet.open(build(again, mixed, tmp_path / "other", Places(offline=True)).out).rows("default").to_pylist()
    one, two = ({(row["record_id"], row["kind"], row["target"]) for row in each} for each in (rows, other))
    assert {kind for _, kind, _ in one ^ two} <= {"borderline_mle", "helpful_mle"}
    assert len(one ^ two) <= 2, "a word on one prompt moves its own rows alone"


def test_tokens_off_their_share_are_found(folder: Path) -> None:
    shares = {"refusal_mle": 0.2, "prefix_mle": 0.2, "rto": 0.2, "borderline_mle": 0.08, "helpful_mle": 0.32}
    mix = Mix(shares=shares, tokens={**shares, "rto": 0.02, "helpful_mle": 0.5}).model_dump(mode="json")
    cover(folder, lambda manifest: manifest["parameters"]["stated"]["mixes"].update(default=mix))
    found = [finding.message for finding in check(folder, select=["DMR332"]).findings]
    assert any(message.startswith("rto rows hold") and message.endswith("declared 2%") for message in found)


def test_origins_and_access_are_recorded(small: tuple[Small, Build]) -> None:
    rows = BuiltSet.open(small[1].out).rows("default").to_pylist()
    assert small[1].manifest.access == "gated"
    assert {row["access"] for row in rows} == {"gated"}
    assert Counter(row["safe_origin"] for row in rows if row["kind"] == "rto") == {
        "published": 3,
        "project_written": 15,
    }
    offers = {offer for parts in DECLARED.bank.parts.values() for offer in parts.offers}
    for row in rows:
        if row["kind"] in ("refusal_mle", "prefix_mle"):
            ours = any(row["target"].endswith(offer) for offer in offers)
            assert ours == (row["safe_origin"] == "project_written") == (row["safe_lineage"] is None)


def test_the_set_keeps_its_invariants(small: tuple[Small, Build]) -> None:
    assert found(small[1].out) == set()


def test_building_and_rebuilding_give_the_same_bytes(small: tuple[Small, Build], tmp_path: Path) -> None:
    project, done = small
    again = build(project, BUILDER, tmp_path / "out", Places(offline=True))
    assert files_of(again.out) == files_of(done.out)
    assert rebuild(project, done.out, Places(offline=True)).differences == ()


def test_another_seed_draws_other_prefixes(small: tuple[Small, Build], tmp_path: Path) -> None:
    other = build(small[0], BUILDER.model_copy(update={"seed": 1}), tmp_path / "out", Places(offline=True))
    one, two = (
        {row["record_id"]: row["k"] for row in BuiltSet.open(out).rows("default").to_pylist() if row["k"] is not None}
        for out in (small[1].out, other.out)
    )
    assert any(one[id] != two[id] for id in one.keys() & two.keys())
    assert found(other.out) == set()


def test_the_card_warns_and_says_which_rows_hold_what(small: tuple[Small, Build]) -> None:
    card = (small[1].out / "README.md").read_text(encoding="utf-8")
    assert "**Content warning.** This set holds harmful text." in card
    assert "extra_gated_prompt:" in card
    assert "hh-rlhf-harmless: use limit no_sft" in card
    assert "jailbreakbench-artifacts: " in card
    assert "hh-rlhf-harmless" in BuiltSet.open(small[1].out).stated.left_out


@pytest.mark.parametrize("limit", ["eval_only", "no_sft"])
def test_a_source_that_is_not_for_training_is_refused(limit: str, small: tuple[Small, Build], tmp_path: Path) -> None:
    limited = small[0].own["piqa"].model_copy(update={"use_limits": (limit,)})
    with pytest.raises(LicenseError, match="'piqa' is not for training"):
        build(replace(small[0], own={**small[0].own, "piqa": limited}), BUILDER, tmp_path / "out", Places(offline=True))


def test_a_mix_without_enough_borderline_rows_is_refused(small: tuple[Small, Build], tmp_path: Path) -> None:
    shares = {**DECLARED.shares, "borderline_mle": 0.3, "helpful_mle": 0.1}
    greedy = BUILDER.model_copy(update={"kind": BUILDER.kind.model_copy(update={"shares": shares})})
    with pytest.raises(UsageError, match="too few borderline_mle records"):
        build(small[0], greedy, tmp_path / "out", Places(offline=True))


def test_a_config_on_demand_is_built_only_by_name(small: tuple[Small, Build]) -> None:
    assert [config.name for config in REAL.only().configs] == ["default"]
    assert [config.name for config in REAL.only(["github"]).configs] == ["github"]
    assert {*REAL.only(["github"]).sources} > {*REAL.only().sources}
    with pytest.raises(UsageError, match="no config 'githab'"):
        REAL.only(["githab"])


# Planted faults, one by one

Rows = list[dict[str, Any]]
Triple = dict[str, dict[str, Any]]


def triples_of(rows: Rows) -> list[Triple]:
    found: dict[str, Triple] = {}
    for row in rows:
        if row["harmful_record_id"]:
            found.setdefault(row["harmful_record_id"], {})[row["kind"]] = row
    return list(found.values())


def long_prefix(rows: Rows) -> Triple:
    return next(each for each in triples_of(rows) if 1 < each["prefix_mle"]["k"] < each["prefix_mle"]["n"])


def invert_flag(rows: Rows) -> None:
    one, two = (triples_of(rows)[0][kind] for kind in ("rto", "refusal_mle"))
    for name in ("kind", "fixed_token"):
        one[name], two[name] = two[name], one[name]


def one_k_more(rows: Rows) -> None:
    long_prefix(rows)["prefix_mle"]["k"] += 1


def one_word_less(rows: Rows) -> None:
    row = long_prefix(rows)["prefix_mle"]
    row |= {"k": row["k"] - 1, "context_prefix": row["context_prefix"].rpartition(" ")[0]}


def k_beyond_n(rows: Rows) -> None:
    row = long_prefix(rows)["prefix_mle"]
    row["n"] = row["k"] - 1


def one_n_more(rows: Rows) -> None:
    long_prefix(rows)["prefix_mle"]["n"] += 1


def other_prefix(rows: Rows) -> None:
    row = long_prefix(rows)["prefix_mle"]
    row["context_prefix"] = "Put " + row["context_prefix"].partition(" ")[2]


def broken_seam(rows: Rows) -> None:
    long_prefix(rows)["prefix_mle"]["context_prefix"] += "  "


def drifted_law(rows: Rows) -> None:
    for row in rows:
        if row["kind"] == "prefix_mle":
            row |= {"k": 0, "context_prefix": ""}


def other_law(rows: Rows) -> None:
    for row in rows:
        if row["kind"] == "prefix_mle":
            row["law"] = "derta-released"


def wrong_fixed_id(rows: Rows) -> None:
    token = triples_of(rows)[0]["rto"]["fixed_token"]
    token["id"] += 1


def refusal_of_both(rows: Rows) -> None:
    one, two = triples_of(rows)[:2]
    for row, split in ((one["refusal_mle"], "train"), (two["refusal_mle"], "validation")):
        row |= {"target": "I won't help with that, and that is all.", "split": split}


def answerable(rows: Rows) -> None:
    for row in triples_of(rows)[0].values():
        row["behaviour"] = "careful"


def curt(rows: Rows) -> None:
    next(row for row in rows if row["kind"] == "helpful_mle")["target"] = "Upstairs, I think."


def no_borderline(rows: Rows) -> None:
    rows[:] = [row for row in rows if row["kind"] != "borderline_mle"]


def leaked_prompt(rows: Rows) -> None:
    next(row for row in rows if row["kind"] == "helpful_mle")["prompt"] = LEAKED


def equal_sides(rows: Rows) -> None:
    each = triples_of(rows)[0]
    each["refusal_mle"]["target"] = each["prefix_mle"]["target"] = each["rto"]["target"].upper()


def one_opening(rows: Rows) -> None:
    for number, each in enumerate(triples_of(rows)):
        each["refusal_mle"]["target"] = each["prefix_mle"]["target"] = f"I cannot help you with this {number}"


def learnt_harm(rows: Rows) -> None:
    each = triples_of(rows)[0]
    each["refusal_mle"]["target"] = each["rto"]["target"]


def lost_row(rows: Rows) -> None:
    rows.remove(triples_of(rows)[0]["prefix_mle"])


def public_harm(rows: Rows) -> None:
    triples_of(rows)[0]["rto"]["access"] = "public"


def other_subject(rows: Rows) -> None:
    triples_of(rows)[0]["rto"]["target"] = "Snow fell all night."


def other_license(rows: Rows) -> None:
    rows[0]["license"] = "cc0-1.0"


def twice(rows: Rows) -> None:
    rows.append(dict(rows[0]))


FAULTS: dict[Callable[[Rows], None], str] = {
    invert_flag: "DMR301",
    learnt_harm: "DMR301",
    lost_row: "DMR302",
    one_n_more: "DMR303",
    other_prefix: "DMR303",
    broken_seam: "DMR303",
    one_k_more: "DMR010",
    k_beyond_n: "DMR010",
    public_harm: "DMR010",
    one_word_less: "DMR304",
    drifted_law: "DMR304",
    other_law: "DMR304",
    wrong_fixed_id: "DMR305",
    leaked_prompt: "DMR104",
    equal_sides: "DMR302",
    one_opening: "DMR310",
    twice: "DMR601",
    other_license: "DMR403",
    other_subject: "DMR311",
    no_borderline: "DMR308",
    refusal_of_both: "DMR331",
    answerable: "DMR333",
    curt: "DMR334",
}


@pytest.mark.parametrize(("fault", "code"), FAULTS.items(), ids=lambda value: getattr(value, "__name__", ""))
def test_check_finds_a_planted_fault(fault: Callable[[Rows], None], code: str, folder: Path) -> None:
    name = "default/train-00000-of-00001.parquet"
    rows = pq.read_table(folder / name).to_pylist()
    fault(rows)
    rewrite(folder, rows, name)
    cover(folder, lambda manifest: manifest["configs"][0]["rows"].update(train=len(rows)))
    findings = check(folder).findings
    assert code in {finding.code for finding in findings}
    texts = {row[name] for row in rows for name in ("prompt", "target", "context_prefix") if len(row[name]) > 12}
    assert not any(text in str(finding) for finding in findings for text in texts), "a finding quotes a row"


def test_check_finds_a_triple_in_two_splits(folder: Path) -> None:
    train, validation = (f"default/{split}-00000-of-00001.parquet" for split in ("train", "validation"))
    rows, other = pq.read_table(folder / train).to_pylist(), pq.read_table(folder / validation).to_pylist()
    moved = triples_of(rows)[0]["rto"]
    rows.remove(moved)
    rewrite(folder, rows, train)
    rewrite(folder, [*other, {**moved, "split": "validation"}], validation)
    cover(folder)
    assert {"DMR101", "DMR103", "DMR302"} <= {finding.code for finding in check(folder).findings}


# Where its refusals begin


def test_prefix_rows_spread_the_refusals_over_positions(small: tuple[Small, Build]) -> None:
    parts = measure(small[1].out).parts
    assert [part.name for part in parts] == ["default: refusal_mle", "default: refusal_mle and prefix_mle"]
    plain, both = (part.positions for part in parts)
    assert (plain.refusals.count, both.refusals.count) == (18, 36)
    rows = BuiltSet.open(small[1].out).rows("default").to_pylist()
    late = [row["k"] for row in rows if row["kind"] == "prefix_mle" and row["k"] >= 5]
    assert len(late) > 5
    assert both.early.count < 2 * plain.early.count
    assert sum(start >= 5 for start in both.starts) >= len(late)
    (train, _) = measure(small[1].out, where={"split": "train"}).parts
    assert 0 < train.positions.refusals.n < 18
    (prefixed,) = measure(small[1].out, where={"kind": "prefix_mle"}).parts
    assert sorted(prefixed.positions.starts + plain.starts) == sorted(both.starts)
    with pytest.raises(UsageError, match="No row fits"):
        measure(small[1].out, where={"split": "test"})


def test_an_evaluation_set_has_no_responses_to_measure(folder: Path) -> None:
    manifest = json.loads((folder / "manifest.json").read_text())
    manifest["kind"] = "evaluation"
    (folder / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(UsageError, match="holds no responses"):
        measure(folder)


@pytest.mark.parametrize(
    ("text", "plays"),
    [
        ("I'm sorry, but I can't help with that.", False),
        ("As an AI language model, I cannot help you paint the gate.", False),
        ("I cannot do that, because the laws of the US and the EU forbid it.", False),
        ("I cannot answer in two personas.", True),
        ("I'm sorry, but I can't continue as Walter.", True),
        ("PaintGPT: I'm sorry, I cannot.", True),
        ("DENIED. I'm sorry, but I cannot.", True),
    ],
)
def test_a_refusal_that_plays_a_part_is_none_to_learn_from(text: str, plays: bool) -> None:
    assert bool(PART.search(text)) == plays
