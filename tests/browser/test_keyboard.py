"""The page by keyboard, by touch and through a screen reader."""

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.steps import WIDTHS, add, agree, choose, overflows, photos, resize
from tests.support.server import group_photo, selfie

pytestmark = [pytest.mark.browser, pytest.mark.slow]
FOCUSED = "document.activeElement.id || document.activeElement.closest('[id]')?.id"


def test_generate_is_near_the_top_and_groups_are_one_stop(opened: Page) -> None:
    opened.keyboard.press("Tab")
    expect(opened.get_by_text("Go to Generate")).to_be_focused()
    opened.keyboard.press("Enter")
    expect(opened.locator("#generate")).to_be_focused()
    look = opened.get_by_role("radiogroup", name="The look")
    look.get_by_role("radio", checked=True).focus()
    opened.keyboard.press("ArrowRight")
    expect(opened.locator("#look input[value=creative]")).to_be_checked()
    expect(opened.locator("#look input[value=creative]")).to_be_focused()
    opened.keyboard.press("Tab")
    assert opened.evaluate(FOCUSED) != "look"
    expect(opened.get_by_role("radiogroup", name="Engine and settings")).to_be_attached()


def test_a_list_of_choices_closes_when_the_focus_leaves_it(opened: Page) -> None:
    opened.locator("#wardrobe input").focus()
    expect(opened.get_by_role("option", name="Tweed jacket")).to_be_visible()
    opened.locator("#words textarea").focus()
    expect(opened.get_by_role("option", name="Tweed jacket")).to_be_hidden()


@pytest.mark.parametrize("place", ["#consent input", "#look input:checked", "#steps input[type=range]", "#generate"])
def test_the_focus_can_be_seen(opened: Page, place: str) -> None:
    opened.keyboard.press("Tab")  # so that the browser shows the focus
    opened.locator(place).focus()
    outline = "(one) => [one, one.closest('label')].some((e) => e && parseFloat(getComputedStyle(e).outlineWidth) >= 3)"
    assert opened.locator(place).evaluate(outline)


def test_results_and_errors_are_said_and_the_focus_stays_where_one_works(opened: Page) -> None:
    opened.locator("#generate").focus()
    opened.keyboard.press("Enter")
    expect(opened.locator("#voice")).to_contain_text("add a photo first")
    agree(opened)
    add(opened, selfie(1))
    for name, value in (("steps", 4), ("count", 1)):
        opened.locator(f"#{name} input[type=number]").fill(str(value))
        opened.locator(f"#{name} input[type=number]").press("Tab")
    opened.locator("#generate").focus()
    opened.keyboard.press("Enter")
    expect(opened.locator("#cancel")).to_be_focused()
    expect(opened.locator("#voice")).to_have_text("Here it is.")
    expect(opened.locator("#generate")).to_be_focused()
    opened.locator(".remove:visible").focus()
    opened.keyboard.press("Enter")
    expect(opened.locator("#photos button").first).to_be_focused()


@WIDTHS
def test_in_a_group_photo_the_person_taps_a_face(opened: Page, tmp_path: Path, width: int) -> None:
    resize(opened, width)
    agree(opened)
    choose(opened, group_photo(tmp_path))
    faces = opened.locator("button.face")
    expect(faces).to_have_count(2)
    row = opened.locator(".photo-row:visible").bounding_box()
    shown = photos(opened).locator("img").bounding_box()
    assert row and shown and shown["width"] > 0.9 * row["width"]
    faces.nth(1).click()
    expect(photos(opened).locator(".good")).to_contain_text("yours is chosen")
    expect(opened.get_by_label("2", exact=True)).to_be_checked()
    assert not overflows(opened)


@pytest.mark.parametrize("width", [390, 320])
def test_on_a_narrow_screen_nothing_sticks_out(opened: Page, width: int) -> None:
    resize(opened, width)
    assert not overflows(opened)


def test_a_mouse_over_a_download_leaves_its_label_readable(opened: Page) -> None:
    agree(opened)
    opened.click("#example-2")
    expect(opened.locator(".photo .good")).to_be_visible()
    for name, value in (("steps", 4), ("count", 1)):
        opened.locator(f"#{name} input[type=number]").fill(str(value))
        opened.locator(f"#{name} input[type=number]").press("Tab")
    opened.click("#generate")
    link = opened.locator(".pictures.done figure").first.get_by_role("link", name="PNG", exact=True)
    link.hover()
    colours = link.evaluate("(link) => [getComputedStyle(link).color, getComputedStyle(link).backgroundColor]")
    assert colours[0] == "rgb(255, 255, 255)" and colours[1] != colours[0]
