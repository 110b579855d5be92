"""How many rows a rate needs."""
