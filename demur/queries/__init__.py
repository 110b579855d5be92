"""Query sets, drawn by seed, and responses to compare: what is asked of models, and fixed answers to score."""
