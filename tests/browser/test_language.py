"""The page in a German browser, from the upload to the picture: what is read, said by voices, and dropped on."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from pipelines.language.catalogue import spoken_in
from pipelines.page import texts
from tests.browser.conftest import PATIENCE
from tests.browser.steps import add, agree, be_quick, generate, overflows, resize, status
from tests.support.english import english_in, texts_of
from tests.support.server import Server, page_server, selfie

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with page_server(tmp_path_factory.mktemp("server"), draws=True) as running:
        yield running


def german(text: str) -> str:
    return str(spoken_in("de", text))


def shown(page: Page) -> list[str]:
    """Texts of the page as it is, those of its hidden parts among them."""
    return texts_of(page.locator(".gradio-container").inner_html())


def test_a_german_browser_reads_no_english_from_the_upload_to_the_picture(browser: Browser, server: Server) -> None:
    page = browser.new_page(locale="de-DE")
    page.set_default_timeout(PATIENCE)
    said: list[str] = []
    page.goto(server.url)
    expect(page.locator("#generate")).to_have_text(german(texts.GENERATE))
    drop = page.locator("#photos button").first
    expect(drop).to_contain_text("Bilder hierher ziehen")
    expect(drop).to_have_accessible_name(re.compile("Bilder hierher ziehen.*zum Auswählen klicken"))
    assert page.evaluate("document.documentElement.lang") == "de"
    said += shown(page)

    page.click("#generate")
    expect(status(page)).to_contain_text(german(texts.NO_PHOTO))
    add(page, selfie(6))
    expect(page.locator(".photo")).to_contain_text(german(texts.NOT_CHECKED))
    agree(page)
    expect(page.locator(".photo .good")).to_have_text(german(texts.ONE_FACE))
    page.fill("#words textarea", "blue suit")
    expect(page.locator(".heard")).to_contain_text(german(texts.UNDERSTOOD))
    page.locator("#backdrop input").click()
    page.get_by_role("option", name="Schwarz", exact=True).click()
    expect(page.locator("#reset")).to_have_text(german(texts.RESET_ONE))
    said += shown(page)
    be_quick(page, 1)
    expect(generate(page)).to_have_count(1)
    expect(status(page)).to_have_text(german(texts.ONE_DONE))
    expect(page.locator(".pictures.done figcaption").first).to_contain_text("Ähnlichkeit 0,")
    assert page.locator("#look [role=radiogroup]").get_attribute("aria-label") == german(texts.THE_LOOK)
    said += shown(page)
    assert english_in(said, "de") == []
    for width in (1280, 390, 320):  # German words are long
        resize(page, width)
        assert not overflows(page)
    assert page.evaluate("document.documentElement.lang") == "de"
    page.close()


@pytest.mark.parametrize("code", ["es", "fr"])
def test_other_browsers_read_their_language_too(browser: Browser, server: Server, code: str) -> None:
    page = browser.new_page(locale=f"{code}-{code.upper()}")
    page.set_default_timeout(PATIENCE)
    page.goto(server.url)
    expect(page.locator("#generate")).to_have_text(str(spoken_in(code, texts.GENERATE)))
    page.click("#generate")
    expect(status(page)).to_contain_text(str(spoken_in(code, texts.NO_PHOTO)))
    assert page.evaluate("document.documentElement.lang") == code
    assert english_in(shown(page), code) == []
    for width in (1280, 390, 320):
        resize(page, width)
        assert not overflows(page)
    page.close()


def test_a_refusal_and_an_upload_that_is_no_photo_are_said_in_the_browsers_language(
    browser: Browser, server: Server, tmp_path: Path
) -> None:
    page = browser.new_page(locale="fr-FR")
    page.set_default_timeout(PATIENCE)
    page.goto(server.url)
    expect(page.locator("#generate")).to_have_text("Générer")
    file = tmp_path / "lettre.pdf"
    file.write_bytes(b"%PDF-1.7")
    page.set_input_files("#photos input[type=file]", file)
    expect(page.locator("#photo-notice")).to_contain_text("lettre.pdf est écarté. Ceci est un document PDF")
    answer = page.request.get(f"{server.url}nothing-here", headers={"accept-language": "fr"})
    assert "Il n'y a rien" in json.loads(answer.body())["detail"]
    page.close()
