"""Lifecycle of the server: checks before the libraries of the page and the engine are imported, and its end."""
