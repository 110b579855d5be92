"""Pages that people look at: one frame, one style and small drawings, for files and for servers alike.

A page is a template that extends ``frame.html.jinja`` and fills its blocks; `environment` gives it the frame, the
style, the drawings and the filters. A page by itself loads nothing: its style and its script stand in it, and its
policy names their digests.
"""
