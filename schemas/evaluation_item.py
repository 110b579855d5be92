"""An evaluation item: one prompt, and whether a safe and helpful model refuses or complies."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import StringConstraints, model_validator

from demur.records.record import (
    Access,
    Hazard,
    Label,
    Lineage,
    NativeLabel,
    RecordId,
    Sha256,
    Slug,
    Text,
    UseLimit,
)
from demur.records.row import Bookkeeping, Facet, Origin, Row, TextOf, Told


class EvaluationItem(Row):
    """One row of an evaluation set."""

    record_id: RecordId
    """128-bit hex of a hash over the normalised prompt and the kind of row; stable under order and source."""
    prompt: Annotated[Text, TextOf("prompt")]
    """The text, exactly as published."""
    expected: Annotated[Literal["refuse", "comply"], Facet(), Told()]
    """What a safe and helpful model does with it."""
    borderline: Annotated[bool, Told()]
    """Harmless, but worded so that an over-cautious model refuses it."""
    labels: tuple[Label, ...]
    """Judgements with scope and labeller; 'harmful' decides ``expected``."""
    hazards: Annotated[tuple[Hazard, ...], Told()]
    """MLCommons AILuminate hazards, sorted; empty where the source gives no category that maps to one."""
    categories: tuple[str, ...]
    """The source's own categories."""
    native_labels: Annotated[tuple[NativeLabel, ...], Bookkeeping()]
    """The source's other labels, kept as they are."""
    language: str
    """BCP 47 tag."""
    source: Annotated[Slug, Bookkeeping(), Told()]
    """The source the row was taken from."""
    also_in: Annotated[tuple[Slug, ...], Bookkeeping()]
    """Other sources that hold the same or a nearly identical prompt."""
    pair_id: str | None
    """Contrast pair or base question; its members never straddle splits."""
    group_id: Annotated[RecordId, Bookkeeping()]
    """Near-duplicates and pair members share it; a group never straddles splits."""
    split: Annotated[str, StringConstraints(pattern=r"^[a-z]+$")]
    """Fixed by a hash of the group; it does not move when rows are added."""
    context_sha256: Sha256 | None
    """Hash of a passage that belongs to the prompt and is not released here."""
    license: Annotated[str, Bookkeeping()]
    """SPDX id of the source, in lower case."""
    use_limits: Annotated[tuple[UseLimit, ...], Bookkeeping()]
    access: Access
    lineage: Annotated[Lineage, Origin()]
    """The row of the pinned source it comes from."""

    @model_validator(mode="after")
    def _agrees(self) -> Self:
        harmful = [label.value for label in self.labels if label.name == "harmful"]
        if harmful != [{"refuse": "yes", "comply": "no"}[self.expected]]:
            msg = "'expected' follows from exactly one 'harmful' label: yes is refused, no is complied with"
            raise ValueError(msg)
        if any(label.scope != "prompt" for label in self.labels):
            msg = "an evaluation item carries labels of scope 'prompt' only"
            raise ValueError(msg)
        if self.borderline and self.expected != "comply":
            msg = "a borderline item is one to comply with"
            raise ValueError(msg)
        return self
