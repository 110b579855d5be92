"""Does a response refuse, where, and does it help as well?

``judge`` and ``find_refusal`` are the first rule, which the builders use; ``grade`` is what audits and scores use.
"""

from demur.text.refusal.first import OPENING, Verdict, find_refusal, judge
from demur.text.refusal.grading import Grade, Graded, grade, grades

__all__ = ["OPENING", "Grade", "Graded", "Verdict", "find_refusal", "grade", "grades", "judge"]
