"""Which columns are what: layouts by name, found by column names, or given by whoever asks for a check."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, create_model

from demur.errors import UsageError, issues, nearest, shown
from demur.files.bounds import beginning
from demur.files.syntax import MOST_TOML, Broken, parse_toml
from demur.records.record import Plain

CANONICAL = (
    "prompt", "response", "target", "chosen", "rejected", "messages", "context", "prefix", "id", "split", "pair",
    "group", "source", "source_row", "license", "access", "judge", "verdict", "model", "role",
)  # fmt: skip
"""Names that rules know columns by; `role` is who says the turns of a list that a path reaches into."""

TEXTS = ("prompt", "response", "target", "chosen", "rejected")
"""Of these, the columns that have to hold a text in every row; `messages` holds several."""

Columns = dict[str, Annotated[str, Field(min_length=1)]]


class Layout(Plain):
    """Which columns of a file are what; `layouts.toml` says what each field means."""

    name: str = "given"
    columns: Columns
    also: Columns = Field(default_factory=dict)
    needs: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    scope: Literal["prompt", "prompt+response"] = "prompt"
    values: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    flags: dict[str, Literal["safe", "harmful", "refusal", ""]] = Field(default_factory=dict)
    states: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()
    contrasts: bool = False
    training: bool = False

    def native(self, canonical: str, names: Collection[str]) -> str | None:
        """The file's own name of a column, if the file has it."""
        name = self.columns.get(canonical) or self.also.get(canonical)
        return name if name is not None and name in names else None

    def missing(self, names: Iterable[str]) -> list[str]:
        """Columns that a file with this layout has and this one does not."""
        return sorted({*self.columns.values(), *self.needs, *self.values, *self.flags, *self.states} - set(names))


@cache
def layouts() -> dict[str, Layout]:
    """The known layouts by name."""
    return _parse(Path(__file__).with_name("layouts.toml"))


def detect(names: Iterable[str], texts: Iterable[str] | None = None) -> Layout | None:
    """The known layout that says most about these columns; else one by what they are called.

    Args:
        names: of the columns.
        texts: those that hold texts or turns, if that is known: no other is taken by what it is called.

    Example:
        >>> [found.name if (found := detect(names)) else None for names in (["goal", "target"], ["Query"], ["x"])]
        ['advbench', 'query', None]
    """
    present = set(names)
    best: Layout | None = None
    for layout in layouts().values():
        size = len({*layout.columns.values(), *layout.needs})
        if not layout.missing(present) and (best is None or size > len({*best.columns.values(), *best.needs})):
            best = layout
    if texts is not None:
        present &= {*texts, *(name for name in present if name.lower() in ("id", "split", "source"))}
    return best or _by_name(present)


_NAMES = {
    "messages": ("messages", "conversations", "conversation", "dialogue", "dialog", "chat"),
    "prompt": ("prompt", "instruction", "question", "query", "input", "user_prompt", "user_input", "goal", "request",
               "problem", "behavior", "behaviour", "turn", "text", "user", "human"),
    "response": ("response", "output", "answer", "completion", "assistant", "reply", "generation", "model_output",
                 "bot", "gpt", "model_response"),
    "target": ("target",),
    "chosen": ("chosen", "preferred", "accepted"),
    "rejected": ("rejected", "dispreferred"),
    "context": ("context", "input"),
    "id": ("id",),
    "split": ("split",),
    "source": ("source",),
}  # fmt: skip
"""Names that people give to columns, the likeliest first; case and a plural do not matter."""


def _by_name(present: set[str]) -> Layout | None:
    """A layout of columns that are called what they are; None if none of them holds what is asked."""
    plain: dict[str, str] = {}
    for name in sorted(present):
        plain.setdefault(name.lower(), name)
        plain.setdefault(name.lower().removesuffix("s"), name)
    found: dict[str, str] = {}
    for canonical, names in _NAMES.items():
        if canonical == "prompt" and "messages" in found:
            continue
        free = [plain[name] for name in names if name in plain and plain[name] not in found.values()]
        if free:
            found[canonical] = free[0]
    if not ("messages" in found or "prompt" in found or {"chosen", "rejected"} <= found.keys()):
        return None
    if found.get("prompt", "").lower() in ("user", "human") and "response" not in found:
        return None  # a name, or a number of somebody
    if ("chosen" in found) != ("rejected" in found):
        found.pop("chosen", found.pop("rejected", None))
    texts = [found[name] for name in (*TEXTS, "messages") if name in found]
    return Layout(name="-".join(texts).lower(), columns=found, training=bool({"messages", "chosen"} & found.keys()))


def layout_of(mapping: str | Mapping[str, str] | Layout) -> Layout:
    """What ``--map`` says: a layout's name, a TOML file, or ``prompt=instruction,response=output``.

    A column may be a path (`demur.checks.paths`): ``messages=talk[].text,role=talk[].speaker``.

    Raises:
        UsageError: none of these, or a name that no rule knows.

    Example:
        >>> layout_of("prompt=instruction,response=output").columns
        {'prompt': 'instruction', 'response': 'output'}
    """
    if isinstance(mapping, Layout):
        return mapping
    if isinstance(mapping, Mapping):
        return _checked(dict(mapping))
    if mapping in layouts():
        return layouts()[mapping]
    if mapping.endswith(".toml"):
        return _from_file(Path(mapping))
    if "=" not in mapping:
        msg = f"No layout {shown(mapping)}. {nearest(mapping, layouts())}"
        raise UsageError(msg, fix="Name a layout, a TOML file, or columns as prompt=NAME,response=NAME.")
    pairs = [pair.partition("=") for pair in mapping.split(",") if pair.strip()]
    return _checked({one.strip(): two.strip() for one, _, two in pairs})


@cache
def _model(layout: str, *, typed: bool) -> type[BaseModel]:
    declared = Layout.model_validate_json(layout)
    fields: dict[str, Any] = {}
    native = {**declared.columns, **declared.also}
    for canonical in (*TEXTS, "split"):
        if canonical in native:
            fields[native[canonical]] = str | None
    for name in declared.states if typed else ():
        fields[name] = Annotated[int, Field(ge=0, le=1)] | None
    for name, values in declared.values.items():
        fields[name] = Literal[values] | None
    named: dict[str, Any] = {f"c{place}": (fields[name], Field(None, alias=name)) for place, name in enumerate(fields)}
    return create_model("Row", __config__=ConfigDict(strict=True, extra="ignore"), **named)


def model_of(layout: Layout, *, typed: bool = True) -> type[BaseModel]:
    """What a layout says of its columns, as a model; what is missing or empty is another rule's to say.

    Args:
        layout: whose texts are texts, states 0 or 1, and labels within their values.
        typed: whether the format has numbers; in CSV all cells are texts.
    """
    return _model(layout.model_dump_json(), typed=typed)


def _checked(columns: dict[str, str]) -> Layout:
    for name in columns:
        if name not in CANONICAL:
            msg = f"No rule knows a column {shown(name)}. {nearest(name, CANONICAL)}"
            raise UsageError(msg, where="--map")
    if not ({"prompt", "messages", "response"} & columns.keys() or {"chosen", "rejected"} <= columns.keys()):
        msg = "The mapping does not say where the texts are"
        raise UsageError(
            msg,
            where="--map",
            expected="prompt, messages, response, or chosen and rejected",
            got=", ".join(columns) or "none",
        )
    role, every, _ = columns.get("role", "").rpartition("[]")
    lists = {path.rpartition("[]")[0] for name, path in columns.items() if name != "role" and "[]" in path}
    if "role" in columns and (not every or role not in lists):
        msg = "The roles stand in no list that turns are read from"
        expected = (
            " or ".join(f"role={each}[].NAME" for each in sorted(lists)) or "messages=NAME[].TEXT,role=NAME[].WHO"
        )
        raise UsageError(msg, where="--map", expected=expected, got=f"role={columns['role']}")
    try:
        return Layout(columns=columns)
    except ValidationError as error:
        msg = "The mapping is broken"
        raise UsageError(msg, where="--map", got=issues(error)[0]) from None


def _from_file(path: Path) -> Layout:
    """A mapping file holds one layout, at the top or as its only table."""
    found = list(_parse(path).values())
    if len(found) != 1:
        msg = "A mapping file holds one layout"
        raise UsageError(msg, where=path, got=len(found))
    _checked({**found[0].columns, **found[0].also})
    return found[0]


def _parse(path: Path) -> dict[str, Layout]:
    try:
        document = parse_toml(beginning(path, MOST_TOML + 1))
        tables = {path.stem: document} if "columns" in document else document
        return {name: Layout.model_validate_json(_json(name, table)) for name, table in tables.items()}
    except (OSError, Broken, TypeError) as error:
        msg = "The mapping file cannot be read"
        raise UsageError(msg, where=path, got=type(error).__name__) from None
    except ValidationError as error:
        msg = "The mapping file is broken"
        raise UsageError(msg, where=path, got=issues(error)[0], fix="demur/checks/layouts.toml has examples.") from None


def _json(name: str, table: object) -> str:
    """TOML has lists where the strict model has tuples; JSON has no such difference."""
    import json

    return json.dumps({**table, "name": name} if isinstance(table, dict) else table)
