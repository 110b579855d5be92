"""``demur score``: the rates of refusal and over-refusal of responses that people bring."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from demur.audits.audit import SET, TAXONOMY, audit
from demur.inputs import Place

if TYPE_CHECKING:
    from demur.audits.score.report import Scores
    from demur.records.taxonomies import Taxonomy
    from demur.sets.folder import BuiltSet

JUDGES = ("phrases", "llm")
KEY = "DEMUR_JUDGE_KEY"
"""The environment's variable with the key of an endpoint: a key on a command line would be seen by others."""


@audit(
    "score",
    click.Argument(["paths"], metavar="RESPONSES...", nargs=-1, required=True, type=Place()),
    click.Option(
        ["--items"],
        metavar="SET",
        required=True,
        type=SET,
        help="The set that was asked: a built folder, or OWNER/NAME@vX.Y.Z.",
    ),
    click.Option(["--config"], metavar="NAME", help="Config of the set; by default its first one."),
    click.Option(
        ["--taxonomy"],
        metavar="NAME|FILE",
        type=TAXONOMY,
        help="Tell rates by this taxonomy of hazards, too: a name, or a table of one's own (docs/taxonomies.md).",
    ),
    click.Option(["--split", "splits"], metavar="NAME", multiple=True, help="Splits; by default test."),
    click.Option(["--id", "column"], metavar="COLUMN", help="Record ids; by default record_id, item_id or id."),
    click.Option(["--prompt"], metavar="COLUMN", help="Prompts; by default prompt, input or question."),
    click.Option(
        ["--response"], metavar="COLUMN", help="Responses; by default response, completion, output or generation."
    ),
    click.Option(["--model"], metavar="NAME", help="The model of files that name none; by default the file's name."),
    click.Option(
        ["--judge"],
        type=click.Choice(JUDGES),
        default="phrases",
        show_default=True,
        help="Who grades: phrases of refusal, or a language model.",
    ),
    click.Option(["--judge-model"], metavar="NAME", help="The model of --judge llm: a folder, GGUF file or Hub name."),
    click.Option(
        ["--judge-url"],
        metavar="URL",
        help=f"Ask the model behind this OpenAI-compatible endpoint, up to and with /v1; its key stands in {KEY}.",
    ),
    click.Option(
        ["--replies"],
        metavar="FILE",
        type=click.Path(path_type=Path, dir_okay=False),
        default=Path("judge-replies.jsonl"),
        show_default=True,
        help="The model's replies are kept here: a run that was stopped goes on where it was.",
    ),
    click.Option(
        ["--verdicts"], metavar="COLUMN", help="Take grades from this column (of Inspect's logs: this scorer) instead."
    ),
    click.Option(["--means"], metavar="VERDICT=GRADE", multiple=True, help="What a verdict of --verdicts means."),
    click.Option(
        ["--sensitivity"],
        metavar="COUNT/N",
        help="Of N responses that people call refusals, those that the judge does: rates are corrected for it. The"
        " phrases were measured, side by side.",
    ),
    click.Option(
        ["--specificity"],
        metavar="COUNT/N",
        help="Of N that people do not call refusals, those that it does not either.",
    ),
    click.Option(["--allow-missing"], is_flag=True, help="Score what is there, and count what is missing."),
    draws=True,
    parts=True,
)
def score(
    paths: tuple[str | Path, ...],
    items: BuiltSet,
    config: str | None,
    taxonomy: Taxonomy | None,
    splits: tuple[str, ...],
    column: str | None,
    prompt: str | None,
    response: str | None,
    model: str | None,
    judge: str,
    judge_model: str | None,
    judge_url: str | None,
    replies: Path,
    verdicts: str | None,
    means: tuple[str, ...],
    sensitivity: str | None,
    specificity: str | None,
    allow_missing: bool,
    parts: Mapping[str, Any] | None = None,
) -> Scores:
    """Score a model's responses to an evaluation set: refusal where it is due, and where it is not.

    RESPONSES are JSON Lines, Parquet or CSV (record_id or prompt, response, and, if there are several, model and seed),
    logs of Inspect (.eval, .json), samples of lm-eval, reports of garak, outputs of batch requests, or folders of
    these, or URLs of such files. Every row of the set has to be answered by every model, once or once a seed. With
    --engine or --work, files are read and graded in parts: docs/engines.md.
    """
    from demur.audits.score.answers import Wanted
    from demur.audits.score.grading import by_model, by_phrases, by_verdicts, given, meanings, model_of, of_phrases
    from demur.audits.score.items import read_items
    from demur.audits.score.joining import join
    from demur.audits.score.mapped import score_in_parts
    from demur.audits.score.measure import measure
    from demur.audits.score.reading import read_answers
    from demur.audits.score.report import Judged
    from demur.files.remote import is_url

    if means and not verdicts:
        msg = "--means says what the verdicts of --verdicts mean; name that column, too."
        raise click.UsageError(msg)
    if (sensitivity is None) != (specificity is None):
        msg = "A correction needs both --sensitivity and --specificity."
        raise click.UsageError(msg)
    if (judge == "llm") != (judge_model is not None) or (verdicts and judge_model):
        msg = "--judge llm asks the model of --judge-model, and --verdicts asks nobody; name what belongs together."
        raise click.UsageError(msg)
    name = f"the verdicts {verdicts!r}" if verdicts else f"the model {judge_model}" if judge_model else judge
    if sensitivity is not None and specificity is not None:
        judged = given(name, sensitivity, specificity)
    else:
        judged = Judged(name) if verdicts or judge_model else of_phrases()
    known, rows = meanings(means), read_items(items, config, splits, taxonomy)
    wanted = Wanted(column, prompt, response, verdicts)
    if parts or any(map(is_url, paths)):
        if judge_model:
            msg = "A model is asked by one process: leave --engine and --work out, and fetch what lies at URLs."
            raise click.UsageError(msg)
        return score_in_parts(paths, wanted, rows, parts or {}, model, judged, known, allow_missing=allow_missing)
    joined = join(read_answers([*map(Path, paths)], wanted), rows, model, allow_missing=allow_missing)
    if verdicts:
        return measure(joined, rows, lambda answers, _: by_verdicts(answers, known), judged)
    if judge_model:
        asked = model_of(judge_model, judge_url, os.environ.get(KEY))
        return measure(joined, rows, lambda answers, rows: by_model(answers, rows, asked, replies), judged)
    return measure(joined, rows, by_phrases, judged)
