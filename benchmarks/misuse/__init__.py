"""Rates of the rules against misuse: `python -m benchmarks.misuse`."""
