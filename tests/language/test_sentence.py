"""Sentences: English strings that can be said in another language later."""

import pickle
import threading
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context

import pytest

from pipelines.errors import UserError
from pipelines.language import catalogue
from pipelines.language.rendered import Rendered, spoken_everywhere
from pipelines.language.sentence import Sentence, as_sentences, joined
from pipelines.language.speaking import language, speaking, spoken, wanted_language

CATALOGUE = {
    ("", "Photo {number}: {said}"): "{said} (Foto {number})",
    ("", "Use another."): "Nehmen Sie ein anderes.",
    ("", "Left out, {share:.0%}, {size:.1f} GB."): "Weg, {share:.0%}, {size:.1f} GB.",
    ("", "Other {field!l}"): "{field!l} ändern",
    ("", "Backdrop"): "Hintergrund",
    ("button", "Close"): "Schließen",
    ("", "Close"): "Nah",
}


@pytest.fixture(autouse=True)
def german(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(catalogue, "translations", lambda code: CATALOGUE if code == "de" else {})


def test_a_sentence_is_an_english_string_until_it_is_spoken() -> None:
    said = Sentence("Photo {number}: {said}").format(number=2, said=Sentence("Use another."))
    assert said == "Photo 2: Use another." == spoken(said)
    with speaking("de"):
        assert spoken(said) == "Nehmen Sie ein anderes. (Foto 2)"
    assert language() == "en"


def test_an_error_keeps_its_sentence_and_so_does_one_inside_another() -> None:
    inner = UserError(Sentence("Use another."))
    outer = UserError(Sentence("Photo {number}: {said}").format(number=1, said=inner))
    assert isinstance(str(outer), Sentence) and str(outer) == "Photo 1: Use another."
    again = pickle.loads(pickle.dumps(outer))  # as it comes from another process
    with speaking("de"):
        assert spoken(outer) == spoken(again) == "Nehmen Sie ein anderes. (Foto 1)"


def test_numbers_are_written_as_the_language_does() -> None:
    said = Sentence("Left out, {share:.0%}, {size:.1f} GB.").format(share=0.5, size=1.25)
    assert said == "Left out, 50%, 1.2 GB."
    with speaking("de"):
        assert spoken(said) == "Weg, 50\u00a0%, 1,2 GB."


def test_a_first_letter_can_be_made_small_and_a_context_tells_two_meanings_apart() -> None:
    said = Sentence("Other {field!l}").format(field=Sentence("Backdrop"))
    assert said == "Other backdrop"
    with speaking("de"):
        assert spoken(said) == "hintergrund ändern"
        assert (spoken(Sentence("Close")), spoken(Sentence("Close", "button"))) == ("Nah", "Schließen")


def test_joined_sentences_are_translated_part_by_part_and_unknown_ones_stay() -> None:
    said = joined(" / ", [Sentence("Backdrop"), "{somebody's words}", Sentence("Unknown")])
    assert said == "Backdrop / {somebody's words} / Unknown"
    with speaking("de"):
        assert spoken(said) == "Hintergrund / {somebody's words} / Unknown"


def test_words_of_a_person_are_never_translated() -> None:
    with speaking("de"):
        assert spoken("Backdrop") == "Backdrop"
        assert (
            spoken(Sentence("Photo {number}: {said}").format(number="Close", said="Backdrop"))
            == "Backdrop (Foto Close)"
        )


def test_constants_of_a_module_become_sentences() -> None:
    texts = {"CLOSE": "Close", "STAGES": {"a": "Backdrop"}, "NUMBER": 3, "other": "Close"}
    as_sentences(texts)
    assert isinstance(texts["CLOSE"], Sentence) and isinstance(texts["STAGES"]["a"], Sentence)  # type: ignore[index]
    assert texts["NUMBER"] == 3 and not isinstance(texts["other"], Sentence)


def test_a_rendered_text_is_made_again_in_another_language() -> None:
    html = Rendered(lambda: f"<p>{spoken(Sentence('Backdrop'))}</p>")
    told = {"value": html, "choices": [(Sentence("Backdrop"), "a")], "number": 1}
    assert spoken_everywhere(told) == {"value": "<p>Backdrop</p>", "choices": [("Backdrop", "a")], "number": 1}
    with speaking("de"):
        assert spoken_everywhere(told)["value"] == "<p>Hintergrund</p>"
        assert spoken_everywhere(told)["choices"] == [("Hintergrund", "a")]


def test_two_people_at_once_are_answered_each_in_their_language() -> None:
    both = threading.Barrier(2)

    def answer(code: str) -> str:
        with speaking(code):
            both.wait(5)
            return str(spoken(Sentence("Backdrop")))

    with ThreadPoolExecutor(2) as threads:
        assert list(threads.map(answer, ["de", "en"])) == ["Hintergrund", "Backdrop"]
    with speaking("de"):
        told = copy_context()
    assert told.run(language) == "de"


@pytest.mark.parametrize(
    ("accept", "chosen"),
    [
        ("de-AT,de;q=0.9,en;q=0.8", "de"),
        ("en-GB,de;q=0.9", "en"),
        ("it,en;q=0.5", "en"),
        ("pt-BR, es-MX;q=0.2", "es"),
        ("de;q=0.1, fr-CA;q=0.7", "fr"),
        ("de;q=0, fr;q=0.1", "fr"),
        ("", "en"),
        ("*", "en"),
        ("de;q=no, \x00;;;=,", "en"),
        ("x" * 100_000 + ",de", "en"),
    ],
)
def test_the_first_language_of_the_browser_that_is_spoken_here_is_chosen(accept: str, chosen: str) -> None:
    assert wanted_language(accept) == chosen
