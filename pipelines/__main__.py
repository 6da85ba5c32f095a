"""Entry of `python -m pipelines`; the command line itself is `pipelines.cli`."""

from pipelines.cli import entry

if __name__ == "__main__":
    entry()
