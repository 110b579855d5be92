"""What judges said of generations."""
