"""One finished picture: beside the selfie, finished again, in every look, and more like it."""

import time

import pytest
from playwright.sync_api import Page, expect

from tests.browser.steps import WIDTHS, figures, generate, overflows, status
from tests.browser.test_visit import ready
from tests.support.server import Server

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@WIDTHS
def test_a_picture_lies_beside_its_selfie_and_takes_another_backdrop_at_once(opened: Page, width: int) -> None:
    ready(opened, 1, width)
    generate(opened).first.get_by_role("button", name="Compare and change").click()
    sides = opened.locator("#compare img")
    expect(sides.nth(1)).to_be_visible()
    opened.wait_for_function("[...document.querySelectorAll('#compare img')].every((image) => image.naturalWidth > 0)")
    sizes = sides.evaluate_all("images => images.map((image) => [image.naturalWidth, image.naturalHeight])")
    assert sizes[0] == sizes[1]
    assert not overflows(opened)
    opened.locator("#other-backdrop input").click()
    opened.get_by_role("option", name="Brick wall").click()
    expect(figures(opened)).to_have_count(2)  # both are kept
    expect(status(opened)).to_contain_text("Finished again")
    made = figures(opened).nth(1)  # its other files come after it was shown
    for link in (made.get_by_role("link", name="PNG", exact=True), made.locator("details a").first):
        expect(link).to_be_attached()
        assert opened.request.get(opened.url + (link.get_attribute("href") or "")).ok
    expect(sides.nth(1)).to_be_visible()
    seeds = [figure.split("Seed ")[1].split()[0] for figure in figures(opened).all_inner_texts()]
    assert len(set(seeds)) == 1
    expect(opened.locator("#other-backdrop input")).to_have_value("Brick wall")
    opened.click("#close-change")
    expect(opened.locator("#change")).to_be_hidden()


def test_one_drawing_can_be_seen_in_every_look(opened: Page) -> None:
    ready(opened, 1)
    generate(opened).first.get_by_role("button", name="Compare and change").click()
    opened.click("#every-look")
    expect(figures(opened)).to_have_count(12)
    expect(status(opened)).to_contain_text("in every look")
    assert len(set(figures(opened).locator("b").all_inner_texts())) == 12
    expect(opened.locator(".strip button")).to_have_count(1)


def test_who_leaves_while_every_look_is_made_leaves_no_file_and_is_no_fault(opened: Page, server: Server) -> None:
    there, said = set(server.files()), len(server.log)
    ready(opened, 1)
    generate(opened).first.get_by_role("button", name="Compare and change").click()
    opened.click("#every-look")
    expect(status(opened)).to_contain_text("2 of 12")
    assert set(server.files()) - there
    opened.close()
    until = time.monotonic() + 20  # less than Gradio's cache is kept
    while (left := set(server.files()) - there) and time.monotonic() < until:
        time.sleep(0.2)
    assert not left
    time.sleep(3)  # in which another look would be written
    assert not set(server.files()) - there
    assert "".join(server.log[said:]) == ""


def test_more_like_this_begins_a_run_with_its_settings_and_pose(opened: Page) -> None:
    ready(opened, 1)
    opened.locator("#look").get_by_text("Outdoors").click()
    opened.locator("#seed textarea, #seed input").fill("3")
    generate(opened)
    opened.locator("#look").get_by_text("Startup").click()
    figures(opened).first.get_by_role("button", name="More like this").click()
    expect(opened.locator("#cancel")).to_be_visible()
    expect(opened.locator("#generate")).to_be_visible()
    expect(figures(opened)).to_contain_text("Outdoors")
    expect(figures(opened).get_by_text("Seed 3", exact=True)).to_have_count(0)
    expect(opened.locator("#torso input")).to_have_value("Turned right")
    expect(opened.locator(".strip button")).to_have_count(1)
