"""A data set: made, described, read back, of whatever kind."""
