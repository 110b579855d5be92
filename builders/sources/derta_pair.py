"""DeRTa's published results of PAIR: prompt and response in one string. Not pinned."""

import json

from builders.attack_files import PAIR
from demur.kinds.jailbreaks.attack import Wrapped
from demur.records.record import harmful
from demur.sources.mirror import github
from demur.sources.source import Raw, source
from schemas.prompt import Prompt


@source(
    title="DeRTa: transcripts of PAIR",
    homepage="https://github.com/RobustNLP/DeRTa",
    license="mit",
    use_limits=("no_redistribution",),
    kind="prompt",
    mirrors=(
        github(
            "RobustNLP/DeRTa",
            *[f"results/safety/pair/{file}.json" for file in PAIR],
            columns={"value": "line"},
            format="lines",
            stem="run",
        ),
    ),
)
def derta_pair(row: Raw) -> Prompt:
    """Transcripts, which are referred to and never published again."""
    wrapped = Wrapped(
        attack="PAIR",
        family="rewriting",
        version="DeRTa results",
        base="derta-questions",
        run=f"derta/pair/{row['run']}",
        model=PAIR[row["run"]],
    )
    return Prompt(prompt=json.loads(row["line"]), labels=(harmful("yes", by="author"),), native_labels=wrapped.labels())
