from __future__ import annotations

import pytest

from demur.errors import ManifestError
from demur.release.index import Index, Listed, Unfinished, read_index


def listed(version: str) -> Listed:
    return Listed(version=version, manifest=f"{int(version[1]):064x}", date="2026-01-31", files=3, bytes=90)


def test_it_is_read_as_it_was_written() -> None:
    begun = Unfinished(version="v3.0.0", manifest="f" * 64)
    index = Index(name="tiny-eval", versions=(listed("v1.9.0"), listed("v2.0.0")), unfinished=begun)
    assert read_index(index.as_bytes(), "here") == index
    assert index.head == listed("v2.0.0").manifest
    assert list(index.tags) == ["v1.9.0", "v2.0.0"]
    assert Index(name="tiny-eval").head == ""


@pytest.mark.parametrize("text", [b"", b"[]", b"{}", b"\xff", b"<html>", b"[" * 100_000])
def test_what_is_no_index(text: bytes) -> None:
    with pytest.raises(ManifestError, match="The index of the store is broken"):
        read_index(text, "here")


def test_the_versions_are_in_order_and_each_stands_once() -> None:
    for wrong in (("v2.0.0", "v1.0.0"), ("v1.0.0", "v1.0.0"), ("v1.10.0", "v1.9.0")):
        with pytest.raises(ValueError, match="not in order"):
            Index(name="tiny-eval", versions=tuple(map(listed, wrong)))
