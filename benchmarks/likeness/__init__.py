"""Likeness of the built-in engine's headshots, and the engine's obedience to seeds, words and sliders."""
