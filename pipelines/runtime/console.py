"""Console: output that fails neither for a character that a terminal lacks nor for a pipe that was closed."""

import io
import os
import sys
from typing import Any, TextIO


def lasting_output() -> None:
    r"""Let what is printed from here on never raise an error.

    A character that the encoding lacks, such as an emoji in cp1252, is written as Python's escape (`\U0001f600`). When
    the reader of a pipe has gone, as `| head` does, or the disk is full, the rest is dropped and the program goes on.
    """
    sys.stdout, sys.stderr = _lasting(sys.stdout), _lasting(sys.stderr)


def _lasting(stream: TextIO | None) -> TextIO:
    if stream is None:  # closed by whoever started the program
        return open(os.devnull, "w", encoding="utf-8")
    if not isinstance(stream, io.TextIOWrapper):
        return stream  # somebody's own, such as a test's
    stream.reconfigure(errors="backslashreplace")
    if stream.isatty():
        return stream
    raw = _LastingFile(os.dup(stream.fileno()), "wb")
    return io.TextIOWrapper(
        io.BufferedWriter(raw),
        stream.encoding,
        "backslashreplace",
        line_buffering=stream.line_buffering or stream.write_through,
    )


class _LastingFile(io.FileIO):
    _gone = False

    def write(self, data: Any) -> int:
        """Write bytes, until that is impossible; then pretend to."""
        if not self._gone:
            try:
                return super().write(data)
            except OSError:
                self._gone = True
        return memoryview(data).nbytes
