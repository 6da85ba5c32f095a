"""Log for machines: every line that the program writes is one JSON object (https://jsonlines.org/).

Its keys are `time` (ISO 8601, UTC), `level` and `message`, for a run `event` and its numbers as well.
"""

import io
import json
import logging
import sys
import threading
from datetime import UTC, datetime
from typing import Any, TextIO

from pipelines.page.observation.watch import RunReport, State

LOG = logging.getLogger("headshot-studio.runs")
FIELDS = "fields"
"""Attribute of a log record that holds further keys."""


class JsonLog:
    """Observer that writes a line for each run that has ended and each request that was refused."""

    def changed(self, before: State | None, after: State | None) -> None:
        """Write nothing: a run is told of when it has ended."""

    def ended(self, report: RunReport) -> None:
        """Write the outcome of a run."""
        fields = {
            "event": "run",
            "engine": report.engine,
            "outcome": report.outcome,
            "refusal": report.refusal or None,
            "pictures": report.pictures,
            "seconds": round(report.seconds, 3),
            "stages": {stage: round(sum(times), 3) for stage, times in report.stages.items()},
        }
        LOG.info("run %s", report.outcome, extra={FIELDS: fields})

    def refused(self, status: int) -> None:
        """Write the status that a request was answered with."""
        LOG.info("refused %d", status, extra={FIELDS: {"event": "refusal", "status": status}})


class JsonFormatter(logging.Formatter):
    """Formatter that writes a record as one line."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line, without its end."""
        return line(record.levelname.lower(), record.getMessage(), **getattr(record, FIELDS, {}))


class JsonStream(io.TextIOBase):
    """Stream whose lines, whoever prints them, go on as JSON."""

    def __init__(self, stream: TextIO, level: str) -> None:
        self._stream, self._level = stream, level
        self._begun = threading.local()  # what a thread has written of a line

    @property
    def encoding(self) -> str:  # type: ignore[override]  # a plain attribute there
        """Encoding of the stream behind."""
        return self._stream.encoding

    def writable(self) -> bool:
        """Return True."""
        return True

    def write(self, text: str) -> int:
        """Take text, and write the lines that it completes."""
        *lines, self._begun.text = (getattr(self._begun, "text", "") + text).split("\n")
        for one in filter(str.strip, lines):
            self._stream.write(line(self._level, one.rstrip()) + "\n")
        return len(text)

    def flush(self) -> None:
        """Write what is complete."""
        self._stream.flush()

    def fileno(self) -> int:
        """File descriptor of the stream behind."""
        return self._stream.fileno()


def line(level: str, message: str, **fields: Any) -> str:
    """One line of the log."""
    now = datetime.now(UTC).isoformat(timespec="milliseconds")
    return json.dumps({"time": now, "level": level, "message": message, **fields}, ensure_ascii=False)


def write_json_from_now_on() -> None:
    """Turn this process's output and logging into JSON, for good."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonFormatter())
    root = logging.getLogger()
    root.handlers = [handler]
    LOG.setLevel(logging.INFO)
    sys.stdout, sys.stderr = JsonStream(sys.stdout, "info"), JsonStream(sys.stderr, "warning")
