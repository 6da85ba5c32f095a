"""The page in a real browser, as somebody uses it who sees it for the first time."""

import re
import time
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, Request, expect

from pipelines.provenance.save import read_recipe
from tests.browser.conftest import PATIENCE
from tests.browser.steps import (
    WIDTHS,
    add,
    agree,
    be_quick,
    generate,
    open_advanced,
    overflows,
    resize,
    set_number,
    status,
)
from tests.support.server import Server, group_photo, selfie

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def test_a_photo_a_tick_and_a_click_give_four_marked_pictures(page: Page, server: Server, tmp_path: Path) -> None:
    asked: list[Request] = []
    page.on("request", lambda request: asked.append(request))
    page.set_default_timeout(PATIENCE)
    page.goto(server.url)
    add(page, selfie(6))
    expect(page.locator(".photo")).to_contain_text("Tick the box")
    agree(page)
    expect(page.locator(".photo .good")).to_be_visible()

    be_quick(page, 4)
    page.click("#generate")
    expect(page.locator("#cancel")).to_be_visible()
    expect(status(page)).to_contain_text("of 4")
    expect(page.locator(".place.live img")).to_be_visible()
    figures = page.locator(".pictures.done figure")
    expect(figures).to_have_count(4)
    expect(page.locator("#generate")).to_be_visible()

    for k in range(4):
        expect(figures.nth(k)).to_contain_text(re.compile(r"Likeness 0\.\d\d.*Seed \d+"))
        assert figures.nth(k).locator("img").evaluate("image => image.complete && image.naturalWidth") == 1200
    for link, kind in (("PNG", b"\x89PNG"), ("JPEG", b"\xff\xd8")):
        with page.expect_download() as download:
            figures.first.get_by_role("link", name=link, exact=True).click()
        file = tmp_path / download.value.suggested_filename
        download.value.save_as(file)
        content = file.read_bytes()
        assert content.startswith(kind) and b"trainedAlgorithmicMedia" in content
        assert str(read_recipe(content).seed) in file.name

    hosts = {urlsplit(request.url).hostname for request in asked if request.url.startswith("http")}
    assert hosts == {"127.0.0.1"}
    assert page.evaluate("JSON.stringify(localStorage)").count("run-history") == 0


def test_without_a_photo_or_the_tick_there_is_a_sentence_and_no_run(opened: Page) -> None:
    opened.set_viewport_size({"width": 390, "height": 844})
    expect(opened.locator("#status")).to_be_hidden()
    opened.click("#generate")
    expect(opened.locator("#status .alert")).to_be_visible()
    expect(status(opened)).to_contain_text("add a photo first")
    expect(opened.locator(".sample")).to_be_visible()
    add(opened, selfie(6))
    opened.click("#generate")
    expect(status(opened)).to_contain_text("tick the box first")
    expect(opened.locator("#cancel")).to_be_hidden()


def test_cancel_stops_the_run_and_the_next_one_works(opened: Page) -> None:
    add(opened, selfie(6))
    agree(opened)
    open_advanced(opened)
    set_number(opened, "steps", 60)
    opened.click("#generate")
    expect(opened.locator(".place.live img")).to_be_visible()
    opened.click("#cancel")
    expect(status(opened)).to_contain_text("Cancelled")
    expect(opened.locator(".place")).to_have_count(0)
    set_number(opened, "steps", 4)
    be_quick(opened, 1)
    expect(generate(opened)).to_have_count(1)


def test_an_example_can_be_clicked_and_a_photo_removed(opened: Page) -> None:
    agree(opened)
    opened.click("#example-1")
    expect(opened.locator(".photo .good")).to_be_visible()
    opened.get_by_role("button", name="Remove").click()
    expect(opened.locator(".photo:visible")).to_have_count(0)


def test_of_several_faces_the_person_chooses_one(opened: Page, tmp_path: Path) -> None:
    agree(opened)
    add(opened, group_photo(tmp_path))
    expect(opened.locator(".photo .bad")).to_contain_text("2 faces")
    opened.get_by_label("2", exact=True).check()
    expect(opened.locator(".photo .good")).to_contain_text("yours is chosen")


@WIDTHS
def test_what_the_engine_ignores_is_said_while_typing(opened: Page, width: int) -> None:
    resize(opened, width)
    opened.locator("#words textarea").fill("big smile, grey background, with a parrot")
    expect(opened.locator(".heard .good")).to_contain_text("big smile")
    expect(opened.locator(".heard .bad")).to_contain_text("parrot")
    expect(opened.locator(".heard")).to_contain_text("Backdrop: Grey studio paper")
    opened.locator("#words textarea").fill("blauer Anzug mit Krawatte")
    expect(opened.locator(".heard")).to_contain_text("This looks like German")


@WIDTHS
def test_what_the_engine_does_only_roughly_is_said(opened: Page, width: int) -> None:
    resize(opened, width)
    expect(opened.get_by_text("Dramatic light falls on clothes and backdrop")).to_have_count(0)  # before it is chosen
    dramatic = opened.get_by_role("option", name="Dramatic")
    opened.locator("#light input").click()
    dramatic.click()
    expect(opened.locator("#light input")).to_have_value("Dramatic (roughly)")
    expect(opened.get_by_text("Dramatic light falls on clothes and backdrop")).to_be_visible()
    opened.locator("#engine input[value=sdxl]").check()
    expect(opened.get_by_text("Dramatic light falls on clothes and backdrop")).to_be_hidden()
    expect(opened.locator(".engine")).to_contain_text("research only")
    expect(opened.locator(".engine")).to_contain_text("python -m pipelines weights fetch sdxl")
    opened.locator("#light input").click()
    dramatic.click()
    expect(opened.locator("#light input")).to_have_value("Dramatic")


@WIDTHS
def test_what_does_nothing_with_an_engine_is_grey_and_says_why(opened: Page, width: int) -> None:
    resize(opened, width)
    open_advanced(opened)
    opened.locator("#engine input[value=flux2-klein]").check()
    expect(opened.locator(".engine")).to_contain_text("Use at work: yes.")
    expect(opened.locator("#structure")).to_contain_text("this engine sees the photo itself")
    expect(opened.locator("#structure input[type=range]")).to_be_disabled()
    expect(opened.locator("#steps input[type=range]")).to_be_enabled()
    opened.get_by_label("Built-in", exact=True).check()
    expect(opened.locator(".engine")).to_contain_text("Use at work: no.")
    expect(opened.locator("#structure input[type=range]")).to_be_enabled()
    expect(opened.locator("#structure")).to_contain_text("pose and shape of the face")


def test_the_settings_of_an_earlier_picture_can_be_used_again(opened: Page, tmp_path: Path) -> None:
    agree(opened)
    add(opened, selfie(9))
    opened.locator("#look").get_by_text("Editorial").click()
    be_quick(opened, 1)
    opened.locator("#seed textarea, #seed input").fill("77")
    with opened.expect_download() as download:
        generate(opened).first.get_by_role("link", name="PNG").click()
    download.value.save_as(tmp_path / "earlier.png")

    opened.reload()
    opened.wait_for_selector("#generate")
    opened.get_by_text("Use the settings of an earlier headshot").click()
    opened.set_input_files("#recipe input[type=file]", tmp_path / "earlier.png")
    expect(opened.get_by_text("with the same photos they make it again")).to_be_visible()
    expect(opened.locator("#seed textarea, #seed input")).to_have_value("77")
    open_advanced(opened)
    expect(opened.locator("#steps input[type=number]")).to_have_value("4")
    expect(opened.locator("#look input:checked")).to_have_value("editorial")


def test_on_a_phone_nothing_is_wider_than_the_screen_and_nothing_is_left_behind(opened: Page, server: Server) -> None:
    opened.set_viewport_size({"width": 390, "height": 844})
    assert not overflows(opened)
    agree(opened)
    opened.click("#example-2")
    expect(opened.locator(".photo .good")).to_be_visible()
    be_quick(opened, 1)
    assert opened.locator("#generate").is_visible()
    expect(generate(opened)).to_have_count(1)
    assert not overflows(opened)
    assert opened.evaluate("document.querySelector('#headshots').getBoundingClientRect().top") < 400

    assert {".png", ".jpg"} <= {file.suffix for file in server.files()}
    opened.close()
    until = time.monotonic() + 15
    while (left := [file for file in server.files() if file.suffix in (".png", ".jpg")]) and time.monotonic() < until:
        time.sleep(0.2)
    assert left == []
