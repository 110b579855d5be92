"""Prompts that no training row may resemble, and what resembles them."""
