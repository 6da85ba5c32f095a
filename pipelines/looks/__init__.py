"""Looks, fields and words: from what a person asks for to a prompt."""
