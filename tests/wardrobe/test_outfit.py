"""Every wardrobe word of the looks means a garment that there is, in colours that go together."""

import itertools
import re

import pytest

from pipelines.looks.fields import CLOTHES, FIELDS
from pipelines.looks.preset import load_looks, with_cut, with_fields
from pipelines.looks.shoot import Pose, pose
from pipelines.wardrobe.outfit import STANDS_OUT, Outfit, distance, garment_row, left_out, outfit, table, worn_tie
from training.wardrobe.garments import GARMENTS

LOOKS = load_looks()
CUTS = ("mens", "womens")
PLAIN = {field: choices[0] for field, choices in FIELDS.items() if field in CLOTHES}
HEX = re.compile(r"#[0-9a-f]{6}")


def standing(cut: str = "mens", torso: str = "straight") -> Pose:
    return Pose(torso=torso, turn=0.0, tilt=0.0, smile="", head=0.43, cut=cut)  # type: ignore[arg-type]


def wear(cut: str = "mens", **fields: str) -> Outfit:
    return outfit({**PLAIN, **fields}, standing(cut))


def all_outfits(*fields: str):
    for choices in itertools.product(CUTS, *(FIELDS[field] for field in fields)):
        yield wear(choices[0], **dict(zip(fields, choices[1:], strict=True)))


def test_every_choice_of_clothes_gives_a_plate_that_is_rendered():
    for worn in all_outfits("wardrobe", "tie", "build"):
        garment = GARMENTS[worn.garment]
        assert not garment.same_as and worn.cut in garment.cuts
        assert worn.build in ("slim", "average", "broad")


def test_every_colour_is_given_to_a_material_that_the_plate_has():
    for worn in all_outfits("wardrobe", "tie", "colour", "shirt_colour"):
        materials = GARMENTS[worn.garment].looks.keys()
        assert worn.colours.keys() <= materials
        assert materials - worn.colours.keys() <= {"button", "trim"}
        assert all(HEX.fullmatch(colour) for colour in worn.colours.values())


def test_the_tables_have_a_row_for_each_choice_and_no_other():
    for cut in CUTS:
        for wardrobe in FIELDS["wardrobe"]:
            assert garment_row(wardrobe, cut)["plate"]
    assert set(FIELDS["colour"][1:]) | set(FIELDS["shirt_colour"][1:]) <= table("cloth").keys()
    assert set(FIELDS["tie_colour"][1:]) == table("silk").keys() == table("stripes").keys()


@pytest.mark.parametrize("cut", CUTS)
@pytest.mark.parametrize("wardrobe", FIELDS["wardrobe"])
def test_the_colour_that_was_asked_for_is_the_main_garments(wardrobe, cut):
    mains = {colour: wear(cut, wardrobe=wardrobe, colour=colour).colours["main"] for colour in FIELDS["colour"][1:]}
    assert len(set(mains.values())) == len(mains)
    assert wear(cut, wardrobe=wardrobe).colours["main"] in {*mains.values(), *table("cloth").values()}


def test_a_dark_colour_is_darker_than_a_light_one_whatever_the_garment():
    for cut, wardrobe in itertools.product(CUTS, FIELDS["wardrobe"]):
        light, dark = (wear(cut, wardrobe=wardrobe, colour=name).colours["main"] for name in ("white", "black"))
        assert int(light[1:3], 16) > int(dark[1:3], 16) + 100


def test_a_shirt_and_a_tie_are_not_lost_in_the_jacket():
    for worn in all_outfits("wardrobe", "tie", "colour"):
        for below in worn.colours.keys() & {"shirt", "tie"}:
            assert distance(worn.colours[below], worn.colours["main"]) >= STANDS_OUT, worn


def test_a_tie_is_not_lost_on_its_shirt_nor_its_stripes_on_the_tie():
    for worn in all_outfits("wardrobe", "tie", "colour", "tie_colour"):
        if "tie" in worn.colours:
            assert distance(worn.colours["tie"], worn.colours["shirt"]) >= STANDS_OUT, worn
        if worn.stripes:
            assert distance(worn.colours["tie"], worn.stripes) >= STANDS_OUT, worn


def test_a_suit_has_a_tie_where_one_is_asked_for_and_in_the_mens_cut_by_itself():
    assert wear(wardrobe="dark-suit").garment == "suit-tie"
    assert wear("womens", wardrobe="dark-suit").garment == "suit-open"
    assert wear("womens", wardrobe="dark-suit", tie="plain").garment == "suit-tie"
    assert wear(wardrobe="dark-suit", tie="none").garment == "suit-open"
    assert wear(wardrobe="blazer").garment == "blazer"
    assert wear(wardrobe="blazer", tie="striped").garment == "suit-tie"


def test_only_a_striped_tie_has_stripes():
    assert wear(wardrobe="dark-suit", tie="striped").stripes
    assert wear(wardrobe="dark-suit", tie="plain").stripes is None
    assert wear(wardrobe="dark-tshirt", tie="striped").stripes is None


def test_a_red_tie_is_red():
    worn = wear(wardrobe="dark-suit", tie="plain", tie_colour="red")
    assert worn.colours["tie"] == table("silk")["red"]


def test_what_takes_no_tie_has_none():
    for wardrobe in FIELDS["wardrobe"]:
        takes = wardrobe in ("dark-suit", "light-suit", "blazer")
        assert worn_tie({**PLAIN, "wardrobe": wardrobe, "tie": "plain"}, "mens") == ("plain" if takes else "none")


def test_what_does_not_go_with_a_garment_is_said():
    def said(**fields):
        return " ".join(left_out({**PLAIN, "cut": "mens", **fields}))

    assert "with “T-shirt” it is left out" in said(wardrobe="dark-tshirt", tie="plain")
    assert "shows below a jacket only" in said(wardrobe="knitwear", shirt_colour="white")
    assert said(wardrobe="knitwear", tie="none") == said(wardrobe="blazer", tie="striped", shirt_colour="pink") == ""


def test_the_shirts_colour_can_be_chosen():
    assert wear(wardrobe="dark-suit", shirt_colour="pink").colours["shirt"] == table("cloth")["pink"]
    assert "shirt" not in wear(wardrobe="knitwear", shirt_colour="pink").colours


def test_a_dark_shirt_has_dark_buttons_and_a_light_one_the_plates_own():
    assert "button" in wear(wardrobe="dark-shirt").colours
    assert "button" not in wear(wardrobe="light-shirt").colours
    assert "button" in wear(wardrobe="light-shirt", colour="black").colours


def test_trim_is_of_the_cloth_and_a_zip_of_metal():
    for wardrobe in ("dark-tshirt", "black-turtleneck", "knitwear", "round-neck"):
        colours = wear("womens", wardrobe=wardrobe, colour="teal").colours
        assert colours["trim"] == colours["main"]
    assert "trim" not in wear(wardrobe="leather-jacket").colours


def test_build_is_the_persons_choice_then_what_the_photos_show_then_average():
    def build(chosen, seen):
        return outfit({**PLAIN, "wardrobe": "blazer", "build": chosen}, standing(), seen).build

    assert (build("any", None), build("any", "broad"), build("slim", "broad")) == ("average", "broad", "slim")


def test_torso_and_cut_are_the_poses():
    for torso, cut in itertools.product(("left", "straight", "right"), CUTS):
        worn = outfit({**PLAIN, "wardrobe": "blazer"}, standing(cut, torso))
        assert (worn.turn, worn.cut) == (torso, {"mens": "male", "womens": "female"}[cut])


@pytest.mark.parametrize("look", LOOKS.values(), ids=LOOKS)
def test_every_look_is_dressed_in_either_cut_and_in_every_garment(look):
    for cut in CUTS:
        settled = with_cut(look, cut)
        assert outfit(settled.fields, pose(settled, 1)).garment in GARMENTS
        for wardrobe in FIELDS["wardrobe"]:
            changed = with_cut(with_fields(look, wardrobe=wardrobe), cut)
            assert outfit(changed.fields, pose(changed, 1)).garment in GARMENTS
