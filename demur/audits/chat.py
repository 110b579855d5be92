"""Models that can be asked: one behind an endpoint that speaks OpenAI's chat protocol, and one on this machine."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from http.client import HTTPException
from typing import Any, Protocol
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from demur.audits.models import Loaded
from demur.errors import FetchError, UsageError

_AGAIN = frozenset({408, 409, 425, 429, 500, 502, 503, 504})
"""Statuses after which the same request may succeed."""


class Asked(Protocol):
    """Whoever can be asked."""

    @property
    def id(self) -> str:
        """What identifies the judge: another model or another setting is another judge."""

    @property
    def workers(self) -> int:
        """Questions at once."""

    def ask(self, messages: Sequence[Mapping[str, str]]) -> str:
        """The reply, word by word; an empty one if the model gives none.

        Raises:
            FetchError: no reply was to be had.
        """


@dataclass(frozen=True)
class Endpoint:
    """A model behind an OpenAI-compatible endpoint.

    Attributes:
        url: up to and with the version, as ``http://localhost:8000/v1``.
        model: its name there.
        key: sent as a bearer token; it is kept and shown nowhere.
        timeout: seconds until a request is given up.
        waits: seconds before each further attempt.
        longest: tokens of a reply, at most.
        workers: requests at once.
    """

    url: str
    model: str
    key: str | None = field(default=None, repr=False)
    timeout: float = 60
    waits: tuple[float, ...] = (1, 5, 20)
    longest: int = 1024
    workers: int = 4

    def __post_init__(self) -> None:
        if not self.url.startswith(("http://", "https://")):
            msg = "The endpoint of a judge has no such address"
            raise UsageError(msg, expected="http://... or https://...", got=self.url.partition(":")[0])

    @property
    def id(self) -> str:
        """Address and model, and what was asked of it."""
        return json.dumps(["endpoint", self.url.rstrip("/"), self.model, self.longest])

    def ask(self, messages: Sequence[Mapping[str, str]]) -> str:
        """The reply at temperature 0, after as many attempts as there are waits, and one.

        Raises:
            FetchError: the endpoint timed out, could not be reached, failed, or sent what is no chat completion.
            UsageError: the endpoint rejects the request, as for a wrong key or model.
        """
        body = {"model": self.model, "messages": [*messages], "temperature": 0, "max_tokens": self.longest}
        for wait in (*self.waits, None):
            try:
                data = self._sent(body)
            except HTTPError as error:
                error.close()
                if error.code not in _AGAIN:
                    msg = "The judge's endpoint rejects the request"
                    fix = "Check the address, the model's name and the key."
                    raise UsageError(msg, where=self.url, got=f"HTTP {error.code}", fix=fix) from error
                got = f"HTTP {error.code}"
            except TimeoutError:
                got = f"no reply in {self.timeout:g} seconds"
            except (OSError, HTTPException) as error:
                got = "no reply in time" if "timed out" in str(error) else type(error).__name__
            else:
                return self._reply(data)
            if wait is not None:
                time.sleep(wait)
        msg = "The judge does not reply"
        raise FetchError(msg, where=self.url, expected=f"a chat completion by {self.model}", got=got)

    def _sent(self, body: Mapping[str, Any]) -> bytes:
        headers = {"Content-Type": "application/json", **({"Authorization": f"Bearer {self.key}"} if self.key else {})}
        address, data = f"{self.url.rstrip('/')}/chat/completions", json.dumps(body).encode()
        request = Request(address, data, headers, method="POST")  # noqa: S310 - http or https, checked when made
        with urlopen(request, timeout=self.timeout) as answer:  # noqa: S310 - the address that the user named
            return bytes(answer.read())

    def _reply(self, data: bytes) -> str:
        try:
            content = json.loads(data)["choices"][0]["message"].get("content")
        except (ValueError, LookupError, TypeError, AttributeError) as error:
            msg = "The judge's endpoint sends no chat completion"
            expected = 'JSON with "choices"[0]["message"]["content"]'
            raise FetchError(msg, where=self.url, expected=expected, got=type(error).__name__) from error
        return content if isinstance(content, str) else ""


@dataclass(frozen=True)
class Local:
    """A model on this machine, by `demur.audits.models.load`; it replies greedily.

    Attributes:
        loaded: the model and its tokenizer.
        longest: tokens of a reply, at most.
    """

    loaded: Loaded
    longest: int = 64
    workers: int = 1

    @property
    def id(self) -> str:
        """The weights, their number format, and what was asked of them."""
        return json.dumps(["local", self.loaded.name, self.loaded.digest, self.loaded.dtype, self.longest])

    def ask(self, messages: Sequence[Mapping[str, str]]) -> str:
        """The reply; an empty one if the question is longer than the model reads.

        Raises:
            UsageError: the tokenizer has no chat template.
        """
        import torch

        tokenizer, model = self.loaded.tokenizer, self.loaded.model
        try:
            text = tokenizer.apply_chat_template([*messages], tokenize=False, add_generation_prompt=True)
        except ValueError as error:
            msg = "A judge is asked in a chat, and this model has no chat template"
            raise UsageError(msg, where=self.loaded.name, fix="Take an instruction-tuned model.") from error
        asked = tokenizer(text, return_tensors="pt", add_special_tokens=False).to(model.device)
        length = asked["input_ids"].shape[1]
        if self.loaded.context and length + self.longest > self.loaded.context:
            return ""
        ends = tokenizer.pad_token_id if tokenizer.pad_token_id is not None else tokenizer.eos_token_id
        with torch.no_grad():
            made = model.generate(
                input_ids=asked["input_ids"],
                attention_mask=asked["attention_mask"],
                do_sample=False,
                max_new_tokens=self.longest,
                pad_token_id=ends,
            )
        return str(tokenizer.decode(made[0, length:], skip_special_tokens=True))
