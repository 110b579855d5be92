"""The reward between an aligned model and its base, on fixed responses."""
