"""Colour codings of pictures beside ICC profiles: HDR's transfer functions, gamma, wide primaries; all become sRGB.

Code points are those of ITU-T H.273, which HEIC and AVIF (nclx) and PNG (cICP) share.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

import numpy as np
from PIL import Image

SRGB_PRIMARIES, SRGB_TRANSFER, PQ, HLG, LINEAR = 1, 13, 16, 18, 8
PRIMARIES = {
    1: ((0.640, 0.330), (0.300, 0.600), (0.150, 0.060)),  # BT.709, sRGB
    9: ((0.708, 0.292), (0.170, 0.797), (0.131, 0.046)),  # BT.2020
    12: ((0.680, 0.320), (0.265, 0.690), (0.150, 0.060)),  # P3, white D65
}
"""Chromaticities x, y of red, green and blue by H.273's number; others are read as BT.709's."""
WHITE_POINT = (0.3127, 0.3290)  # D65
PQ_WHITE = 203.0
"""Nits of diffuse white in HDR pictures (ITU-R BT.2408)."""
HLG_WHITE = 0.75
"""The same as an HLG signal. No system gamma is added: for a display as dim as sRGB's it is 1 (ITU-R BT.2100)."""
KNEE = 0.75
"""Light as a share of white from which highlights are compressed towards it."""
USUAL_GAMMA = (0.42, 0.5)
"""Exponents of a PNG's gAMA that mean sRGB, about."""
LEVELS = 16_384  # of linear light; the step near black is then a fifth of one of sRGB's 255
_ROWS = 256  # converted at once, so that no copy in floats is as large as the picture


@dataclass(frozen=True, kw_only=True)
class ColourCoding:
    """Coding of a picture's numbers: H.273's code points, or a gamma."""

    primaries: int = SRGB_PRIMARIES
    transfer: int = SRGB_TRANSFER
    gamma: float | None = None  # exponent from light to numbers (PNG's gAMA), instead of `transfer`

    @property
    def is_hdr(self) -> bool:
        """True for a transfer function that goes beyond diffuse white."""
        return self.gamma is None and self.transfer in (PQ, HLG)

    @property
    def is_srgb(self) -> bool:
        """True if nothing needs to be converted."""
        plain = not (self.is_hdr or self.transfer == LINEAR)
        if self.gamma is not None:
            plain = USUAL_GAMMA[0] <= self.gamma <= USUAL_GAMMA[1]
        return plain and self.primaries not in (PRIMARIES.keys() - {SRGB_PRIMARIES})


def coding_of_nclx(data: bytes) -> ColourCoding | None:
    """Coding in the first nclx property of a HEIC or AVIF file's first kilobytes; None without one."""
    head = data[: 64 * 1024]
    at = head.find(b"colrnclx")
    if at < 0 or len(head) < at + 14:
        return None
    return ColourCoding(
        primaries=int.from_bytes(head[at + 8 : at + 10], "big"), transfer=int.from_bytes(head[at + 10 : at + 12], "big")
    )


def coding_of_png(cicp: bytes, gama: bytes) -> ColourCoding | None:
    """Coding in the payloads of a PNG's chunks cICP and gAMA, empty where missing; None if neither says anything."""
    if len(cicp) == 4:
        return ColourCoding(primaries=cicp[0], transfer=cicp[1])
    if len(gama) == 4 and (value := int.from_bytes(gama, "big")):
        return ColourCoding(gamma=min(max(value / 100_000, 0.1), 10.0))
    return None


def to_srgb(image: Image.Image, coding: ColourCoding) -> Image.Image:
    """Convert a picture, L, RGB or RGBA, to sRGB: the same size; RGB, or RGBA if it was.

    HDR is tone-mapped: up to KNEE light stays as it is, above it is compressed so that nothing clips.
    """
    if image.mode == "RGBA":
        colour = to_srgb(image.convert("RGB"), coding)
        colour.putalpha(image.getchannel("A"))
        return colour
    pixels = np.asarray(image.convert("RGB"))
    result = np.empty_like(pixels)
    for part in _parts(len(pixels)):
        light = light_table(coding)[pixels[part]]
        if coding.primaries in PRIMARIES and coding.primaries != SRGB_PRIMARIES:
            light = np.maximum(light @ _matrix(coding.primaries).T, 0)
        if coding.is_hdr:
            brightest = np.maximum(light.max(-1, keepdims=True), np.float32(1e-6))
            light *= compressed(brightest) / brightest
        levels = (np.minimum(light, 1) * np.float32(LEVELS - 1) + np.float32(0.5)).astype(np.uint16)
        result[part] = number_table()[levels]
    return Image.fromarray(result)


def _parts(rows: int) -> Iterator[slice]:
    return (slice(top, top + _ROWS) for top in range(0, rows, _ROWS))


@cache
def light_table(coding: ColourCoding) -> np.ndarray:
    """Linear light of each of 256 numbers, float32 (256,): diffuse white is 1."""
    numbers = np.arange(256) / 255
    if coding.gamma is not None:
        light = numbers ** (1 / coding.gamma)
    elif coding.transfer == PQ:
        light = _pq(numbers) / PQ_WHITE
    elif coding.transfer == HLG:
        light = _hlg(numbers) / _hlg(np.array(HLG_WHITE))
    elif coding.transfer == LINEAR:
        light = numbers
    else:
        light = np.where(numbers <= 0.04045, numbers / 12.92, ((numbers + 0.055) / 1.055) ** 2.4)
    return light.astype(np.float32)


@cache
def number_table() -> np.ndarray:
    """The sRGB number of each level of linear light, uint8 (LEVELS,)."""
    light = np.linspace(0, 1, LEVELS)
    numbers = np.where(light <= 0.0031308, light * 12.92, 1.055 * light ** (1 / 2.4) - 0.055)
    result: np.ndarray = (numbers * 255).round().astype(np.uint8)
    return result


def _pq(numbers: np.ndarray) -> np.ndarray:
    """Nits of PQ's numbers 0..1 (SMPTE ST 2084)."""
    power = numbers ** (1 / 78.84375)
    light: np.ndarray = 10_000 * (np.maximum(power - 0.8359375, 0) / (18.8515625 - 18.6875 * power)) ** (
        1 / 0.1593017578
    )
    return light


def _hlg(numbers: np.ndarray) -> np.ndarray:
    """Scene light 0..1 of HLG's numbers 0..1 (ITU-R BT.2100)."""
    high = (np.exp((numbers - 0.55991073) / 0.17883277) + 0.28466892) / 12
    result: np.ndarray = np.where(numbers <= 0.5, numbers**2 / 3, high)
    return result


def compressed(light: np.ndarray) -> np.ndarray:
    """Light 0 and more, with what lies above KNEE compressed towards 1: the same shape."""
    over = np.maximum(light - KNEE, 0)
    result: np.ndarray = np.minimum(light, KNEE) + (1 - KNEE) * over / (over + (1 - KNEE))
    return result


@cache
def _matrix(primaries: int) -> np.ndarray:
    """Linear RGB of these primaries to sRGB's: float32 (3, 3)."""
    result: np.ndarray = np.linalg.solve(_to_xyz(SRGB_PRIMARIES), _to_xyz(primaries)).astype(np.float32)
    return result


def _to_xyz(primaries: int) -> np.ndarray:
    columns = np.array([(x / y, 1, (1 - x - y) / y) for x, y in PRIMARIES[primaries]]).T
    x, y = WHITE_POINT
    white = np.array([x / y, 1, (1 - x - y) / y])
    result: np.ndarray = columns * np.linalg.solve(columns, white)
    return result
