"""Prompts: the person's words win, the same meaning is the same prompt, and what is not understood is named."""

import random
import re

import pytest

from pipelines.errors import UserError
from pipelines.looks.fields import CHOICES, FAMILIES, FIELDS
from pipelines.looks.phrases import phrases
from pipelines.looks.preset import load_looks, with_fields
from pipelines.looks.prompts import apply_words, clean_words, compose
from pipelines.looks.vocabulary import GROUP_OF, MAX_PROMPT_WORDS, VOCABULARY
from pipelines.settings import MAX_CHARACTERS

LOOKS = load_looks()
CORPORATE = LOOKS["corporate"]  # facing smiling light-backdrop plain-backdrop dark-clothes


def builtin(words="", negative_words="", look=CORPORATE):
    return compose(look, words=words, negative_words=negative_words, family="builtin")


def diffusion(words="", negative_words="", look=CORPORATE):
    return compose(look, words=words, negative_words=negative_words, family="diffusion")


@pytest.mark.parametrize("look", LOOKS.values(), ids=LOOKS)
def test_every_look_with_every_choice_composes_for_every_family(look):
    for field, choices in FIELDS.items():
        for choice in choices:
            changed = with_fields(look, **{field: choice})
            told = builtin(look=changed).positive.split()
            assert told == [word for word in VOCABULARY if word in told]
            assert len({GROUP_OF[word] for word in told}) == len(told) <= MAX_PROMPT_WORDS
            assert set(CHOICES[field][choice].builtin or ()) <= set(told)
            assert set(told).isdisjoint(builtin(look=changed).negative.split())
            assert CHOICES[field][choice].diffusion in diffusion(look=changed).positive


@pytest.mark.parametrize("look", LOOKS.values(), ids=LOOKS)
def test_the_text_encoder_has_room_left_for_the_persons_words(look):
    longest = {
        field: max(choices, key=lambda choice: len(CHOICES[field][choice].diffusion.split()))
        for field, choices in FIELDS.items()
    }
    for chosen in (look, with_fields(look, **longest)):
        prompt = diffusion(look=chosen)
        for text in (prompt.positive, prompt.negative):
            assert len(re.findall(r"\w+|[^\w\s]", text)) <= 68  # of 75, counted as words and marks


def test_the_fields_speak_where_the_person_does_not():
    assert builtin().positive == "facing smiling light-backdrop plain-backdrop dark-clothes"
    assert builtin().negative == "busy-backdrop"
    assert (builtin().understood, builtin().ignored) == ((), ())


def test_a_neutral_expression_says_neither_smiling_nor_serious():
    prompt = builtin(look=with_fields(CORPORATE, expression="neutral"))
    assert prompt.positive == "facing light-backdrop plain-backdrop dark-clothes"


# --- what people type -----------------------------------------------------------------------------------------------

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
    "grey background": "plain-backdrop",
    "plain gray backdrop": "plain-backdrop",
    "in front of a white wall": "light-backdrop plain-backdrop",
    "dark background": "dark-backdrop plain-backdrop",
    "pitch-black background": "dark-backdrop plain-backdrop",
    "blue background": "plain-backdrop cool-backdrop",
    "navy background": "dark-backdrop plain-backdrop cool-backdrop",
    "warm background": "plain-backdrop warm-backdrop",
    "green background": "green-backdrop",
    "busy background": "busy-backdrop",
    "in a bright office": "light-backdrop plain-backdrop cool-backdrop",
    "in a library": "dark-backdrop plain-backdrop warm-backdrop",
    "outdoors": "plain-backdrop green-backdrop",
    "on stage": "dark-backdrop plain-backdrop cool-backdrop",
    "red brick wall": "plain-backdrop warm-backdrop",
    "navy blazer": "dark-clothes",
    "wearing a white shirt": "light-clothes",
    "black T-shirt": "dark-clothes",
    "turtleneck": "dark-clothes",
    "cream jumper": "light-clothes",
    "lab coat": "light-clothes",
    "suit and tie": "dark-clothes",
    "soft light from the left": "lit-left",
    "lit from the right": "lit-right",
    "window light on the right side": "lit-right",
    "LIGHT-BACKDROP": "light-backdrop plain-backdrop",
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


@pytest.mark.parametrize("word", VOCABULARY)
def test_the_models_own_words_are_understood(word):
    prompt = builtin(word)
    assert (prompt.understood, prompt.ignored) == ((word,), ())
    assert word in prompt.positive.split()
    assert word in builtin(negative_words=word).negative.split()


def test_hundreds_of_phrases_are_understood():
    assert len(phrases().meanings) > 1000
    for entry in phrases().meanings.values():
        assert set(entry.words) <= set(VOCABULARY)
        assert all(choice in FIELDS[field] for field, choice in entry.sets.items())
        assert entry.mentions <= set(FIELDS)


def test_every_choice_can_be_said_in_words():
    sayable = {(field, choice) for entry in phrases().meanings.values() for field, choice in entry.sets.items()}
    assert sayable == {(field, choice) for field, choices in FIELDS.items() for choice in choices}


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


def test_light_the_built_in_model_cannot_draw_is_ignored_by_it():
    prompt = builtin("dramatic light")
    assert (prompt.understood, prompt.ignored) == ((), ("dramatic light",))
    assert apply_words(CORPORATE, "dramatic light").light == "dramatic"


# --- contradictions -------------------------------------------------------------------------------------------------


def test_the_persons_words_win_over_the_fields():
    look = with_fields(CORPORATE, expression="serious", backdrop="black", light="from-left", wardrobe="lab-coat")
    said = builtin("smiling, light background, lit from the right, dark clothes, head turned left", look=look).positive
    assert said == "turned-left smiling light-backdrop plain-backdrop dark-clothes lit-right"


def test_fields_win_over_the_looks_own_words():
    look = with_fields(LOOKS["linkedin-light"], backdrop="office")
    assert "plain-backdrop" in builtin(look=look).positive
    assert builtin(look=look).negative == "busy-backdrop"
    assert builtin("busy background", look=look).negative == ""


@pytest.mark.parametrize(
    ("typed", "word", "lost"),
    [
        ("smile, serious", "serious", "smile"),
        ("dark background, white background", "light-backdrop", "dark background"),
        ("turned left, facing, turned right", "turned-right", "turned left"),
        ("lit from the left, lit from the right", "lit-right", "lit from the left"),
        ("white shirt, dark shirt", "dark-clothes", "white shirt"),
        ("busy background, grey background", "plain-backdrop", "busy background"),
    ],
)
def test_of_two_words_that_exclude_each_other_the_last_wins_and_the_other_is_named(typed, word, lost):
    prompt = builtin(typed)
    assert word in prompt.positive
    assert lost in prompt.ignored
    assert len({GROUP_OF[each] for each in prompt.positive.split()}) == len(prompt.positive.split())


def test_a_suit_goes_over_a_shirt_whatever_the_order():
    for typed in ("dark suit with a white shirt", "white shirt under a dark suit"):
        assert apply_words(LOOKS["linkedin-light"], typed).wardrobe == "dark-suit"
        assert "dark-clothes" in builtin(typed).positive


def test_negative_words_take_a_word_away_and_say_it_as_negative():
    prompt = builtin(negative_words="smile, plain background")
    assert prompt.positive == "facing light-backdrop dark-clothes"
    assert prompt.negative == "smiling plain-backdrop"
    assert prompt.understood == ("smile", "plain background")


def test_a_no_among_the_negative_words_changes_nothing():
    assert builtin(negative_words="no smile").negative == builtin(negative_words="smile").negative


def test_without_is_a_negative_word():
    prompt = builtin("without any dark background, not turned to the left")
    assert prompt.negative == "turned-left dark-backdrop busy-backdrop"
    assert prompt.understood == ("without any dark background", "not turned to the left")
    assert builtin("never standing outside").ignored == ("never standing outside",)
    assert apply_words(CORPORATE, "never standing outside") == CORPORATE


def test_what_is_wanted_and_unwanted_at_once_is_wanted():
    prompt = builtin("smile", "smile")
    assert "smiling" in prompt.positive
    assert "smiling" not in prompt.negative
    assert (prompt.understood, prompt.ignored) == (("smile",), ("smile",))


def test_never_more_words_than_the_text_encoder_has_places_for():
    everything = " ".join(f"{word}," for word in VOCABULARY)
    prompt = builtin(negative_words=everything)
    assert len(prompt.negative.split()) == MAX_PROMPT_WORDS
    assert len(prompt.understood) == MAX_PROMPT_WORDS
    assert len(prompt.ignored) == len(VOCABULARY) - MAX_PROMPT_WORDS


def test_any_words_at_all_give_a_prompt_in_the_models_own_order():
    rng = random.Random(0)
    table = phrases()
    bits = [*list(table.meanings)[::97], *table.negators, *table.fillers, "cat", ",", "\n", "!", "\u00e9", "(1.3)"]
    for _ in range(200):
        words, negative = (" ".join(rng.choices(bits, k=8)) for _ in range(2))
        prompt = builtin(words, negative)
        for told in (prompt.positive.split(), prompt.negative.split()):
            assert told == [word for word in VOCABULARY if word in told]
        assert len({GROUP_OF[word] for word in prompt.positive.split()}) == len(prompt.positive.split())
        assert set(prompt.positive.split()).isdisjoint(prompt.negative.split())
        assert all(piece in clean_words(words) or piece in clean_words(negative) for piece in prompt.understood)


# --- fields named in words ------------------------------------------------------------------------------------------


def test_words_that_name_a_choice_set_the_field_for_the_finishing_too():
    look = apply_words(CORPORATE, "close-up before a brick wall, no smile, navy blazer, light from the left")
    assert look.fields == {
        "backdrop": "brick",
        "wardrobe": "blazer",
        "light": "from-left",
        "expression": "serious",
        "crop": "tight",
    }
    assert apply_words(CORPORATE, "a red balloon") == CORPORATE


# --- diffusion engines ----------------------------------------------------------------------------------------------


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
    assert "grey" not in diffusion("office").positive
    assert "smile" not in diffusion(negative_words="smile").positive


def test_words_are_not_escaped():
    assert "<b>&amp</b>" in diffusion("<b>&amp</b>").positive


# --- refusals -------------------------------------------------------------------------------------------------------


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
