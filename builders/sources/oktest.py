"""OKTest, of the OverKill paper."""

from demur.records.record import harmful
from demur.sources.mirror import github
from demur.sources.source import Raw, source
from schemas.prompt import Prompt


@source(
    title="OKTest",
    homepage="https://github.com/InvokerStark/OverKill",
    license="none-stated",
    kind="prompt",
    mirrors=(github("InvokerStark/OverKill", "data/OKTest.csv", columns={"prompt": "prompt"}),),
)
def oktest(row: Raw) -> Prompt:
    """Safe questions built around a word that sounds harmful."""
    return Prompt(prompt=row["prompt"], labels=(harmful("no", by="author"),), borderline=True)
