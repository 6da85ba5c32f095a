"""Command-line parser of the app and of `python -m pipelines`."""

import argparse
import textwrap
from typing import NoReturn

from pipelines.errors import UserError


class WholeNames(argparse.HelpFormatter):
    """A help text that breaks no name such as light-grey at its hyphen."""

    def _split_lines(self, text: str, width: int) -> list[str]:
        return textwrap.wrap(" ".join(text.split()), width, break_on_hyphens=False)


class Parser(argparse.ArgumentParser):
    """An argument parser whose faults are sentences, as all other faults here are."""

    def error(self, message: str) -> NoReturn:
        """Raise UserError instead of printing the usage and leaving the process."""
        raise UserError(f"{message[0].upper()}{message[1:].rstrip('.')}. Write --help to see what there is.")
