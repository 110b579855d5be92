from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from demur.audits import models
from demur.audits.models import Loaded, Named, load, named
from demur.errors import UsageError
from demur.tokens.template import Template
from tests.audits import tiny
from tests.conftest import ROOT
from tests.tokens.conftest import gguf_file


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("DEMUR_CACHE", str(tmp_path / "cache"))
    tiny.llama(0, 2).save_pretrained(tmp_path / "model")
    tiny.make_tokenizer().save_pretrained(tmp_path / "model")
    return str(tmp_path / "model")


def told(model: models.Model) -> tuple[Any, ...]:
    return model.name, model.digest, model.dtype, model.context, model.tokenizer.get_vocab()


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_a_named_model_tells_what_a_loaded_one_does(folder: str, dtype: Any) -> None:
    waiting, loaded = named(folder, dtype, "cpu"), load(folder, dtype, "cpu")
    assert told(waiting) == told(loaded)
    assert loaded.context == 64
    assert "model" not in vars(waiting)
    assert waiting.model.config.num_hidden_layers == 2
    assert waiting.model is waiting.model, "it is read once"
    assert not waiting.model.training


def test_weights_that_cannot_be_read_are_an_error_when_they_are_asked(folder: str) -> None:
    Path(folder, "model.safetensors").write_bytes(b"no weights")
    waiting = named(folder, "float32", "cpu")
    with pytest.raises(UsageError, match="cannot be loaded"):
        _ = waiting.model


def test_a_folder_without_a_config(folder: str) -> None:
    Path(folder, "config.json").unlink()
    with pytest.raises(UsageError, match="cannot be loaded"):
        named(folder)


def test_other_weights_have_another_digest(folder: str, tmp_path: Path) -> None:
    before = named(folder, "float32", "cpu").digest
    tiny.llama(1, 2).save_pretrained(folder)
    assert named(folder, "float32", "cpu").digest != before


def test_a_gguf_file_is_read_once_for_its_context(folder: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, asked = tmp_path / "tiny.gguf", []
    path.write_bytes(b"weights")

    def read(name: str, dtype: str, device: str) -> Any:
        asked.append((name, dtype, device))
        return tiny.llama(0, 2)

    monkeypatch.setattr(models, "_read", read)
    monkeypatch.setattr(models, "load_tokenizer", lambda _: tiny.make_tokenizer())
    first = named(str(path), "float32", "cpu")
    second = named(str(path), "float32", "cpu")
    assert isinstance(first, Loaded)
    assert isinstance(second, Named)
    assert told(second) == told(first)
    assert asked == [(str(path), "float32", "cpu")]
    assert second.model.config.num_hidden_layers == 2
    assert len(asked) == 2
    path.write_bytes(b"other weights")
    assert isinstance(named(str(path), "float32", "cpu"), Loaded)


def test_a_gguf_file_that_was_read_before_loads_no_torch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DEMUR_CACHE", str(tmp_path / "cache"))
    path = gguf_file(tmp_path / "tiny.gguf")
    monkeypatch.setattr(models, "_read", lambda *_: tiny.llama(0, 2))
    first = named(str(path))
    code = (
        "import sys; from demur.audits.models import named; from demur.tokens.template import Template;"
        "found = named(sys.argv[1]); assert 'torch' not in sys.modules;"
        "print(found.digest, found.context, Template.of(found.tokenizer).sha256)"
    )
    done = subprocess.run([sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.split() == [first.digest, str(first.context), Template.of(first.tokenizer).sha256]
