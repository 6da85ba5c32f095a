"""Photograph the page's key states for README: `python -m tools.screens`, with a server of its own.

Needs Debian's `chromium` and the packages of requirements-dev.txt. Writes JPEGs to assets/screens.
"""

import io
import sys

from PIL import Image
from playwright.sync_api import Page, ViewportSize

from benchmarks.common.browser import chromium, server
from pipelines.paths import ASSETS

FOLDER = ASSETS / "screens"
DESKTOP: ViewportSize = {"width": 1280, "height": 900}
PHONE: ViewportSize = {"width": 390, "height": 844}
PATIENCE = 120_000  # milliseconds
QUALITY = 82


def main() -> int:
    """Take all pictures."""
    FOLDER.mkdir(exist_ok=True)
    with server() as url, chromium() as browser:
        for suffix, viewport in {"": DESKTOP, "-phone": PHONE, "-dark": DESKTOP}.items():
            page = browser.new_page(viewport=viewport, color_scheme="dark" if suffix == "-dark" else "light")
            page.set_default_timeout(PATIENCE)
            page.goto(url)
            walk_through(page, suffix)
            page.close()
        page = browser.new_page(viewport=DESKTOP, locale="de-DE")
        page.set_default_timeout(PATIENCE)
        page.goto(url)
        page.wait_for_selector("#generate")
        shoot(page, "open-german")
    return 0


def walk_through(page: Page, suffix: str) -> None:
    """Go from an empty page to finished pictures, and photograph what there is to see on the way."""
    page.wait_for_selector("#generate")
    shoot(page, f"open{suffix}")
    page.check("#consent input")
    page.click("#example-2")
    page.wait_for_selector(".photo .good")
    shoot(page, f"photos{suffix}")
    page.click("#generate")
    page.wait_for_selector("#cancel:visible")
    page.wait_for_timeout(3000)
    shoot(page, f"running{suffix}")
    page.wait_for_selector("#generate:visible")
    page.wait_for_selector(".pictures.done figure")
    page.evaluate("scrollTo(0, 0)")
    if suffix == "-phone":
        page.evaluate("document.querySelector('#headshots').scrollIntoView()")
    shoot(page, f"done{suffix}")
    page.get_by_role("button", name="Compare and change").first.click()
    page.wait_for_selector("#compare img")
    page.evaluate("document.querySelector('#change').scrollIntoView()")
    shoot(page, f"compare{suffix}")
    page.click("#close-change")
    page.get_by_role("button", name="How it works").click()
    page.wait_for_selector("#glossary:visible")
    page.evaluate("document.querySelector('#explain').scrollIntoView()")
    shoot(page, f"explained{suffix}")


def shoot(page: Page, name: str) -> None:
    """Write what the window shows."""
    page.wait_for_timeout(800)
    Image.open(io.BytesIO(page.screenshot())).convert("RGB").save(FOLDER / f"{name}.jpg", quality=QUALITY)
    print(name, flush=True)


if __name__ == "__main__":
    sys.exit(main())
