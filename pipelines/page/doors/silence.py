"""Silence of the log: whatever any library reports there while people are served is without a value of theirs.

Gradio prints errors with what it was sent: photos, file names, words. uvicorn, asyncio and Python's own warnings do so
too. Only the kind of an error and where it arose are printed here.
"""

import logging
import sys
import threading
import traceback
import warnings
from typing import Any

from pipelines.runtime.incident import incident


def keep_values_out_of_the_log() -> None:
    """Change how this process reports errors and warnings, for good. Call once it serves people, not before."""
    traceback.print_exc = _print_exc
    threading.excepthook = lambda given: _report(given.exc_value)
    sys.excepthook = lambda _kind, error, _traceback: _report(error)
    sys.unraisablehook = lambda given: _report(given.exc_value)
    warnings.showwarning = _show_warning
    make = logging.getLogRecordFactory()

    def record(*given: Any, **named: Any) -> logging.LogRecord:
        made = make(*given, **named)
        if made.exc_info and made.exc_info[1] is not None:
            _report(made.exc_info[1])
            made.exc_info = made.exc_text = None
        return made

    logging.setLogRecordFactory(record)


def _print_exc(*_: Any, **__: Any) -> None:
    _report(sys.exc_info()[1])


def _report(error: BaseException | None) -> None:
    if error is not None and not isinstance(error, KeyboardInterrupt | SystemExit):
        incident(error)


def _show_warning(
    message: Warning | str, category: type[Warning], filename: str, lineno: int, file: Any = None, line: Any = None
) -> None:
    del message, line
    print(f"{category.__name__} at {filename.rsplit('/', 1)[-1]}:{lineno}", file=file or sys.stderr)
