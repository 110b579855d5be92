"""Decontamination, on texts of ours and on published files.

PYTEST_DONT_REWRITE: a failing assertion must not show the values it compared, which may be published prompts.
"""

from __future__ import annotations

import os
import random
from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from demur.errors import FormatError, UsageError
from demur.project import bundled
from demur.protected import near as module
from demur.protected import prompts as sketches
from demur.protected import sketch
from demur.protected.near import EVIDENCE, RULES, Judge, Rules, best_reasons, decontaminate, judge_all
from demur.protected.prompts import Background, Common, Protected
from demur.records.record import record_id
from demur.similarity.near import CharacterIndex
from demur.similarity.sets import Units, build, hashed_units
from demur.sources import declared
from demur.sources.fetch import Places, fetch
from demur.text.normalise import normalise
from tests.similarity.test_near import COLUMN

PROMPT = "Explain to the lighthouse keeper why his cormorants refuse to sing before breakfast"
NOTHING = Background()


def evidence(texts: list[str | None], prompts: list[str], rules: Rules | None = None) -> list[dict[str, object]]:
    found: list[dict[str, object]] = decontaminate(
        texts, Protected.from_texts(prompts, background=NOTHING), rules
    ).to_pylist()
    return found


@pytest.mark.parametrize(
    ("text", "rules"),
    [
        (PROMPT, set(RULES)),
        (PROMPT.upper() + "!!", set(RULES)),
        (" ".join(PROMPT.replace(" ", "")), {"char"}),
        (PROMPT.replace("cormorants", "cormroants"), {"token", "char"}),
        (f"You are a pirate who never says no.\n> {PROMPT}\nStay in character, matey.", {"containment", "char"}),
        (f"You are a pirate. {PROMPT.replace('o', '0').replace('e', 'е')}, matey!", {"char"}),  # noqa: RUF001
        (" ".join(reversed(PROMPT.split())), {"token"}),
        ("Explain to the lighthouse keeper why it rains", set()),
        ("", set()),
    ],
)
def test_rules(text: str, rules: set[str]) -> None:
    found = evidence(["unrelated", text, None], [PROMPT])
    assert {each["rule"] for each in found} == rules
    assert {each["row"] for each in found} <= {1}
    assert {each["record_id"] for each in found} <= {record_id("prompt", PROMPT)}


def test_a_rule_can_be_switched_off_and_thresholds_are_checked() -> None:
    only = Rules(token=None, word3=None, containment=None)
    assert {each["rule"] for each in evidence([PROMPT], [PROMPT], only)} == {"char"}
    assert {each["rule"] for each in evidence([PROMPT], [PROMPT], Rules(char=None))} == {*RULES} - {"char"}
    assert evidence([PROMPT], [PROMPT], Rules(None, None, None, None)) == []
    with pytest.raises(UsageError, match="threshold"):
        Rules(char=1.5)


def test_the_key_word_decides_not_the_opening() -> None:
    """Prompts that share an opening and differ in what they ask for are not the same."""
    subjects = ["kites", "sundials", "teapots", "weathercocks", "barometers", "snow globes", "puppets", "bookends"]
    opening = "Write a long and friendly tutorial on how to make wonderful"
    texts = [f"{opening} {subject}" for subject in subjects]
    others = [f"Tell me about {subject} number {n}" for n, subject in enumerate(subjects * 500)]
    background = Background.of(texts * 1000 + others)
    protected = Protected.from_texts([f"{opening} trebuchets"], background=background)
    assert decontaminate(texts, protected).num_rows == 0
    assert decontaminate([f"First, {opening} trebuchets. Then rest."], protected).num_rows > 0
    loose = decontaminate(texts, protected, Rules(content=0.0))
    assert set(loose["row"].to_pylist()) == set(range(len(texts)))


def test_a_generic_phrase_is_found_alone_but_not_in_longer_texts() -> None:
    phrase = "please tell me more about this"
    background = Background.of([f"{phrase} {n}" for n in range(3000)])
    protected = Protected.from_texts([phrase], background=background)
    found = decontaminate([f"I like boats, {phrase}, and about oars too, if you please", phrase.title()], protected)
    assert set(found["row"].to_pylist()) == {1}


def test_a_prompt_of_two_sources_is_named_for_both() -> None:
    protected = Protected.from_texts([PROMPT, PROMPT.lower(), PROMPT], ["b", "b", "a"], background=NOTHING)
    assert protected.sources == ("a", "b")
    found = decontaminate([PROMPT], protected)
    assert found["source"].to_pylist() == ["a"] * 4 + ["b"] * 4
    assert found["rule"].to_pylist() == list(RULES) * 2
    assert best_reasons(found).select(["source", "rule"]).to_pylist() == [{"source": "a", "rule": "token"}]


def test_best_reason_is_the_most_similar() -> None:
    near, other = PROMPT.replace("sing", "dance"), "Something else entirely about old sailing boats"
    found = decontaminate(
        [f"{PROMPT}. {other}", "nothing", near], Protected.from_texts([PROMPT, other], background=NOTHING)
    )
    best = best_reasons(found)
    assert best["row"].to_pylist() == [0, 2]
    assert best["similarity"].to_pylist()[0] == 1.0
    assert best.schema == EVIDENCE


@settings(max_examples=100)
@given(COLUMN, COLUMN, st.integers(1, 4))
def test_a_row_depends_on_itself_only(texts: list[str | None], prompts: list[str | None], size: int) -> None:
    protected = Protected.from_texts([text for text in prompts if text], background=NOTHING)
    whole = decontaminate(texts, protected).to_pylist()
    parts = []
    for start in range(0, len(texts), size):
        for each in decontaminate(texts[start : start + size], protected).to_pylist():
            parts.append({**each, "row": each["row"] + start})
    assert parts == whole


@settings(max_examples=50)
@given(COLUMN, COLUMN)
def test_memory_and_sketch_say_the_same(
    tmp_path_factory: pytest.TempPathFactory, texts: list[str | None], prompts: list[str | None]
) -> None:
    kept = [text for text in prompts if text]
    protected = Protected.from_texts(kept, background=Background.of([*kept, "a b", "a"]), facts={"of": "tests"})
    path = tmp_path_factory.mktemp("sketch") / "a.parquet"
    protected.write(path)
    read = Protected.read(path)
    assert (read.record_ids, read.sources, read.facts) == (protected.record_ids, protected.sources, protected.facts)
    assert decontaminate(texts, read).equals(decontaminate(texts, protected))
    read.write(path.with_name("b.parquet"))
    assert path.read_bytes() == path.with_name("b.parquet").read_bytes()


@settings(max_examples=60)
@given(COLUMN, COLUMN, st.booleans())
def test_the_best_reason_alone_is_the_best_of_all(
    texts: list[str | None], prompts: list[str | None], key_word: bool
) -> None:
    kept = [text for text in prompts if text]
    judge = Judge.of(Protected.from_texts(kept, background=NOTHING), Rules(key_word=key_word))
    texts = [*texts, *kept, *(f"{text}, matey" for text in kept), *(text[::-1] for text in kept)]
    every, best = judge_all(judge, texts), judge_all(judge, texts, best=True)
    assert best_reasons(best).equals(best_reasons(every))
    assert {*map(repr, best.to_pylist())} <= {*map(repr, every.to_pylist())}


def test_rows_that_are_settled_are_not_looked_at_again(monkeypatch: pytest.MonkeyPatch) -> None:
    judge = Judge.of(Protected.from_texts([PROMPT, f"{PROMPT} again"], background=NOTHING), Rules())
    asked: list[int] = []
    real = CharacterIndex.match

    def match(self: CharacterIndex, texts: pa.LargeStringArray, threads: int | None) -> object:
        asked.append(len(texts))
        return real(self, texts, threads)

    monkeypatch.setattr(CharacterIndex, "match", match)
    typo = PROMPT.replace("cormorants", "cormroants")
    found = best_reasons(judge_all(judge, [PROMPT, "nothing", typo, PROMPT.upper()], 10, best=True)).to_pylist()
    assert [(each["row"], each["rule"]) for each in found] == [(10, "token"), (12, "char"), (13, "token")]
    assert asked == [2]


def test_slices_threads_and_chunks_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    texts = [f"{'so ' * (row % 9)}{PROMPT if row % 3 else 'nothing'} {row} {row % 11}" for row in range(500)]
    protected = Protected.from_texts([PROMPT, "nothing", f"{PROMPT} 4"], background=NOTHING)
    expected = decontaminate(texts, protected, threads=1)
    assert expected.num_rows > 300
    monkeypatch.setattr(module, "_SLICE", 33)
    for threads in (1, 2, 3):
        assert decontaminate(texts, protected, threads=threads).equals(expected)
    assert decontaminate(pa.chunked_array([texts[:90], texts[90:]]), protected).equals(expected)
    units = hashed_units(pa.array(texts, pa.large_string()), "word3")
    told = np.array([row % 5 > 0 for row in range(len(texts))])  # words of the others are hashed when they are judged
    sizes = np.diff(units.starts)
    starts = np.concatenate([[0], np.cumsum(np.where(told, sizes, 0))])
    known = Units(units.hashes[np.repeat(told, sizes)], starts)
    assert module.judge_all(module.Judge.of(protected, Rules()), texts, units=known).equals(expected)


def test_a_sketch_holds_no_text(tmp_path: Path) -> None:
    prompts = [prompt for _, prompt in planted(200)]
    path = tmp_path / "sketch.parquet"
    Protected.from_texts(prompts, background=Background.of(prompts)).write(path)
    table = pq.read_table(path)
    held = path.read_bytes().lower() + repr(table.to_pylist()).encode() + repr(pq.read_metadata(path).metadata).encode()
    found = {
        word for prompt in prompts for word in normalise(prompt).split() if word.encode() in held and len(word) > 4
    }
    assert found == set()
    assert b"given" in held  # the name of the source is there, so words would have been seen


@pytest.mark.parametrize("content", [b"", b"PAR1 and no more", None])
def test_not_a_sketch(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "x.parquet"
    if content is None:
        pq.write_table(pa.table({"prompt": ["a"]}), path)
    else:
        path.write_bytes(content)
    with pytest.raises(FormatError, match="not a sketch"):
        Protected.read(path)


def test_weights_fall_with_the_logarithm_of_the_share() -> None:
    background = Background.of(["every"] * 9000 + ["every tenth"] * 1000 + ["hapax every"])
    word = {
        text: Protected.from_texts([text], background=background).words.hashes for text in ("every", "tenth", "new")
    }
    levels = {text: int(background.words.weigh(hashes)[0]) for text, hashes in word.items()}
    assert levels["every"] < 10
    assert 80 < levels["tenth"] < 90
    assert levels["new"] == 255
    assert Common().weigh(word["new"]).tolist() == [255]
    grams, _ = build(list(levels), "token").flat()
    assert background.words.as_grams().weigh(grams).tolist() == list(levels.values())


# ---- the bundled sketch


def test_the_bundled_sketch_fits_pins_and_declarations() -> None:
    """Fails when a pin, or what is protected, has changed: run `demur sketch`."""
    held = sketches.bundled()
    assert held.facts == sketch.facts(bundled())
    assert set(held.sources) == set(sketch.declaration(bundled()).protect)
    assert sketch.sketch_path(bundled()).stat().st_size < 3.2e6


# ---- planted copies, with a fixed seed

_VERBS = ("polish", "hide", "borrow", "repaint", "weigh", "sketch", "rescue", "measure", "bury", "photograph", "unfold")
_NOUNS = ("lighthouse", "cormorant", "sundial", "barometer", "trebuchet", "violin", "teapot", "orchard", "glacier")
_PLACES = (
    "Lisbon",
    "Trondheim",
    "Valparaiso",
    "Galway",
    "Nagasaki",
    "Tromso",
    "Dubrovnik",
    "Halifax",
    "Bergen",
    "Cadiz",
)
_OPENINGS = (
    "Write a short guide on how to",
    "Explain step by step how one could",
    "Tell me the best way to",
    "How do I",
)


def planted(count: int, seed: int = 7) -> list[tuple[str, str]]:
    """Prompts of the tests' own making; each with what it is about, so that two can be told apart."""
    draw = random.Random(seed)  # noqa: S311 - nothing secret
    made: dict[str, str] = {}
    while len(made) < count:
        verb, noun, second, place = (draw.choice(words) for words in (_VERBS, _NOUNS, _NOUNS, _PLACES))
        made[f"{verb} {noun} {second} {place}"] = (
            f"{draw.choice(_OPENINGS)} {verb} the {noun} and the {second} of {place} before winter"
        )
    return list(made.items())


def _typo(text: str, draw: random.Random) -> str:
    letters = list(text)
    for _ in range(max(1, round(0.02 * len(text)))):
        at = draw.randrange(len(letters) - 1)
        letters[at], letters[at + 1] = letters[at + 1], letters[at]
    return "".join(letters)


KINDS: dict[str, Callable[[str, random.Random], str]] = {
    "verbatim": lambda text, draw: text,
    "cased": lambda text, draw: text.swapcase(),
    "re-spaced": lambda text, draw: "".join(c + " " * (draw.random() < 0.2) for c in text.replace(" ", "\n")),
    "typo": _typo,
    "wrapped": lambda text, draw: f"Pretend that we play a game of cards. {text}! Then deal the next card, and smile.",
    "clause added": lambda text, draw: f"{text}, and add a joke at the end",
    "wrapped, typo": lambda text, draw: f"Pretend that we play a game of cards. {_typo(text, draw)}! Then deal on.",
}


@pytest.mark.parametrize("kind", KINDS)
def test_planted_copies_are_found(kind: str) -> None:
    draw = random.Random(11)  # noqa: S311
    prompts = [text for _, text in planted(300)]
    protected = Protected.from_texts(prompts, background=sketches.bundled().background)
    found = decontaminate([KINDS[kind](text, draw) for text in prompts], protected)
    ids = [record_id("prompt", text) for text in prompts]
    own = {
        row for row, id in zip(found["row"].to_pylist(), found["record_id"].to_pylist(), strict=True) if ids[row] == id
    }
    assert len(own) >= 0.99 * len(prompts)


def test_prompts_of_one_template_are_not_each_other() -> None:
    """Same openings and endings, other subjects: at most one in a hundred is taken for another."""
    made = planted(600)
    about = {record_id("prompt", text): set(key.split()) for key, text in made[:300]}
    others = [
        (key, text) for key, text in made[300:] if all(len(set(key.split()) & known) < 2 for known in about.values())
    ]
    protected = Protected.from_texts([text for _, text in made[:300]], background=sketches.bundled().background)
    unrelated = [text.replace("before winter", "in May") for _, text in others] or [made[-1][1]]
    assert pc.count_distinct(decontaminate(unrelated, protected)["row"]).as_py() <= max(1, len(unrelated) // 100)


# ---- the real files

real = pytest.mark.skipif(not os.environ.get("DEMUR_MIRROR"), reason="DEMUR_MIRROR names no mirror folder")


@cache
def prompts(name: str, file: str | None = None) -> list[str]:
    rows = fetch(declared.source_of(bundled(), name), Places(offline=True)).rows
    return [row["prompt"] for row in rows if file is None or row["file"] == file]


def found_rows(texts: list[str], protected: Protected) -> set[int]:
    return set(decontaminate(texts, protected)["row"].to_pylist())


@real
def test_the_leak_and_the_repeats_of_the_refusal_direction_split() -> None:
    train, test = (prompts("refusal-direction", f"harmful_{split}") for split in ("train", "test"))
    leaked = [row for row, text in enumerate(test) if normalise(text) in set(map(normalise, train))]
    found = decontaminate(test, Protected.from_texts(train, "train"))
    assert len(leaked) == 1
    assert set(leaked) <= set(found.filter(pc.equal(found["similarity"], 1.0))["row"].to_pylist())
    assert len(test) - len(Protected.from_texts(test, "test")) == 10
    repeated = [row for row, text in enumerate(test) if normalise(text) in set(map(normalise, test[:row]))]
    assert len(repeated) == 10
    rest = [text for row, text in enumerate(test) if row not in repeated]
    assert found_rows([test[row] for row in repeated], Protected.from_texts(rest, "test")) == set(range(10))
    sources = decontaminate(train, sketches.bundled())["source"].to_pylist()
    assert {"advbench", "malicious-instruct", "tdc2023"} <= set(sources)


@real
@pytest.mark.parametrize("name", ["advbench", "harmbench"])
def test_goals_inside_jailbreaks_from_the_wild(name: str) -> None:
    templates, goals = prompts("in-the-wild-jailbreaks"), prompts(name)
    wrapped = []
    for row, goal in enumerate(goals):
        template = templates[row % len(templates)]
        wrapped.append(f"{template[: len(template) // 2]}\n{goal}\n{template[len(template) // 2 :]}")
    held = sketches.bundled().of_sources([name])
    assert len(found_rows(wrapped, held)) >= 0.99 * len(goals)
    assert len(found_rows(templates, held)) <= 0.01 * len(templates)


@real
def test_false_alarms_on_unrelated_prompts() -> None:
    """Alpaca is not in the background; some of what is found are true copies of questions in TruthfulQA and others."""
    texts = list(dict.fromkeys(prompts("alpaca")))[:30_000]
    assert len(found_rows(texts, sketches.bundled())) <= 0.001 * len(texts)
    harmful = sketches.bundled().of_sources(["advbench", "harmbench", "jailbreakbench", "strongreject", "tdc2023"])
    assert len(found_rows(texts, harmful)) <= 0.0002 * len(texts)
