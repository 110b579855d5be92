"""How a model's responses to a set divide: refusal where it is due, and where it is not."""
