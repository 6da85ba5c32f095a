"""Benchmarks of the project, each one command: `python -m benchmarks.likeness`, `.mask`, `.speed`, `.engines`."""
