"""An engine that is not here: its size and licence are said, and whoever sits at the server fetches it by a click."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from pipelines.engine_table import ENGINES
from tests.browser.conftest import PATIENCE
from tests.browser.steps import WIDTHS, overflows, resize
from tests.support.published_engine import UNET
from tests.support.published_weights import publish_engine
from tests.support.server import Server, running_server
from tests.support.simulated_hub import SimulatedHub

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture
def hub() -> Iterator[SimulatedHub]:
    with SimulatedHub().running() as running:
        publish_engine(running)
        yield running


@pytest.fixture
def server(hub: SimulatedHub, tmp_path: Path, browser_type_launch_args: dict) -> Iterator[Server]:
    places = {
        "HF_ENDPOINT": hub.endpoint,
        "HF_HOME": str(tmp_path / "hub"),
        "HF_HUB_CACHE": str(tmp_path / "hub"),
        "HF_HUB_OFFLINE": "",
        "INSIGHTFACE_HOME": str(tmp_path / "insightface"),
        "HEADSHOT_WEIGHTS_LOCK": str(tmp_path / "weights.lock"),
    }
    with running_server(tmp_path / "page", program=("-m", "tests.support.fetch_server"), **places) as running:
        yield running


def open_with(page: Page, server: Server, width: int) -> None:
    page.set_default_timeout(PATIENCE)
    resize(page, width)
    page.goto(server.url)
    expect(page.locator("#fetch")).to_be_hidden()
    page.locator("#engine input[value=sd15]").check()


@WIDTHS
def test_an_engine_is_fetched_with_progress_and_can_be_stopped(
    page: Page, server: Server, hub: SimulatedHub, width: int
) -> None:
    hub.held[UNET] = threading.Event()
    open_with(page, server, width)
    expect(page.locator("#engine")).to_contain_text("to fetch)")
    expect(page.locator(".engine")).to_contain_text(str(ENGINES["sd15"].licence))
    expect(page.locator("#fetching")).to_contain_text("under the licence above")
    expect(page.locator("#fetch")).to_contain_text("Fetch it now (")
    assert not overflows(page)
    page.click("#fetch")
    expect(page.locator("#fetch-status progress")).to_be_visible()
    expect(page.locator("#fetch-status")).to_contain_text("Fetching the engine's weights, ")
    expect(page.locator("#fetch-status p")).not_to_contain_text(" 0 %")  # the first half has come
    assert not overflows(page)
    page.click("#cancel-fetch")
    hub.held.pop(UNET).set()
    expect(page.locator("#fetch-status")).to_contain_text("What has come is kept")
    expect(page.locator("#fetch")).to_be_visible()
    page.click("#fetch")
    expect(page.locator("#fetch-status")).to_contain_text("is here, and every file was checked")
    assert [line for line in hub.downloads() if line.startswith("/cdn/") and UNET in line] == [
        f"/cdn/some/base@{UNET}"  # once, as what had come was kept
    ]
    expect(page.locator("#fetching")).to_be_hidden()
    expect(page.locator(".engine")).not_to_contain_text("Not on this machine yet")
    expect(page.locator("#engine input[value=sd15]")).to_be_checked()
    titles = page.locator("#engine label", has=page.locator("input[value=sd15]"))
    expect(titles).not_to_contain_text("to fetch")


@WIDTHS
def test_what_goes_wrong_with_a_fetch_is_a_sentence(page: Page, server: Server, hub: SimulatedHub, width: int) -> None:
    hub.served_instead[UNET] = bytes(len(hub.repos["some/base"][1][UNET]))
    open_with(page, server, width)
    page.click("#fetch")
    expect(page.locator("#fetch-status .alert")).to_contain_text("arrived damaged or is another file")
    expect(page.locator("#fetch")).to_be_visible()
    assert not overflows(page)
    assert page.locator("#fetch-status .alert").evaluate("(said) => said.scrollWidth <= said.clientWidth")
    hub.served_instead.clear()
    hub.repos.clear()
    page.click("#fetch")
    expect(page.locator("#fetch-status .alert")).to_contain_text("The model hub has no some/")
    expect(page.locator("#fetch")).to_be_visible()


def test_nobody_but_who_sits_at_the_server_is_offered_a_fetch(page: Page, server: Server, hub: SimulatedHub) -> None:
    page.set_extra_http_headers({"X-Forwarded-For": "203.0.113.7"})  # as a proxy on this computer says it
    open_with(page, server, 1280)
    expect(page.locator(".engine")).to_contain_text("python -m pipelines weights fetch sd15")
    page.wait_for_timeout(1000)
    expect(page.locator("#fetching")).to_be_hidden()
    assert hub.log == []
