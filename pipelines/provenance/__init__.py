"""Provenance: files with an AI mark and a recipe."""
