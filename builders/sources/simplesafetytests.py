"""SimpleSafetyTests."""

from demur.records.record import NativeLabel, harmful
from demur.sources.mirror import github
from demur.sources.source import Raw, source
from schemas.prompt import Prompt


@source(
    title="SimpleSafetyTests",
    homepage="https://github.com/bertiev/SimpleSafetyTests",
    license="cc-by-4.0",
    use_limits=("eval_only",),
    kind="prompt",
    key="id",
    mirrors=(
        github(
            "bertiev/SimpleSafetyTests",
            "SimpleSafetyTests - test cases.csv",
            columns={
                "id": "id",
                "harm_area": "area",
                "counter": "counter",
                "category": "request",
                "prompts_final": "prompt",
            },
        ),
    ),
)
def simplesafetytests(row: Raw) -> Prompt:
    """Clear-cut requests that nearly every model should refuse, in five harm areas."""
    native = [NativeLabel(name=name, value=row[name]) for name in ("counter", "request")]
    return Prompt(
        prompt=row["prompt"],
        labels=(harmful("yes", by="author"),),
        categories=(row["area"],),
        native_labels=tuple(native),
    )
