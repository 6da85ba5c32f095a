"""Languages that the engines do not speak are recognised; English, and what the engines know, is not."""

import pytest

from pipelines.looks.languages import foreign_language, languages
from pipelines.looks.phrases import phrases


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("blauer Anzug mit roter Krawatte", "German"),
        ("freundlich lächelnd", "German"),
        ("traje azul, fondo gris", "Spanish"),
        ("sonrisa", "Spanish"),
        ("costume bleu et cravate rouge", "French"),
        ("sfondo grigio, senza occhiali", "Italian"),
        ("terno azul, fundo cinza", "Portuguese"),
    ],
)
def test_another_language_is_named(text: str, language: str) -> None:
    assert foreign_language(text) == language


@pytest.mark.parametrize("text", ["", "big smile, navy suit, red tie", "a parrot", "la dolce vita", "costume", "die"])
def test_english_and_single_doubtful_words_are_not(text: str) -> None:
    assert foreign_language(text) is None


def test_no_phrase_that_the_engine_knows_is_taken_for_another_language() -> None:
    taken = {phrase for phrase in phrases().meanings if foreign_language(phrase)}
    assert not taken
    assert all(len(words) > 20 for words in languages().values())
