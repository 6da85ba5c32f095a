"""Small things of the layout: what is pressed by a finger, what stays in sight, what forced colours and dark leave."""

from contextlib import closing, suppress

import pytest
from playwright.sync_api import Browser, Page, TimeoutError, expect

from tests.browser.conftest import PATIENCE
from tests.browser.steps import WIDTHS, figures, generate, resize
from tests.browser.test_visit import ready
from tests.support.server import Server

pytestmark = [pytest.mark.browser, pytest.mark.slow]
SMALL = """() => [...document.querySelectorAll(
  "button, a[href], summary, label:has(input), textarea, input:not([type=checkbox], [type=radio], [type=file])"
)].filter((one) => {
  const box = one.getBoundingClientRect();
  const shown = one.checkVisibility({ visibilityProperty: true, opacityProperty: true }) && box.width > 0;
  const byKeyboard = one.matches("[tabindex='-1'], .skip");
  return shown && !byKeyboard && box.left >= 0 && Math.max(box.height, box.width) > 0 && box.height < 43.5;
}).map((one) => `${one.tagName} ${one.id} ${one.className} ${one.textContent.trim().slice(0, 30)} ` +
  `${Math.round(one.getBoundingClientRect().height)}`)"""
"""Names of what is pressed and is lower than a finger needs."""


def small(page: Page) -> list[str]:
    """Names of SMALL once the page has come to rest: what opens is small for a moment."""
    with suppress(TimeoutError):
        page.wait_for_function(f"() => ({SMALL})().length === 0", timeout=10_000)
    return page.evaluate(SMALL)


def test_a_finger_meets_what_it_presses(browser: Browser, server: Server) -> None:
    with closing(
        browser.new_context(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    ) as context:
        page = context.new_page()
        page.set_default_timeout(PATIENCE)
        page.goto(server.url)
        ready(page, 1, 390)
        generate(page)
        assert small(page) == []
        figures(page).first.get_by_role("button", name="Compare and change").click()
        expect(page.locator("#compare img").first).to_be_visible()
        page.get_by_role("button", name="How it works").click()
        expect(page.locator("#glossary")).to_be_visible()
        assert small(page) == []


@WIDTHS
def test_generate_stays_in_sight_however_far_one_scrolls(opened: Page, width: int) -> None:
    ready(opened, 2, width)
    generate(opened)
    button = opened.locator("#generate")
    opened.evaluate("scrollTo(0, document.body.scrollHeight)")
    opened.evaluate("(panel => panel.scrollTo(0, panel.scrollHeight))(document.querySelector('#output'))")
    expect(button).to_be_in_viewport(ratio=0.9)
    opened.evaluate("scrollTo(0, 0)")
    expect(button).to_be_in_viewport(ratio=0.9)


@WIDTHS
def test_looks_stand_in_line(opened: Page, width: int) -> None:
    resize(opened, width)
    tops: dict[int, set[int]] = {}
    for label in opened.locator("#look label").all():
        box, said = label.bounding_box(), label.locator("span").bounding_box()
        assert box and said
        tops.setdefault(round(box["y"]), set()).add(round(said["y"]))
    assert len(tops) >= 3 and all(len(said) == 1 for said in tops.values())


@WIDTHS
def test_a_slider_shows_all_of_its_thumb_and_a_dark_one_is_not_bright(opened: Page, width: int) -> None:
    resize(opened, width)
    slider = opened.locator("#count input[type=range]")
    box = slider.bounding_box()
    assert box and box["height"] >= 22  # the thumb has 20
    track = "(one) => getComputedStyle(one).getPropertyValue('--neutral-200').trim()"
    light = slider.evaluate(track)
    opened.emulate_media(color_scheme="dark")
    expect(opened.locator("body.dark")).to_be_attached()
    assert slider.evaluate(track) != light


@WIDTHS
def test_forced_colours_show_what_is_chosen(opened: Page, width: int) -> None:
    resize(opened, width)
    opened.emulate_media(forced_colors="active")

    for group in ("#look", "#engine"):
        chosen = opened.locator(f"{group} label:has(input:checked)").first
        expect(chosen).to_have_css("outline-width", "4px")  # after its transition
        expect(chosen).to_have_css("outline-style", "solid")
        other = opened.locator(f"{group} label:not(:has(input:checked))").first
        expect(other).not_to_have_css("outline-width", "4px")
    slider = opened.locator("#count input[type=range]")
    assert slider.evaluate("(one) => getComputedStyle(one).appearance") == "auto"


@WIDTHS
def test_what_others_see_of_the_page_is_its_own(opened: Page, width: int) -> None:
    resize(opened, width)
    named = {
        one.get_attribute("property"): one.get_attribute("content") or ""
        for one in opened.locator("meta[property^='og:']").all()
    }
    assert named["og:title"] == "Headshot Studio" == opened.title()
    assert named["og:image"].startswith(opened.url) and opened.request.get(named["og:image"]).ok
    icon = opened.locator("link[rel=icon]").last.get_attribute("href") or ""
    assert opened.request.get(opened.url + icon).headers["content-type"] == "image/png"
