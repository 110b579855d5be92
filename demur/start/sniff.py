"""A look at somebody's rows: which column is what, which languages, and what the labels likely say.

What follows is a guess that a person reads: it stands in a declaration of a few lines, and tells nothing of any text.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from demur.checks.layouts import detect
from demur.errors import FormatError, shown
from demur.records.hazards import HAZARDS
from demur.text.language import UNKNOWN, language_of

Row = Mapping[str, Any]
Value = Literal["yes", "no", "unknown"]

YES = ("harmful", "unsafe", "harm", "malicious", "toxic", "unethical", "refuse", "attack", "jailbreak", "bad")
NO = ("safe", "harmless", "benign", "comply", "answer", "ok", "okay", "good", "ethical", "none")
"""Words of labels that say whether serving a prompt would do harm."""
_LABELS = ("label", "harmful", "is_harmful", "unsafe", "is_unsafe", "toxic", "safe", "is_safe", "harmless", "class")
_CATEGORIES = ("category", "topic", "hazard", "harm_category", "harm_area", "theme", "type", "subcategory", "tag")
_FEW, _MANY, _READ = 8, 60, 300
"""Values of a label, values of a category, and texts whose language is looked at."""
_SHARE = 0.1
"""Of the texts, from which a language is named."""


@dataclass(frozen=True)
class Sniffed:
    """What a file's rows look like.

    Attributes:
        columns: all native names, in order.
        optional: of these, the ones that some rows lack.
        prompt: the column of what is asked.
        response: the column of what was answered, if there is one.
        key: a column of ids, each of which stands once.
        label: the column that says whether a row is harmful.
        labels: its values -> what they say.
        category: the column of topics or hazards.
        categories: its values -> hazards of the shared taxonomy; none where no name is equal.
        languages: BCP 47 tags, the most frequent first.
        kinds: native column -> the kind of its first cell, for made-up rows.
    """

    columns: tuple[str, ...]
    optional: tuple[str, ...]
    prompt: str
    response: str | None = None
    key: str | None = None
    label: str | None = None
    labels: Mapping[Any, Value] = field(default_factory=dict)
    category: str | None = None
    categories: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    languages: tuple[str, ...] = ("en",)
    kinds: Mapping[str, Any] = field(default_factory=dict)


def sniff(rows: Sequence[Row], where: str) -> Sniffed:
    """Look at all rows of a file.

    Args:
        rows: as their format gives them.
        where: the file, for messages.

    Raises:
        FormatError: no column holds prompts, or they stand in lists of turns.
    """
    columns = tuple(dict.fromkeys(name for row in rows for name in row))
    cells = {name: [row.get(name) for row in rows] for name in columns}
    prompt, response = _texts(cells, where)
    left = [name for name in columns if name not in (prompt, response)]
    labels = {name: _label_values(name, cells[name]) for name in _named(left, _LABELS)}
    label = next((name for name, told in labels.items() if told), None)
    category = next((name for name in _named(left, _CATEGORIES) if name != label and _few(cells[name])), None)
    return Sniffed(
        columns=columns,
        optional=tuple(name for name in columns if any(name not in row for row in rows)),
        prompt=prompt,
        response=response,
        key=next((name for name in left if _is_key(name, cells[name])), None),
        label=label,
        labels=labels[label] if label else {},
        category=category,
        categories={value: _hazards(value) for value in sorted({cell for cell in cells[category] if cell})}
        if category
        else {},
        languages=_languages(cells[prompt]),
        kinds={name: next((cell for cell in cells[name] if cell is not None), None) for name in columns},
    )


def _texts(cells: Mapping[str, Sequence[Any]], where: str) -> tuple[str, str | None]:
    """The columns of prompts and responses: by the layouts that a check knows, else the longest texts."""
    texts = [name for name, column in cells.items() if all(isinstance(cell, str | None) for cell in column)]
    found = detect(cells, texts)
    named = found.columns if found else {}
    if (prompt := named.get("prompt")) in texts and prompt is not None:
        response = named.get("response")
        return prompt, response if response in texts else None
    lengths = {name: sum(len(cell or "") for cell in cells[name]) for name in texts}
    longest = max(lengths, key=lambda name: lengths[name], default=None)
    if longest is None or "messages" in named:
        msg = "No column holds one prompt a row"
        got = ", ".join(map(shown, cells))
        fix = "Flatten lists of turns first, or write the declaration by hand (CONTRIBUTING.md)."
        raise FormatError(msg, where=where, expected="a column of texts", got=got, fix=fix)
    return longest, None


def _named(names: Iterable[str], known: Sequence[str]) -> list[str]:
    """Those names that are known ones, the likeliest first."""
    plain = {name.lower().replace("-", "_").replace(" ", "_"): name for name in names}
    return [plain[each] for each in known if each in plain]


def _label_values(name: str, cells: Sequence[Any]) -> dict[Any, Value]:
    """What every value of a label says; nothing if it is no label."""
    values = Counter(cell for cell in cells if isinstance(cell, str | int | bool))
    if not values or len(values) > _FEW:
        return {}
    safe = name.lower().removeprefix("is_") in ("safe", "harmless")
    told: dict[Any, Value] = {}
    for value in sorted(values, key=lambda each: (type(each).__name__, str(each))):
        word = str(value).strip().lower()
        if word in ("true", "1", "yes", "false", "0", "no"):
            told[value] = "yes" if (word in ("true", "1", "yes")) != safe else "no"
        else:
            told[value] = "yes" if word in YES else "no" if word in NO else "unknown"
    return told if {"yes", "no"} & {*told.values()} else {}


def _few(cells: Sequence[Any]) -> bool:
    """Whether cells are a few short names."""
    values = {cell for cell in cells if cell is not None} if all(isinstance(cell, str | None) for cell in cells) else {}
    return 0 < len(values) <= min(_MANY, max(2, len(cells) // 2)) and all(0 < len(value) <= _MANY for value in values)


def _hazards(name: str) -> tuple[str, ...]:
    """The hazard that has the very name, or code, of a category."""
    plain = name.strip().lower().replace("_", " ")
    return tuple(code for code, title in HAZARDS.items() if plain in (code, str(title).lower()))


def _is_key(name: str, cells: Sequence[Any]) -> bool:
    known = name.lower() in ("id", "uid", "uuid", "key", "idx", "index") or name.lower().endswith(("_id", "-id"))
    alike = {type(cell) for cell in cells} in ({str}, {int})
    return known and alike and len({*cells}) == len(cells)


def _languages(texts: Sequence[str | None]) -> tuple[str, ...]:
    """The languages of a sample of the texts, taken at even distances."""
    there = [text for text in texts if text]
    told = Counter(language_of(text) for text in there[:: max(1, len(there) // _READ)])
    told.pop(UNKNOWN, None)
    named = [tag for tag, count in told.most_common() if count >= _SHARE * told.total()]
    return tuple(named) or ("en",)
