"""Observers hear the kind, the outcome and the seconds of every run, and nothing else."""

import builtins
import io
import json
import logging
import re
import sys
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from prometheus_client import generate_latest

from pipelines.errors import Cancelled, PhotoError, UserError
from pipelines.jobs import LINE_FULL, Busy
from pipelines.page.observation.json_log import FIELDS, JsonFormatter, JsonLog, JsonStream
from pipelines.page.observation.metrics import Metrics, parse_address
from pipelines.page.observation.watch import RunReport, watched
from pipelines.page.server import parse
from pipelines.progress import Progress
from pipelines.runtime.incident import incident
from tests.support.server import free_port

STAGES = ("photos", "waiting", "drawing", "finishing", "saving", "drawing", "finishing", "saving")


class Heard:
    def __init__(self) -> None:
        self.states: list[Any] = []
        self.reports: list[RunReport] = []

    def changed(self, before: Any, after: Any) -> None:
        self.states.append((before, after))

    def ended(self, report: RunReport) -> None:
        self.reports.append(report)

    def refused(self, status: int) -> None:
        raise AssertionError


def run(*observers: Any, error: BaseException | None = None) -> None:
    with watched(observers, "builtin") as watch:
        tell = watch.progress(lambda _: None)
        for k, stage in enumerate(STAGES):
            tell(Progress(stage=stage, done=k / 10, picture=0, count=2))
        if error is not None:
            raise error
        watch.pictures = 2


def test_a_run_is_told_by_its_stages() -> None:
    run(heard := Heard())
    (report,) = heard.reports
    assert (report.outcome, report.refusal, report.pictures, report.engine) == ("done", "", 2, "builtin")
    assert {stage: len(times) for stage, times in report.stages.items()} == {
        **dict.fromkeys(("photos", "waiting"), 1),
        **dict.fromkeys(("drawing", "finishing", "saving"), 2),
    }
    assert sum(sum(times) for times in report.stages.values()) <= report.seconds
    assert heard.states == [(None, "running"), ("running", "waiting"), ("waiting", "running"), ("running", None)]


@pytest.mark.parametrize(
    ("error", "outcome", "refusal"),
    [
        (Cancelled(), "cancelled", ""),
        (Busy(LINE_FULL), "refused", "busy"),
        (PhotoError("No face."), "refused", "photo"),
        (UserError("No such look."), "refused", "request"),
        (ZeroDivisionError(), "failed", ""),
    ],
)
def test_how_it_ends_is_told(error: BaseException, outcome: str, refusal: str) -> None:
    with pytest.raises(type(error)):
        run(heard := Heard(), error=error)
    assert [(report.outcome, report.refusal) for report in heard.reports] == [(outcome, refusal)]
    assert heard.states[-1] == ("running", None)


# Metrics


@pytest.fixture
def metrics() -> Iterator[Metrics]:
    log = logging.getLogger("headshot-studio")
    before = list(log.filters)
    yield Metrics()
    log.filters[:] = before


def numbers(text: str) -> dict[str, float]:
    """Samples of a text in Prometheus's format, by name and labels."""
    return {
        name: float(value) for name, value in re.findall(r"^(headshot\S+(?:\{[^}]*\})?) (\S+)$", text, re.MULTILINE)
    }


def test_runs_stages_refusals_and_incidents_are_counted(metrics: Metrics) -> None:
    run(metrics)
    with pytest.raises(Busy):
        run(metrics, error=Busy(LINE_FULL))
    metrics.refused(421)
    metrics.refused(418)
    metrics.changed(None, "waiting")
    incident(ZeroDivisionError())
    found = numbers(generate_latest(metrics.registry).decode())
    for name, value in {
        'headshot_runs_total{engine="builtin",outcome="done"}': 1,
        'headshot_runs_total{engine="builtin",outcome="refused"}': 1,
        'headshot_pictures_total{engine="builtin"}': 2,
        'headshot_runs_now{state="waiting"}': 1,
        'headshot_runs_now{state="running"}': 0,
        'headshot_stage_seconds_count{engine="builtin",stage="drawing"}': 4,
        'headshot_run_seconds_count{engine="builtin"}': 1,
        'headshot_refusals_total{kind="busy"}': 1,
        'headshot_refusals_total{kind="host"}': 1,
        'headshot_refusals_total{kind="other"}': 1,
        "headshot_incidents_total": 1,
    }.items():
        assert found[name] == value, name


def test_they_are_served_on_a_port_of_their_own_and_a_taken_one_is_a_sentence(metrics: Metrics) -> None:
    server = metrics.serve("127.0.0.1", port := free_port())
    try:
        assert "headshot_runs_now" in httpx.get(f"http://127.0.0.1:{port}/metrics").text
        with pytest.raises(UserError, match="cannot be used for the metrics"):
            metrics.serve("127.0.0.1", port)
    finally:
        server.shutdown()
        server.server_close()


def test_their_address_is_this_machine_s_unless_another_is_named() -> None:
    assert parse_address("9464") == ("127.0.0.1", 9464)
    assert parse_address("0.0.0.0:9464") == ("0.0.0.0", 9464)
    assert parse_address("[::1]:9464") == ("::1", 9464)
    for wrong in ("", "x", "0", "70000", "host:"):
        with pytest.raises(UserError, match="--metrics takes a port"):
            parse_address(wrong)
    assert parse([]).metrics is None and parse(["--metrics", "9464"]).metrics == ("127.0.0.1", 9464)


def test_without_the_library_a_sentence_names_it(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def refuse(name: str, *rest: Any) -> Any:
        if name == "prometheus_client":
            raise ModuleNotFoundError(name=name)
        return real(name, *rest)

    monkeypatch.setattr(builtins, "__import__", refuse)
    with pytest.raises(UserError, match=r"requirements-metrics\.txt"):
        Metrics()


# The log


def test_every_line_of_the_json_log_is_an_object(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, logger="headshot-studio.runs")
    run(JsonLog())
    (record,) = caplog.records
    told = json.loads(JsonFormatter().format(record))
    assert (told["event"], told["outcome"], told["pictures"], told["level"]) == ("run", "done", 2, "info")
    assert set(told) == {"time", "level", "message", *getattr(record, FIELDS)}
    assert set(told["stages"]) == set(STAGES)

    stream = JsonStream(behind := io.StringIO(), "warning")
    print("one\ntwo", file=stream)
    print("", "half", end="", file=stream)
    lines = [json.loads(line) for line in behind.getvalue().splitlines()]
    assert [(line["level"], line["message"]) for line in lines] == [("warning", "one"), ("warning", "two")]
    assert not stream.isatty() and sys.stdout is not stream
