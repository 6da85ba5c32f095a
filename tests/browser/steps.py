"""Steps of somebody who uses the page, and what they see then."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

WIDTHS = pytest.mark.parametrize("width", [1280, 390])
HEIGHTS = {1280: 800, 390: 844, 320: 640}


def resize(page: Page, width: int) -> None:
    page.set_viewport_size({"width": width, "height": HEIGHTS[width]})


def choose(page: Page, *photos: Path) -> None:
    """Choose files, whatever becomes of them."""
    page.set_input_files("#photos input[type=file]", list(photos))


def photos(page: Page) -> Locator:
    return page.locator(".photo:visible")


def add(page: Page, *files: Path) -> None:
    """Add photos to a page without any."""
    choose(page, *files)
    expect(photos(page)).to_have_count(len(files))


def agree(page: Page) -> None:
    page.check("#consent input")


def be_quick(page: Page, count: int) -> None:
    """Ask for so many pictures; the built-in engine's own number of steps is the least."""
    set_number(page, "count", count)


def set_number(page: Page, name: str, value: int) -> None:
    page.locator(f"#{name} input[type=number]").fill(str(value))
    page.locator(f"#{name} input[type=number]").press("Tab")


def open_advanced(page: Page) -> None:
    page.get_by_role("button", name="Advanced").click()
    expect(page.locator("#steps")).to_be_visible()


def figures(page: Page) -> Locator:
    """Finished pictures of the run that is shown."""
    return page.locator(".pictures.done figure")


def generate(page: Page) -> Locator:
    page.click("#generate")
    expect(page.locator("#cancel")).to_be_visible()
    expect(page.locator("#generate")).to_be_visible()
    expect(page.locator(".pictures.done")).to_be_visible()
    return figures(page)


def status(page: Page) -> Locator:
    return page.locator("#status")


def has_begun(page: Page, picture: int, count: int) -> None:
    """Wait until a run is at a picture or past it: what is looked at meanwhile may take longer than one picture."""
    begun = "|".join(str(k) for k in range(picture, count + 1))
    expect(status(page)).to_contain_text(re.compile(rf"Picture ({begun}) of {count}\b"))


def overflows(page: Page) -> bool:
    return page.evaluate("document.documentElement.scrollWidth > window.innerWidth")
