from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from demur.tokens.gguf import place_of, tokenizer_of
from demur.tokens.template import Template
from demur.tokens.tokenizer import load_tokenizer
from tests.tokens.conftest import bpe, corpus, gguf_file


@pytest.fixture
def model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A GGUF file of a tokenizer alone: byte-level BPE with ChatML."""
    monkeypatch.setenv("DEMUR_CACHE", str(tmp_path / "cache"))
    (tmp_path / "theirs").mkdir()
    return gguf_file(tmp_path / "theirs" / "tiny.gguf")


@pytest.fixture
def conversions(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What transformers is asked to convert."""
    from transformers import AutoTokenizer

    asked, convert = [], AutoTokenizer.from_pretrained

    def counted(*given: Any, **named: Any) -> Any:
        if "gguf_file" in named:
            asked.append(named["gguf_file"])
        return convert(*given, **named)

    monkeypatch.setattr(AutoTokenizer, "from_pretrained", counted)
    return asked


def test_a_tokenizer_is_converted_once(model: Path, conversions: list[Any]) -> None:
    before = sorted(model.parent.rglob("*"))
    first, second = load_tokenizer(str(model)), load_tokenizer(str(model))
    assert conversions == ["tiny.gguf"]
    assert (place_of(model) / "tokenizer.json").is_file()
    assert sorted(model.parent.rglob("*")) == before, "nothing is written beside the file"
    assert type(first) is type(second)
    for text in corpus()[:50]:
        assert first(text)["input_ids"] == second(text)["input_ids"] == bpe()(text)["input_ids"]
    assert Template.of(first) == Template.of(second) == Template.of(bpe())
    assert first.name_or_path == second.name_or_path == str(model.parent)
    assert first.special_tokens_map == second.special_tokens_map
    assert first.all_special_ids == second.all_special_ids


def test_another_file_is_converted_anew(model: Path, conversions: list[Any]) -> None:
    load_tokenizer(str(model))
    with model.open("ab") as file:
        file.write(bytes(32))
    load_tokenizer(str(model))
    assert len(conversions) == 2


def test_a_damaged_copy_is_made_anew(model: Path, conversions: list[Any]) -> None:
    load_tokenizer(str(model))
    kept = place_of(model) / "tokenizer.json"
    whole = kept.read_bytes()
    kept.write_bytes(whole[:100])
    assert load_tokenizer(str(model))("the fence")["input_ids"] == bpe()("the fence")["input_ids"]
    assert len(conversions) == 2
    assert kept.read_bytes() == whole


def test_without_a_cache_it_is_converted_each_time(
    model: Path, conversions: list[Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "full").write_text("no folder")
    monkeypatch.setenv("DEMUR_CACHE", str(tmp_path / "full"))
    for _ in range(2):
        assert load_tokenizer(str(model))("the fence")["input_ids"] == bpe()("the fence")["input_ids"]
    assert len(conversions) == 2


def test_what_does_not_come_back_as_it_was_is_not_kept(
    model: Path, conversions: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    from transformers import PreTrainedTokenizerFast

    read = PreTrainedTokenizerFast.from_pretrained

    def other(*given: Any, **named: Any) -> Any:
        found = read(*given, **named)
        if "gguf_file" not in named:
            found.chat_template = "another"
        return found

    monkeypatch.setattr(PreTrainedTokenizerFast, "from_pretrained", other)
    assert tokenizer_of(model).chat_template == bpe().chat_template
    assert not place_of(model).exists()


def test_the_place_hangs_on_the_bytes_alone(model: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy.gguf"
    copy.write_bytes(model.read_bytes())
    os.utime(copy, (0, 0))
    assert place_of(copy) == place_of(model)
