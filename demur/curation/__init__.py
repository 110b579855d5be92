"""What people decided, and what readers said: it enters the build, and stays."""
