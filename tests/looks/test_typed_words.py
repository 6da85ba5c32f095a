"""Words as they are typed: what is no text is refused in a sentence, and what cannot be seen is taken out."""

import pytest

from pipelines.errors import UserError
from pipelines.looks.fields import FAMILIES
from pipelines.looks.prompts import clean_words, compose
from pipelines.settings import MAX_CHARACTERS
from tests.support.composed import CORPORATE, builtin


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("box", ["words", "negative_words"])
@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("x" * (MAX_CHARACTERS + 1), "The words are 1001 characters long; at most 1000 are read. Shorten them."),
        ("smile\x00", "The words hold a control character that cannot be read as text. Type them in again."),
        ("smile\x1b[31m", "The words hold a control character that cannot be read as text. Type them in again."),
        ("smile\ud800", "The words hold a control character that cannot be read as text. Type them in again."),
        (7, "The words must be text. Send them as one string."),
    ],
    ids=["too long", "nul", "escape", "half a character", "a number"],
)
def test_words_that_are_no_text_are_refused(family, box, text, sentence):
    with pytest.raises(UserError) as refused:
        compose(CORPORATE, family=family, **{box: text})
    assert str(refused.value) == sentence


def test_pasted_text_is_cleaned_of_what_cannot_be_seen():
    assert clean_words("big\u200b smile\u202e\r\n\twhite  shirt\n") == "big smile, white shirt"


def test_a_thousand_characters_are_read():
    assert builtin("smile " * 166).positive == builtin("smile").positive
