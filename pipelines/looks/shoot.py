"""Shoot: a run's pictures differ as a photographer's do, in torso and head, smile, tilt and framing; the seed says how.

Consecutive seeds, as the pictures of a run have them, go through all of it in turn. A field that the person or the
look fixes stays as it is fixed.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any, Literal

from pipelines.looks.preset import Look, with_cut

Torso = Literal["left", "straight", "right"]
Smile = Literal["broad", "slight", ""]
Cut = Literal["mens", "womens"]

TORSOS: tuple[Torso, ...] = ("right", "left", "straight")
"""Torsos of consecutive seeds: any three in a row are all of them."""
SMILES: tuple[Smile, ...] = ("broad", "slight")
SEED_FIELDS = ("torso",)
"""Fields that the seed chooses where they are open: more pictures like one have its choice."""
FRAMINGS = ("normal", "close", "normal", "wide")
"""Framings of consecutive seeds: any four in a row are all of them."""
CUTS: tuple[Cut, ...] = ("mens", "mens", "womens", "womens")
"""Cuts of consecutive seeds: in any four in a row two of each, so that nobody gets four in clothes they never wear."""

HEADS: Mapping[str, Mapping[str, float]] = MappingProxyType(
    {
        "portrait": {"wide": 0.425, "normal": 0.43, "close": 0.44},
        "square": {"wide": 0.43, "normal": 0.45, "close": 0.48},
        "tight": {"wide": 0.80, "normal": 0.84, "close": 0.88},
    }
)
"""Height of the head, chin to the top of its hair, as a share of the frame's, by crop and framing. In portraits below
0.38 the face is small in a profile picture, above 0.48 the shoulders are lost; a tight crop may cut the crown."""

TURNS = (4.0, 8.0)
"""Degrees that the head turns with the torso: least and most. Above 10 the likeness falls; below 3 nobody sees it."""

TILTS = (0.6, 2.2)
"""Degrees that a head tilts: least and most. Above 3 it looks put on."""
TILT_STRAIGHT = 0.6
"""Factor of it where the torso is straight: a tilt shows most there."""


@dataclass(frozen=True, kw_only=True)
class Pose:
    """Pose of one picture, with every choice made. Sides are the picture's."""

    torso: Torso  # the side it faces
    turn: float  # of the head, degrees: positive to the right, as the torso
    tilt: float  # of the head, degrees: positive is clockwise, with the crown to the right
    smile: Smile  # how broad; "" where the expression is no smile, or one of a fixed breadth
    head: float  # height of the head, chin to crown, as a share of the frame's height
    cut: Cut


@dataclass(frozen=True, kw_only=True)
class HeadPlace:
    """Place of the head in a picture that is yet to be drawn, for engines that can be told."""

    eyes: tuple[float, float]  # the middle between them: pixels, x right, y down
    side: float  # of the square in which FFHQ would frame the face, pixels: about 1.2 heads
    turn: float = 0.0  # of the head, degrees: positive to the right
    tilt: float = 0.0  # degrees, clockwise


def pose(look: Look, seed: int) -> Pose:
    """Choose the pose of the picture with this seed: the same look and seed give the same pose."""
    torso = TORSOS[seed % len(TORSOS)] if look.torso == "any" else _torso(look.torso)
    framing = FRAMINGS[seed % len(FRAMINGS)] if look.framing == "any" else look.framing
    return Pose(
        torso=torso,
        turn=_turn(torso, seed),
        tilt=_tilt(look.tilt, torso, seed),
        smile=SMILES[(seed + seed // len(FRAMINGS)) % len(SMILES)] if look.expression == "smiling" else "",
        head=HEADS[look.crop][framing],
        cut=cut_of(look, seed),
    )


def cut_of(look: Look, seed: int) -> Cut:
    """Choose the cut of the clothes in the picture with this seed; a look that names one has that."""
    if look.cut == "mens" or look.cut == "womens":
        return "mens" if look.cut == "mens" else "womens"
    return CUTS[seed % len(CUTS)]


def with_cut_of(look: Look, seed: int) -> Look:
    """Settle the look's cut by the picture's seed, with the clothes that it has in that cut."""
    return with_cut(look, cut_of(look, seed))


def with_smile(look: Look, smile: Smile) -> Look:
    """Settle how broadly a look smiles that leaves it open."""
    changes: dict[str, Any] = {"expression": f"{smile}-smile"} if smile and look.expression == "smiling" else {}
    return replace(look, **changes)


def _torso(choice: str) -> Torso:
    return next(torso for torso in TORSOS if torso == choice)


def _turn(torso: Torso, seed: int) -> float:
    least, most = TURNS
    side = {"left": -1, "straight": 0, "right": 1}[torso]
    return round(side * (least + (most - least) * _share(seed, "turn")), 2)


def _tilt(choice: str, torso: Torso, seed: int) -> float:
    if choice == "none":
        return 0.0
    least, most = TILTS
    degrees = least + (most - least) * _share(seed, "tilt")
    if choice == "any":
        # A head leans to the shoulder that is further away; with a straight torso to either.
        straight = torso == "straight"
        to_right = _share(seed, "side") < 0.5 if straight else torso == "right"
        degrees *= TILT_STRAIGHT if straight else 1.0
    else:
        to_right = choice == "right"
        degrees = max(degrees, (least + most) / 2)  # seen, as it was asked for
    return round(degrees if to_right else -degrees, 2)


def _share(seed: int, what: str) -> float:
    """A number from 0 up to 1 that looks drawn by chance, the same on every machine."""
    digest = hashlib.blake2b(f"{what} {seed}".encode(), digest_size=4).digest()
    return int.from_bytes(digest) / 2**32
