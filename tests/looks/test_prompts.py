"""Prompts of the built-in engine: words of its vocabulary in their order, from look, fields and words."""

import random

import pytest

from pipelines.looks.clothes import IN_CLOTHES_PHRASE
from pipelines.looks.fields import CHOICES, FIELDS, field_of
from pipelines.looks.phrases import phrases
from pipelines.looks.preset import with_fields
from pipelines.looks.prompts import clean_words, compose
from pipelines.looks.vocabulary import GROUP_OF, MAX_PROMPT_WORDS, VOCABULARY
from tests.support.composed import CORPORATE, LOOKS, builtin, diffusion

CUTOUT = ("light-backdrop", "plain-backdrop", "dark-clothes")


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


def test_who_smiles_in_the_photo_is_not_kept_from_serious_for_a_slight_smile():
    def told(words="", smile="slight", smiling=True):
        prompt = compose(CORPORATE, words=words, family="builtin", smile=smile, smiling=smiling)
        return prompt.positive, prompt.negative

    assert told() == told("slight smile", "broad") == ("facing", "")
    assert told(smiling=False) == ("facing", "serious")
    assert told(smile="broad") == told(smile="broad", smiling=False) == ("facing smiling", "")


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
