"""Contrast pairs: matching harmful prompts with safe ones, and dropping the pairs whose side the text gives away."""
