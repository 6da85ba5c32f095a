"""The wardrobe as a table: one row per garment. A new garment made of known parts needs a row and no other code."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Garment:
    """Garment: its parts and materials, and its colours where nobody chooses."""

    shell: tuple[
        str, str, float
    ]  # mesh, fabric of the drape (cloth.FABRICS), shoulder pads in dm (men; women 0.6 of it)
    looks: dict[str, str]  # mask slot (materials.MASKS) -> look (materials.LOOKS)
    colours: dict[str, str]  # mask slot -> sRGB hex
    front: str = "closed"  # lapels | closed | buttons | zip
    neck: str = "none"  # collar | open collar | crew | scoop | roll: of the main cloth
    under: str = "none"  # collar | open collar | crew: of the shirt below a jacket
    tie: bool = False
    pocket: bool = False
    sleeves: float = 0.0  # length of short sleeves, dm below the shoulder's joint; 0: long ones
    cuts: tuple[str, ...] = ("male", "female")
    wide_lapel: float = 0.0  # dm that the lapel is wider than the usual
    same_as: str = ""  # plates of another garment in these colours: nothing is rendered


LONG = "male_casualsuit02"
SUIT = (LONG, "suiting", 0.10)
SHIRT = (LONG, "poplin", 0.0)
COAT = (LONG, "coat", 0.04)
JUMPER = (LONG, "knit", 0.0)
TEE = (LONG, "jersey", 0.0)

GARMENTS: dict[str, Garment] = {
    "suit-tie": Garment(
        shell=SUIT,
        front="lapels",
        under="collar",
        tie=True,
        pocket=True,
        looks={"main": "worsted", "shirt": "poplin", "tie": "silk", "button": "pearl"},
        colours={"main": "#1f2a44", "shirt": "#f2f4f7", "tie": "#6b1420", "button": "#e8e6e0"},
    ),
    "suit-open": Garment(
        shell=SUIT,
        front="lapels",
        under="open collar",
        pocket=True,
        looks={"main": "worsted", "shirt": "poplin", "button": "pearl"},
        colours={"main": "#2b2f36", "shirt": "#eef3fa", "button": "#e8e6e0"},
    ),
    "blazer": Garment(
        shell=SUIT,
        front="lapels",
        under="open collar",
        wide_lapel=-0.08,
        looks={"main": "worsted", "shirt": "blouse", "button": "pearl"},
        colours={"main": "#3a4356", "shirt": "#f3efe8", "button": "#e8e6e0"},
    ),
    "shirt": Garment(
        shell=SHIRT,
        front="buttons",
        neck="open collar",
        looks={"main": "poplin", "button": "pearl"},
        colours={"main": "#dfe8f4", "button": "#f4f2ec"},
    ),
    "t-shirt": Garment(
        shell=TEE,
        neck="crew",
        sleeves=1.25,
        looks={"main": "jersey", "trim": "rib"},
        colours={"main": "#22252b", "trim": "#22252b"},
    ),
    "turtleneck": Garment(
        shell=JUMPER,
        neck="roll",
        looks={"main": "jersey", "trim": "rib"},
        colours={"main": "#1c1d20", "trim": "#1c1d20"},
    ),
    "knit": Garment(
        shell=JUMPER,
        neck="crew",
        looks={"main": "knit", "trim": "rib"},
        colours={"main": "#5b6470", "trim": "#5b6470"},
    ),
    "lab-coat": Garment(
        shell=COAT,
        front="lapels",
        under="collar",
        pocket=True,
        tie=False,
        looks={"main": "canvas", "shirt": "poplin", "button": "pearl"},
        colours={"main": "#f4f5f5", "shirt": "#a9bfdc", "button": "#f4f2ec"},
    ),
    "tweed": Garment(
        shell=SUIT,
        front="lapels",
        under="open collar",
        pocket=True,
        looks={"main": "tweed", "shirt": "poplin", "button": "pearl"},
        colours={"main": "#6f6250", "shirt": "#eceff3", "button": "#e8e6e0"},
    ),
    "leather": Garment(
        shell=COAT,
        front="zip",
        under="crew",
        looks={"main": "leather", "shirt": "jersey", "trim": "metal"},
        colours={"main": "#191716", "shirt": "#d9d9d6", "trim": "#8d8f92"},
    ),
    "round-neck": Garment(
        shell=TEE,
        neck="scoop",
        looks={"main": "jersey", "trim": "jersey"},
        colours={"main": "#5a1f33", "trim": "#5a1f33"},
        cuts=("female",),
    ),
    "suit-light": Garment(shell=SUIT, looks={}, colours={"main": "#b9b3a6"}, same_as="suit-tie"),
    "shirt-dark": Garment(shell=SHIRT, looks={}, colours={"main": "#23262e"}, same_as="shirt"),
}
