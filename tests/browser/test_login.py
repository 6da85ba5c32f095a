"""Logging in and out in a real browser, whose forms say less about their page than a script would."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.steps import WIDTHS, overflows, resize
from tests.support.server import page_server

pytestmark = [pytest.mark.browser, pytest.mark.slow]

PASSWORD = "open sesame"


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory, browser_type_launch_args: dict):
    with page_server(tmp_path_factory.mktemp("server"), ["--password", PASSWORD]) as server:
        yield server.url


@WIDTHS
def test_the_password_opens_the_page_and_the_button_closes_it(page: Page, address: str, width: int) -> None:
    resize(page, width)
    page.goto(address)
    page.fill("input[name=password]", "wrong")
    page.get_by_role("button").click()
    expect(page.locator("body")).to_contain_text("not the password")
    page.fill("input[name=password]", PASSWORD)
    page.get_by_role("button").click()
    expect(page.locator("#generate")).to_be_visible()
    assert not overflows(page)
    page.get_by_role("button", name="Log out").click()
    expect(page.locator("input[name=password]")).to_be_visible()
    expect(page).to_have_title(re.compile("Headshot Studio"))
    assert Path(page.url).name != "logout"
