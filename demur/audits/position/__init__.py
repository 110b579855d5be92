"""Where refusals begin in responses."""
