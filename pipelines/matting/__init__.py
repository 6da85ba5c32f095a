"""Matting: who is in the picture, and where they end."""
