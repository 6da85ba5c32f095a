"""Explanation on the person's own picture: film, scale, what two settings do, and the words of the field."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.steps import WIDTHS, figures, generate, overflows
from tests.browser.test_visit import ready

pytestmark = [pytest.mark.browser, pytest.mark.slow]
TERMS = ("Neural network", "Training data", "Latent space", "Conditioning", "Fine-tuning")
LOADED = "(images) => images.every((image) => image.complete && image.naturalWidth > 0)"


def explain(page: Page) -> None:
    page.get_by_role("button", name="How it works").click()
    expect(page.locator("#glossary")).to_be_visible()


@WIDTHS
def test_a_run_is_explained_by_its_own_pictures(opened: Page, width: int) -> None:
    ready(opened, 2, width)
    opened.locator("#seed textarea, #seed input").fill("41")
    generate(opened)
    explain(opened)
    film = opened.locator(".film li")
    expect(film.first).to_contain_text(re.compile(r"Noise of seed 4[12]"))
    expect(film.last).to_have_text("Finished")
    expect(opened.locator(".film")).to_contain_text("Step 1 of 4")
    assert film.count() == 7 and opened.locator(".film img").evaluate_all(LOADED)
    rows = opened.locator(".scale li")
    expect(rows).to_have_count(4)
    expect(rows.nth(0)).to_contain_text("A stranger: Example")
    expect(rows.nth(1)).to_contain_text("The pictures made here")
    expect(rows.nth(3)).to_contain_text("The same photo twice")
    cosine = [float(re.findall(r"\d\.\d\d", row)[0]) for row in rows.all_inner_texts()]
    assert cosine[0] < cosine[1] < cosine[3] == 1
    assert not overflows(opened)


@WIDTHS
def test_every_word_is_explained_and_why_nothing_is_trained(opened: Page, width: int) -> None:
    ready(opened, 1, width)
    explain(opened)
    expect(opened.locator("#explain-run")).to_contain_text("Make a picture first")
    expect(opened.locator("#trial")).to_be_hidden()
    for fold in opened.locator("#glossary summary").all():
        fold.click()
    for term in TERMS:
        word = opened.locator("#glossary dt", has_text=re.compile(f"^{term}$"))
        expect(word).to_be_visible()
        said = word.locator("xpath=following-sibling::dd[1]").inner_text()
        assert 1 <= len(re.findall(r"[.:?](\s|$)", said)) <= 4
    expect(opened.locator("#glossary")).to_contain_text("There is none here")
    expect(opened.locator("#glossary")).to_contain_text("The recogniser does not see hair")
    assert not overflows(opened)


@WIDTHS
def test_two_settings_are_tried_out_on_request_and_it_can_be_stopped(opened: Page, width: int) -> None:
    ready(opened, 1, width)
    generate(opened)
    explain(opened)
    draw, cancel = opened.locator("#draw-grid"), opened.locator("#cancel-grid")
    expect(draw).to_have_text(re.compile(r"Draw \d small pictures"))
    wanted = int(re.findall(r"\d+", draw.inner_text())[0])
    draw.click()
    expect(opened.locator("#grid-status progress")).to_be_visible()
    expect(opened.locator(".tried img").first).to_be_visible()
    assert not overflows(opened)
    if width == 390:
        cancel.click()
        expect(opened.locator("#grid-status")).to_contain_text("Cancelled")
        expect(draw).to_be_visible()
        assert opened.locator(".tried img").count() < 6
    else:
        expect(cancel).to_be_hidden()
        assert opened.locator(".tried .row").count() == 2
        expect(opened.locator(".tried img")).to_have_count(6)
        assert wanted in (5, 6) and opened.locator(".tried img").evaluate_all(LOADED)
        guidance = opened.locator(".tried .row").nth(1).locator("figcaption").all_inner_texts()
        assert guidance == sorted(guidance, key=float)
    expect(figures(opened)).to_have_count(1)  # none of the small ones is kept among the pictures
