"""What a rule has to find in a file to judge it: columns, by their canonical names, or labels."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from demur.checks.layouts import Layout
from demur.checks.rule import Rule
from demur.checks.rules import RULES
from demur.checks.said import SPOKEN


@dataclass(frozen=True)
class Need:
    """What a file has to have.

    Attributes:
        called: what it is, for people.
        any: canonical columns of which it needs one; none for a need that every file meets.
        all: canonical columns of which it needs each.
        fields: of the layout, of which one has to name a column.
    """

    called: str
    any: tuple[str, ...] = ()
    all: tuple[str, ...] = ()
    fields: tuple[str, ...] = ()

    def met(self, layout: Layout, names: Collection[str]) -> bool:
        """Whether a file with this layout and these columns has it."""
        if self.fields:
            return any({*getattr(layout, field)} & {*names} for field in self.fields)
        if self.any and not any(layout.native(each, names) for each in self.any):
            return False
        return all(layout.native(each, names) for each in self.all)


ROWS = Need("rows")
TEXT = Need("column of texts", SPOKEN)
PROMPT = Need("prompt column", ("prompt", "messages", "chosen"))
ANSWER = Need("column of responses", ("response", "target", "messages", "chosen"))
LABEL = Need("column of labels", fields=("labels", "flags", "states", "values"))

_NEEDS = {
    "DMR001": ROWS, "DMR003": ROWS, "DMR004": ROWS, "DMR005": ROWS, "DMR007": ROWS, "DMR008": ROWS, "DMR010": ROWS,
    "DMR016": ANSWER, "DMR021": ROWS, "DMR335": ANSWER, "DMR336": ANSWER, "DMR337": ANSWER, "DMR338": ANSWER,
    "DMR339": ANSWER, "DMR340": Need("pair of preferred and rejected", all=("chosen", "rejected")),
    "DMR009": Need("flag with a meaning", fields=("flags",)), "DMR101": PROMPT, "DMR102": TEXT,
    "DMR103": Need("column of pairs or groups", ("pair", "group")), "DMR104": PROMPT, "DMR105": PROMPT,
    "DMR201": LABEL, "DMR202": Need("column for each category", fields=("states",)), "DMR203": LABEL, "DMR204": LABEL,
    "DMR205": LABEL, "DMR206": LABEL, "DMR306": Need("column of token ids", fields=("needs",)),
    "DMR311": Need("prompt with a target", all=("prompt", "target")),
    "DMR312": Need("pair of preferred and rejected", all=("chosen", "rejected")), "DMR315": ANSWER, "DMR316": PROMPT,
    "DMR317": ANSWER, "DMR318": ANSWER, "DMR322": ROWS, "DMR601": Need("column of ids", ("id",)),
    "DMR602": Need("prompt with a response", ("response", "target"), ("prompt",)),
    "DMR603": Need("column of verdicts", ("verdict",)),
}  # fmt: skip


def need_of(rule: Rule | str) -> Need:
    """What a rule needs; of one that is not listed, by its family, and by whether it reads rows as they come.

    Example:
        >>> need_of("DMR101").called, need_of("DMR401").called
        ('prompt column', 'rows')
    """
    rule = RULES[rule] if isinstance(rule, str) else rule
    if rule.code in _NEEDS:
        return _NEEDS[rule.code]
    if rule.code[3] == "2":
        return LABEL
    return TEXT if rule.code[3] in "013" and rule.each != "subject" else ROWS
