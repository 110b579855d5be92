"""The commands, by family. Heavy imports stand inside them, so that help and completion answer at once."""
