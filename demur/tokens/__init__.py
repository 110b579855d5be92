"""Training rows for a tokenizer: templates, fixed tokens, token rows, data set views, the collator."""
