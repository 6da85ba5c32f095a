"""Likeness of the built-in engine's pictures."""
