"""Which language is stated."""

from __future__ import annotations

import pytest

from demur.checks.tongues import COMMON, SCRIPTS, tag_of, tag_of_card, tag_of_file


@pytest.mark.parametrize(
    ("name", "tag"),
    [
        ("train_zh.jsonl", "zh"),
        ("set.german.csv", None),
        ("set_german.csv", "de"),
        ("de_en.csv", None),
        ("train-fr-en.json", None),
        ("it.csv", None),
        ("send_it.csv", None),
    ],
)
def test_a_name(name: str, tag: str | None) -> None:
    assert tag_of_file(name) == tag


@pytest.mark.parametrize(("said", "tag"), [("zh_Hans", "zh"), (" EN ", "en"), ("c", None), (3, None), ([], None)])
def test_a_value(said: object, tag: str | None) -> None:
    assert tag_of(said) == tag


@pytest.mark.parametrize(
    ("head", "tag"), [("language: fr", "fr"), ("language:\n- fr\n- en", None), ("title: fr", None), ("", None)]
)
def test_a_card(head: str, tag: str | None) -> None:
    assert tag_of_card(f"---\n{head}\nlicense: mit\n---\n# Lakes\n") == tag


def test_languages_with_common_words_have_scripts() -> None:
    assert COMMON.keys() <= SCRIPTS.keys()
