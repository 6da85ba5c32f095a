"""Backdrops that finishing paints."""
