"""Many responses before one judge; every reply is kept at once, so that an interrupted run goes on where it stopped."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path
from threading import Lock

from demur.audits.chat import Asked
from demur.audits.rubric import RUBRIC, Verdict, messages, verdict_of
from demur.errors import FetchError, FormatError, OutputError
from demur.progress import track


@dataclass(frozen=True)
class Judged:
    """What a judge said of one response.

    Attributes:
        verdict: one of five; never guessed from a reply that is none.
        reply: word by word; None where nothing was asked.
    """

    verdict: Verdict
    reply: str | None = None


def judge_with(pairs: Iterable[tuple[str, str]], judge: Asked, kept: Path) -> list[Judged]:
    """The verdicts on prompts and their responses, in their order.

    Args:
        pairs: prompt and response.
        judge: an `Endpoint` or a `Local` model.
        kept: a JSON Lines file for the replies, under hashes of what was asked: no prompt and no response stands in it,
            but replies may quote them. What it holds is not asked again.

    Raises:
        FetchError: the judge does not reply; what it said before is kept, and the same call goes on from there.
        FormatError: the file of replies is none.
        OutputError: it cannot be written.
    """
    asked = list(pairs)
    keys = [_key(judge, *pair) if any(map(str.isalnum, pair[1])) else None for pair in asked]
    replies = _read(kept)
    missing = {key: pair for key, pair in zip(keys, asked, strict=True) if key and key not in replies}
    for key, reply in track(_asked(missing, judge, kept, len({*keys} - {None})), "judged", len(missing)):
        replies[key] = reply
    return [Judged(verdict_of(replies[key]), replies[key]) if key else Judged("empty") for key in keys]


def _asked(missing: dict[str, tuple[str, str]], judge: Asked, kept: Path, total: int) -> Iterator[tuple[str, str]]:
    """Ask about what is missing, several at once; every reply is written before it counts."""
    if not missing:
        return
    lock = Lock()

    def one(key: str, pair: tuple[str, str]) -> tuple[str, str]:
        reply = judge.ask(messages(*pair))
        with lock:
            _append(kept, key, reply)
        return key, reply

    with ThreadPoolExecutor(judge.workers) as pool:
        futures: list[Future[tuple[str, str]]] = [pool.submit(one, *each) for each in missing.items()]
        try:
            for future in as_completed(futures):
                yield future.result()
        except FetchError as error:
            pool.shutdown(cancel_futures=True)  # what is under way is finished, and kept
            done = sum(each.done() and not each.cancelled() and not each.exception() for each in futures)
            have = total - len(missing) + done
            fix = f"Run it again: {have} of {total} replies are kept in {kept}, and it goes on from there."
            raise FetchError(error.what, where=error.where, expected=error.expected, got=error.got, fix=fix) from error
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise


def _key(judge: Asked, prompt: str, response: str) -> str:
    return hashlib.sha256(json.dumps([judge.id, RUBRIC, prompt, response]).encode()).hexdigest()


def _read(path: Path) -> dict[str, str]:
    """The replies of earlier runs; a last line that a killed run left half is taken away."""
    try:
        data = path.read_bytes() if path.exists() else b""
        whole, _, half = data.rpartition(b"\n")
        if half.startswith(_START[: len(half)]) and half:
            os.truncate(path, len(data) - len(half))
            half = b""
    except OSError as error:
        msg = "The file of replies cannot be read"
        raise FormatError(msg, where=path, got=error.strerror or type(error).__name__) from error
    found: dict[str, str] = {}
    for number, line in enumerate([*whole.splitlines(), *([half] if half else [])], 1):
        try:
            row = json.loads(line)
            found[str(row["key"])] = str(row["reply"])
        except (ValueError, LookupError, TypeError) as error:
            msg = "The file of replies holds something else"
            expected = '{"key": "...", "reply": "..."} a line'
            raise FormatError(
                msg, where=f"{path}, line {number}", expected=expected, fix="Name another file."
            ) from error
    return found


_START = b'{"key": "'


def _append(path: Path, key: str, reply: str) -> None:
    line = json.dumps({"key": key, "reply": reply}) + "\n"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("ab") as lines:
            lines.write(line.encode())
    except OSError as error:
        msg = "The file of replies cannot be written"
        raise OutputError(msg, where=path, got=error.strerror or type(error).__name__) from error
