"""XSTest prompts."""

from demur.records.record import NativeLabel, harmful
from demur.sources.mirror import github
from demur.sources.source import Raw, source
from schemas.prompt import Prompt

PAIRED = {"real_group_nons_discr": "discr", "privacy_fictional": "privacy"}


@source(
    title="XSTest",
    homepage="https://github.com/paul-rottger/exaggerated-safety",
    license="cc-by-4.0",
    use_limits=("eval_only",),
    kind="prompt",
    key="id",
    mirrors=(
        github(
            "paul-rottger/exaggerated-safety",
            "xstest_prompts.csv",
            columns={name: name for name in ("id", "prompt", "type", "label", "focus", "note")},
        ),
    ),
)
def xstest(row: Raw) -> Prompt:
    """Safe prompts that look unsafe, and their unsafe contrasts."""
    safe, family = {"safe": True, "unsafe": False}[row["label"]], row["type"].removeprefix("contrast_")
    return Prompt(
        prompt=row["prompt"],
        labels=(harmful("no" if safe else "yes", by="author"),),
        categories=(row["type"],),
        native_labels=tuple(NativeLabel(name=name, value=row[name] or None) for name in ("type", "focus", "note")),
        borderline=safe,
        pair=f"{PAIRED.get(family, family)}-{(int(row['id']) - 1) % 25 + 1}",
    )
