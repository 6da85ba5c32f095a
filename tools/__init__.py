"""Commands for maintainers, each `python -m tools.NAME`."""
