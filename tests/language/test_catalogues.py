"""Catalogues: every sentence of the code is in each of them, translated, and nothing else is."""

import re
from pathlib import Path
from string import Formatter

import pytest
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po

from pipelines.language.catalogue import FOLDER, LANGUAGES, SOURCE, Key
from tools import translations
from tools.sentences import literals, sentences

LANGUAGE = pytest.mark.parametrize("language", [code for code in LANGUAGES if code != SOURCE])
ENGLISH_QUOTES = {"de": '["“](?=\\w|{)', "es": '["“]', "fr": '["“]'}


@pytest.fixture(scope="module")
def said() -> dict[Key, str]:
    return sentences()


def read(language: str) -> Catalog:
    with (FOLDER / f"{language}.po").open("rb") as file:
        return read_po(file, locale=language)


def keys(catalog: Catalog) -> set[Key]:
    return {(message.context or "", str(message.id)) for message in catalog if message.id}


def fields_of(template: str) -> set[tuple[str, str]]:
    """Names of the fields, with the decimals of numbers."""
    return {(name, spec or "") for _, name, spec, _ in Formatter().parse(template) if name is not None}


@LANGUAGE
def test_every_sentence_is_translated_and_no_translation_is_left_over(language: str, said: dict[Key, str]) -> None:
    catalog = read(language)
    assert keys(catalog) == said.keys(), "python -m tools.translations brings the catalogues up to date"
    assert translations.untranslated(catalog) == []


@LANGUAGE
def test_a_translation_has_the_fields_of_its_sentence(language: str) -> None:
    other = {str(m.id): m.string for m in read(language) if m.id and fields_of(str(m.id)) != fields_of(str(m.string))}
    assert other == {}


@LANGUAGE
def test_a_translation_ends_as_its_sentence_does_and_has_the_quotes_of_its_language(language: str) -> None:
    for message in read(language):
        if message.id:
            text = str(message.string)
            assert str(message.id)[-1] in ".:?" or text[-1] not in ".", text
            assert text.startswith(" ") == str(message.id).startswith(" ") and text == text.rstrip(), text
            assert not re.search(ENGLISH_QUOTES[language], text), text


def test_french_signs_stand_off_by_a_space_that_does_not_break() -> None:
    for message in read("fr"):
        if message.id:
            assert not re.search(r" [:;?!»]|« |\w[;?!](?:\s|$)|\w:(?: |$)", str(message.string)), message.string


def test_a_sentence_is_found_wherever_it_is_declared() -> None:
    source = 'A = Sentence("One.")\ndef f():\n    return Sentence("Two.", "button")\n'
    source += 'class Refusal(Sentence, ReprEnum):\n    GONE = "Three."\n'
    assert set(literals(source)) == {("", "One."), ("button", "Two."), ("", "Three.")}


def test_tables_texts_and_enumerations_are_looked_through(said: dict[Key, str]) -> None:
    found = set(said.values())
    assert {"presets", "pipelines/looks/fields.py", "pipelines/engine_table.py", "pipelines/misuse/rules.toml"} <= found
    assert ("", "Your photos") in said and ("choice", "Dark suit") in said and ("field", "Backdrop") in said
    assert ("", "The file is empty. Copy or download it again.") in said


def test_a_new_sentence_is_added_a_changed_one_is_marked_and_an_old_one_goes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(translations, "FOLDER", tmp_path)
    new = {("", "Your photos and pictures"): "a.py", ("button", "Close"): "a.py", ("", "Entirely new."): "b.py"}
    monkeypatch.setattr(translations, "sentences", lambda: new)
    entries = [("", "Your photos and picture", "Ihre Fotos"), ("button", "Close", "Zu"), ("", "Gone for good?", "Weg")]
    lines = [f'msgctxt "{context}"\n' * bool(context) + f'msgid "{a}"\nmsgstr "{b}"\n' for context, a, b in entries]
    (tmp_path / "de.po").write_text('msgid ""\nmsgstr ""\n"Language: de\\n"\n\n' + "\n".join(lines), "utf-8")

    catalog = translations.update("de")
    assert keys(catalog) == new.keys()
    assert {str(m.id) for m in translations.untranslated(catalog)} == {"Your photos and pictures", "Entirely new."}
    written = (tmp_path / "de.po").read_text("utf-8")
    assert "Gone for good" not in written and "#, fuzzy" in written and 'msgstr "Zu"' in written
    translations.update("de")
    assert (tmp_path / "de.po").read_text("utf-8") == written
