"""Outfit: from the fields of what a person wears to a garment's plate and its colours; the tables are TOML files."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

from pipelines.language.sentence import Sentence
from pipelines.looks.fields import CHOICES
from pipelines.looks.shoot import Pose
from pipelines.paths import read_table, rows_of

GARMENTS = Path(__file__).with_name("garments.toml")
COLOURS = Path(__file__).with_name("colours.toml")

PLATE_CUT: Mapping[str, Literal["male", "female"]] = {"mens": "male", "womens": "female"}
STANDS_OUT = 15.0
"""CIE76 distance of two cloths that are told apart at a glance. Below 10 a shirt is lost in its jacket; above 40 there
is no pair left that people wear."""
DARK = 45.0
"""Lightness (L*) of cloth below which a shirt has dark buttons."""
TRIMMED = ("t-shirt", "turtleneck", "knit", "round-neck")
"""Plates whose trim is of the main cloth; the others' is metal."""

Build = Literal["slim", "average", "broad"]
BUILDS: tuple[Build, ...] = ("slim", "average", "broad")

NO_TIE = Sentence("A tie goes with a suit or a blazer; with “{garment}” it is left out.")
NO_SHIRT = Sentence("The colour of a shirt shows below a jacket only, so with “{garment}” it is left out.")


@dataclass(frozen=True, kw_only=True)
class Outfit:
    """Outfit of one picture: a plate and its colours."""

    garment: str
    cut: Literal["male", "female"]
    build: Build
    turn: Literal["left", "straight", "right"]
    """Side of the picture to which the torso faces."""
    colours: Mapping[str, str]
    """Material of the plate -> sRGB hex; a material that is not here has the plate's own. Skin is the person's."""
    stripes: str | None = None
    """sRGB hex of the stripes of the tie; None: it has none, or there is no tie."""
    neckline: float | None = None
    """Distance from the throat, in heads, below which a top is worn under an open shirt; None: nothing is."""


def outfit(fields: Mapping[str, str], pose: Pose, build: Build | None = None) -> Outfit:
    """Choose plate and colours for a look's fields.

    Args:
        fields: a choice of each of `looks.fields.CLOTHES`, at least.
        pose: torso and cut of this picture.
        build: as the photos show it; None where they do not. The field `build` goes before it.
    """
    row = garment_row(fields["wardrobe"], pose.cut)
    tie = worn_tie(fields, pose.cut)
    plate = row["plate"] if tie == "none" else row["tied"]
    colours = {"main": _cloth(row, row["colour"] if fields["colour"] == "own" else fields["colour"])}
    # What was chosen comes first, and the rest is chosen to go with it.
    shirts, ties = row.get("shirts", []), [] if tie == "none" else row["ties"]
    if shirts and fields["shirt_colour"] != "own":
        colours["shirt"] = table("cloth")[fields["shirt_colour"]]
    stripes = None
    if ties:
        name = fields["tie_colour"]
        name = _first_that_stands_out(ties, table("silk"), colours) if name == "own" else name
        colours["tie"] = table("silk")[name]
        stripes = table("stripes")[name] if tie == "striped" else None
    if shirts and "shirt" not in colours:
        colours["shirt"] = table("cloth")[_first_that_stands_out(shirts, table("cloth"), colours)]
    if plate in TRIMMED:
        colours["trim"] = colours["main"]
    if "dark_buttons" in row and lightness(colours["main"]) < DARK:
        colours["button"] = row["dark_buttons"]
    own = next((known for known in BUILDS if known == fields["build"]), None)
    return Outfit(
        garment=plate,
        cut=PLATE_CUT[pose.cut],
        build=own or build or "average",
        turn=pose.torso,
        colours=colours,
        stripes=stripes,
        neckline=row.get("neckline"),
    )


def worn_tie(fields: Mapping[str, str], cut: str) -> str:
    """The tie that is drawn: none, plain or striped. A garment that is never worn with one has none."""
    row = garment_row(fields["wardrobe"], cut)
    if "tied" not in row:
        return "none"
    return str(row["tie"]) if fields["tie"] == "own" else fields["tie"]


def left_out(fields: Mapping[str, str]) -> tuple[str, ...]:
    """Sentences on what was chosen and does not go with the garment, for a look whose cut is settled."""
    row, garment = garment_row(fields["wardrobe"], fields["cut"]), CHOICES["wardrobe"][fields["wardrobe"]].label
    tie = fields["tie"] in ("plain", "striped") and "tied" not in row
    shirt = fields["shirt_colour"] != "own" and "shirts" not in row
    return tuple(said.format(garment=garment) for said, true in ((NO_TIE, tie), (NO_SHIRT, shirt)) if true)


@cache
def garment_row(wardrobe: str, cut: str) -> Mapping[str, Any]:
    """Row of garments.toml for a choice of the field `wardrobe` in a cut, `mens` or `womens`."""
    rows = _read(GARMENTS)
    row: dict[str, Any] = rows[wardrobe]
    of_cut: dict[str, Any] = row.get(cut, {})
    return {key: value for key, value in row.items() if key not in PLATE_CUT} | of_cut


def check_tables() -> None:
    """Read both tables. Raises UserError: one is missing, damaged, or lacks a garment."""
    with rows_of(GARMENTS):
        for wardrobe in CHOICES["wardrobe"]:
            garment_row(wardrobe, "mens")
    with rows_of(COLOURS):
        for name in ("cloth", "silk", "stripes"):
            table(name)


def table(name: str) -> Mapping[str, str]:
    """Table of colours.toml: `cloth`, `silk` or `stripes`; name of a colour -> sRGB hex."""
    colours: Mapping[str, str] = _read(COLOURS)[name]
    return colours


def distance(one: str, other: str) -> float:
    """CIE76 distance of two sRGB hex colours."""
    return math.dist(_lab(one), _lab(other))


def lightness(colour: str) -> float:
    """Lightness L* of an sRGB hex colour, 0 to 100."""
    return _lab(colour)[0]


@cache
def _read(file: Path) -> Mapping[str, Any]:
    return read_table(file)


def _cloth(row: Mapping[str, Any], name: str) -> str:
    colour: str = row.get("colours", {}).get(name) or table("cloth")[name]
    return colour


def _first_that_stands_out(names: list[str], hexes: Mapping[str, str], others: Mapping[str, str]) -> str:
    """The first colour that is told from all others at a glance; where none is, the one that is told best."""

    def nearest(name: str) -> float:
        return min(distance(hexes[name], other) for other in others.values())

    return next((name for name in names if nearest(name) >= STANDS_OUT), max(names, key=nearest))


def _lab(colour: str) -> tuple[float, float, float]:
    """CIE L*a*b* (D65) of an sRGB hex colour such as #1f2a44."""
    values = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in values)
    x = (0.4124 * red + 0.3576 * green + 0.1805 * blue) / 0.9505
    y = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    z = (0.0193 * red + 0.1192 * green + 0.9505 * blue) / 1.089
    fx, fy, fz = (t ** (1 / 3) if t > 0.008856 else 7.787 * t + 16 / 116 for t in (x, y, z))
    return 116 * fy - 16, 500 * (fx - fy), 200 * (fy - fz)
