"""Texts that mean the same in other words: pinned encoders, the pairs they find, and the committed file of them."""
