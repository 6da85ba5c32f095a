"""Contradictions: the person's words win over the fields, the last word over an earlier one, and the loser is named."""

import pytest

from pipelines.looks.preset import with_fields
from pipelines.looks.prompts import apply_words
from pipelines.looks.vocabulary import GROUP_OF
from tests.support.composed import CORPORATE, LOOKS, builtin


def test_the_persons_words_win_over_the_fields():
    look = with_fields(CORPORATE, expression="serious", backdrop="black", light="from-left", wardrobe="lab-coat")
    typed = "smiling, light background, lit from the right, dark suit, head turned left"
    assert builtin(typed, look=look).positive == "turned-left smiling lit-right"
    said = apply_words(look, typed).fields
    assert (said["backdrop"], said["wardrobe"], said["light"]) == ("seamless-light", "dark-suit", "from-right")


@pytest.mark.parametrize(
    ("typed", "word", "lost"),
    [
        ("smile, serious", "serious", "smile"),
        ("turned left, facing, turned right", "turned-right", "turned left"),
        ("lit from the left, lit from the right", "lit-right", "lit from the left"),
    ],
)
def test_of_two_words_that_exclude_each_other_the_last_wins_and_the_other_is_named(typed, word, lost):
    prompt = builtin(typed)
    assert word in prompt.positive
    assert lost in prompt.ignored
    assert len({GROUP_OF[each] for each in prompt.positive.split()}) == len(prompt.positive.split())


def test_of_two_choices_of_a_field_the_last_wins_and_the_other_is_named():
    for typed, lost, fields in (
        ("dark background, white background", "dark background", {"backdrop": "seamless-light"}),
        ("white shirt, dark shirt", "white shirt", {"wardrobe": "dark-shirt", "colour": "own"}),
        ("navy suit, beige blazer", "navy suit", {"wardrobe": "blazer", "colour": "beige"}),
        ("busy background, grey background", "busy background", {"backdrop": "seamless-grey"}),
    ):
        assert builtin(typed).ignored == (lost,)
        assert apply_words(CORPORATE, typed).fields.items() >= fields.items()


def test_a_suit_goes_over_a_shirt_whatever_the_order():
    for typed in ("dark suit with a white shirt", "white shirt under a dark suit"):
        look = apply_words(LOOKS["linkedin-light"], typed)
        assert (look.wardrobe, look.shirt_colour, look.colour) == ("dark-suit", "white", "own")
        assert builtin(typed).ignored == ()


def test_negative_words_take_a_word_away_and_say_it_as_negative():
    prompt = builtin(negative_words="smile, turned left")
    assert prompt.positive == "facing"
    assert prompt.negative == "turned-left smiling"
    assert prompt.understood == ("smile", "turned left")


def test_a_no_among_the_negative_words_changes_nothing():
    assert builtin(negative_words="no smile").negative == builtin(negative_words="smile").negative


def test_without_is_a_negative_word():
    prompt = builtin("without any light from the left, not turned to the left")
    assert prompt.negative == "turned-left lit-left"
    assert prompt.understood == ("without any light from the left", "not turned to the left")
    assert builtin("never standing outside").ignored == ("never standing outside",)
    assert apply_words(CORPORATE, "never standing outside") == CORPORATE


def test_what_is_wanted_and_unwanted_at_once_is_wanted():
    prompt = builtin("smile", "smile")
    assert "smiling" in prompt.positive
    assert "smiling" not in prompt.negative
    assert (prompt.understood, prompt.ignored) == (("smile",), ("smile",))
