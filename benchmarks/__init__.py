"""Figures of the project, each one command: `python benchmarks/likeness.py`, `python benchmarks/speed.py`."""
