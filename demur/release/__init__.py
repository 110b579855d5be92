"""Releases on the Hugging Face Hub: dress a built folder, plan, publish, pull, hydrate."""
