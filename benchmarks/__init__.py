"""Figures of the project, each one command: `python benchmarks/likeness/__main__.py`, `python benchmarks/speed.py`."""
