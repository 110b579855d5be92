"""The rules of ``demur check``, one small function each, in modules by family; importing this registers them all."""

from demur.checks import formats, generations, labels, settings, splits, tables, terms, texts, training

__all__ = ["formats", "generations", "labels", "settings", "splits", "tables", "terms", "texts", "training"]
