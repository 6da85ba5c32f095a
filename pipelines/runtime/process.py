"""Process: from the import of the program to its exit code, with every fault of the start as one line."""

import os
import sys
from importlib import import_module
from typing import NoReturn

from pipelines.errors import UserError
from pipelines.runtime.console import lasting_output

FAULT, CANCELLED = 2, 130
"""Exit codes after a sentence, and after Ctrl-C as a shell reports it."""


def run_and_exit(main: str) -> NoReturn:
    """Import "module:function" and leave the process with the exit code that the function returns.

    Faults of the import count, too: damaged tables, and packages that are missing. The process ends at once, also
    while other threads are at work: they would be waited for.
    """
    lasting_output()
    module, _, function = main.partition(":")
    try:
        code = getattr(import_module(module), function)()
    except UserError as error:
        code = _fault(str(error))
    except KeyboardInterrupt:
        code = CANCELLED
    except ImportError as error:
        if _of_project(error):
            raise
        code = _fault(_missing(error))
    except SystemExit as left:  # argparse after --help
        code = left.code if isinstance(left.code, int) else 0
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def _fault(sentence: str) -> int:
    print(sentence, file=sys.stderr)
    return FAULT


def _of_project(error: ImportError) -> bool:
    """True for an import that fails inside this project: that is a bug."""
    return error.name is not None and error.name.partition(".")[0] in ("app", "pipelines")


def _missing(error: ImportError) -> str:
    if isinstance(error, ModuleNotFoundError) and error.name:
        return (
            f"The package {error.name.partition('.')[0]} is not installed here. Install what is needed with: "
            "pip install -c constraints.txt -r requirements.txt"
        )
    reason = str(error).partition("\n")[0].rstrip(".")
    return (
        f"A library cannot be loaded ({reason}). Install it again with: pip install -c constraints.txt -r "
        "requirements.txt. On Debian and Ubuntu, also install what packages.txt names."
    )
