"""A language model as the judge of refusals: a published rubric, verdicts that are read strictly, and no lost work."""

from demur.audits.llm.asked import Endpoint, Local
from demur.audits.llm.judging import Judged, judge_with
from demur.audits.llm.rubric import RUBRIC, Verdict, verdict_of

__all__ = ["RUBRIC", "Endpoint", "Judged", "Local", "Verdict", "judge_with", "verdict_of"]
