"""What the Hub's /api/validate-yaml says of a README: the header is read, and every field it knows has its shape."""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import yaml

# Some of the Hub's; a license that is missing here is to be added, not worked around.
LICENSES = frozenset(
    (
        *("apache-2.0", "mit", "openrail", "afl-3.0", "artistic-2.0", "bsd", "bsd-2-clause", "bsd-3-clause"),
        *("cc", "cc0-1.0", "cc-by-2.0", "cc-by-3.0", "cc-by-4.0", "cc-by-sa-3.0", "cc-by-sa-4.0", "cc-by-nd-4.0"),
        *("cc-by-nc-2.0", "cc-by-nc-3.0", "cc-by-nc-4.0", "cc-by-nc-sa-3.0", "cc-by-nc-sa-4.0", "cc-by-nc-nd-4.0"),
        *("cdla-permissive-2.0", "odc-by", "odbl", "pddl", "gpl-3.0", "lgpl-3.0", "agpl-3.0", "mpl-2.0"),
        *("unlicense", "unknown", "other"),
    )
)
_POWERS = ("1K", "10K", "100K", "1M", "10M", "100M", "1B", "10B", "100B", "1T")
SIZES = frozenset(
    ("n<1K", "n>1T", *(f"{low}<n<{high}" for low, high in pairwise(_POWERS))),
)
_HEADER = re.compile(r"\A---\r?\n(.*?)^---\s*$", re.MULTILINE | re.DOTALL)
_TEXT = "a string or a list of strings"


def header_of(readme: str) -> dict[str, Any] | None:
    """The YAML at the top of a README; None without one.

    Raises:
        ValueError: it does not parse, or is not a mapping.
    """
    found = _HEADER.match(readme)
    if not found:
        return None
    try:
        header = yaml.safe_load(found[1])
    except yaml.YAMLError as error:
        msg = f"YAML does not parse: {str(error).splitlines()[0]}"
        raise ValueError(msg) from None
    if header is None:
        return None
    if not isinstance(header, dict):
        msg = '"metadata" must be of type object'
        raise ValueError(msg)
    return header


def validate(readme: str) -> tuple[list[str], list[str]]:
    """Errors, which refuse the commit, and warnings."""
    try:
        header = header_of(readme)
    except ValueError as error:
        return [str(error)], []
    if header is None:
        return [], ["empty or missing yaml metadata in repo card"]
    wrong = [f'"{name}" must be {shape}' for name, (shape, fits) in _SHAPES.items() if not fits(header.get(name))]
    if header.get("license") == "other" and not isinstance(header.get("license_name"), str):
        wrong.append('"license_name" is required when "license" is "other"')
    return wrong, []


def _texts(value: Any) -> bool:
    return value is None or isinstance(value, str) or (isinstance(value, list) and all(map(_is_text, value)))


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _one_of(known: frozenset[str]) -> Callable[[Any], bool]:
    def fits(value: Any) -> bool:
        return _texts(value) and ({value} if isinstance(value, str) else set(value or ())) <= known

    return fits


def _pattern(law: str) -> Callable[[Any], bool]:
    return lambda value: value is None or (isinstance(value, str) and re.fullmatch(law, value) is not None)


def _objects(*needed: str) -> Callable[[Any], bool]:
    def fits(value: Any) -> bool:
        if value is None:
            return True
        listed = value if isinstance(value, list) else [value]
        return all(isinstance(one, dict) and all(_is_text(one.get(name)) for name in needed) for one in listed)

    return fits


_SHAPES: dict[str, tuple[str, Callable[[Any], bool]]] = {
    "license": (f"one of {', '.join(sorted(LICENSES))}", _one_of(LICENSES)),
    "license_name": ("lower-case letters, digits, dots and hyphens", _pattern(r"[a-z0-9.-]+")),
    "license_link": ("LICENSE, LICENSE.md, a file of the repository or a link", _pattern(r"\S+")),
    "language": (_TEXT, _texts),
    "pretty_name": ("a string", _pattern(r"(?s).+")),
    "size_categories": (f"one of {', '.join(sorted(SIZES))}", _one_of(SIZES)),
    "task_categories": (_TEXT, _texts),
    "task_ids": (_TEXT, _texts),
    "tags": (_TEXT, _texts),
    "source_datasets": (_TEXT, _texts),
    "annotations_creators": (_TEXT, _texts),
    "configs": ("a list of objects with a config_name", _objects("config_name")),
    "dataset_info": ("an object or a list of objects", _objects()),
    "extra_gated_prompt": ("a string", _pattern(r"(?s).+")),
    "extra_gated_heading": ("a string", _pattern(r"(?s).+")),
    "extra_gated_button_content": ("a string", _pattern(r"(?s).+")),
    "extra_gated_fields": ("an object", lambda value: value is None or isinstance(value, dict)),
}
