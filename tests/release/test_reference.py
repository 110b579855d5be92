from __future__ import annotations

import pytest

from demur.errors import UsageError
from demur.release.hub import Hub
from demur.release.reference import Ref, place_of
from demur.release.store import Store


@pytest.mark.parametrize(
    ("text", "repo"),
    [
        ("lab/tiny-eval@v1.2.0", "lab/tiny-eval"),
        ("folder:sets/tiny-eval@v1.2.0", "folder:sets/tiny-eval"),
        ("folder:a@home/tiny-eval@v1.2.0", "folder:a@home/tiny-eval"),
        ("memory://sets/tiny-eval@v1.2.0", "memory://sets/tiny-eval"),
        ("https://me:secret@example.org/tiny-eval@v1.2.0", "https://me:secret@example.org/tiny-eval"),
    ],
)
def test_the_version_stands_behind_the_last_at(text: str, repo: str) -> None:
    ref = Ref.parse(text)
    assert ref == (repo, "v1.2.0")
    assert str(ref) == text.replace("me:secret@", "")


@pytest.mark.parametrize(
    "text", ["lab@v1.2.0", "lab/tiny-eval", "folder:sets/tiny-eval", "s3://b/x@main", "a/b@v1", ""]
)
def test_a_version_is_never_left_open(text: str) -> None:
    with pytest.raises(UsageError, match="Not a version"):
        Ref.parse(text)


def test_the_place_of_each() -> None:
    assert isinstance(place_of("lab/tiny-eval"), Hub)
    assert isinstance(Ref.parse("folder:sets/tiny-eval@v1.0.0").place, Store)
    with pytest.raises(UsageError, match="Not a repository"):
        place_of("tiny-eval")


def test_no_two_places_share_a_record() -> None:
    names = ("lab/tiny-eval", "folder:lab/tiny-eval", "memory://lab/tiny-eval", "https://lab/tiny-eval")
    assert len({place_of(name).key for name in names}) == len(names)
