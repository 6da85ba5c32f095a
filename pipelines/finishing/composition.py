"""Composition of a headshot: the picture's size, and where the head stands in it."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from pipelines.finishing.head import HeadMeasures

CANVAS: Mapping[str, tuple[int, int]] = MappingProxyType(
    {"portrait": (1200, 1500), "square": (1320, 1320), "tight": (1024, 1024)}
)
"""Width and height in pixels by crop. Smaller where the head would be enlarged."""
EYES: Mapping[str, float] = MappingProxyType({"portrait": 0.36, "square": 0.42, "tight": 0.44})
"""Height of the eyes by crop, as a share from the top: near the upper third."""
HEADROOM = 0.045
"""Least room above the hair, as a share of the height, but in a tight crop."""
HAIR = (1.02, 1.2)
"""Height of a head with its hair, in skulls: least and most that the framing reckons with."""
BEYOND = 0.08
"""Height, in skulls, by which a crown that the drawn picture's edge cuts rises above that edge, about."""
LOWEST_CHIN = 0.68
"""Share from the top below which no chin is set, but in a tight crop: shoulders would be lost."""


@dataclass(frozen=True, kw_only=True)
class Composition:
    """Size of a picture, and the head's place in it."""

    size: tuple[int, int]  # width, height
    chin: tuple[float, float]
    scale: float  # of the drawn picture; never above 1


def composition(crop: str, share: float, head: HeadMeasures, *, largest: tuple[int, int] | None = None) -> Composition:
    """Place a head that is to take a share of the frame's height, from the chin to the top of its hair.

    `largest` is another canvas than the crop's own; it is made smaller where the drawn head would have to be enlarged.
    """
    width, height = CANVAS[crop] if largest is None else largest
    beyond = BEYOND if head.top <= 1 else 0.0  # cut: the completed crown rises above the picture
    hair = min(max((head.chin[1] - head.top) / head.skull + beyond, HAIR[0]), HAIR[1])
    drawn = head.skull * (0.15 + 0.85 * hair)  # big hair makes the face smaller, not quite as small as itself
    scale = share * height / drawn
    if scale > 1:
        width, height, scale = int(width / scale), int(height / scale), 1.0
    to_chin = (head.chin[1] - head.eyes[1]) * scale
    chin = EYES[crop] * height + to_chin
    if crop != "tight":
        chin = max(chin, HEADROOM * height + hair * head.skull * scale)
        chin = min(chin, LOWEST_CHIN * height)
    return Composition(size=(width, height), chin=(width / 2, chin), scale=scale)
