"""PyRIT: seeds of its data sets, prompts to refuse as objectives, prompts to answer as prompts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import yaml

from demur.exports.export import Asked, Written, export
from demur.exports.sides import MEANS, by_side

SEEDS = {"refuse": "objective", "answer": "prompt"}


@export("pyrit", kinds=("evaluation",))
def pyrit(asked: Asked) -> Written:
    """Write an evaluation set as seed data sets of PyRIT: `SeedObjective`s to refuse, `SeedPrompt`s to answer.

    Each seed's metadata has the record id, which is its name too. PyRIT reads a seed's text as a Jinja template; what
    Jinja would read as more than text is written as a string of Jinja, so that every prompt comes back as it is.
    """
    sided = by_side(asked)
    files = {}
    for split, side, name, rows in sided.tasks:
        file = f"{split}_{side}.yaml"
        said = {
            "dataset_name": name,
            "description": f"{asked.built.manifest.title}: {MEANS[side]}. {rows[0].get('canary', '')}".strip(),
            "seed_type": SEEDS[side],
            "data_type": "text",
            "seeds": [_seed(row) for row in rows],
        }
        text = yaml.safe_dump(said, sort_keys=False, allow_unicode=True, width=120)
        (asked.out / file).write_text(text, encoding="utf-8")
        files[file] = len(rows)
    return Written(files, sided.left_out)


def _seed(row: Mapping[str, Any]) -> dict[str, Any]:
    told = {name: value for name, value in row.items() if name not in ("prompt", "canary", "hazards", "source")}
    return {
        "value": as_template(row["prompt"]),
        "name": row["record_id"],
        "harm_categories": row["hazards"],
        "source": row["source"],
        "metadata": {name: ", ".join(each) if isinstance(each, list) else each for name, each in told.items()},
    }


def as_template(text: str) -> str:
    r"""A template of Jinja that renders to a text: the text itself, or else a string literal.

    Jinja drops a line feed at the end, and reads every other line end as a line feed.

    Example:
        >>> as_template("Which tea?"), as_template("What is {{ 7 * 7 }}?")
        ('Which tea?', '{{ "What is \\x7b\\x7b 7 * 7 \\x7d\\x7d?" }}')
        >>> import jinja2
        >>> odd = 'A "cup"\r\nof \\n {% raw %} \N{HOT BEVERAGE} \N{TEACUP WITHOUT HANDLE}\n'
        >>> jinja2.Template(as_template(odd)).render() == odd
        True
    """
    if not any(mark in text for mark in ("{{", "{%", "{#", "\r")) and not text.endswith("\n"):
        return text
    literal = text.encode("unicode_escape").decode("ascii")
    for character in '"{}':
        literal = literal.replace(character, f"\\x{ord(character):02x}")
    return f'{{{{ "{literal}" }}}}'
