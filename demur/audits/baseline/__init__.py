"""What text alone gives on contrast pairs."""
