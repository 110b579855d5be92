"""Grouping in shards, on one machine or many, with the labels of one process (see `grouping`, docs/scale.md)."""

from demur.groups.sharded.engine import Engine, EngineError, SerialEngine, open_engine
from demur.groups.sharded.grouping import Result, run

__all__ = ["Engine", "EngineError", "Result", "SerialEngine", "open_engine", "run"]
