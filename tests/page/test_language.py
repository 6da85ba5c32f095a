"""The page in the language of the browser: no English sentence is left in it, and everybody gets their own."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import gradio as gr
import pytest

import app
from pipelines.engine_table import ENGINES
from pipelines.errors import UserError
from pipelines.faces.likeness import TWO_SHOTS, Likeness
from pipelines.faces.photo_report import PhotoReport
from pipelines.language import catalogue
from pipelines.language.catalogue import LANGUAGES, SOURCE, spoken_in, translations
from pipelines.language.speaking import speaking
from pipelines.page import markup, texts
from pipelines.page.error_messages import sentences_only
from pipelines.page.private_folder import PrivateFolder
from pipelines.page.response.language import LanguageDoor, language_of
from pipelines.page.sessions import Sessions
from pipelines.page.theme import gradios_words
from pipelines.page.visit import cards
from pipelines.progress import Progress
from pipelines.settings import AUTO
from pipelines.studio import ASKED_FOR, Studio
from tests.page.test_markup import IMAGE, kept, picture
from tests.support.english import english_in, texts_in, texts_of
from tests.support.loops import in_a_loop

OTHERS = [code for code in LANGUAGES if code != SOURCE]


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[gr.Blocks]:
    with pytest.MonkeyPatch.context() as patch, PrivateFolder(tmp_path_factory.mktemp("page")) as folder:
        studio = SimpleNamespace(spec=ENGINES["builtin"], reason=ASKED_FOR)
        patch.setattr(Studio, "load", lambda engine: studio)

        async def built() -> gr.Blocks:
            return app.build_page(AUTO, Sessions(folder, opens=bool))[0]

        yield in_a_loop(built)


def read_on(demo: gr.Blocks) -> list[str]:
    """Every text of the page's components."""
    components = [one["props"] for one in demo.config["components"] if one["type"] != "api"]
    return [text for props in components for name, value in props.items() for text in texts_in(value, name)]


@pytest.mark.parametrize("language", OTHERS)
def test_no_english_sentence_is_left_on_the_page(demo: gr.Blocks, language: str) -> None:
    with speaking(language):
        found = read_on(demo)
    assert len(found) > 200 and spoken_in(language, texts.CONSENT) in found
    assert english_in(found, language) == []


def test_the_same_page_is_english_for_those_who_ask_for_that(demo: gr.Blocks) -> None:
    found = read_on(demo)
    assert texts.CONSENT in found and "Grey studio paper (look)" in found
    assert len(english_in(found, "de")) > 100  # the control: the finder finds English where there is some


def test_a_sentence_without_a_translation_is_found_on_the_page(
    demo: gr.Blocks, monkeypatch: pytest.MonkeyPatch
) -> None:
    full = translations("de")
    lacking = {key: text for key, text in full.items() if key[1] != str(texts.CONSENT)}
    monkeypatch.setattr(catalogue, "translations", lambda code: lacking if code == "de" else {})
    demo.config = demo.get_config_file()  # what is said in a language is kept
    try:
        with speaking("de"):
            assert english_in(read_on(demo), "de") == [texts.CONSENT]
    finally:
        demo.config = demo.get_config_file()


def pieces() -> list[str]:
    """Pieces that events put on the page, and errors."""
    made = [picture("a", (texts.GONE,)), picture("b", (), None)]
    likeness = Likeness(cosine=0.1, low=0.5, high=0.7, basis=TWO_SHOTS)
    made = [replace(one, likeness=likeness, sizes={}) for one in made]
    report = PhotoReport(image=IMAGE, faces=2, error=None, weight=0.5, boxes=((0.1, 0.2, 0.3, 0.4),))
    running = Progress(stage="drawing", done=0.5, picture=2, count=4, seconds_left=30)
    spec = ENGINES["sdxl"]
    return [
        cards.results(kept(*made), {}, {}),
        cards.kept_for(80),
        markup.photo_card(1, report, 2, True),
        markup.progress_line(running),
        markup.engine_card(spec, ASKED_FOR, "?", "fetch"),
        markup.alerts([texts.LEFT_OUT.format(file="a.jpg", reason=UserError(texts.STUDIO_FULL))]),
    ]


@pytest.mark.parametrize("language", OTHERS)
def test_what_events_say_is_in_the_language_that_is_spoken(language: str) -> None:
    with speaking(language):
        said = [text for html in pieces() for text in texts_of(html)]
    assert len(said) > 25
    assert english_in(said, language) == []
    assert len(english_in([text for html in pieces() for text in texts_of(html)], language)) > 15


def test_an_error_is_said_in_the_language_of_the_request_that_led_to_it() -> None:
    with pytest.raises(gr.Error) as shown, speaking("de"), sentences_only():
        raise UserError(texts.NO_PHOTO)
    assert shown.value.message == spoken_in("de", texts.NO_PHOTO) != texts.NO_PHOTO


def test_gradios_own_words_in_a_drop_zone_are_ours_in_every_language() -> None:
    words = gradios_words().translations
    assert words.keys() == LANGUAGES.keys()
    assert words["de"]["upload_text.drop_file"] == "Bilder hierher ziehen"
    assert words["en"]["common.or"] == "or" and words["fr"]["common.or"] == "ou"


def test_the_door_reads_the_language_and_names_it_as_what_the_answer_depends_on() -> None:
    seen: list[str] = []
    told: list[dict[str, Any]] = []

    async def inside(scope: Any, _receive: Any, send: Any) -> None:
        seen.append(language_of(SimpleNamespace(request=SimpleNamespace(scope=scope))))
        await send({"type": "http.response.start", "status": 200, "headers": []})

    async def send(message: Any) -> None:
        told.append(message)

    scope = {"type": "http", "headers": [(b"accept-language", b"fr-CH, en;q=0.5")]}
    in_a_loop(lambda: LanguageDoor(inside)(scope, None, send))  # type: ignore[arg-type]
    assert seen == ["fr"] and told[0]["headers"] == [(b"vary", b"Accept-Language")]
    assert language_of(None) == "en"


def test_every_catalogue_lies_beside_its_module() -> None:
    assert {file.stem for file in Path(catalogue.FOLDER).glob("*.po")} == set(OTHERS)
