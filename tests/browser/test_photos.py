"""Photos on the page: none is lost, none is deleted without a question, and those of an example do not stay."""

from base64 import b64encode
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from pipelines.images.decode import MAX_BYTES
from pipelines.settings import MAX_PHOTOS
from tests.browser.steps import WIDTHS, add, agree, choose, overflows, photos, resize
from tests.support.picture_files import encode
from tests.support.server import selfie

pytestmark = [pytest.mark.browser, pytest.mark.slow]
DROP = """([selector, name, content]) => {
  const carried = new DataTransfer();
  carried.items.add(new File([Uint8Array.from(atob(content), (c) => c.charCodeAt(0))], name, {type: "image/jpeg"}));
  const event = new DragEvent("drop", {dataTransfer: carried, bubbles: true, cancelable: true});
  document.querySelector(selector).dispatchEvent(event);
  return event.defaultPrevented;
}"""


@WIDTHS
def test_of_too_many_files_the_first_are_taken(opened: Page, width: int) -> None:
    resize(opened, width)
    choose(opened, *[selfie(k) for k in range(1, MAX_PHOTOS + 2)])
    expect(photos(opened)).to_have_count(MAX_PHOTOS)
    expect(opened.locator("#photo-notice")).to_contain_text("1 more")
    assert not overflows(opened)


@WIDTHS
def test_photos_are_known_by_their_content_whatever_they_are_called(opened: Page, tmp_path: Path, width: int) -> None:
    resize(opened, width)
    files = [tmp_path / name for name in ("IMG_0001.HEIC", "DSC0001.HIF", "photo", "me.jpg_large", "me.jpg~2")]
    for number, file in enumerate(files, 1):
        with Image.open(selfie(number)) as photo:
            photo.thumbnail((700, 700))
            file.write_bytes(encode(photo, "HEIC" if number <= 2 else "JPEG"))
    agree(opened)
    add(opened, *files)
    expect(photos(opened).locator("img")).to_have_count(len(files))
    wide = "(all) => Promise.all(all.map((one) => one.decode().then(() => one.naturalWidth)))"
    shown = photos(opened).locator("img").evaluate_all(wide)
    assert min(shown) > 100  # no browser but Safari shows a HEIC itself


def test_a_photo_that_a_proxy_refuses_for_its_size_gets_a_sentence(opened: Page) -> None:
    said = opened.locator("#too-large")
    expect(said).to_be_hidden()
    opened.route(
        "**/upload*", lambda route: route.fulfill(status=413, body="<html>413 Request Entity Too Large</html>")
    )
    opened.set_input_files("#photos input[type=file]", selfie(1))
    expect(said).to_be_visible()
    expect(said).to_contain_text("let through to this studio")


@WIDTHS
def test_the_good_of_good_and_bad_files_are_taken_and_the_bad_are_named(
    opened: Page, tmp_path: Path, width: int
) -> None:
    resize(opened, width)
    (no_picture := tmp_path / "note.jpg").write_text("no picture")
    (large := tmp_path / "large.jpg").write_bytes(selfie(2).read_bytes() + bytes(MAX_BYTES))
    choose(opened, no_picture, selfie(1), large)
    expect(photos(opened)).to_have_count(1)
    expect(opened.locator("#photo-notice")).to_contain_text("note.jpg is left out. This is not a")
    expect(opened.locator("#too-large")).to_contain_text("large.jpg is left out. The file is larger than 30 MB")
    expect(opened.get_by_text("Error", exact=True)).to_have_count(0)
    choose(opened, selfie(3))
    expect(photos(opened)).to_have_count(2)
    expect(opened.locator("#photo-notice")).not_to_contain_text("left out")
    expect(opened.locator("#too-large")).to_be_hidden()


@WIDTHS
def test_a_photo_that_comes_while_others_are_looked_at_is_taken_too(opened: Page, width: int) -> None:
    resize(opened, width)
    agree(opened)
    choose(opened, selfie(1), selfie(2), selfie(3))
    expect(opened.locator(".photo").first).to_be_attached()
    choose(opened, selfie(4))
    expect(photos(opened)).to_have_count(4)
    expect(opened.locator(".photo:visible:has(.good)").first).to_be_visible()
    expect(photos(opened)).to_have_count(4)


@WIDTHS
def test_the_same_photo_counts_once(opened: Page, width: int) -> None:
    resize(opened, width)
    agree(opened)
    add(opened, selfie(1))
    choose(opened, selfie(1), selfie(1))
    expect(photos(opened).first).to_contain_text("One clear face")
    expect(photos(opened)).to_have_count(1)


@WIDTHS
def test_an_example_leaves_when_a_photo_of_one_s_own_comes(opened: Page, width: int) -> None:
    resize(opened, width)
    agree(opened)
    opened.click("#example-1")
    expect(photos(opened)).to_have_count(1)
    expect(photos(opened)).to_contain_text("One clear face")
    example = photos(opened).locator("img").get_attribute("src") or ""
    choose(opened, selfie(9))
    expect(photos(opened).locator("img")).not_to_have_attribute("src", example)
    expect(photos(opened)).to_contain_text("One clear face")
    expect(photos(opened)).to_have_count(1)
    expect(photos(opened)).not_to_contain_text("somebody else")
    opened.click("#example-1")
    expect(opened.locator("#question")).to_be_visible()  # so the photo is the person's own


@WIDTHS
def test_one_s_own_photos_are_never_deleted_without_a_question(opened: Page, width: int) -> None:
    resize(opened, width)
    add(opened, selfie(1), selfie(1).with_name("studio_portrait.jpg"))
    opened.click("#example-2")
    opened.get_by_role("button", name="Keep my photos").click()
    expect(opened.locator("#question")).to_be_hidden()
    expect(photos(opened)).to_have_count(2)
    opened.click("#example-2")
    assert not overflows(opened)
    opened.get_by_role("button", name="Take the example").click()
    expect(photos(opened)).to_have_count(1)
    expect(opened.locator("#question")).to_be_hidden()
    opened.click("#example-1")  # in place of another example without a question
    expect(opened.locator("#question")).to_be_hidden()
    expect(photos(opened)).to_have_count(1)


@WIDTHS
def test_a_file_dropped_beside_the_box_is_caught(opened: Page, width: int) -> None:
    resize(opened, width)
    content = b64encode(selfie(1).read_bytes()).decode()
    assert opened.evaluate(DROP, ["#title", "me.jpg", content]) is True
    expect(photos(opened)).to_have_count(1)
