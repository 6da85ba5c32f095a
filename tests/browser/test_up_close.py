"""A finished picture up close: in full size, round and small, and with the selfie in its place while it is held."""

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser.conftest import PATIENCE
from tests.browser.steps import WIDTHS, figures, generate, overflows
from tests.browser.test_visit import ready
from tests.support.server import Server

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def middle(picture: Locator) -> tuple[float, float]:
    picture.scroll_into_view_if_needed()
    box = picture.bounding_box()
    assert box is not None
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


@WIDTHS
def test_a_picture_gives_way_to_the_selfie_while_it_is_held(opened: Page, width: int) -> None:
    ready(opened, 2, width)
    generate(opened)
    picture, selfie = figures(opened).first.locator("a.view"), figures(opened).first.locator(".selfie img")
    opened.mouse.move(*middle(picture))
    opened.mouse.down()
    expect(selfie).to_be_visible()
    expect(opened.locator(".selfie")).to_have_count(1)  # the other picture stays
    shape = "(image) => image.naturalWidth / image.naturalHeight"
    assert selfie.evaluate(shape) == pytest.approx(picture.locator("> img").evaluate(shape), rel=0.01)
    assert not overflows(opened)
    opened.mouse.up()
    expect(opened.locator(".selfie")).to_have_count(0)
    expect(opened.locator("#viewer")).to_be_hidden()  # it was no click
    button = figures(opened).nth(1).get_by_role("button", name="Hold: your selfie")
    for key in ("Enter", " "):
        button.focus()
        opened.keyboard.down(key)
        expect(figures(opened).nth(1).locator(".selfie img")).to_be_visible()
        expect(button).to_have_attribute("aria-pressed", "true")
        opened.keyboard.up(key)
        expect(opened.locator(".selfie")).to_have_count(0)
    opened.get_by_role("button", name="Remove").click()
    expect(opened.locator(".photo:visible")).to_have_count(0)
    opened.reload()


def test_a_finger_that_stays_shows_the_selfie_too(browser: Browser, server: Server) -> None:
    context = browser.new_context(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    page = context.new_page()
    page.set_default_timeout(PATIENCE)
    page.goto(server.url)
    ready(page, 1, 390)
    generate(page)
    x, y = middle(figures(page).first.locator("a.view"))
    touch = context.new_cdp_session(page)
    touch.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [{"x": x, "y": y}]})
    expect(page.locator(".selfie img")).to_be_visible()
    page.wait_for_timeout(1000)  # in which a browser would open its menu
    expect(page.locator(".selfie img")).to_be_visible()
    touch.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    expect(page.locator(".selfie")).to_have_count(0)
    expect(page.locator("#viewer")).to_be_hidden()
    context.close()


def test_a_photo_that_was_removed_cannot_be_shown_and_that_is_said(opened: Page) -> None:
    ready(opened, 1)
    generate(opened)
    opened.get_by_role("button", name="Remove").click()
    expect(opened.locator(".photo:visible")).to_have_count(0)
    button = figures(opened).first.get_by_role("button", name="Hold: your selfie")
    button.focus()
    opened.keyboard.down("Enter")
    expect(opened.locator(".selfie")).to_have_text("None of your photos can be laid in its place.")
    opened.keyboard.up("Enter")
    expect(opened.locator(".selfie")).to_have_count(0)


@WIDTHS
def test_a_picture_is_seen_in_full_size_round_and_small(opened: Page, width: int) -> None:
    ready(opened, 1, width)
    generate(opened)
    picture, viewer = figures(opened).first.locator("a.view"), opened.locator("#viewer")
    picture.click()
    expect(viewer).to_be_visible()
    large = viewer.locator(".viewer-stage img")
    expect(viewer.locator("output")).not_to_have_text("")
    stage = viewer.locator(".viewer-stage").bounding_box()
    fitted = large.bounding_box()
    assert stage and fitted and fitted["width"] <= stage["width"] + 1 and fitted["height"] <= stage["height"] + 1
    assert not overflows(opened)
    opened.keyboard.press("+")
    large.dispatch_event("load")  # it may come after the first key
    assert large.bounding_box()["width"] > 1.2 * fitted["width"]  # type: ignore[index]
    large.dblclick()  # back to what fits
    assert large.bounding_box()["width"] == pytest.approx(fitted["width"], abs=2)  # type: ignore[index]
    large.dblclick()
    expect(viewer.locator("output")).to_have_text("100 %")
    assert large.bounding_box()["width"] == pytest.approx(1200, abs=1)  # type: ignore[index]
    viewer.get_by_role("button", name="Fit").click()
    assert large.bounding_box()["width"] == pytest.approx(fitted["width"], abs=2)  # type: ignore[index]
    for name, side in (("in-profile", 84), ("in-chat", 32)):
        small = viewer.locator(f"img.{name}")
        assert small.evaluate("(image) => [image.naturalWidth, image.naturalHeight]") == [400, 400]
        assert small.bounding_box()["width"] == side  # type: ignore[index]
        assert small.evaluate("(image) => getComputedStyle(image).borderRadius") == "50%"
    opened.keyboard.press("Escape")
    expect(viewer).to_be_hidden()
    expect(picture).to_be_focused()
    opened.keyboard.press("Enter")
    expect(viewer).to_be_visible()
    viewer.get_by_role("button", name="Close").click()
    expect(viewer).to_be_hidden()


def test_likeness_is_said_in_words_before_the_number(opened: Page) -> None:
    ready(opened, 1)
    said = generate(opened).first.locator("figcaption").inner_text()
    assert said.index("alike") < said.index("Likeness 0.")
    expect(opened.locator("#pictures")).to_contain_text("look at hair, collar, ears and glasses yourself")
