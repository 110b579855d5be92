"""The rules of ``demur check``, one small function each, in modules by family, and those of every kind of set.

Importing this package registers them all: a rule is added by a module here, or by ``rules.py`` of a kind.
"""

from demur.checks.rule import RULES
from demur.project import submodules
from demur.sets.kind import load_rules

submodules(__name__)
load_rules()

__all__ = ["RULES"]
