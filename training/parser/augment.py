"""Changes of pictures that a parser must not mind: place, light, colour, blur, JPEG, another backdrop."""

from collections.abc import Sequence

import cv2
import numpy as np

from training.parser.classes import BACKDROP, CLOTHES, HAIR, SIDE

TURN, SCALE, SHIFT = 9.0, (0.88, 1.14), 10.0
"""Largest turn in degrees, range of scales, largest shift in pixels."""
NEW_BACKDROP = 0.5
"""Share of pictures that get another backdrop."""
CAMOUFLAGE = 0.3
"""Share of the new backdrops whose colour is near that of some place of the person, mostly of the hair."""


def place(rng: np.random.Generator, arrays: Sequence[np.ndarray]) -> list[np.ndarray]:
    """Turn, scale, shift and mirror pictures and maps (256, 256, c) alike."""
    centre = (SIDE / 2 - 0.5, SIDE / 2 - 0.5)
    matrix = np.array(cv2.getRotationMatrix2D(centre, rng.uniform(-TURN, TURN), rng.uniform(*SCALE)), float)
    matrix[:, 2] += rng.uniform(-SHIFT, SHIFT, 2)
    if rng.random() < 0.5:
        matrix = matrix @ np.array([[-1, 0, SIDE - 1], [0, 1, 0], [0, 0, 1]], float)
    return [
        cv2.warpAffine(x, matrix, (SIDE, SIDE), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101)
        for x in arrays
    ]


def backdrop_colour(rng: np.random.Generator, picture: np.ndarray, shares: np.ndarray) -> np.ndarray:
    """A colour (3,) 0..1: grey, tinted or not, or near that of hair or clothes, which must be told from it."""
    like = shares[..., HAIR if rng.random() < 0.7 else CLOTHES] > 0.5
    if rng.random() < CAMOUFLAGE and like.any():
        colour = np.median(picture[like], 0) * np.exp(rng.normal(0, 0.25)) + rng.normal(0, 0.02, 3)
    else:
        colour = rng.beta(0.8, 0.8) + rng.normal(0, rng.choice([0.01, 0.05, 0.15]), 3)
    return np.clip(colour, 0, 1)


def backdrop(rng: np.random.Generator, colour: np.ndarray, other: np.ndarray) -> np.ndarray:
    """A new backdrop, float32 RGB (256, 256, 3) 0..1: plain, a gradient, blotched, or `other` out of focus."""
    field = np.broadcast_to(colour, (SIDE, SIDE, 3)).astype(np.float32).copy()
    kind = rng.random()
    if kind < 0.2:
        blurred = cv2.GaussianBlur(other, (0, 0), rng.uniform(4, 20))
        return np.ascontiguousarray(blurred[::-1] if rng.random() < 0.5 else blurred)
    if kind < 0.6:
        coarse = rng.normal(0, rng.uniform(0.02, 0.25), (rng.integers(2, 12),) * 2 + (3,)).astype(np.float32)
        coarse = coarse.mean(-1, keepdims=True) + coarse * rng.uniform(0, 0.4)
        field += cv2.resize(coarse, (SIDE, SIDE), interpolation=cv2.INTER_CUBIC)
    if rng.random() < 0.3:
        field += rng.normal(0, rng.uniform(0.005, 0.04), (SIDE, SIDE, 1)).astype(np.float32)
    return np.clip(field, 0, 1)


def light(rng: np.random.Generator, picture: np.ndarray) -> np.ndarray:
    """Change brightness, gamma, colour and contrast, and let light fall from a side."""
    x = picture ** np.float32(np.exp(rng.normal(0, 0.25)))
    grey = x.mean(-1, keepdims=True)
    x = grey + (x - grey) * np.float32(rng.uniform(0, 0.4) if rng.random() < 0.08 else rng.uniform(0.6, 1.4))
    x = x * np.exp(rng.normal(0, 0.06, 3) + rng.normal(0, 0.15)).astype(np.float32)
    if rng.random() < 0.5:
        angle, row = rng.uniform(0, 2 * np.pi), np.linspace(-1, 1, SIDE, dtype=np.float32)
        slope = row[None] * np.cos(angle) + row[:, None] * np.sin(angle)
        x = x * np.exp(slope * rng.uniform(0, 0.7))[..., None].astype(np.float32)
    x = (x - 0.5) * np.float32(rng.uniform(0.75, 1.2)) + 0.5
    return np.clip(x, 0, 1)


def camera(rng: np.random.Generator, picture: np.ndarray) -> np.ndarray:
    """Blur, noise and JPEG, each sometimes."""
    x = picture
    if rng.random() < 0.35:
        x = cv2.GaussianBlur(x, (0, 0), rng.uniform(0.3, 1.4))
    if rng.random() < 0.3:
        x = np.clip(x + rng.normal(0, rng.uniform(0.003, 0.04), x.shape).astype(np.float32), 0, 1)
    if rng.random() < 0.3:
        _, file = cv2.imencode(".jpg", np.rint(x * 255).astype(np.uint8), [1, int(rng.integers(35, 96))])
        x = np.asarray(cv2.imdecode(file, cv2.IMREAD_COLOR), np.float32) / 255
    return x


def augment(
    rng: np.random.Generator, picture: np.ndarray, person: np.ndarray, labels: np.ndarray, other: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Change a picture and its labels.

    Args:
        rng: Where chance comes from.
        picture: uint8 RGB (256, 256, 3).
        person: The same without the old backdrop's colour in its edges, uint8.
        labels: Probabilities, uint8 (256, 256, 5).
        other: Another picture, for backdrops, uint8 RGB (256, 256, 3).

    Returns:
        Picture float32 RGB (256, 256, 3) 0..1, probabilities float32 (256, 256, 5) of sum 1.
    """
    new = rng.random() < NEW_BACKDROP
    shown, share = place(rng, (person if new else picture, labels))
    x, probability = shown.astype(np.float32) / 255, share.astype(np.float32) / 255
    probability /= probability.sum(-1, keepdims=True) + 1e-6
    if new:
        behind = probability[..., BACKDROP : BACKDROP + 1]
        colour = backdrop_colour(rng, x, probability)
        x = x + (backdrop(rng, colour, other.astype(np.float32) / 255) - x) * behind
    return camera(rng, light(rng, x)), probability
