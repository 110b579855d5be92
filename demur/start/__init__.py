"""The first minutes of a project of one's own: a folder, its sources from a look at their rows, its builders."""
