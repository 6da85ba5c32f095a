"""Losses, and the frozen nets that they look through."""
