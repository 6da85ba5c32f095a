"""Phrases: plain English becomes the model's words and choices of fields, and what nobody knows is named."""

import re
import tomllib

import pytest

from pipelines.looks.fields import FIELDS, LATER_FIELDS, field_of
from pipelines.looks.phrases import PHRASES, phrases
from pipelines.looks.prompts import apply_words
from pipelines.looks.vocabulary import GROUP_OF, VOCABULARY
from tests.support.composed import CORPORATE, LOOKS, builtin

SAID = {
    "big smile": "smiling",
    "with a warm friendly smile": "smiling",
    "laughing": "smiling",
    "Happy expression": "smiling",
    "no smile": "serious",
    "not smiling": "serious",
    "don't smile": "serious",
    "don\u2019t smile": "serious",
    "a straight face": "serious",
    "look to the left": "turned-left",
    "looking slightly to the right": "turned-right",
    "head turned right": "turned-right",
    "facing left": "turned-left",
    "turned-left": "turned-left",
    "looking straight into the camera": "facing",
    "eye contact": "facing",
    "soft light from the left": "lit-left",
    "lit from the right": "lit-right",
    "window light on the right side": "lit-right",
    "SMILING": "smiling",
}


@pytest.mark.parametrize(("typed", "words"), SAID.items())
def test_plain_english_becomes_the_models_words(typed, words):
    prompt = builtin(typed)
    for word in words.split():
        assert word in prompt.positive.split()
    about = {GROUP_OF[word] for word in words.split()}
    assert {word for word in prompt.positive.split() if GROUP_OF[word] in about} == set(words.split())
    assert prompt.ignored == ()
    assert len(prompt.understood) >= 1


SETS = {
    "grey background": {"backdrop": "seamless-grey"},
    "plain gray backdrop": {"backdrop": "seamless-grey"},
    "plain background": {"backdrop": "seamless-grey"},
    "in front of a white wall": {"backdrop": "seamless-light"},
    "dark background": {"backdrop": "seamless-dark"},
    "pitch-black background": {"backdrop": "black"},
    "blue background": {"backdrop": "gradient-blue"},
    "navy background": {"backdrop": "gradient-blue"},
    "warm background": {"backdrop": "gradient-warm"},
    "in a bright office": {"backdrop": "office"},
    "in a library": {"backdrop": "library"},
    "outdoors": {"backdrop": "outdoor"},
    "on stage": {"backdrop": "stage"},
    "red brick wall": {"backdrop": "brick"},
    "LIGHT-BACKDROP": {"backdrop": "seamless-light"},
    "suit": {"wardrobe": "dark-suit"},
    "navy suit, red tie": {"wardrobe": "dark-suit", "colour": "navy", "tie": "plain", "tie_colour": "red"},
    "a light grey suit without a tie": {"wardrobe": "light-suit", "colour": "light-grey", "tie": "none"},
    "suit and tie": {"wardrobe": "dark-suit", "tie": "plain"},
    "women's navy suit": {"wardrobe": "dark-suit", "colour": "navy", "cut": "womens"},
    "navy blazer": {"wardrobe": "blazer", "colour": "navy"},
    "beige blazer": {"wardrobe": "blazer", "colour": "beige"},
    "open collar": {"tie": "none"},
    "striped tie": {"tie": "striped"},
    "a tie with stripes": {"tie": "striped"},
    "blue striped tie": {"tie": "striped", "tie_colour": "blue"},
    "wearing a white shirt": {"wardrobe": "light-shirt", "colour": "white"},
    "dark suit, white shirt": {"wardrobe": "dark-suit", "shirt_colour": "white"},
    "light blue shirt under a charcoal suit": {
        "wardrobe": "dark-suit",
        "colour": "charcoal",
        "shirt_colour": "light-blue",
    },
    "blouse": {"wardrobe": "light-shirt", "cut": "womens"},
    "black T-shirt": {"wardrobe": "dark-tshirt", "colour": "black"},
    "turtleneck": {"wardrobe": "black-turtleneck"},
    "burgundy turtleneck": {"wardrobe": "black-turtleneck", "colour": "burgundy"},
    "cream jumper": {"wardrobe": "knitwear", "colour": "cream"},
    "a forest green sweater": {"wardrobe": "knitwear", "colour": "forest"},
    "brown leather jacket": {"wardrobe": "leather-jacket", "colour": "brown"},
    "grey tweed jacket": {"wardrobe": "tweed-jacket", "colour": "grey"},
    "lab coat": {"wardrobe": "lab-coat"},
    "white coat": {"wardrobe": "lab-coat"},
    "round-neck top": {"wardrobe": "round-neck"},
    "a red dress": {"wardrobe": "round-neck", "colour": "red"},
    "dressed in black": {"colour": "black"},
    "broad shoulders": {"build": "broad"},
    "slim build": {"build": "slim"},
    "men's cut": {"cut": "mens"},
    "smile": {"expression": "smiling"},
    "big smile": {"expression": "broad-smile"},
    "a warm, slight smile": {"expression": "slight-smile"},
    "closed-mouth smile": {"expression": "slight-smile"},
    "torso turned left": {"torso": "left"},
    "body to the right": {"torso": "right"},
    "shoulders facing the camera": {"torso": "straight"},
    "head tilted to the left": {"tilt": "left"},
    "no tilt": {"tilt": "none"},
    "closer": {"framing": "close"},
    "wider framing": {"framing": "wide"},
    "close-up": {"crop": "tight"},
    "dramatic light": {"light": "dramatic"},
}


@pytest.mark.parametrize(("typed", "fields"), SETS.items())
def test_plain_english_sets_the_fields(typed, fields):
    look = apply_words(LOOKS["outdoor"], typed)
    assert {field: look.fields[field] for field in look.chosen} == fields
    prompt = builtin(typed)
    assert prompt.ignored == () or typed == "a warm, slight smile"
    assert len(prompt.understood) >= 1


@pytest.mark.parametrize("colour", FIELDS["colour"][1:])
@pytest.mark.parametrize("garment", ["suit", "blazer", "shirt", "t-shirt", "jumper", "dress", "lab coat", "clothes"])
def test_a_garment_in_a_colour_that_exists_is_never_ignored(colour, garment):
    typed = f"{colour.replace('-', ' ')} {garment}"
    assert builtin(typed).ignored == ()
    if typed != "white coat":
        assert apply_words(CORPORATE, typed).colour == colour


@pytest.mark.parametrize("colour", FIELDS["tie_colour"][1:])
def test_a_tie_in_a_colour_that_exists_is_never_ignored(colour):
    look = apply_words(CORPORATE, f"a {colour.replace('-', ' ')} tie")
    assert (look.tie, look.tie_colour) == ("plain", colour)


@pytest.mark.parametrize("typed", ["denim jacket", "scrubs", "purple background", "bow tie", "beige coat"])
def test_clothes_and_backdrops_that_nobody_draws_are_named(typed):
    assert builtin(typed).ignored == (typed,)
    assert apply_words(CORPORATE, typed) == CORPORATE


def test_what_is_worn_below_and_cannot_be_seen_is_named():
    assert builtin("black turtleneck under a blazer").ignored == ("black turtleneck",)
    assert apply_words(CORPORATE, "black turtleneck under a blazer").wardrobe == "blazer"


def test_what_is_always_so_is_not_called_impossible():
    assert builtin("blurred background").ignored == builtin(negative_words="busy background").ignored == ()


def test_a_tie_that_is_not_wanted_is_left_out():
    assert apply_words(CORPORATE, "suit without a red tie").tie == "none"
    assert builtin(negative_words="tie").ignored == ()


@pytest.mark.parametrize("word", [word for word in VOCABULARY if field_of(word) not in ("backdrop", "wardrobe")])
def test_the_models_own_words_are_understood(word):
    prompt = builtin(word)
    assert (prompt.understood, prompt.ignored) == ((word,), ())
    assert word in prompt.positive.split()
    assert word in builtin(negative_words=word).negative.split()


def test_case_punctuation_order_and_spaces_do_not_matter():
    wanted = builtin("big smile, white shirt, look to the left").positive
    for typed in ("LOOK TO THE LEFT!! White   Shirt; Big-Smile.", "white shirt\nbig smile\nlook to the left"):
        assert builtin(typed).positive == wanted


def test_what_is_not_understood_is_named_as_typed():
    prompt = builtin("Professional photo of a woman with Red Glasses, grey background and a cat", "freckles")
    assert prompt.ignored == ("woman with Red Glasses", "cat", "freckles")
    assert prompt.understood == ("grey background",)


def test_filler_words_are_neither_understood_nor_ignored():
    prompt = builtin("a professional photo of me, with the")
    assert prompt.understood == prompt.ignored == ()


def test_a_colour_is_not_mistaken_for_clothes_or_backdrop():
    for typed in ("wearing black glasses", "dark hair", "blue eyes", "square jaw", "tight curls", "purple background"):
        prompt = builtin(typed)
        assert prompt.positive == builtin().positive
        assert prompt.ignored == (typed.removeprefix("wearing "),)


def test_words_that_name_a_choice_set_the_field_for_the_finishing_too():
    look = apply_words(CORPORATE, "close-up before a brick wall, no smile, navy blazer, light from the left")
    assert {field: look.fields[field] for field in look.chosen} == {
        "backdrop": "brick",
        "wardrobe": "blazer",
        "colour": "navy",
        "light": "from-left",
        "expression": "serious",
        "crop": "tight",
    }
    assert apply_words(CORPORATE, "a red balloon") == CORPORATE


def test_hundreds_of_phrases_are_understood():
    assert len(phrases().meanings) > 1000
    for entry in phrases().meanings.values():
        assert set(entry.words) <= set(VOCABULARY)
        assert all(choice in FIELDS[field] for field, choice in entry.sets.items())
        assert entry.mentions <= set(FIELDS)


def test_every_slot_of_the_table_is_used():
    table = tomllib.loads(PHRASES.read_text("utf-8"))
    assert {name for entry in table["phrase"] for said in entry["said"] for name in re.findall(r"{(\w+)}", said)} == (
        table["slots"].keys()
    )


def test_every_choice_can_be_said_in_words():
    sayable = {pair for entry in phrases().meanings.values() for pair in [*entry.sets.items(), *entry.under.items()]}
    open_ones = {(field, FIELDS[field][0]) for field in LATER_FIELDS}
    assert sayable | open_ones == {(field, choice) for field, choices in FIELDS.items() for choice in choices}
