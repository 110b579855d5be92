"""The text of a declaration and of its sidecar, as a person would write them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from demur.records.terms import PROPRIETARY, is_own
from demur.sources.mirror import Mirror
from demur.start.naming import in_brackets
from demur.start.sniff import Sniffed


@dataclass(frozen=True)
class Asked:
    """What rows do not tell of a source.

    Attributes:
        name: of the source; by default that of the file.
        title: by default the name, spelt out.
        license: what the rows are published under, if at all.
        harmful: whether serving the prompts would do harm, where no column says so.
        by: who gave the labels.
    """

    name: str | None = None
    title: str | None = None
    license: str = "proprietary"
    harmful: Literal["yes", "no", "unknown"] = "unknown"
    by: Literal["human", "author", "model"] = "author"

    def titled(self, name: str) -> str:
        """The title of a source."""
        return self.title or name.replace("_", " ").capitalize()


def declaration(name: str, mirror: Mirror, seen: Sniffed, asked: Asked) -> str:
    """The Python file of a source."""
    kind = "response" if seen.response else "prompt"
    return "".join(f"{line}\n" if line else "\n" for line in _declared(name, kind, mirror, seen, asked))


def _declared(name: str, kind: str, mirror: Mirror, seen: Sniffed, asked: Asked) -> Iterator[str]:
    model = kind.capitalize()
    words = [*(["Tri"] if seen.label else []), *(["harmful"] if seen.label or kind == "prompt" else [])]
    yield from (
        f'"""{_plain(asked.titled(name))}."""',
        "",
        f"from demur import Reject, {'Terms, ' * _terms(asked)}source",
    )
    if words:
        yield f"from demur.records.record import {', '.join(words)}"
    yield from (f"from demur.sources.mirror import {mirror.carrier}", "from demur.sources.source import Raw")
    yield from (f"from schemas.{kind} import {model}", "")
    if seen.label:
        yield "HARMFUL: dict[object, Tri] = {"
        yield from (f"    {_said(value)}: {_said(told)}," for value, told in seen.labels.items())
        yield from ("}", f'"""What column {_plain(seen.label)} says."""', "")
    yield from ("", "@source(", f"    title={_said(asked.titled(name))},")
    if mirror.page:
        yield f"    homepage={_said(mirror.page)},"
    yield from (f"    license={_said(asked.license)},", *(["    terms=Terms(),"] if _terms(asked) else []))
    yield f"    kind={_said(kind)},"
    yield f"    languages={in_brackets([_said(tag) for tag in seen.languages], '    languages=,')},"
    if seen.key:
        yield '    key="id",'
    yield from ("    mirrors=(", f"        {mirror.carrier}(", f"            {_said(mirror.address)},")
    if mirror.files != mirror.via.named(mirror.address):
        yield from (f"            {_said(file)}," for file in mirror.files)
    yield "            columns={"
    yield from (f"                {_said(old)}: {_said(new)}," for old, new in mirror.columns.items())
    yield "            },"
    if mirror.optional:
        names = [_said(each) for each in mirror.optional]
        yield f"            optional={in_brackets(names, '            optional=,')},"
    if mirror.private is not None:
        yield f"            private={_said(mirror.private)},"
    if mirror.records is not None:
        yield f"            records={_said(mirror.records)},"
    yield from ("        ),", "    ),", ")", f"def {name}(row: Raw) -> {model} | Reject:")
    yield f'    """Rows of {_plain(mirror.files[0].rpartition("/")[2])}."""'
    texts = ["prompt", *(["response"] if seen.response else [])]
    for text in texts:
        yield from (f'    if not (row["{text}"] or "").strip():', f'        return Reject("no-{text}")')
    yield f"    return {model}("
    yield from (f'        {text}=row["{text}"],' for text in texts)
    yield f"        labels={_labels(kind, seen, asked)},"
    if seen.category:
        yield '        categories=(row["category"],) if row["category"] else (),'
    yield "    )"


def _terms(asked: Asked) -> bool:
    """Whether the license is one whose terms the declaration has to state; none of them allows anything by itself."""
    return is_own(asked.license) and asked.license != PROPRIETARY


def _labels(kind: str, seen: Sniffed, asked: Asked) -> str:
    scope = ', scope="prompt+response"' if kind == "response" else ""
    if seen.label:
        return f'(harmful(HARMFUL.get(row["label"], "unknown"), by="{asked.by}"{scope}),)'
    return f'(harmful("{asked.harmful}", by="{asked.by}"),)' if kind == "prompt" else "()"


def sidecar(name: str, mirror: Mirror, seen: Sniffed, asked: Asked) -> str:
    """The TOML file beside it."""
    cited = [
        'bibtex = """',
        f"@misc{{{name.replace('_', '-')},",
        f"  title = {{{_plain(asked.titled(name))}}},",
        f"  howpublished = {{{mirror.page}}}",
        '}"""',
    ]
    lines = [
        'note = "Declared from a look at its rows: read what it says of labels and hazards before you build on it."',
        *(cited if mirror.page else []),
        "",
        "[protection]",
        'role = "left_out"',
        'reason = "nobody has decided yet"',
    ]
    if seen.categories:
        lines += ["", "[hazards]", *(f"{_said(name)} = {_said([*codes])}" for name, codes in seen.categories.items())]
    return "".join(f"{line}\n" for line in lines)


def _said(value: Any) -> str:
    """A value as Python and TOML both spell it, if it is a text or a list of texts."""
    if isinstance(value, str | list):
        return json.dumps(value, ensure_ascii=False)
    return repr(value)


def _plain(text: str) -> str:
    """A name as docstrings and BibTeX may hold it."""
    return "".join(letter for letter in text if letter.isalnum() or letter in " .,_-")


def columns_of(seen: Sniffed) -> Mapping[str, str | None]:
    """What every native column is called in a declaration; None where it is not read."""
    canonical = {seen.prompt: "prompt", seen.response: "response", seen.key: "id"}
    canonical |= {seen.label: "label", seen.category: "category"}
    return {name: canonical.get(name) for name in seen.columns}
