"""Prompts of diffusion engines: the words as typed, and fields that speak only where those leave something open."""

import re

import pytest

from pipelines.looks.fields import CHOICES, FIELDS, FIRST_FIELDS
from pipelines.looks.preset import with_fields
from pipelines.looks.prompts import apply_words
from tests.support.composed import CORPORATE, LOOKS, diffusion


@pytest.mark.parametrize("look", LOOKS.values(), ids=LOOKS)
def test_the_text_encoder_has_room_left_for_the_persons_words(look):
    longest = {
        field: max(choices, key=lambda choice: len(CHOICES[field][choice].diffusion.split()))
        for field, choices in FIELDS.items()
    }
    first = {field: longest[field] for field in FIRST_FIELDS}
    clothes = {"wardrobe": "dark-suit", "colour": "light-blue", "tie": "striped", "tie_colour": "light-blue"}
    others = {field: longest[field] for field in ("torso", "tilt")}
    for chosen, room in ((look, 68), (with_fields(look, **first), 68), (with_fields(look, **(first | clothes)), 75),
                         (with_fields(look, **others), 75)):  # fmt: skip
        prompt = diffusion(look=chosen)
        for text in (prompt.positive, prompt.negative):
            assert len(re.findall(r"\w+|[^\w\s]", text)) <= room  # of 75, counted as words and marks


def test_diffusion_engines_are_told_the_words_as_typed_before_the_style():
    prompt = diffusion("Red Glasses, freckles")
    assert prompt.positive.startswith("RAW headshot photo of one person, Red Glasses, freckles, ")
    assert "corporate portrait, 85mm lens" in prompt.positive
    assert (prompt.understood, prompt.ignored) == (("Red Glasses", "freckles"), ())


def test_diffusion_engines_are_told_the_negative_words_first():
    assert diffusion(negative_words="glasses, hat").negative.startswith("glasses, hat, casual snapshot, ")


def test_no_glasses_is_a_negative_word_because_the_text_encoder_would_read_glasses():
    prompt = diffusion("short hair without glasses, no tie", "no hat")
    assert "glasses" not in prompt.positive
    assert " tie" not in prompt.positive
    assert "short hair" in prompt.positive
    assert prompt.negative.startswith("glasses, tie, hat, ")
    assert prompt.understood == ("short hair without glasses", "no tie", "no hat")


def test_diffusion_engines_are_not_told_two_backdrops_or_outfits():
    assert "background" not in diffusion("standing in the Alps, purple background").positive.replace(
        "purple background", ""
    )
    assert "suit" not in diffusion("green jumper").positive
    assert "wearing" not in diffusion("denim jacket").positive
    assert "grey" not in diffusion("office").positive
    assert "smile" not in diffusion(negative_words="smile").positive


def test_diffusion_engines_are_told_colour_and_tie_with_the_garment():
    def told(**fields):
        return diffusion(look=with_fields(CORPORATE, **fields)).positive

    assert "wearing a tailored navy suit, plain grey" in told()
    assert "wearing a tailored dark suit, plain grey" in told(colour="own")
    navy = told(wardrobe="dark-suit", colour="navy", tie="plain", tie_colour="burgundy")
    assert "wearing a tailored navy suit, burgundy tie" in navy
    assert "wearing a charcoal blazer, white shirt, open collar" in told(
        wardrobe="blazer", colour="charcoal", shirt_colour="white"
    )
    assert "wearing an olive blazer, striped tie" in told(wardrobe="blazer", colour="olive", tie="striped")
    assert "tie" not in told(wardrobe="dark-tshirt", tie="plain").replace("tiny", "")
    assert "navy suit, women's cut, " in told(cut="womens") and "navy suit, men's cut, " in told(cut="mens")
    assert "wearing a tailored navy suit, red tie" in told(tie_colour="red")  # the colour alone asks for one
    assert "closer framing" in told(framing="close") and "wider framing" in told(framing="wide")


def test_words_are_not_escaped():
    assert "<b>&amp</b>" in diffusion("<b>&amp</b>").positive


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ("burgundy velvet blazer", "wardrobe"),
        ("in a purple velvet blazer", "wardrobe"),
        ("neon green turtleneck", "wardrobe"),
        ("turtleneck with white stripes", "wardrobe"),
        ("on a beach at sunset, palm trees", "backdrop"),
        ("an office full of plants", "backdrop"),
        ("in a coffee shop, espresso machine behind", "backdrop"),
        ("navy suit in a hangar", "backdrop"),
        ("a big smile with dimples", "expression"),
    ],
)
def test_a_field_does_not_speak_where_the_persons_words_say_more_than_its_choice(typed, field):
    ours = {choice.coloured.partition("{colour} ")[2] or choice.diffusion for choice in CHOICES[field].values()}
    told = diffusion(typed).positive
    assert typed.partition(", ")[0] in told
    others = told.replace(typed, "")
    assert not [phrase for phrase in ours if phrase in others]
    assert "soft frontal light" in told  # the other fields still speak


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("bright red turtleneck", "wearing a red turtleneck"),
        ("freckles and a grey suit", "wearing a tailored gray suit"),
        ("navy suit in a coffee shop", "wearing a tailored navy suit"),
        ("with freckles, in a park", "blurred green park background"),
    ],
)
def test_a_field_speaks_where_a_whole_phrase_of_the_person_sets_it(typed, said):
    assert said in diffusion(typed).positive


def test_a_tie_that_is_described_leaves_the_jacket_and_its_collar_alone():
    assert "wearing a navy blazer, plain grey" in diffusion("red tie with white dots, blazer").positive
    assert "open collar" in diffusion("blazer").positive


def test_words_that_say_more_than_a_backdrop_have_none_of_ours_painted_behind_them():
    typed = "on a beach at sunset, palm trees"
    assert apply_words(CORPORATE, typed, "diffusion") == CORPORATE
    assert apply_words(CORPORATE, typed).backdrop == "outdoor"  # the built-in engine has nothing closer
    assert apply_words(CORPORATE, "before trees", "diffusion").backdrop == "outdoor"
