"""A chat template as the four texts around a prompt and an answer, taken from the tokenizer and proved on it.

A rendered turn is ``before + prompt + after`` (what a model is given when it is asked) and then ``lead + answer +
end``. Rendering with Jinja for every row is slow; these texts are found once, by rendering two probes.

A row's texts are made by `Template.context` and `Template.target`, those of many rows at once by `Template.columns`.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any, Self

import pyarrow as pa
import pyarrow.compute as pc

from demur.errors import UsageError
from demur.tokens.tokenizer import backend

SPACES = "".join(filter(str.isspace, map(chr, range(0x3001))))
"""What `str.strip` takes off."""

_PROMPT, _ANSWER, _SPACE = "demurPROBEofAprompt", "demurPROBEofANanswer", "\t\n \n\t"


@dataclass(frozen=True)
class Template:
    """The texts of one turn.

    Attributes:
        before: all that stands before the prompt, a default system message included.
        after: between the prompt and the place where a model starts to write; used alike in training and evaluation.
        lead: what the template puts before an answer beyond that, often nothing.
        end: from the end of an answer to the end of the sequence: one end-of-sequence token, and it is the last.
        trims_prompt: whether the template strips white space off both ends of prompts.
        trims_answer: the same of answers.
        adds_special: whether the tokenizer's own special tokens (a BOS) are added around the text.
        sha256: of the template's source and its end-of-sequence token, for the manifest.
    """

    before: str
    after: str
    lead: str
    end: str
    trims_prompt: bool
    trims_answer: bool
    adds_special: bool
    sha256: str

    @classmethod
    def of(cls, tokenizer: Any) -> Self:
        """The template of a fast tokenizer.

        Raises:
            UsageError: a slow tokenizer; no template; no assistant turn; another text before the answer in training
                than in evaluation; no end-of-sequence token.
        """
        backend(tokenizer)
        where = getattr(tokenizer, "name_or_path", "") or type(tokenizer).__name__
        source, eos = getattr(tokenizer, "chat_template", None), tokenizer.eos_token
        if not isinstance(source, str) or not source:
            msg = "The tokenizer has no chat template"
            raise UsageError(msg, where=where, fix="Set tokenizer.chat_template, or use Template.plain.")
        if not eos:
            msg = "The tokenizer has no end-of-sequence token"
            raise UsageError(msg, where=where, fix="Set tokenizer.eos_token.")
        asked = _render(tokenizer, where, [_PROMPT], generate=True)
        told = _render(tokenizer, where, [_PROMPT, _ANSWER], generate=False)
        if told.count(_ANSWER) != 1 or asked.count(_PROMPT) != 1:
            msg = "The chat template has no assistant turn" if _ANSWER not in told else "The template repeats a text"
            raise UsageError(msg, where=where, expected="one place for the prompt and one for the answer", got=None)
        head, tail = told.split(_ANSWER)
        if not head.startswith(asked):
            msg = "The template writes another text before an answer than before a generation"
            raise UsageError(
                msg, where=where, expected="one text in training and evaluation", fix="Use a template of one form."
            )
        before, after = asked.split(_PROMPT)
        padded = _render(tokenizer, where, [f"{_SPACE}{_PROMPT}{_SPACE}", f"{_SPACE}{_ANSWER}{_SPACE}"], generate=False)
        trims = [f"{_SPACE}{probe}{_SPACE}" not in padded for probe in (_PROMPT, _ANSWER)]
        digest = hashlib.sha256(f"{source}\0{eos}".encode()).hexdigest()
        kept = tail[: tail.index(eos) + len(eos)] if eos in tail else tail + eos
        return cls(before, after, head[len(asked) :], kept, trims[0], trims[1], False, digest)

    @classmethod
    def plain(cls, before: str, after: str, lead: str, end: str) -> Self:
        """A template written down as it is, for tokenizers without one; special tokens are the tokenizer's own.

        Example:
            >>> Template.plain("[INST] ", " [/INST]", " ", "</s>").context("Hello", "")
            '[INST] Hello [/INST]'
        """
        digest = hashlib.sha256("\0".join((before, after, lead, end)).encode()).hexdigest()
        return cls(before, after, lead, end, False, False, True, digest)

    def context(self, prompt: str, prefix: str) -> str:
        """What is read and never supervised: the turn up to the answer, and a prefix of the answer."""
        return self.before + (prompt.strip() if self.trims_prompt else prompt) + self.after + self.answer(prefix)

    def answer(self, prefix: str) -> str:
        """The part of an answer that stands in the context: nothing, or the template's lead and a prefix."""
        prefix = prefix.lstrip() if self.trims_answer else prefix
        return self.lead + prefix if prefix else ""

    def target(self, prefix: str, text: str) -> str:
        """What follows the context: a joint, the text, the end of the turn."""
        if self.trims_answer:
            prefix, text = prefix.lstrip(), text.rstrip() if prefix else text.strip()
        return (joint(prefix, text) if prefix else self.lead) + text + self.end

    def columns(
        self, prompts: pa.LargeStringArray, prefixes: pa.LargeStringArray, targets: pa.LargeStringArray, opener: int = 0
    ) -> tuple[pa.LargeStringArray, pa.LargeStringArray, pa.LargeStringArray]:
        """The texts of many rows.

        Args:
            prompts: of every row.
            prefixes: of every row, or "".
            targets: of every row.
            opener: characters of `after` that are not counted with what stands before them; 0 for the whole context.

        Returns:
            What stands before the opener, or ""; the context from there on; and the same with the target behind it.
        """
        asked = pc.utf8_trim(prompts, characters=SPACES) if self.trims_prompt else prompts
        begun = pc.not_equal(prefixes, "")
        if self.trims_answer:
            prefixes = pc.utf8_ltrim(prefixes, characters=SPACES)
            targets = pc.utf8_rtrim(targets, characters=SPACES)
            targets = pc.if_else(begun, targets, pc.utf8_ltrim(targets, characters=SPACES))
            begun = pc.not_equal(prefixes, "")
        cut = len(self.after) - opener
        answers = _joined(pc.if_else(begun, self.lead, ""), prefixes)
        front, context = _joined(self.before, asked, self.after[:cut]), _joined(self.after[cut:], answers)
        if not opener:
            front, context = pa.nulls(len(prompts), pa.large_string()).fill_null(""), _joined(front, answers)
        seams = pc.if_else(begun, pc.if_else(pc.or_(_spaced(prefixes, -1), _spaced(targets, 0)), "", " "), self.lead)
        return front, context, _joined(context, seams, targets, self.end)


def joint(prefix: str, text: str) -> str:
    r"""What stands between a prefix and the text that turns back: one space, unless there is white space already.

    Example:
        >>> [joint("a word", "Sorry"), joint("a line\n", "Sorry"), joint("", "Sorry")]
        [' ', '', '']
    """
    return "" if not prefix or prefix[-1].isspace() or text[:1].isspace() else " "


def _joined(*parts: Any) -> pa.LargeStringArray:
    kind = pa.large_string()
    texts = [pa.scalar(each, kind) if isinstance(each, str) else each.cast(kind) for each in parts]
    return pc.binary_join_element_wise(*texts, pa.scalar("", kind))


def _spaced(texts: pa.LargeStringArray, place: int) -> pa.BooleanArray:
    """Whether a white space stands first (0) or last (-1)."""
    ends = pc.utf8_slice_codeunits(texts, place, None if place else 1)
    return pc.is_in(ends, pa.array(list(SPACES), pa.large_string()))


def _render(tokenizer: Any, where: str, texts: list[str], *, generate: bool) -> str:
    turns = [{"role": role, "content": text} for role, text in zip(("user", "assistant"), texts, strict=False)]
    try:
        return str(tokenizer.apply_chat_template(turns, tokenize=False, add_generation_prompt=generate))
    except Exception as error:  # a template is anybody's program
        msg = "The chat template cannot be rendered"
        raise UsageError(msg, where=where, got=type(error).__name__, fix="Correct the template.") from error
