"""A photo from the camera: the page shows the picture, and the photo goes the way of every upload."""

import io
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Browser, BrowserType, Page, expect

from pipelines.paths import ASSETS
from tests.browser.conftest import FLAGS, PATIENCE
from tests.browser.steps import agree, overflows, photos, resize
from tests.support.server import Server

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A film for the browser's pretended camera: an example, 720 x 960 in the middle of 1280 x 960."""
    frame = Image.new("RGB", (1280, 960), "grey")
    with Image.open(ASSETS / "examples" / "person-P006.jpg") as selfie:
        frame.paste(selfie.resize((720, 1073)).crop((0, 60, 720, 1020)), (280, 0))
    buffer = io.BytesIO()
    frame.save(buffer, "JPEG", quality=92)
    file = tmp_path_factory.mktemp("camera") / "film.mjpeg"
    file.write_bytes(buffer.getvalue() * 3)
    return file


@pytest.fixture(scope="module")
def filmed(browser_type: BrowserType, browser_type_launch_args: dict, film: Path) -> Iterator[Browser]:
    """A browser whose camera shows the film, and that asks nobody."""
    flags = ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"]
    arguments = {**browser_type_launch_args, "args": [*FLAGS, *flags, f"--use-file-for-fake-video-capture={film}"]}
    browser = browser_type.launch(**arguments)
    yield browser
    browser.close()


def start(browser: Browser, server: Server, width: int = 1280) -> Page:
    page = browser.new_page()
    page.set_default_timeout(PATIENCE)
    resize(page, width)
    page.goto(server.url)
    page.wait_for_selector("#generate")
    return page


def test_a_photo_from_the_camera_is_checked_as_an_upload_is(filmed: Browser, server: Server) -> None:
    page = start(filmed, server)
    agree(page)
    page.click("#camera-open")
    expect(page.locator("#camera-shoot")).to_be_focused()  # once the picture runs
    page.keyboard.press("Escape")
    expect(page.locator("#camera-dialog")).to_be_hidden()
    assert page.evaluate("document.querySelector('#camera-video').srcObject.getTracks()[0].readyState") == "ended"
    page.click("#camera-open")
    expect(page.locator("#camera-shoot")).to_be_focused()
    page.click("#camera-shoot")
    expect(page.locator("#camera-dialog")).to_be_hidden()
    expect(photos(page)).to_have_count(1)
    expect(photos(page)).to_contain_text("One clear face")
    page.close()


def test_phones_open_their_own_camera(filmed: Browser, server: Server) -> None:
    page = filmed.new_context(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True).new_page()
    page.set_default_timeout(PATIENCE)
    page.goto(server.url)
    page.wait_for_selector("#generate")
    assert page.locator("#camera-file").get_attribute("capture") == "user"
    with page.expect_file_chooser() as chooser:
        page.click("#camera-open")
    chooser.value.set_files(ASSETS / "examples" / "person-P006.jpg")
    expect(photos(page)).to_have_count(1)
    page.locator(".good-selfie summary").click()
    pictures = page.locator(".good-selfie img")
    expect(pictures).to_have_count(12)
    pictures.last.scroll_into_view_if_needed()
    assert pictures.first.evaluate("one => one.complete && one.naturalWidth") > 0
    assert not overflows(page)
    page.context.close()


def test_without_a_camera_a_sentence_says_what_to_do(browser: Browser, server: Server) -> None:
    page = start(browser, server)
    page.click("#camera-open")
    expect(page.locator("#camera-said")).to_contain_text("choose a file")
    page.click("#camera-close")
    expect(page.locator("#camera-dialog")).to_be_hidden()
    page.close()
