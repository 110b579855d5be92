"""The linter of safety data: what a set must keep to, in rules with codes."""
