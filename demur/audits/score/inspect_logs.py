"""Logs of Inspect: ``.json`` as it is, ``.eval`` by Inspect's own reader, walked as one form."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from demur.audits.inspect_logs import open_log
from demur.audits.score.answers import IDS, Answer, Problems, Wanted, word
from demur.audits.score.logs import message_text
from demur.errors import shown
from demur.files.digest import text_sha256
from demur.files.reading import Fault, read_document

_ATTACHED = "attachment://"


def inspect_log(path: Path, wanted: Wanted, problems: Problems) -> Iterator[Answer]:
    """The samples of a log, with the epoch as the number of the sample; those with an error are no answers.

    A sample's record id is ``record_id`` of its metadata, else its own id; its prompt is its input.

    Raises:
        UsageError: an ``.eval`` log, and inspect-ai is not installed.
    """
    log = _document(path, problems)
    if log is None:
        return
    run, samples = (log.get(name) if isinstance(log, dict) else None for name in ("eval", "samples"))
    if not isinstance(run, dict) or not isinstance(samples, list | None):
        problems.add("unreadable", f"{path}: is no log of Inspect, a JSON object with 'eval' and 'samples'")
        return
    several = len({sample.get("epoch") for sample in samples or ()}) > 1
    for row, sample in enumerate(samples or ()):
        metadata = sample.get("metadata") or {}
        prompt = _prompt(sample)
        output = sample.get("output") or {}
        choices = output.get("choices") or []
        text = message_text((choices[0].get("message") or {}).get("content")) if choices else None
        yield Answer(
            path,
            row,
            _whole(text, sample),
            word(run.get("model")),
            word(metadata.get(IDS[0])) or word(sample.get("id")),
            text_sha256(prompt) if prompt else None,
            str(sample.get("epoch")) if several else "",
            _verdict(path, row, sample, wanted.verdicts, problems) if wanted.verdicts else None,
            errored=bool(sample.get("error") or output.get("error")),
        )


def _document(path: Path, problems: Problems) -> Any:
    """The log as JSON has it; None where it cannot be read, which is noted."""
    if path.suffix.lower() == ".json":
        faults: list[Fault] = []
        found = read_document(path, faults.append)
        for fault in faults:
            problems.add("unreadable", f"{path}: {fault.message}")
        return found
    log = open_log(path, lambda line: problems.add("unreadable", line), "core")
    return None if log is None else log.model_dump(mode="json", exclude_none=True)


def _prompt(sample: dict[str, Any]) -> str | None:
    """What a sample asks: its input, or the last turn of the user in it."""
    given = sample.get("input")
    if isinstance(given, list):
        turns = [turn for turn in given if isinstance(turn, dict) and turn.get("role") == "user"]
        given = message_text(turns[-1].get("content")) if turns else None
    return _whole(given, sample) if isinstance(given, str) else None


def _whole(text: str | None, sample: dict[str, Any]) -> str | None:
    """A text, in whose place a log may name an attachment."""
    if text is None or not text.startswith(_ATTACHED):
        return text
    found: str | None = (sample.get("attachments") or {}).get(text.removeprefix(_ATTACHED))
    return found


def _verdict(path: Path, row: int, sample: dict[str, Any], scorer: str, problems: Problems) -> str | None:
    scores = sample.get("scores") or {}
    if scorer not in scores and not sample.get("error"):
        problems.add("without a column", f"{path} row {row}: no score of {shown(scorer)}")
    return word((scores.get(scorer) or {}).get("value"))
