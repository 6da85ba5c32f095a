"""Wardrobe: which garment a person wears, in which colours."""
