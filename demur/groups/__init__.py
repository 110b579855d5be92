"""Which records belong together, and where a group goes."""
