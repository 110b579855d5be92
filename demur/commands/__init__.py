"""The commands, a file a noun, each with its ``COMMANDS``. Heavy imports stand inside them: help answers at once."""
