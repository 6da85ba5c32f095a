"""Misuse: rules on the words that engines with free words are given, checked before a run."""
