from __future__ import annotations

import copy
from dataclasses import replace
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from demur.errors import RowError, UsageError
from demur.kinds.training.laws import LAWS
from demur.kinds.training.triples import rows_of
from demur.tokens import known
from demur.tokens.fixed import Fixed, find_fixed
from demur.tokens.rows import REASONS, TOKEN_ROWS, TokenView, require_all
from demur.tokens.template import Template
from tests.tokens.conftest import FAMILIES, REFUSAL, bpe, row, triples, unigram, with_bos
from tests.tokens.slow import token_row

SEAM, SPECIAL, END, FULL, EMPTY = REASONS[1:]
TEXT = st.text(st.sampled_from("ab cde.,!?'\"\n\té漢🙂0129-"), min_size=1, max_size=30).filter(str.strip)


def compared(view: TokenView, rows: pa.Table) -> tuple[int, int]:
    """Every row against the slow reference: tokens and labels position by position, or both reject it."""
    good, bad = view.table(rows)
    found = {each["record_id"]: each for each in good.to_pylist()}
    reasons = dict(zip(bad["record_id"].to_pylist(), bad["reason"].to_pylist(), strict=True))
    assert found.keys() | reasons.keys() == set(rows["record_id"].to_pylist())
    assert len(found) + len(reasons) == rows.num_rows, "rows in = rows out + rejects"
    assert view.fixed is not None
    for each in rows.to_pylist():
        slow = token_row(view.tokenizer, each, view.fixed.id, view.block, view.seed, view.keep_rate, view.fixed.start)
        if isinstance(slow, str):
            assert reasons[each["record_id"]] == {"seam": SEAM, "full": FULL}[slow]
        else:
            assert {name: found[each["record_id"]][name] for name in slow} == slow
    return len(found), len(reasons)


@pytest.mark.parametrize("law", ["derta-paper", "derta-released", "shallow-vs-deep"])
@pytest.mark.parametrize("many", [0, known.MANY], ids=["known", "asked"])
def test_masks_are_those_of_the_slow_reference(
    view: TokenView, law: str, many: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From the table of known pieces where the tokenizer can have one, and from the tokenizer itself."""
    monkeypatch.setattr(known, "MANY", many)
    rows = rows_of(triples(60), LAWS[law], seed=3, tokenizer=view.tokenizer)
    good, bad = compared(view, rows)
    assert good > 150
    if law == "derta-released":  # cut at words: no seam merges
        assert bad == 0


def test_every_token_of_the_context_is_masked_and_every_token_of_the_target_is_not(view: TokenView) -> None:
    good, _ = view.table(rows_of(triples(40), LAWS["derta-released"], seed=1))
    eos = view.tokenizer.eos_token_id
    assert view.fixed is not None
    for each in good.to_pylist():
        start, ids, labels = each["target_start"], each["input_ids"], each["labels"]
        assert len(ids) == len(labels) == len(each["attention_mask"])
        assert labels[:start] == [-100] * start
        assert ids[start:].count(eos) == 1
        assert ids[-1] == eos
        if each["kind"] == "rto":
            assert labels[start] == (view.fixed.id if view.fixed.start is None else view.fixed.start)
            assert set(labels[start + 1 :]) == {view.fixed.id}
        else:
            assert labels[start:] == ids[start:]


def test_the_labels_decode_to_the_target(view: TokenView) -> None:
    table = rows_of(triples(30), LAWS["derta-released"], seed=1)
    good, _ = view.table(table)
    targets = dict(zip(table["record_id"].to_pylist(), table["target"].to_pylist(), strict=True))
    for each in good.to_pylist():
        if each["kind"] != "rto":
            text = view.tokenizer.decode(each["labels"][each["target_start"] : -1])
            assert text.split() == targets[each["record_id"]].split()


@pytest.mark.parametrize("block", [24, 48, 72, 100])
def test_truncation_cuts_the_target_and_never_all_of_it(view: TokenView, block: int) -> None:
    cut = replace(view, block=block, keep_rate=0.1, seed=9)
    good, bad = cut.table(rows := rows_of(triples(40), LAWS["derta-released"], seed=1))
    compared(cut, rows)
    assert set(bad["reason"].to_pylist()) <= {FULL}
    for each in good.to_pylist():
        assert len(each["input_ids"]) <= block
        assert any(label != -100 for label in each["labels"])
        assert each["truncated"] == (each["input_ids"][-1] != cut.tokenizer.eos_token_id)


@pytest.mark.parametrize("rate", [1e-9, 0.05, 0.5, 1.0])
def test_keep_mask_depends_on_record_and_seed_only(view: TokenView, rate: float) -> None:
    rows = rows_of(triples(50), LAWS["derta-released"], seed=1)
    kept = replace(view, keep_rate=rate, seed=4)
    compared(kept, rows)
    one, _ = kept.table(rows)
    order = [*range(1, rows.num_rows, 2), *range(0, rows.num_rows, 2)][::-1]
    two, _ = replace(kept, batch=7).table(rows.take(order))
    assert sorted(map(repr, one.to_pylist())) == sorted(map(repr, two.to_pylist()))
    if rate < 1:
        other, _ = replace(kept, seed=5).table(rows)
        assert other["labels"] != one["labels"]
        rto = [each for each in one.to_pylist() if each["kind"] == "rto"]
        share = sum(sum(label != -100 for label in each["labels"]) for each in rto) / sum(
            len(each["labels"]) - each["target_start"] for each in rto
        )
        assert share == pytest.approx(
            max(rate, len(rto) / sum(len(e["labels"]) - e["target_start"] for e in rto)), abs=0.05
        )


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(prompt=TEXT, prefix=st.one_of(st.just(""), TEXT), target=TEXT, kind=st.sampled_from(["prefix_mle", "rto"]))
@pytest.mark.parametrize("family", sorted(FAMILIES))
def test_any_text_agrees_with_the_reference_or_is_rejected(
    family: str, prompt: str, prefix: str, target: str, kind: str
) -> None:
    tokenizer = FAMILIES[family]()
    template = Template.of(tokenizer)
    view = TokenView(tokenizer, template, find_fixed(tokenizer, template, REFUSAL))
    compared(view, row(kind, prompt, prefix, target))


@settings(max_examples=40)
@given(prompt=TEXT, answer=TEXT)
@pytest.mark.parametrize("family", sorted(FAMILIES))
def test_the_template_renders_as_the_tokenizer_does(family: str, prompt: str, answer: str) -> None:
    tokenizer = FAMILIES[family]()
    template = Template.of(tokenizer)
    turns = [{"role": "user", "content": prompt}, {"role": "assistant", "content": answer}]
    asked = tokenizer.apply_chat_template(turns[:1], tokenize=False, add_generation_prompt=True)
    told = tokenizer.apply_chat_template(turns, tokenize=False)
    assert template.context(prompt, "") == asked
    whole = template.context(prompt, "") + template.target("", answer)
    assert told.startswith(whole)
    assert whole.endswith(tokenizer.eos_token)


def test_memory_is_one_batch(view: TokenView) -> None:
    rows = rows_of(triples(50), LAWS["derta-released"], seed=1)
    small = replace(view, batch=16)
    sizes = [good.num_rows + bad.num_rows for good, bad in small.batches(rows)]
    assert max(sizes) == 16
    assert sum(sizes) == rows.num_rows
    streamed = [good for good, _ in small.batches(iter(rows.to_batches(max_chunksize=11)))]
    assert pa.Table.from_batches(streamed, TOKEN_ROWS).equals(view.table(rows)[0].combine_chunks())


# --- bad input ----------------------------------------------------------------------------------------------------


def test_a_seam_that_merges_is_rejected() -> None:
    view = _bpe_view()
    rows = row("prefix_mle", "Paint it?", "The forbidden colour ", "imaginary")  # the space and the word are one token
    _, bad = view.table(rows)
    assert bad["reason"].to_pylist() == [SEAM]
    middle = row("prefix_mle", "Paint it?", "The forbidden co\n", "lour")  # a line end keeps the two apart
    assert view.table(middle)[1].num_rows == 0


def test_two_unknown_characters_that_become_one_token_are_a_merged_seam() -> None:
    """The numbers are those of the context alone, but the unknown token holds the first character of the target too."""
    template = Template.of(unigram())
    view = TokenView(unigram(), template, find_fixed(unigram(), template, REFUSAL))
    _, bad = view.table(row("prefix_mle", "Paint it?", "The colour \u2603\t", "\u2603 it is"))
    assert bad["reason"].to_pylist() == [SEAM]


@pytest.mark.parametrize("place", [0, 1, 2])
def test_a_special_token_in_the_text_is_rejected(view: TokenView, place: int) -> None:
    texts = ["Paint it?", "The colour", "Sorry, no."]
    texts[place] += f" {view.tokenizer.eos_token} more"
    _, bad = view.table(row("prefix_mle", *texts))
    assert bad["reason"].to_pylist() == [SPECIAL]


def test_a_row_that_does_not_end_with_the_end_of_sequence_token_is_rejected() -> None:
    view = TokenView(bpe(), Template.plain("Q: ", " A:", " ", "!"))
    _, bad = view.table(row("refusal_mle", "Paint it?", "", "Sorry, no."))
    assert bad["reason"].to_pylist() == [END]


def test_a_tokenizer_that_closes_every_text_itself_is_refused() -> None:
    found = copy.deepcopy(with_bos())
    from tokenizers import processors

    found.backend_tokenizer.post_processor = processors.TemplateProcessing(
        single="$A <|im_end|>", special_tokens=[("<|im_end|>", found.eos_token_id)]
    )
    with pytest.raises(UsageError, match="closes every text"):
        TokenView(found, Template.plain("Q: ", " A: ", "", "<|im_end|>"))


def test_truncation_that_somebody_switched_on_does_not_cut_rows(view: TokenView) -> None:
    rows = rows_of(triples(5), LAWS["derta-released"], seed=1)
    expected = view.table(rows)
    view.tokenizer(["a b c d e f"], truncation=True, max_length=2, padding="max_length")
    assert view.table(rows) == expected


def test_an_empty_target_is_rejected(view: TokenView) -> None:
    _, bad = view.table(row("refusal_mle", "Paint it?", "", "  "))
    assert bad["reason"].to_pylist() == [EMPTY]


def test_a_context_that_fills_the_block_is_rejected_and_named(view: TokenView) -> None:
    _, bad = replace(view, block=4).table(row("refusal_mle", "Paint it?", "", "Sorry."))
    with pytest.raises(RowError, match="1 rows cannot be tokenised") as error:
        require_all(bad)
    assert FULL in str(error.value)
    assert "Paint" not in str(error.value)
    require_all(bad.slice(0, 0))


def test_a_one_token_target_is_supervised_with_its_end(view: TokenView) -> None:
    good, _ = view.table(row("refusal_mle", "Paint it?", "", REFUSAL))
    (labels,) = good["labels"].to_pylist()
    assert sum(label != -100 for label in labels) >= 2


def test_a_slow_tokenizer_is_refused() -> None:
    class Slow:
        is_fast = False

    with pytest.raises(UsageError, match="slow tokenizer gives no offsets"):
        Template.of(Slow())
    with pytest.raises(UsageError, match="slow tokenizer"):
        TokenView(Slow(), Template.plain("", " ", "", "."))


def _with_template(template: str | None) -> Any:
    found = copy.deepcopy(bpe())
    found.chat_template = template
    return found


@pytest.mark.parametrize(
    ("template", "message"),
    [
        (None, "no chat template"),
        (
            "{% for m in messages %}{% if m['role'] == 'user' %}{{ m['content'] }}{% endif %}{% endfor %}",
            "no assistant turn",
        ),
        ("{{ raise_exception('never') }}", "cannot be rendered"),
        (
            "{% for m in messages %}{{ m['content'] }}|{% endfor %}{% if add_generation_prompt %}X{% endif %}",
            "another text",
        ),
        ("{% for m in messages %}{{ m['content'] }}{{ m['content'] }}{% endfor %}", "repeats a text"),
    ],
)
def test_a_template_that_cannot_be_trained_on_is_refused(template: str | None, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        Template.of(_with_template(template))


def test_no_end_of_sequence_token() -> None:
    found = _with_template("x")
    found.eos_token = None
    with pytest.raises(UsageError, match="no end-of-sequence token"):
        Template.of(found)


def test_rto_rows_need_a_fixed_token(view: TokenView) -> None:
    with pytest.raises(UsageError, match="RTO rows need a fixed token"):
        replace(view, fixed=None).table(row("rto", "Paint it?", "", "Blue."))


def test_missing_columns_and_settings(view: TokenView) -> None:
    with pytest.raises(UsageError, match="lack columns"):
        view.table(pa.table({"record_id": ["a"]}))
    lost = row("refusal_mle", "Paint it?", "", "No.").set_column(2, "prompt", pa.array([None], pa.string()))
    with pytest.raises(UsageError, match="lack values"):
        view.table(lost)
    for wrong in ({"keep_rate": 0.0}, {"batch": 0}, {"block": 1}):
        with pytest.raises(UsageError, match="out of range"):
            replace(view, **wrong)


# --- the fixed token ----------------------------------------------------------------------------------------------


def test_the_fixed_token_is_the_first_of_a_refusal_in_its_place(view: TokenView, fixed: Fixed) -> None:
    assert view.tokenizer.decode([fixed.id]).strip() == REFUSAL == fixed.text.strip()
    good, _ = view.table(row("prefix_mle", "Paint it?", "The colour is", f"{REFUSAL}, no."))
    labels = good["labels"].to_pylist()[0]
    assert next(label for label in labels if label != -100) == fixed.id, "as a prefix row has it after running text"
    start = find_fixed(view.tokenizer, view.template, REFUSAL, "start")
    good, _ = view.table(row("refusal_mle", "Paint it?", "", f"{REFUSAL}, no."))
    assert next(label for label in good["labels"].to_pylist()[0] if label != -100) == start.id
    assert start.id == (fixed.id if fixed.start is None else fixed.start)
    good, _ = view.table(row("rto", "Paint it?", "", "Blue, and then green."))
    first, *others = [label for label in good["labels"].to_pylist()[0] if label != -100]
    assert first == start.id, "a transition row begins as a refusal does"
    assert {*others} == {fixed.id}


@settings(max_examples=40)
@given(word=st.text(st.sampled_from("abcSorryNo"), min_size=1, max_size=6))
@pytest.mark.parametrize("family", sorted(FAMILIES))
def test_a_fixed_token_round_trips_or_is_refused(family: str, word: str) -> None:
    tokenizer = FAMILIES[family]()
    try:
        found = find_fixed(tokenizer, Template.of(tokenizer), word)
    except UsageError:
        return
    assert tokenizer.decode([found.id]).strip() == word
    assert found.id not in tokenizer.all_special_ids


def test_a_word_of_several_tokens_is_refused_with_others_that_fit(tokenizer: Any, template: Template) -> None:
    with pytest.raises(UsageError, match="is not one token of this tokenizer") as error:
        find_fixed(tokenizer, template, "Ultramarineless")
    assert REFUSAL in str(error.value)


def test_the_first_piece_is_taken_when_asked_for() -> None:
    found = find_fixed(bpe(), Template.of(bpe()), REFUSAL + "ly", piece=True)
    assert (REFUSAL + "ly").startswith(found.text.strip())


def _bpe_view() -> TokenView:
    return TokenView(bpe(), Template.of(bpe()), find_fixed(bpe(), Template.of(bpe()), REFUSAL))
