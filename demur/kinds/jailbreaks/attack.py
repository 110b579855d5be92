"""What a source says of a published attack, laid into the native labels of its record and read from there again."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, Literal, NamedTuple, Self

from demur.files.digest import file_sha256
from demur.records.record import Frozen, NativeLabel, record_id
from demur.text.refusal import grade, measured

Family = Literal["cipher", "code", "completion", "rewriting", "search", "suffix", "template", "translation"]
"""How the question was wrapped: spelt in a cipher, laid into code, as a text to go on with, written anew by a model,
a template with a searched suffix, a searched suffix alone, a template, another language."""

Verdict = Literal["harmful", "harmless", "refuse", "comply", "partial", "unparsed", "no_response"]


class Attack(Frozen):
    """Which attack it is."""

    name: str
    """As its authors call it."""
    family: Family
    """How the question was wrapped: cipher, code, completion, rewriting, search (a template with a searched suffix),
    suffix, template, translation."""
    version: str
    """The release that it stands in, and which of several forms it has there."""


class Judged(Frozen):
    """What one judge said of the published response."""

    judgement_id: str
    """A hash over the row, the judge and its revision."""
    judge: str
    judge_revision: str
    """The day of publication, or the version of the rules."""
    scope: Literal["response", "prompt+response"]
    """What the judge saw."""
    verdict: Verdict


class Said(NamedTuple):
    """One verdict as a source gives it."""

    judge: str
    revision: str
    scope: str
    verdict: str


class Wrapped(NamedTuple):
    """An attack as its source declares it; what it does not say is None.

    Attributes:
        base: the source of the base question, as the file's authors say.
        goal: the base question, where a column holds it.
        key: what the base's source calls the question.
        run: which released run the row belongs to.
        form: ``chat`` if it is sent as a turn of the user, ``completion`` if a model goes on with it as it stands.
        response: the record id of the published response.
    """

    attack: str
    family: str
    version: str
    base: str | None = None
    goal: str | None = None
    key: str | None = None
    run: str | None = None
    model: str | None = None
    queries: str | None = None
    form: str = "chat"
    system: str | None = None
    language: str = "en"
    response: str | None = None

    def labels(self, judged: Iterable[Said] = ()) -> tuple[NativeLabel, ...]:
        """As native labels of a record."""
        said = [NativeLabel(name=name, value=value) for name, value in self._asdict().items() if value is not None]
        return (*said, *(NativeLabel(name="judged", value="|".join(each)) for each in judged))

    @classmethod
    def of(cls, labels: Sequence[Mapping[str, Any]]) -> Self | None:
        """Read from native labels; None of a record that is no attack."""
        said = {each["name"]: each["value"] for each in labels if each["name"] in cls._fields}
        return cls(**said) if "attack" in said else None


def said_of(labels: Sequence[Mapping[str, Any]]) -> list[Said]:
    """The verdicts among native labels."""
    return [Said(*each["value"].split("|")) for each in labels if each["name"] == "judged"]


def response_id(prompt: str, response: str | None) -> str | None:
    """The record id that a source of responses gives to a response; None where there is none.

    Example:
        >>> response_id("Hello?", "Yes.") == record_id("response", "Hello?", "", "Yes.")
        True
    """
    return record_id("response", prompt, "", response) if response and response.strip() else None


def by_phrases(response: str) -> Said:
    """What the phrases of `demur.text.refusal` say of a published response, which is itself not published again.

    Their revision is the digest of what they were measured to be.

    Example:
        >>> by_phrases("Sorry, but that colour is not for fences.").verdict
        'refuse'
    """
    words = {"refusal": "refuse", "answer": "comply", "partial": "partial", "empty": "no_response"}
    return Said("phrases", _measured_digest(), "response", words.get(grade(response).grade, "unparsed"))


@cache
def _measured_digest() -> str:
    path = Path(inspect.getfile(measured)).with_name("measured.json")
    return f"measured {file_sha256(path)[:12]}"
