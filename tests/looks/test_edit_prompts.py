"""Prompts of edit models: sentences on what becomes of the photo."""

import pytest

from pipelines.looks.clothes import IN_CLOTHES_PHRASE
from pipelines.looks.fields import CHOICES, FIELDS
from pipelines.looks.preset import with_fields
from tests.support.composed import LOOKS, edit


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
