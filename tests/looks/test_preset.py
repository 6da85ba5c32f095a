"""Looks: what ships is complete, what somebody adds is checked, and every refusal says which key to change."""

import re
import shutil
from pathlib import Path

import pytest

from pipelines.errors import UserError
from pipelines.looks.fields import (
    BUILTIN,
    CHOICES,
    FAMILIES,
    FIELDS,
    FIRST_FIELDS,
    LATER_FIELDS,
    field_of,
    unobeyed,
)
from pipelines.looks.preset import GRADE_RANGES, Grade, Look, load_look, load_looks, with_cut, with_fields
from pipelines.looks.prompts import compose
from pipelines.looks.vocabulary import GROUP_OF, VOCABULARY
from pipelines.paths import PRESETS
from pipelines.request import Request

LOOKS = load_looks()
GOOD = (PRESETS / "corporate.toml").read_text("utf-8")


def write(folder: Path, text: str | bytes, name: str = "mine.toml") -> Path:
    presets = folder / "presets"
    presets.mkdir()
    presets.joinpath(name).write_bytes(text if isinstance(text, bytes) else text.encode())
    return presets


def refusal(folder: Path, text: str | bytes, name: str = "mine.toml") -> str:
    with pytest.raises(UserError) as refused:
        load_looks(write(folder, text, name))
    return str(refused.value)


# What is true of the looks that ship stays true when somebody adds one: a file, and nothing else.
NEW = """
title = "Night shift"
description = "Dark shirt before black, lit from the right, without colour: for somebody who works late."

[fields]
backdrop = "black"
wardrobe = "dark-shirt"
light = "from-right"
expression = "neutral"
crop = "square"

[prompt]
builtin = "facing"
diffusion = "monochrome portrait, 50mm lens at f/2, deep tones"

[negative]
builtin = ""
diffusion = "flat tones"

[grade]
monochrome = true
exposure = 0.0
contrast = 1.1
saturation = 1.0
warmth = 0.0
vignette = 0.2
"""


@pytest.fixture(params=["those that ship", "one more"])
def folder(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    if request.param == "those that ship":
        return PRESETS
    presets = shutil.copytree(PRESETS, tmp_path / "presets")
    (presets / "night-shift.toml").write_text(NEW, "utf-8")
    return presets


@pytest.fixture
def looks(folder: Path) -> dict[str, Look]:
    return load_looks(folder)


def test_a_look_is_named_after_its_file(looks: dict[str, Look], folder: Path):
    assert looks.keys() == {file.stem for file in folder.glob("*.toml")}
    assert all(look.id == look_id for look_id, look in looks.items())
    assert load_look("editorial", folder) == looks["editorial"]


def test_the_look_that_a_request_starts_with_is_there(looks: dict[str, Look]):
    assert Request.look in looks


def test_titles_and_descriptions_tell_the_looks_apart(looks: dict[str, Look]):
    assert len({look.title for look in looks.values()}) == len(looks)
    assert len({look.description for look in looks.values()}) == len(looks)
    for look in looks.values():
        assert len(look.title) <= 30
        assert 30 <= len(look.description) <= 120
        assert look.description.count(".") == 1


def test_no_two_looks_start_with_the_same_fields(looks: dict[str, Look]):
    assert len({tuple(look.fields.values()) for look in looks.values()}) == len(looks)


def test_every_backdrop_and_crop_belongs_to_some_look():
    for field in ("backdrop", "crop"):
        assert {look.fields[field] for look in LOOKS.values()} == set(FIELDS[field])


def test_a_look_in_black_and_white_says_so(looks: dict[str, Look]):
    for look in looks.values():
        assert look.grade.monochrome == bool(re.search("without colour|black and white", look.description))


def test_every_look_composes_a_prompt_for_every_family(looks: dict[str, Look]):
    for look in looks.values():
        prompts = [compose(look, family=family) for family in FAMILIES]
        assert all(prompt.positive and not prompt.ignored for prompt in prompts)


def test_no_look_changes_the_skin_tone_by_much(looks: dict[str, Look]):
    for look in looks.values():
        assert abs(look.grade.exposure) <= 0.1
        assert abs(look.grade.warmth) <= 0.25


def test_the_default_grade_changes_nothing():
    assert Grade() == Grade(monochrome=False, exposure=0.0, contrast=1.0, saturation=1.0, warmth=0.0, vignette=0.0)


@pytest.mark.parametrize("look", LOOKS.values(), ids=LOOKS)
def test_a_look_says_only_what_the_built_in_model_knows(look):
    for words in (look.prompt[BUILTIN].split(), look.negative[BUILTIN].split()):
        assert set(words) <= set(VOCABULARY)
        assert len({GROUP_OF[word] for word in words}) == len(words)


@pytest.mark.parametrize("look", LOOKS.values(), ids=LOOKS)
def test_a_looks_words_do_not_contradict_its_own_fields(look):
    said = {word for field, choice in look.fields.items() for word in CHOICES[field][choice].builtin}
    said |= set(look.prompt[BUILTIN].split())
    assert len({GROUP_OF[word] for word in said}) == len(said)
    assert said.isdisjoint(look.negative[BUILTIN].split())


@pytest.mark.parametrize("look", LOOKS.values(), ids=LOOKS)
def test_a_looks_photographic_words_leave_the_fields_to_the_person(look):
    about_fields = r"smil\w*|serious|expression|background|backdrop|light|lit|shadows?|suit|shirt|jacket|wearing"
    for words in (look.prompt["diffusion"], look.negative["diffusion"]):
        assert not re.search(rf"\b({about_fields})\b", words), words


# --- fields ---------------------------------------------------------------------------------------------------------


def test_a_field_the_person_chose_replaces_the_looks_own():
    changed = with_fields(LOOKS["corporate"], backdrop="stage", crop=None)
    assert changed.backdrop == "stage"
    assert changed.chosen == {"backdrop"}
    assert changed.crop == LOOKS["corporate"].crop
    assert LOOKS["corporate"].backdrop == "seamless-grey"


@pytest.fixture
def two_cuts(tmp_path: Path) -> Look:
    text = NEW.replace('wardrobe = "dark-shirt"', 'wardrobe = "dark-suit"\ncolour = "navy"\ntie = "plain"')
    cuts = '[mens]\ntilt = "none"\n[womens]\nwardrobe = "blazer"\nshirt_colour = "cream"\n'
    return load_looks(write(tmp_path, text + cuts))["mine"]


def test_a_field_that_a_look_does_not_name_is_left_open(tmp_path):
    look = load_looks(write(tmp_path, NEW))["mine"]
    assert all(look.fields[field] == FIELDS[field][0] for field in LATER_FIELDS)
    assert {FIELDS[field][0] for field in LATER_FIELDS} == {"own", "any"}


def test_a_look_has_fields_of_its_own_in_each_cut(two_cuts: Look):
    mens, womens = with_cut(two_cuts, "mens"), with_cut(two_cuts, "womens")
    assert (mens.cut, mens.wardrobe, mens.colour, mens.tie, mens.tilt) == ("mens", "dark-suit", "navy", "plain", "none")
    assert (womens.cut, womens.wardrobe, womens.shirt_colour, womens.tilt) == ("womens", "blazer", "cream", "any")
    assert (womens.colour, womens.tie) == ("own", "own")  # the suit's are not the blazer's


def test_what_the_person_chose_wins_in_either_cut(two_cuts: Look):
    assert with_cut(with_fields(two_cuts, tilt="left"), "mens").tilt == "left"
    womens = with_cut(with_fields(two_cuts, wardrobe="dark-suit"), "womens")
    assert (womens.wardrobe, womens.colour, womens.shirt_colour) == ("dark-suit", "navy", "own")
    womens = with_cut(with_fields(two_cuts, colour="forest"), "womens")
    assert (womens.wardrobe, womens.colour, womens.shirt_colour) == ("blazer", "forest", "cream")
    womens = with_cut(with_fields(two_cuts, wardrobe="blazer"), "womens")
    assert (womens.colour, womens.shirt_colour) == ("own", "cream")


def test_another_garment_does_not_take_over_the_looks_colours(two_cuts: Look):
    changed = with_fields(two_cuts, wardrobe="knitwear")
    assert (changed.colour, changed.tie) == ("own", "own")
    assert with_fields(with_fields(two_cuts, colour="teal"), wardrobe="knitwear").colour == "teal"
    assert with_fields(two_cuts, wardrobe="dark-suit").colour == "navy"


def test_an_unknown_choice_is_refused_with_the_choices():
    with pytest.raises(UserError, match=r'There is no crop called "round". Choose one of: portrait, square, tight.'):
        with_fields(LOOKS["corporate"], crop="round")


def test_an_unknown_field_is_refused_with_the_fields():
    with pytest.raises(
        UserError, match=r'no field called "hat". The fields are: wardrobe, colour, tie, tie_colour, shirt_'
    ):
        with_fields(LOOKS["corporate"], hat="top")


def test_every_choice_has_a_label_and_those_of_the_first_release_have_a_phrase():
    for choices in CHOICES.values():
        assert len({choice.label for choice in choices.values()}) == len(choices)
        for choice in choices.values():
            assert choice.label[0].isupper()
            assert set(choice.builtin) <= set(VOCABULARY)
    assert all(choice.diffusion for field in FIRST_FIELDS for choice in CHOICES[field].values())


def test_a_choice_speaks_only_for_its_own_field():
    for field, choices in CHOICES.items():
        for choice in choices.values():
            assert {field_of(word) for word in choice.builtin} <= {field}


def test_the_person_is_told_what_soft_dramatic_and_neutral_become():
    assert "it is told neither" in str(unobeyed("builtin", "light", "soft"))
    assert "the face is lit from the side only as far as" in str(unobeyed("builtin", "light", "dramatic"))
    assert "only knows smiling and serious" in str(unobeyed("builtin", "expression", "neutral"))


def test_all_else_is_obeyed():
    for field in FIELDS.keys() - {"light", "expression"}:
        assert not any(unobeyed("builtin", field, choice) for choice in FIELDS[field])
    assert not any(unobeyed("builtin", "expression", choice) for choice in ("smiling", "broad-smile", "serious"))
    assert not any(unobeyed("diffusion", field, choice) for field in FIELDS for choice in FIELDS[field])


# --- refusals -------------------------------------------------------------------------------------------------------


def test_a_new_look_needs_one_file_and_no_python(tmp_path):
    assert load_looks(write(tmp_path, GOOD))["mine"].title == "Corporate"


def test_an_unknown_look_is_refused_with_the_ids():
    with pytest.raises(UserError, match=r'There is no look called "corporat". Choose one of: academic, actor,'):
        load_look("corporat")


def test_a_hostile_look_name_is_shown_short_and_on_one_line():
    with pytest.raises(UserError) as refused:
        load_look("../../etc/passwd\n" + "x" * 1000)
    assert str(refused.value).startswith('There is no look called "../../etc/passwd?xxxxxxxxxxxxxxxxxxxxxxx..."')


def test_an_empty_folder_is_refused(tmp_path):
    with pytest.raises(UserError, match=r"There are no looks: the folder .* holds no .toml file. Restore it"):
        load_looks(tmp_path)


REFUSED = {
    "unknown key": ('title = "Corporate"', 'title = "Corporate"\nmood = "calm"', "there is no key mood. The keys"),
    "unknown field": ('light = "soft"', 'light = "soft"\nhat = "top"', "there is no key fields.hat. The keys here"),
    "unknown grade": ("[grade]", "[grade]\nglow = 1", "there is no key grade.glow. The keys here are: monochrome"),
    "missing key": ('title = "Corporate"\n', "", "the key title is missing. Add it."),
    "missing field": ('light = "soft"\n', "", "the key fields.light is missing. Add it."),
    "missing family": ('builtin = "facing"\n', "", "the key prompt.builtin is missing. Add it."),
    "missing grade": ("vignette = 0.1\n", "", "the key grade.vignette is missing. Add it."),
    "text for a number": ("contrast = 1.05", 'contrast = "1.05"', "grade.contrast must be a number, not '1.05'."),
    "number for a truth": ("monochrome = false", "monochrome = 0", "grade.monochrome must be true or false, not 0."),
    "truth for a number": ("contrast = 1.05", "contrast = true", "grade.contrast must be a number, not True."),
    "number for text": ('title = "Corporate"', "title = 7", "title must be text in quotes, not 7."),
    "text for a table": ("[fields]", 'fields = "x"\n[other]', "there is no key other."),
    "unknown choice": ('light = "soft"', 'light = "neon"', 'fields.light cannot be "neon". Choose one of: soft, from-'),
    "out of range": ("vignette = 0.1", "vignette = 0.6", "grade.vignette is 0.6, but must lie from 0.0 to 0.5."),
    "not a number": ("vignette = 0.1", "vignette = nan", "grade.vignette is nan, but must lie from 0.0 to 0.5."),
    "empty title": ('title = "Corporate"', 'title = " "', "title is empty. Write what the person should read."),
    "no full stop": ("report.", "report", "description must be one sentence that ends with a full stop."),
    "unknown word": ('builtin = "facing"', 'builtin = "blue"', 'prompt.builtin says "blue", a word the built-in model'),
    "a field's word": ('builtin = "facing"', 'builtin = "smiling"', "for the field expression to say. Set fields.expr"),
    "contradiction": (
        'builtin = "facing"',
        'builtin = "facing turned-left"',
        "prompt.builtin says both facing and turned-left. Keep one of them.",
    ),
    "no photographic words": (
        'diffusion = "corporate portrait, 85mm lens at f/5.6, fine fabric detail"',
        'diffusion = ""',
        "prompt.diffusion is empty. Describe the photo",
    ),
    "too long": (
        'diffusion = "',
        'diffusion = "' + "x" * 401,
        "prompt.diffusion is longer than 400 characters. Shorten",
    ),
    "unknown cut": ("[grade]", "[unisex]\n[grade]", "there is no key unisex. The keys here are: title"),
    "cut in a cut": ("[mens]", '[mens]\ncut = "mens"', "there is no key mens.cut. The keys here are: ward"),
    "wrong in a cut": ('tie = "plain"', 'tie = "bow"', 'mens.tie cannot be "bow". Choose one of: own'),
    "broken TOML": ("[grade]", "[grade", "is not valid TOML:"),
}


@pytest.mark.parametrize(("old", "new", "sentence"), REFUSED.values(), ids=REFUSED)
def test_a_wrong_look_is_refused_by_file_and_key(tmp_path, old, new, sentence):
    assert old in GOOD
    told = refusal(tmp_path, GOOD.replace(old, new, 1))
    assert told.startswith("presets/mine.toml")
    assert sentence in told


def test_text_where_a_table_belongs_is_refused(tmp_path):
    told = refusal(tmp_path, 'fields = "x"\n' + GOOD.replace("[fields]", "[spare]").split("[spare]")[0] + "[prompt]\n")
    assert told.startswith("presets/mine.toml: the key negative is missing")
    whole = 'title = "A"\ndescription = "B."\nfields = "x"\n[prompt]\n[negative]\n[grade]\n'
    (tmp_path / "presets/mine.toml").write_text(whole)
    with pytest.raises(UserError, match=r"fields must be a table, not 'x'."):
        load_looks(tmp_path / "presets")


def test_a_file_that_is_not_utf8_is_refused(tmp_path):
    assert (
        refusal(tmp_path, GOOD.encode() + b"# \xff") == "presets/mine.toml is not UTF-8 text. Save it again as UTF-8."
    )


def test_a_file_name_that_is_no_id_is_refused(tmp_path):
    told = refusal(tmp_path, GOOD, "My Look.toml")
    assert told.startswith("presets/My Look.toml: the file name is the look's id; use lower-case letters")


def test_a_file_that_cannot_be_read_is_refused(tmp_path):
    presets = write(tmp_path, GOOD)
    (presets / "other.toml").mkdir()
    with pytest.raises(UserError, match=r"presets/other.toml cannot be read \(Is a directory\). Check its"):
        load_looks(presets)


# --- documents ------------------------------------------------------------------------------------------------------


def test_the_guide_to_adding_a_look_is_a_look(tmp_path):
    guide = (PRESETS / "README.md").read_text("utf-8")
    (example,) = re.findall(r"```toml\n(.*?)```", guide, re.DOTALL)
    assert load_looks(write(tmp_path, example))["mine"].grade == LOOKS["corporate"].grade


def test_the_guide_names_every_choice_and_number():
    guide = (PRESETS / "README.md").read_text("utf-8")
    rows = dict(re.findall(r"^\| `(\w+)` \| (.+) \|$", guide, re.MULTILINE))
    for field, choices in FIELDS.items():
        assert tuple(re.findall(r"`([a-z-]+)`", rows[field])) == choices
    for key, (low, high) in GRADE_RANGES.items():
        assert re.match(rf"{low}\b.* to {high}\b", rows[key]), key
        assert rows[key].endswith(f"| {getattr(Grade(), key)}")
    assert set(VOCABULARY) <= set(re.findall(r"[a-z-]+", guide))
    assert all(f"`prompt.{family}`" in guide for family in FAMILIES)
