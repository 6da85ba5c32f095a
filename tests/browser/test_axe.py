"""axe-core's rules for people with disabilities, in every state of the page: light, dark and forced colours."""

from collections.abc import Iterator
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.browser.steps import (
    agree,
    be_quick,
    choose,
    figures,
    has_begun,
    open_advanced,
    photos,
    resize,
    set_number,
    status,
)
from tests.support.server import selfie

pytestmark = [pytest.mark.browser, pytest.mark.slow]

GRAVE = ("serious", "critical")
SETTLES = 800  # milliseconds in which colours go over into those of another mode
MODES: dict[str, dict[str, Any]] = {
    "light": {"color_scheme": "light", "forced_colors": "none"},
    "dark": {"color_scheme": "dark", "forced_colors": "none"},
    "forced colours": {"color_scheme": "light", "forced_colors": "active"},
}


def violations(page: Page) -> Iterator[str]:
    """Rules that the page breaks now, in any mode: mode, rule and the first element."""
    for mode, emulated in MODES.items():
        page.emulate_media(**emulated)
        page.wait_for_timeout(SETTLES)
        for found in Axe().run(page).response["violations"]:
            if found["impact"] in GRAVE:
                yield f"{mode}: {found['id']}: {found['nodes'][0]['html'][:200]} ({len(found['nodes'])})"
    page.emulate_media(**MODES["light"])
    wide = page.viewport_size
    resize(page, 390)
    page.wait_for_timeout(SETTLES)
    for found in Axe().run(page).response["violations"]:
        if found["impact"] in GRAVE:
            yield f"phone: {found['id']}: {found['nodes'][0]['html'][:200]} ({len(found['nodes'])})"
    assert wide is not None
    page.set_viewport_size(wide)


def test_no_state_of_the_page_breaks_a_rule(opened: Page, tmp_path: Any) -> None:
    broken: dict[str, list[str]] = {}

    def look(state: str) -> None:
        opened.mouse.move(0, 0)
        broken[state] = list(violations(opened))

    # Colours on their way from one mode to the other are nobody's choice.
    opened.add_style_tag(content="* { transition: none !important; }")
    look("open")
    agree(opened)
    (tmp_path / "notes.jpg").write_text("no photo")
    choose(opened, selfie(6), tmp_path / "notes.jpg")
    expect(photos(opened)).to_have_count(1)
    expect(opened.locator(".photo .good")).to_be_visible()
    look("photos, and a file that is none")
    be_quick(opened, 8)
    open_advanced(opened)
    set_number(opened, "steps", 30)
    look("advanced settings")
    opened.click("#generate")
    expect(opened.locator(".place img").first).to_be_visible()
    look("running")
    has_begun(opened, 2, 8)
    opened.click("#cancel")
    expect(status(opened)).to_contain_text("What was finished is kept")
    look("done")
    figures(opened).first.locator("a.view").click()
    expect(opened.locator("#viewer output")).not_to_have_text("")
    look("full size")
    opened.keyboard.press("Escape")
    opened.click("#camera-open")
    expect(opened.locator("#camera-dialog")).to_be_visible()
    look("camera")
    opened.click("#camera-close")
    figures(opened).first.get_by_role("button", name="Compare and change").click()
    expect(opened.locator("#compare img").first).to_be_visible()
    look("compare")
    opened.click("#close-change")
    opened.get_by_role("button", name="How it works").click()
    expect(opened.locator("#glossary")).to_be_visible()
    look("how it works")
    assert {state: found for state, found in broken.items() if found} == {}


def test_a_page_that_breaks_rules_is_noticed(page: Page) -> None:
    page.set_content("<img src='data:,'><p style='color: #aaa; background: #fff'>Pale words</p>")
    found = list(violations(page))
    assert any(line.startswith("light: image-alt") for line in found)
    assert any("color-contrast" in line for line in found)
