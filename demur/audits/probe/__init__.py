"""Where in a model a line tells harmful prompts from safe ones."""
