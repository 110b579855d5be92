"""What harnesses write as JSON Lines: samples of lm-eval, reports of garak, outputs of batch requests.

Each reader takes the rows of a file, with nested cells as the JSON that they are, and gives its responses.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeAlias

from demur.audits.score.answers import IDS, PROMPTS, Answer, Problems, first, word
from demur.files.digest import text_sha256
from demur.files.syntax import Broken, parse_json

Rows: TypeAlias = Iterator[tuple[int, dict[str, Any]]]
Layout: TypeAlias = Callable[[Path, Rows, Problems], Iterator[Answer]]


def lm_eval(path: Path, rows: Rows, problems: Problems) -> Iterator[Answer]:
    """``samples_TASK_DATE.jsonl`` of ``lm_eval --log_samples``: a line for each document and filter.

    A line does not name the model; the folder that lm-eval makes for it does. Filters give the same responses again,
    so those of the first one are read, before it changed them.
    """
    filters: set[str] = set()
    model = path.parent.name.replace("__", "/") if path.name.startswith("samples_") else None
    for row, cells in rows:
        filters |= {str(cells.get("filter"))} if not filters else set()
        if str(cells.get("filter")) not in filters:
            continue
        doc, responses = _object(cells["doc"]), _value(cells["resps"])
        texts = responses[0] if isinstance(responses, list) and responses else None
        if doc is None or not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
            problems.add("unreadable", f"{path} row {row}: is no generation of lm-eval")
            continue
        id, prompt = (doc.get(first(list(doc), known) or "") for known in (IDS, PROMPTS))
        yield from _samples(path, row, texts, model, word(id), _hash(prompt), problems)


def garak(path: Path, rows: Rows, problems: Problems) -> Iterator[Answer]:
    """``*.report.jsonl`` of garak: attempts among entries of other kinds; one that was judged stands there twice.

    Where garak got no output after all its tries it writes null: that is a failure of the run.
    """
    model: str | None = None
    attempts: dict[str, tuple[int, dict[str, Any]]] = {}
    for row, cells in rows:
        if cells["entry_type"] == "start_run setup":
            named = (cells.get(f"plugins.{name}") for name in ("target_name", "model_name", "target_type"))
            model = next(filter(None, map(word, named)), None)
        if cells["entry_type"] == "attempt":
            attempts[str(cells.get("uuid") or row)] = row, cells
    for row, cells in attempts.values():
        notes = _object(cells.get("notes")) or {}
        outputs = _value(cells["outputs"])
        texts = [_said(each) for each in outputs] if isinstance(outputs, list) else []
        id = word(notes.get(IDS[0]))
        found = _samples(path, row, texts, model, id, _hash(_said(_value(cells["prompt"]))), problems)
        yield from (replace(each, errored=each.response is None) for each in found)


def batch(path: Path, rows: Rows, problems: Problems) -> Iterator[Answer]:
    """Outputs of batch requests, as OpenAI's API and ``vllm run-batch`` write them; ``custom_id`` is the record id."""
    for row, cells in rows:
        response = _object(cells["response"]) or {}
        body = _object(response.get("body")) or {}
        model, id = word(body.get("model")), word(cells["custom_id"])
        choices = body.get("choices")
        if cells.get("error") is not None or response.get("status_code", 200) != 200 or not isinstance(choices, list):
            yield Answer(path, row, None, model, id, errored=True)
            continue
        texts = [_said(each.get("message")) if isinstance(each, dict) else None for each in choices]
        yield from _samples(path, row, texts, model, id, None, problems)


LAYOUTS: tuple[tuple[frozenset[str], Layout], ...] = (
    (frozenset({"doc", "resps", "filter"}), lm_eval),
    (frozenset({"entry_type", "prompt", "outputs"}), garak),
    (frozenset({"custom_id", "response"}), batch),
)
"""The fields that tell each layout, and its reader."""


def message_text(content: Any) -> str | None:
    """The text of a message: a string, or parts of which those of text count.

    Example:
        >>> message_text([{"type": "reasoning", "reasoning": "tea?"}, {"type": "text", "text": "Tea."}])
        'Tea.'
    """
    if isinstance(content, list):
        parts = [each.get("text") for each in content if isinstance(each, dict) and each.get("type", "text") == "text"]
        texts = [part for part in parts if isinstance(part, str)]
        return "".join(texts) if texts else None
    return content if isinstance(content, str) else None


def _samples(
    path: Path, row: int, texts: list[str | None], model: str | None, id: str | None, sha256: str | None,
    problems: Problems,
) -> Iterator[Answer]:  # fmt: skip
    """The responses to one prompt, numbered if there are several; none is a failure of the run."""
    if id is None and sha256 is None:
        problems.add("without an id", f"{path} row {row}: has neither an id nor a prompt")
        return
    if not texts:
        yield Answer(path, row, None, model, id, sha256, errored=True)
    for number, text in enumerate(texts, 1):
        yield Answer(path, row, text, model, id, sha256, str(number) if len(texts) > 1 else "")


def _said(value: Any) -> str | None:
    """The text of a message, or of the last turn of a conversation."""
    if isinstance(value, dict):
        turns = value.get("turns")
        if isinstance(turns, list) and turns:
            return _said(turns[-1])
        content = value.get("content", value.get("text"))
        text = _said(content) if isinstance(content, dict) else message_text(content)
        return text if text is not None else message_text(value.get("refusal"))
    return message_text(value)


def _hash(prompt: Any) -> str | None:
    return text_sha256(prompt) if isinstance(prompt, str) and prompt else None


def _value(cell: Any) -> Any:
    """A nested cell; what is no JSON is the text that it is."""
    if isinstance(cell, str) and cell[:1] in ("{", "["):
        try:
            return parse_json(cell)
        except Broken:
            return cell
    return cell


def _object(cell: Any) -> dict[str, Any] | None:
    value = _value(cell)
    return value if isinstance(value, dict) else None
