"""Weights: which files an engine needs, where they are, and how they come here."""
