"""Photos taken anew with another exposure or under another lamp, by what that does to light and not to numbers."""

from functools import cache

import cv2
import numpy as np

TUNGSTEN, SHADE, NEON = (1.5, 1.0, 0.45), (0.55, 1.0, 1.7), (1.0, 0.04, 0.3)
"""Colours of lamps: factors of red, green and blue light."""


def relit(image: np.ndarray, ev: float = 0.0, lamp: tuple[float, float, float] = (1.0, 1.0, 1.0)) -> np.ndarray:
    """Return uint8 sRGB (H, W, 3) with its light changed by so many stops, and by the factors of a lamp's colour."""
    tables = np.stack([_curve(ev, gain) for gain in lamp], -1)
    return cv2.LUT(image, tables[None])


@cache
def _curve(ev: float, gain: float) -> np.ndarray:
    """Return sRGB numbers of a channel whose light is changed so much, uint8 (256,)."""
    numbers = np.arange(256) / 255
    light = np.where(numbers <= 0.04045, numbers / 12.92, ((numbers + 0.055) / 1.055) ** 2.4) * gain * 2**ev
    back = np.where(light <= 0.0031308, light * 12.92, 1.055 * np.clip(light, 0, 1) ** (1 / 2.4) - 0.055)
    curve: np.ndarray = (np.clip(back, 0, 1) * 255).round().astype(np.uint8)
    return curve
