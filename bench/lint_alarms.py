"""What the linter says of published files, and how much of it is false: by file, by rule, by 1,000 rows.

    DEMUR_MIRROR=MIRROR python -m bench.lint_alarms --page docs/false-alarms.md

The files, and the judgements that people made of the findings, stand in ``lint_alarms.toml``. A judgement holds for as
many findings as it was made of; of others the table says that nobody judged them. No text is read from the files here.
"""

from __future__ import annotations

import argparse
import os
import tomllib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from bench.report import markdown, write_block
from demur.checks.engine import check
from demur.rates import wilson

DECLARED = Path(__file__).with_suffix(".toml")
HELD = ("DMR104", "DMR105")
"""Rules that judge rows that are trained on, and with ``against`` all."""
UNJUDGED = "not judged by hand"


class _Declared(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class File(_Declared):
    """A file or folder, or several that are checked together.

    Attributes:
        paths: below the mirror's folder ``github``.
        select: rules, by default all.
        trains: its rows are trained on, as the linter sees it.
        license: as upstream states it, where the mirror lacks the page.
    """

    name: str
    paths: tuple[str, ...]
    select: tuple[str, ...] = ()
    against: tuple[str, ...] = ()
    trains: bool = False
    license: str | None = None

    def judges(self, rule: str) -> bool:
        """Whether a rule judges its rows."""
        held = rule not in HELD or self.trains or bool(self.against)
        return held and (not self.select or rule in self.select)


class Judged(_Declared):
    """What was found to be true and false among the findings of a rule in a file.

    Attributes:
        findings: how many there were.
        true: of those that were read.
        false: of those that were read.
        why: in a word or two.
    """

    file: str
    rule: str
    findings: int
    true: int
    false: int
    why: str = Field(min_length=1)

    @property
    def read(self) -> int:
        """How many were read."""
        return self.true + self.false


class Alarms(_Declared):
    """The list of files and the judgements."""

    file: tuple[File, ...]
    judged: tuple[Judged, ...] = ()

    def of(self, file: str, rule: str, findings: int) -> Judged | None:
        """The judgement of so many findings; None if there is none, or it was made of another number."""
        return next(
            (each for each in self.judged if (each.file, each.rule, each.findings) == (file, rule, findings)), None
        )


class Found(_Declared):
    """What the linter said of a file: its rows, and findings by rule."""

    file: File
    rows: int
    findings: Mapping[str, int]


def find(alarms: Alarms, mirror: Path) -> list[Found]:
    """Check every file."""
    made = []
    for file in alarms.file:
        paths = [mirror / "github" / path for path in file.paths]
        report = check(paths, select=file.select, against=file.against, license=file.license)
        made.append(Found(file=file, rows=report.rows, findings=report.counts))
    return made


def by_file(alarms: Alarms, found: Iterable[Found]) -> str:
    """A line for each file and rule; files without a finding have one line."""
    lines = []
    for each in found:
        name, rows = each.file.name, f"{each.rows:,}"
        if not each.findings:
            lines.append([name, rows, "none", "0", "", "", "", ""])
        for rule, count in each.findings.items():
            judged = alarms.of(name, rule, count)
            said = ["", "", "", UNJUDGED] if judged is None else _said(judged)
            lines.append([name, rows, rule, f"{count:,}", f"{1000 * count / max(1, each.rows):.1f}", *said])
    header = ["file", "rows", "rule", "findings", "per 1,000 rows", "read", "true", "false", "why"]
    return markdown(header, [line if len(line) == len(header) else [*line, ""] for line in lines])


def _said(judged: Judged) -> list[str]:
    return [f"{judged.read:,}", f"{judged.true:,}", f"{judged.false:,}", judged.why]


def by_rule(alarms: Alarms, found: Sequence[Found]) -> str:
    """A line for each rule that found anything: how many are false, and how many false ones 1,000 rows cost.

    Of findings that were sampled, the false share stands for those that were not read.
    """
    counts, unjudged = defaultdict[str, int](int), defaultdict[str, int](int)
    true, false, guessed = defaultdict[str, int](int), defaultdict[str, int](int), defaultdict[str, float](float)
    for each in found:
        for rule, count in each.findings.items():
            counts[rule] += count
            judged = alarms.of(each.file.name, rule, count)
            if judged is None or not judged.read:
                unjudged[rule] += count
                continue
            true[rule] += judged.true
            false[rule] += judged.false
            guessed[rule] += count * judged.false / judged.read
    lines = []
    for rule in sorted(counts):
        rows = sum(each.rows for each in found if each.file.judges(rule))
        read = true[rule] + false[rule]
        share, alarm = wilson(false[rule], read), wilson(round(guessed[rule]), rows)
        lines.append(
            [
                rule,
                f"{rows:,}",
                f"{counts[rule]:,}",
                f"{read:,}",
                f"{false[rule]:,}",
                f"{100 * false[rule] / read:.0f} % ({100 * share[0]:.0f}-{100 * share[1]:.0f})" if read else "",
                f"{1000 * guessed[rule] / rows:.3f} ({1000 * alarm[0]:.3f}-{1000 * alarm[1]:.3f})" if read else "",
                f"{unjudged[rule]:,} {UNJUDGED}" if unjudged[rule] else "",
            ]
        )
    return markdown(
        ["rule", "rows", "findings", "read", "false", "false of read (95 %)", "false per 1,000 rows (95 %)", ""], lines
    )


def read_alarms(path: Path = DECLARED) -> Alarms:
    """The list of files and judgements."""
    return Alarms.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))


def tables(alarms: Alarms, found: Sequence[Found]) -> str:
    """Both tables."""
    whole = [each for each in found if not each.file.select]
    total = f"{len(whole)} files and folders, {sum(each.rows for each in whole):,} rows, all rules"
    return f"{total}.\n\n{by_rule(alarms, found)}\n\n{by_file(alarms, found)}"


def main() -> None:
    """Check the files, and print the tables or write them into a page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--mirror", type=Path, default=os.environ.get("DEMUR_MIRROR"))
    parser.add_argument("--page", type=Path)
    given = parser.parse_args()
    if given.mirror is None:
        parser.error("say where the files are: --mirror, or DEMUR_MIRROR")
    alarms = read_alarms()
    made = tables(alarms, find(alarms, Path(given.mirror)))
    print(made)
    if given.page:
        write_block(given.page, "lint alarms", made)


if __name__ == "__main__":
    main()
