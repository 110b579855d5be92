"""The one shape that every source is brought into."""
