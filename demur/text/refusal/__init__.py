"""Does a response refuse, where, and does it help as well?

``judge`` and ``find_refusal`` are the first rule, which the builders use; ``grade`` is what audits and scores use.
"""

from demur.text.refusal.first import OPENING, Verdict, find_refusal, judge
from demur.text.refusal.grading import Grade, Graded, grade, grades
from demur.text.refusal.measured import Measured, measured

__all__ = ["OPENING", "Grade", "Graded", "Measured", "Verdict", "find_refusal", "grade", "grades", "judge", "measured"]
