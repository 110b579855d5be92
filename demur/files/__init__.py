"""Bytes on disk, knowing nothing of data sets."""
