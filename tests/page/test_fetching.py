"""Fetching from the page: for visitors on the server's own computer only, and only if it serves nobody else."""

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import gradio as gr
import pytest
from starlette.requests import Request

from pipelines.engine_table import ENGINES
from pipelines.page.controls import Controls
from pipelines.page.doors.visitors import Visitor
from pipelines.page.events import weights
from pipelines.page.events.weights import WeightEvents
from pipelines.page.fetching.local import is_here
from pipelines.page.private_folder import PrivateFolder
from pipelines.page.server import parse, serves_nobody_else
from pipelines.page.sessions import Sessions


def asked(address: str = "127.0.0.1", **headers: str) -> gr.Request:
    sent = {"host": "localhost:7860", "origin": "http://localhost:7860"}
    sent |= {name.replace("_", "-"): value for name, value in headers.items()}
    scope = {
        "type": "http",
        "headers": [(name.encode(), value.encode()) for name, value in sent.items() if value],
        "client": (address, 50000),
        "visitor": Visitor(page="ann", address=address),
    }
    return gr.Request(request=Request(scope), session_hash="ann")


@pytest.mark.parametrize("host", ["localhost:7860", "127.0.0.1:7860", "[::1]:7860", "127.0.0.1"])
def test_a_browser_on_this_computer_is_here(host: str) -> None:
    assert is_here(asked(host=host, origin=f"http://{host}"))
    assert is_here(asked("::1", host=host, origin=""))


@pytest.mark.parametrize(
    ("address", "headers"),
    [
        ("192.168.1.7", {}),
        ("127.0.0.1", {"host": "studio.example.org", "origin": ""}),
        ("127.0.0.1", {"origin": "https://studio.example.org"}),
        ("127.0.0.1", {"origin": "null"}),
        ("127.0.0.1", {"x_forwarded_for": "127.0.0.1"}),
        ("127.0.0.1", {"forwarded": "for=127.0.0.1"}),
        ("127.0.0.1", {"host": "", "origin": ""}),
    ],
)
def test_whoever_may_be_elsewhere_is_not(address: str, headers: dict[str, str]) -> None:
    assert not is_here(asked(address, **headers))


def test_a_server_that_others_reach_lets_nobody_fetch(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("SPACE_ID", "GRADIO_SERVER_NAME", "GRADIO_ROOT_PATH", "HEADSHOT_PASSWORD"):
        monkeypatch.delenv(name, raising=False)
    assert serves_nobody_else(parse([]))
    assert not serves_nobody_else(parse(["--host", "0.0.0.0"]))
    assert not serves_nobody_else(parse(["--share", "--password", "open sesame"]))
    assert not serves_nobody_else(parse(["--root-path", "https://studio.example.org"]))
    monkeypatch.setenv("SPACE_ID", "somebody/headshot-studio")
    assert not serves_nobody_else(parse(["--host", "127.0.0.1"]))


@pytest.fixture
def events(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[WeightEvents]:
    """Events of a page on which every engine but the built-in one is missing, and whose fetch must not begin."""
    monkeypatch.setattr(weights, "missing_size", lambda spec: "" if spec.id == "builtin" else "5 GB")
    monkeypatch.setattr(weights, "fetch_missing", lambda *_: pytest.fail("it was fetched"))
    studio: Any = SimpleNamespace(spec=ENGINES["builtin"], reason="it was asked for")
    parts = {name: name for name in ("whole", "terms", "fetch", "cancel", "status")}
    section: Any = SimpleNamespace(fetching=SimpleNamespace(**parts), engine="engine", licence="licence")
    with PrivateFolder(tmp_path) as folder:
        made = WeightEvents(Controls(studio), Sessions(folder, opens=bool), section)
        made.sessions.alone = True
        yield made


def shown(updates: dict[Any, Any], part: Any) -> bool:
    return bool(updates[part].visible)


def test_the_button_is_there_for_an_engine_that_is_not(events: WeightEvents) -> None:
    assert shown(events.offer(asked(), "sdxl"), events.section.whole)
    assert not shown(events.offer(asked(), "builtin"), events.section.whole)
    assert not shown(events.offer(asked("192.168.1.7"), "sdxl"), events.section.whole)


@pytest.mark.parametrize("alone", [True, False])
def test_a_call_from_elsewhere_fetches_nothing(events: WeightEvents, alone: bool) -> None:
    events.sessions.alone = alone
    request = asked("192.168.1.7") if alone else asked()
    told = list(events.fetch(request, "sdxl"))
    assert "on the server&#39;s own computer" in told[-1][events.section.status]
