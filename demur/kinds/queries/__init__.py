"""Query sets, drawn by seed."""

from demur.kinds.queries.declared import QuerySet
from demur.kinds.queries.kind import Queries

__all__ = ["Queries", "QuerySet"]
