"""Measures that a tailor takes: where the neck, the chin and the shoulders of a posed body are. Decimetres, y up."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from training.wardrobe.body import Body


@dataclass(frozen=True, kw_only=True)
class Measures:
    """Sizes of a posed body. `y` counts from the floor's side of MakeHuman's origin, like all heights here."""

    neck: float  # y of the neck's joint: where collars sit at the side
    half: float  # half the neck's width, 0.2 above the joint
    middle: float  # z of the neck's middle there
    depth: float  # half the neck's depth
    pit: float  # z of the front of the throat, 0.3 below the joint
    chin: float  # y of the chin's lower edge
    crown: float  # y of the top of the skull
    shoulder: float  # x of the shoulder joint
    size: float  # this head's height against 2.28 dm, the average man's: scale of collars and lapels


def measure(body: Body, posed: np.ndarray) -> Measures:
    """Measures of a body whose vertices (V, 3) are posed."""
    skin = posed[sorted({i for face in body.faces for i in face})]
    neck = float(body.joints["joint-neck"][1])

    def ring(y: float) -> np.ndarray:
        near = skin[(np.abs(skin[:, 1] - y) < 0.10) & (np.abs(skin[:, 0]) < 1.2)]
        return near[near[:, 2] < 1.15]

    side = ring(neck + 0.2)
    half = float(np.abs(side[:, 0]).max())
    throat = ring(neck - 0.05)
    front = float(throat[np.abs(throat[:, 0]) < 0.25][:, 2].max())
    back = float(ring(neck + 0.3)[:, 2].min())
    pit = ring(neck - 0.35)
    face = skin[(np.abs(skin[:, 0]) < 0.12) & (skin[:, 2] > 1.15) & (skin[:, 1] > neck)]
    return Measures(
        neck=neck,
        half=half,
        middle=(front + back) / 2,
        depth=(front - back) / 2,
        pit=float(pit[np.abs(pit[:, 0]) < 0.25][:, 2].max()),
        chin=float(face[:, 1].min()),
        crown=float(skin[:, 1].max()),
        shoulder=float(body.joints["joint-l-shoulder"][0]),
        size=float(skin[:, 1].max() - face[:, 1].min()) / 2.28,
    )
