"""A visit: whatever was finished stays in reach until it is forgotten, and everybody sees for how long."""

import time
import zipfile
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.steps import (
    WIDTHS,
    agree,
    be_quick,
    figures,
    generate,
    has_begun,
    open_advanced,
    overflows,
    photos,
    resize,
    set_number,
    status,
)
from tests.support.server import running_server

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def ready(page: Page, count: int, width: int = 1280) -> None:
    resize(page, width)
    agree(page)
    page.click("#example-2")
    expect(page.locator(".photo .good")).to_be_visible()
    be_quick(page, count)


@WIDTHS
def test_no_finished_picture_is_lost_by_another_run_or_by_cancelling_it(opened: Page, width: int) -> None:
    ready(opened, 1, width)
    first = generate(opened).locator("img").get_attribute("src") or ""
    strip = opened.locator(".strip button")
    opened.click("#generate")
    expect(strip).to_have_count(1)  # while the next run goes on
    opened.click("#cancel")
    expect(opened.locator("#generate")).to_be_visible()
    if "Cancelled" in status(opened).inner_text():  # or it was finished first
        expect(figures(opened).locator("img")).to_have_attribute("src", first)
        expect(status(opened)).to_contain_text("earlier pictures are still here")
    opened.locator("#look").get_by_text("Outdoors").click()
    generate(opened)
    expect(figures(opened)).to_contain_text("Outdoors")
    expect(strip.last).to_be_visible()
    strip.last.click()
    expect(figures(opened).locator("img")).to_have_attribute("src", first)
    expect(figures(opened)).to_contain_text("Corporate")
    opened.locator("#seed textarea, #seed input").fill("not a number")
    opened.click("#generate")  # an error before the run
    expect(status(opened)).to_contain_text("whole number")
    expect(figures(opened).locator("img")).to_have_attribute("src", first)
    assert opened.request.get(opened.url + first).ok
    assert not overflows(opened)


@WIDTHS
def test_cancel_keeps_what_this_run_has_finished(opened: Page, width: int) -> None:
    ready(opened, 8, width)
    opened.click("#generate")
    has_begun(opened, 3, 8)
    opened.click("#cancel")
    expect(status(opened)).to_contain_text("What was finished is kept")
    assert 2 <= figures(opened).count() < 8
    expect(figures(opened).first.get_by_role("link", name="PNG", exact=True)).to_be_visible()


def test_skip_ends_one_picture_and_the_others_are_made(opened: Page) -> None:
    ready(opened, 3)
    open_advanced(opened)
    set_number(opened, "steps", 30)
    opened.click("#generate")
    has_begun(opened, 1, 3)
    opened.click("#skip")
    expect(figures(opened)).to_have_count(2)
    expect(status(opened)).to_contain_text("2 pictures")


def test_all_pictures_come_in_one_archive(opened: Page, tmp_path: Path) -> None:
    ready(opened, 1)
    generate(opened)
    with opened.expect_download() as download:
        opened.click("#pack")
    download.value.save_as(tmp_path / "all.zip")
    names = zipfile.ZipFile(tmp_path / "all.zip").namelist()
    assert {Path(name).suffix for name in names} == {".png", ".jpg"}
    assert any("avatar-round.png" in name for name in names) and len(names) == 9
    opened.reload()  # without a question: everything is downloaded
    opened.wait_for_selector("#generate")


def test_several_looks_are_one_run(opened: Page) -> None:
    ready(opened, 5)
    opened.locator("#more_looks input").click()
    opened.get_by_role("option", name="Outdoors").click()
    opened.keyboard.press("Escape")
    opened.click("#generate")
    expect(status(opened)).to_contain_text("a run makes at most 8")
    be_quick(opened, 1)
    assert generate(opened).count() == 2
    expect(figures(opened).nth(0)).to_contain_text("Corporate")
    expect(figures(opened).nth(1)).to_contain_text("Outdoors")


def test_the_time_is_told_as_soon_as_there_is_a_photo_and_pictures_can_be_had_when_there_are_some(opened: Page) -> None:
    ready(opened, 1)
    expect(opened.get_by_text("Photos and pictures are forgotten in")).to_be_visible()
    expect(opened.locator("#pack")).to_be_hidden()
    generate(opened)
    expect(opened.locator("#pack")).to_be_visible()


def test_the_page_counts_down_and_says_what_is_forgotten(page: Page, tmp_path: Path, browser_type_launch_args: dict):
    with running_server(tmp_path, ["--engine", "builtin"], HEADSHOT_KEEP_SECONDS="20") as server:
        page.set_default_timeout(120_000)
        page.goto(server.url)
        ready(page, 1)
        generate(page)
        expect(page.locator("#keeping")).to_contain_text("forgotten in")
        time.sleep(12)
        page.click("#keep")
        time.sleep(12)  # they would be gone by now
        expect(figures(page).get_by_text("Forgotten: this picture")).to_be_hidden()
        expect(status(page)).to_contain_text("were forgotten, as promised")
        for width in (1280, 390):
            resize(page, width)
            expect(figures(page).get_by_text("Forgotten: this picture")).to_be_visible()
            expect(photos(page)).to_have_count(0)
            expect(page.locator("#keeping")).to_be_hidden()
            expect(figures(page).get_by_role("link", name="PNG", exact=True)).to_have_count(0)
            assert "grayscale" in figures(page).locator("img").evaluate("image => getComputedStyle(image).filter")
            assert not overflows(page)
        page.click("#generate")  # not "add a photo" beside a photo: the photo's row is gone, too
        expect(status(page)).to_contain_text("add a photo first")
        assert not [file for file in server.files() if file.suffix in (".png", ".jpg")]
