"""A photo from the camera: the page shows the picture, and the photo goes the way of every upload."""

import io
import itertools
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Browser, BrowserType, Page, Request, expect

from pipelines.paths import ASSETS
from tests.browser.conftest import FLAGS, PATIENCE
from tests.browser.steps import WIDTHS, agree, overflows, photos, resize
from tests.support.server import Server

pytestmark = [pytest.mark.browser, pytest.mark.slow]
DOTS = """(canvas) => canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data
  .filter((value, k) => k % 4 === 3 && value > 0).length"""
"""Pixels of a canvas that something was drawn on."""


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


def phone(browser: Browser, server: Server, script: str = "") -> Page:
    page = browser.new_context(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True).new_page()
    page.set_default_timeout(PATIENCE)
    page.add_init_script(script)
    page.goto(server.url)
    page.wait_for_selector("#generate")
    return page


@pytest.mark.parametrize("device", ["laptop", "phone"])
def test_the_five_landmarks_are_marked_live(filmed: Browser, server: Server, device: str) -> None:
    page = start(filmed, server) if device == "laptop" else phone(filmed, server)
    asked: list[float] = []
    before = set(server.files())
    page.on("request", lambda request: asked.append(time.monotonic()) if "data:image/jpeg" in _body(request) else None)
    page.click("#camera-open")
    expect(page.locator("#camera-shoot")).to_be_enabled()
    expect(page.locator("#camera-sends")).to_contain_text("Nothing is sent before you take the photo")
    page.wait_for_timeout(1500)
    assert asked == []
    page.click("#camera-close")
    agree(page)
    page.click("#camera-open")
    expect(page.locator("#camera-sends")).to_contain_text("keeps none")
    marks = page.locator("#camera-marks[data-marks='5']")
    expect(marks).to_be_visible()
    expect(page.locator("#camera-found.good")).to_contain_text("This is good")
    assert marks.evaluate(DOTS) > 200
    video, canvas = page.locator("#camera-video").bounding_box(), marks.bounding_box()
    assert video == canvas
    assert not overflows(page)
    page.wait_for_timeout(2000)
    assert len(asked) >= 2 and all(later - one > 0.25 for one, later in itertools.pairwise(asked))
    page.click("#camera-close")
    page.wait_for_timeout(800)
    ended = len(asked)
    page.wait_for_timeout(1500)
    assert len(asked) == ended
    assert set(server.files()) <= before
    page.close()


def _body(request: Request) -> str:
    return (request.post_data or "") if request.method == "POST" and "/upload" not in request.url else ""


def test_phones_have_their_own_camera_too(filmed: Browser, server: Server) -> None:
    page = phone(filmed, server)
    assert page.locator("#camera-file").get_attribute("capture") == "user"
    page.click("#camera-open")
    expect(page.locator("#camera-own")).to_be_visible()
    with page.expect_file_chooser() as chooser:
        page.click("#camera-own")
    chooser.value.set_files(ASSETS / "examples" / "person-P006.jpg")
    expect(photos(page)).to_have_count(1)
    expect(page.locator("#camera-dialog")).to_be_hidden()
    page.context.close()


def test_phones_whose_browser_gives_no_picture_open_their_own_camera(filmed: Browser, server: Server) -> None:
    page = phone(filmed, server, "Object.defineProperty(navigator, 'mediaDevices', {value: undefined})")
    with page.expect_file_chooser() as chooser:
        page.click("#camera-open")
    chooser.value.set_files(ASSETS / "examples" / "person-P006.jpg")
    expect(photos(page)).to_have_count(1)
    page.context.close()


@WIDTHS
def test_good_selfies_are_shown_beside_bad_ones(opened: Page, width: int) -> None:
    resize(opened, width)
    opened.locator(".good-selfie summary").click()
    pictures = opened.locator(".good-selfie img")
    expect(pictures).to_have_count(14)
    expect(opened.locator(".good-selfie")).to_contain_text("too near")
    expect(opened.locator(".good-selfie")).to_contain_text("One good photo is enough")
    expect(opened.locator("#settings")).to_contain_text("One good photo is enough; more add a little.")
    pictures.last.scroll_into_view_if_needed()
    assert pictures.first.evaluate("one => one.complete && one.naturalWidth") > 0
    assert not overflows(opened)


def test_without_a_camera_a_sentence_says_what_to_do(browser: Browser, server: Server) -> None:
    page = start(browser, server)
    page.click("#camera-open")
    expect(page.locator("#camera-said")).to_contain_text("choose a file")
    page.click("#camera-close")
    expect(page.locator("#camera-dialog")).to_be_hidden()
    page.close()
