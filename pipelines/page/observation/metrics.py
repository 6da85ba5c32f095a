"""Metrics of the server in Prometheus's text format, on a port of their own.

https://prometheus.io/docs/instrumenting/exposition_formats/
The port is apart from the page's, so that a proxy in front of the page does not show them to everybody.
"""

import logging
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from pipelines.errors import UserError
from pipelines.page.observation import texts
from pipelines.page.observation.watch import RunReport, State

if TYPE_CHECKING:
    from wsgiref.simple_server import WSGIServer

LOCALHOST = "127.0.0.1"
INCIDENTS = "headshot-studio"
"""Logger of `pipelines.page.error_messages`, which would import Gradio."""
BUCKETS = (0.1, 0.25, 0.5, 1, 2, 4, 8, 16, 32, 64, 128, 256)
"""Upper ends of the classes of seconds."""
KINDS = {
    400: "request",
    401: "password",
    403: "origin",
    404: "address",
    405: "address",
    408: "slow",
    411: "size",
    413: "size",
    415: "request",
    421: "host",
    429: "too_many",
    503: "too_many",
    507: "disk",
}
"""Kinds of refusals by HTTP status; the rest is "other"."""


class Metrics:
    """Counters of one server. Raises UserError where the library is not installed."""

    def __init__(self) -> None:
        try:
            from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector
        except ModuleNotFoundError as error:
            raise UserError(texts.NO_METRICS) from error
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        name: dict[str, Any] = {"namespace": "headshot", "registry": self.registry}
        self._runs = Counter("runs", texts.METRIC_RUNS, ["engine", "outcome"], **name)
        self._pictures = Counter("pictures", texts.METRIC_PICTURES, ["engine"], **name)
        self._now = Gauge("runs_now", texts.METRIC_RUNS_NOW, ["state"], **name)
        self._seconds = Histogram("run_seconds", texts.METRIC_RUN_SECONDS, ["engine"], buckets=BUCKETS, **name)
        self._stages = Histogram(
            "stage_seconds", texts.METRIC_STAGE_SECONDS, ["engine", "stage"], buckets=BUCKETS, **name
        )
        self._refusals = Counter("refusals", texts.METRIC_REFUSALS, ["kind"], **name)
        self._incidents = Counter("incidents", texts.METRIC_INCIDENTS, **name)
        for state in ("waiting", "running"):
            self._now.labels(state)
        logging.getLogger(INCIDENTS).addFilter(_Incidents(self._incidents.inc))

    def changed(self, before: State | None, after: State | None) -> None:
        """Count the runs by their state."""
        if before:
            self._now.labels(before).dec()
        if after:
            self._now.labels(after).inc()

    def ended(self, report: RunReport) -> None:
        """Count a run, its pictures and its seconds."""
        self._runs.labels(report.engine, report.outcome).inc()
        self._pictures.labels(report.engine).inc(report.pictures)
        if report.refusal:
            self._refusals.labels(report.refusal).inc()
        if report.outcome == "done":
            self._seconds.labels(report.engine).observe(report.seconds)
        for stage, times in report.stages.items():
            for seconds in times:
                self._stages.labels(report.engine, stage).observe(seconds)

    def refused(self, status: int) -> None:
        """Count a request that was answered with an error."""
        self._refusals.labels(KINDS.get(status, "other")).inc()

    def serve(self, host: str, port: int) -> "WSGIServer":
        """Serve them until the process ends or `shutdown` is called. Raises UserError where the port cannot be used."""
        from prometheus_client import start_http_server

        try:
            server, _ = start_http_server(port, host, self.registry)
        except OSError as error:
            raise UserError(texts.METRICS_PORT_TAKEN.format(host=host, port=port)) from error
        return server


def parse_address(text: str) -> tuple[str, int]:
    """Host and port of `--metrics`: "9464" is this machine only, "0.0.0.0:9464" everybody. Raises UserError."""
    host, _, port = text.rpartition(":")
    if not port.isdecimal() or not 1 <= int(port) <= 65535:
        raise UserError(texts.BAD_METRICS)
    return host.strip("[]") or LOCALHOST, int(port)


class _Incidents(logging.Filter):
    """Filter that lets every record through and counts them."""

    def __init__(self, count: Callable[[], None]) -> None:
        super().__init__()
        self._count = count

    def filter(self, record: logging.LogRecord) -> bool:
        """Count a record; return True."""
        del record
        self._count()
        return True
