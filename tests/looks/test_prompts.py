"""Prompts: the person's words win, the same meaning is the same prompt, and what is not understood is named."""

import random
import re
import tomllib

import pytest

from pipelines.errors import UserError
from pipelines.looks.clothes import IN_CLOTHES_PHRASE
from pipelines.looks.fields import CHOICES, FAMILIES, FIELDS, FIRST_FIELDS, LATER_FIELDS, field_of
from pipelines.looks.phrases import PHRASES, phrases
from pipelines.looks.preset import load_looks, with_fields
from pipelines.looks.prompts import apply_words, clean_words, compose
from pipelines.looks.vocabulary import GROUP_OF, MAX_PROMPT_WORDS, VOCABULARY
from pipelines.settings import MAX_CHARACTERS

LOOKS = load_looks()
CORPORATE = LOOKS["corporate"]  # facing smiling
CUTOUT = ("light-backdrop", "plain-backdrop", "dark-clothes")


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
            assert set(CHOICES[field][choice].builtin) <= set(told)
            assert set(told).isdisjoint(builtin(look=changed).negative.split())
            if field not in IN_CLOTHES_PHRASE:
                assert CHOICES[field][choice].diffusion in diffusion(look=changed).positive


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


def test_the_fields_speak_where_the_person_does_not():
    assert builtin().positive == "facing smiling"
    assert builtin().negative == ""
    assert (builtin().understood, builtin().ignored) == ((), ())


def test_a_neutral_expression_says_neither_smiling_nor_serious():
    assert builtin(look=with_fields(CORPORATE, expression="neutral")).positive == "facing"


@pytest.mark.parametrize("look", LOOKS.values(), ids=LOOKS)
def test_the_built_in_model_is_told_the_backdrop_and_clothes_of_the_cut_out_and_no_others(look):
    typed = "black background, white shirt, in a library, dark clothes"
    for words in ("", typed):
        told = compose(look, words=words, negative_words="dark clothes, busy background", family="builtin")
        drawn = {word for word in VOCABULARY if field_of(word) in ("backdrop", "wardrobe")}
        assert drawn.isdisjoint(told.positive.split() + told.negative.split())
        with_cutout = compose(look, words=words, family="builtin", cutout=CUTOUT).positive.split()
        assert set(with_cutout) & drawn == set(CUTOUT)
        assert with_cutout == [word for word in VOCABULARY if word in with_cutout]


def test_how_broadly_a_picture_smiles_is_settled_where_the_look_and_the_person_leave_it_open():
    def told(words, smile):
        return compose(CORPORATE, words=words, family="builtin", smile=smile).positive

    assert (told("", "broad"), told("", "slight")) == ("facing smiling", "facing")
    assert (told("smile", "slight"), told("big smile", "slight")) == ("facing", "facing smiling")
    assert told("slight smile", "broad") == "facing"
    assert builtin("slight smile").negative == "serious"
    assert told("serious", "broad") == "facing serious"


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


# --- contradictions -------------------------------------------------------------------------------------------------


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


def test_never_more_words_than_the_text_encoder_has_places_for():
    everything = " ".join(f"{word}," for word in VOCABULARY)
    prompt = compose(CORPORATE, negative_words=everything, family="builtin", cutout=VOCABULARY)
    assert len(prompt.positive.split()) == MAX_PROMPT_WORDS >= len(prompt.negative.split())


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
    assert {field: look.fields[field] for field in look.chosen} == {
        "backdrop": "brick",
        "wardrobe": "blazer",
        "colour": "navy",
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
    assert told(cut="mens") == told(cut="womens") == told()


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


def edit(words="", negative_words="", look=CORPORATE, photos=1):
    return compose(look, words=words, negative_words=negative_words, family="edit", photos=photos)


def test_an_edit_model_is_told_in_sentences_what_to_make_of_the_photo():
    told = edit("in a coffee shop, no glasses", "hats, no beard")
    assert told.positive.startswith(
        "Turn this photo into a studio headshot of the same person. In a coffee shop, no glasses, head and shoulders"
    )
    assert told.positive.endswith(" Without hats, beard.") and told.negative == ""
    assert told.understood == ("in a coffee shop", "no glasses", "hats", "no beard") and told.ignored == ()
    assert edit(photos=3).positive.startswith("Turn these photos of one person into one studio headshot")


@pytest.mark.parametrize("look", LOOKS.values(), ids=LOOKS)
def test_an_edit_model_hears_every_choice_that_a_diffusion_model_hears(look):
    for field, choices in FIELDS.items():
        for choice in choices:
            changed = with_fields(look, **{field: choice})
            if field not in IN_CLOTHES_PHRASE:
                assert CHOICES[field][choice].diffusion.lower() in edit(look=changed).positive.lower()


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
