"""The page by keyboard, by touch and through a screen reader."""

import re
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Page, expect

from tests.browser.steps import WIDTHS, add, agree, be_quick, choose, overflows, photos, resize
from tests.support.server import group_photo, selfie

pytestmark = [pytest.mark.browser, pytest.mark.slow]
FOCUSED = "document.activeElement.id || document.activeElement.closest('[id]')?.id"


@WIDTHS
def test_generate_is_near_the_top_and_groups_are_one_stop(opened: Page, width: int) -> None:
    resize(opened, width)
    opened.keyboard.press("Tab")
    expect(opened.get_by_text("Go to Generate")).to_be_focused()
    opened.keyboard.press("Enter")
    expect(opened.locator("#generate")).to_be_focused()
    look = opened.get_by_role("radiogroup", name="The look")
    look.get_by_role("radio", checked=True).focus()
    opened.keyboard.press("ArrowRight")
    expect(opened.locator("#look input[value=creative]")).to_be_checked()
    expect(opened.locator("#look input[value=creative]")).to_be_focused()
    named = "[...document.querySelectorAll('#look input')].every((radio) => radio.name === 'look')"
    opened.wait_for_function(named)  # the look's own answer draws the group anew
    opened.keyboard.press("Tab")
    assert opened.evaluate(FOCUSED) != "look"
    expect(opened.get_by_role("radiogroup", name="Engine and settings")).to_be_attached()


@pytest.mark.parametrize("group", ["cut", "engine"])
def test_arrow_keys_choose_inside_a_group(opened: Page, group: str) -> None:
    usable = opened.locator(f"#{group} input:not(:disabled)")
    usable.first.focus()
    expect(usable.first).to_be_checked()
    opened.keyboard.press("ArrowRight")
    expect(usable.nth(1)).to_be_checked()
    expect(usable.nth(1)).to_be_focused()
    opened.keyboard.press("ArrowLeft")
    expect(usable.first).to_be_checked()
    expect(usable.first).to_be_focused()
    one = f"new Set([...document.querySelectorAll('#{group} input')].map((radio) => radio.name)).size === 1"
    opened.wait_for_function(one)  # the choice's own answer draws the group anew
    opened.keyboard.press("Tab")
    assert opened.evaluate(FOCUSED) != group


def test_a_list_of_choices_closes_when_the_focus_leaves_it(opened: Page) -> None:
    opened.locator("#wardrobe input").focus()
    expect(opened.get_by_role("option", name="Tweed jacket")).to_be_visible()
    opened.locator("#words textarea").focus()
    expect(opened.get_by_role("option", name="Tweed jacket")).to_be_hidden()


def luminance(colour: str) -> float:
    """Relative luminance of a CSS colour, "rgb(...)" (WCAG 2.2)."""
    parts = [int(part) / 255 for part in re.findall(r"\d+", colour)[:3]]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_focus_can_be_seen(opened: Page, scheme: Literal["light", "dark"]) -> None:
    opened.emulate_media(color_scheme=scheme)
    expect(opened.locator("body.dark")).to_have_count(int(scheme == "dark"))
    opened.keyboard.press("Tab")  # so that the browser shows the focus
    card = opened.locator(".card").first.evaluate("(one) => getComputedStyle(one).backgroundColor")
    for place in ["#consent input", "#look input:checked", "#count input[type=range]", "#generate"]:
        opened.locator(place).focus()
        opened.wait_for_timeout(400)  # for its transition
        style = opened.locator(place).evaluate("(one) => ({...getComputedStyle(one.closest('label') ?? one)})")
        assert style["outlineStyle"] == "solid" and float(style["outlineWidth"].removesuffix("px")) >= 3, place
        dark, bright = sorted([luminance(style["outlineColor"]), luminance(card)])
        assert (bright + 0.05) / (dark + 0.05) >= 3, place


def test_results_and_errors_are_said_and_the_focus_stays_where_one_works(opened: Page) -> None:
    opened.locator("#generate").focus()
    opened.keyboard.press("Enter")
    expect(opened.locator("#voice")).to_contain_text("add a photo first")
    agree(opened)
    add(opened, selfie(1))
    be_quick(opened, 1)
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


@WIDTHS
def test_a_photo_of_many_faces_stays_in_its_card(opened: Page, width: int) -> None:
    resize(opened, width)
    agree(opened)
    choose(opened, selfie(1).with_name("emotions_sheet.jpg"))
    faces = opened.locator("button.face")
    expect(faces.nth(5)).to_be_attached()
    card = opened.locator(".photo-row:visible").bounding_box()
    assert card
    for part in (".photo img", ".photo .bad", ".choices label"):
        for box in [one.bounding_box() for one in opened.locator(f".photo-row:visible {part}").all()]:
            assert box and box["width"] > 0
            assert box["x"] >= card["x"] - 1 and box["x"] + box["width"] <= card["x"] + card["width"] + 1
    assert not overflows(opened)


@pytest.mark.parametrize("width", [390, 320])
def test_on_a_narrow_screen_nothing_sticks_out(opened: Page, width: int) -> None:
    resize(opened, width)
    assert not overflows(opened)


def test_a_mouse_over_a_download_leaves_its_label_readable(opened: Page) -> None:
    agree(opened)
    opened.click("#example-2")
    expect(opened.locator(".photo .good")).to_be_visible()
    be_quick(opened, 1)
    opened.click("#generate")
    for width in (1280, 390):
        resize(opened, width)
        for name in ("PNG", "JPEG"):
            link = opened.locator(".pictures.done figure").first.get_by_role("link", name=name, exact=True)
            link.hover()
            colours = link.evaluate("(link) => [getComputedStyle(link).color, getComputedStyle(link).backgroundColor]")
            assert colours[0] == "rgb(255, 255, 255)" and colours[1] != colours[0]
