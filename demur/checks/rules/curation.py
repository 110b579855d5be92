"""Rules about what people decided (DMR410)."""

from __future__ import annotations

from collections.abc import Iterator

from demur.checks.finding import Finding, hit
from demur.checks.rule import BUILT, rule
from demur.checks.subject import Subject
from demur.sets.manifest_file import NAME


@rule(
    "DMR410",
    "stale-decision",
    invariants=(25,),
    summary="Every decision about a text of a built set's sources was applied.",
    why="A decision names the text that somebody read. Where the text changed upstream, or went, nobody knows any more "
    "whether it holds, and the row goes out with the label that was found wrong.",
    fix="Read the row again (`demur show`), and decide anew or remove the decision.",
    applies=BUILT,
)
def stale_decision(subject: Subject) -> Iterator[Finding]:
    """Decisions that the build could not apply."""
    for each in subject.folder.manifest.curation.stale if subject.folder else ():
        yield hit(f"the decision {each.action} was not applied: {each.why}", NAME, record_id=each.record_id)
