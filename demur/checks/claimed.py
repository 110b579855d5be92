"""What somebody states of files elsewhere, in a paper say: settings repeat it, and rules hold it against the rows."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from demur.checks.waivers import Said

Count = Annotated[int, Field(ge=1)]


class Claim(BaseModel):
    """A statement about files.

    Attributes:
        files: pattern of their paths, or of the ends of these: ``data/test/attack.json``, ``*.csv``.
        where: the statement stands there: a paper and its section, a page.
        templates: so many templates wrap the rows' base questions.
        sources: so many rows come from this set of prompts.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    files: Said
    where: Said
    templates: Count | None = None
    sources: dict[Said, Count] = {}

    @model_validator(mode="after")
    def _states(self) -> Self:
        if self.templates is None and not self.sources:
            msg = "it states nothing: templates, or sources"
            raise ValueError(msg)
        return self

    def about(self, path: Path) -> bool:
        """Whether a file is one of those.

        Example:
            >>> claim = Claim(files="test/*.json", where="section 4", templates=50)
            >>> claim.about(Path("data/test/a.json")), claim.about(Path("data/a.json"))
            (True, False)
        """
        return path.match(self.files)
