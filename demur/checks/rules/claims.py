"""A rule about what cards claim (DMR606)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import groupby

from demur.checks.finding import Finding, hit
from demur.checks.rule import ANY, rule
from demur.checks.subject import Subject

_CLAIM = re.compile(
    r"(?<!and )\b(?:no|zero|without any|free (?:of|from)|contains? no) (?!longer)(?:\w+[- ]){0,2}?"
    r"(?:near[- ]?duplicates?|duplicates|leak(?:s|age)?|contamination|overlap)\b"
    r"|\b(?:fully |thoroughly |carefully )?(?:decontaminated|de-?duplicated|leak-free|contamination-free)\b",
    re.IGNORECASE,
)
_HOW = re.compile(
    r"jaccard|n-?gram|\b\d+-gram|min-?hash|\blsh\b|simhash|embedding|cosine|similarity|threshold|exact(?:ly)?\b|fuzzy"
    r"|edit distance|levenshtein|rouge|\bbm25\b|\bhash|normali[sz]ed|string match|word for word|groups? of near",
    re.IGNORECASE,
)
_MEANING = re.compile(r"semantic|by meaning|in meaning|paraphras", re.IGNORECASE)


@rule(
    "DMR606",
    "untested-claim",
    invariants=(14,),
    summary="A card that says there are no near-duplicates or leaks says how it was tested; of meaning, only where all "
    "sources were compared by meaning.",
    why='"Decontaminated" may be an exact match of strings, which a changed comma escapes. A reader takes the word for '
    "the strongest test there is.",
    fix="Name the test and its threshold in the same paragraph: token Jaccard 0.8, 13-grams, cosine 0.9 of a model.",
    applies=ANY,
    severity="warning",
)
def untested_claim(subject: Subject) -> Iterator[Finding]:
    """Paragraphs of a card that claim without naming a test, or beyond the tests of the build."""
    curation = subject.folder.manifest.curation if subject.folder else None
    partly = curation is not None and (bool(curation.uncovered) or not curation.encoders)
    for name, text in subject.pages:
        for number, paragraph in _paragraphs(text):
            claim = _CLAIM.search(paragraph)
            if claim is None:
                continue
            line = number + paragraph[: claim.start()].count("\n")
            if not _HOW.search(paragraph):
                yield hit(f"line {line} claims that there is no duplicate or leak, and not how it was tested", name)
            elif partly and _MEANING.search(paragraph):
                yield hit(f"line {line} claims something of meaning, which was not compared for all sources", name)


def _paragraphs(text: str) -> Iterator[tuple[int, str]]:
    """Each paragraph below the header, with the number of its first line."""
    end = text.find("\n---", 3) if text.startswith("---") else -1
    start = 0 if end < 0 else end + 4
    lines = enumerate(text[start:].split("\n"), text.count("\n", 0, start) + 1)
    for there, part in groupby(lines, key=lambda line: bool(line[1].strip())):
        if there:
            numbers, said = zip(*part, strict=True)
            yield numbers[0], "\n".join(said)
