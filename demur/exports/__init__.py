"""A built set in the files that another program reads: one file a consumer."""
