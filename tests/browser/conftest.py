import os
import shutil

import pytest
from playwright.sync_api import Page, expect

from tests.support.server import Server, shared_server

CHROMIUM = os.environ.get("CHROMIUM_PATH") or shutil.which("chromium")
FLAGS = ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"]
PATIENCE = 120_000  # milliseconds; a machine with one core that does something else besides
expect.set_options(timeout=PATIENCE)


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict) -> dict:
    if CHROMIUM is None:
        pytest.skip("Debian's chromium is missing: apt-get install chromium")
    return {**browser_type_launch_args, "executable_path": CHROMIUM, "args": FLAGS}


@pytest.fixture(scope="session")
def server(browser_type_launch_args: dict) -> Server:
    return shared_server()


@pytest.fixture
def opened(page: Page, server: Server) -> Page:
    """The page, ready to use; `requests` on it are all addresses it asked for."""
    page.set_default_timeout(PATIENCE)
    page.goto(server.url)
    page.wait_for_selector("#generate")
    return page
