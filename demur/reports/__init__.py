"""A set, or anybody's rows, as one page: what there is, whose word it rests on, and what was found."""
