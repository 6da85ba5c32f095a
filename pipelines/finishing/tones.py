"""Tones of skin and hair as in the person's photos: drawn heads drift to the average of the training data."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import cv2
import numpy as np

from pipelines.drift.traits import SHADED, HeadTraits, as_exposed, beard_of, cheeks_of
from pipelines.faces.identity import Face, Shot
from pipelines.faces.measurements import FaceMeasurements
from pipelines.finishing.grading import GREY
from pipelines.finishing.head import HeadMeasures
from pipelines.matting.covering import COVERED
from pipelines.matting.head_parser import HeadParts
from pipelines.matting.head_view import HeadView
from pipelines.matting.pixels import ramp, spread, tinted
from pipelines.matting.strands import HeadMatte
from pipelines.wardrobe.cloth import from_srgb

LIGHT, TINT = 0.55, 0.5
"""Most that the light, and each channel besides, may be moved, in log odds of sRGB values: 12 L* in the middle of the
range, and the tint of a lamp. With more, the light of a dark photo comes into the headshot; with less, drift stays."""

HAIR = 0.9
"""Most that the light of hair may be moved besides, likewise: black hair of a dull photo stays hair, with strands."""
PHOTO_BEARD, DRAWN_BEARD, DARKENED = (26.0, 34.0), (4.0, 9.0), 0.9
"""L* by which a photo's and a drawn beard are darker than the cheeks: up to which they are none, and from which on they
are beards; and the most that a drawn one may be darkened, in log odds."""
OF_BEARD, OF_LIPS = (0.85, 0.45), (0.16, 0.08)
"""Light of a pixel beside the cheeks', from which it begins to be beard, and is it wholly; and lead of its red on its
green that lips have, and from which it is none."""
UNSEEN = np.float32(0.01)
"""Alpha of hair that is too little to be seen."""
SURE = 200
"""Pixels of hair, of each sixteenth one, from which on its light can be told."""

HUES = (40.0, 65.0)
"""Degrees of CIELAB's hue angle that skin has in plain light, about. A tone beyond them is taken for its lamp's; wider,
tungsten light stays in the skin, narrower, rosy and olive skins lose their own hue."""
COLOURLESS, PALE = 8.0, 15.0
"""CIELAB chroma below which a photo is black and white and says nothing of a hue, and that of the palest skin."""
VIVID = ((50.0, 75.0), (40.0, 30.0))
"""Two L*, and the chroma of the most vivid skin at each: beyond it, the colours of a photo were raised."""

DARK = (0.25, 0.75)
"""Shares of the skin's brightness between which pixels begin to take on the change of hue."""
GREYISH = (0.25, 0.6)
"""Shares of the skin's spread of colour channels, likewise."""
YELLOWER = (0.08, 0.25)
"""Shares of 60 degrees of HSV's hue by which a pixel is yellower than the skin, between which it is spared: brown and
fair hair would turn green."""

REDDER = 0.6
"""Share of red's lead on green, in log odds, that a pixel may lose, 0 to 1: with 1 eyelids and shadows turn green."""

NECK_LIGHT, BELOW_BEARD = 0.96, 1.15
"""Light on the neck as a share of that on the jaw: it lies further back, under the chin. And of that on the cheeks of
who has a beard: no drawn neck leads the rendered one's light over into theirs.
"""
OWN_NECK = 0.15
"""Share of the drawn neck's hue in the torso's skin; the rest is the jaw's."""
BESIDE = (0.16, 0.42)
"""Distances from the chin, in widths of the face, between which cheeks and jaw show skin: not lips, not ears."""
CHEEKS, JAW = (0.2, 0.5), (0.3, 0.93)
"""Heights of both, in distances from the eyes' line to the chin."""
BEARD, SHAVEN = 0.7, 0.4
"""Brightness of a jaw, as a share of the cheeks', below which it is beard or shadow; and the least share of the jaw
that must be brighter for it to tell the skin's colour: the cheeks do elsewhere."""
SHADOWED = 0.25
"""Share of the pixels, the darkest ones, that are taken for shadow."""
USUAL = np.array([0.72, 0.56, 0.48])
"""Skin in sRGB where neither can be seen."""
LUMINANCE = np.array([0.2126, 0.7152, 0.0722])


@dataclass(frozen=True, kw_only=True, eq=False)
class Tones:
    """Tones of a person in their photos; None where no photo tells one, which leaves it as it was drawn."""

    skin: np.ndarray | None = None
    """Colour of the cheeks in plain light, (3,) sRGB 0..1."""
    hair: float | None = None
    """CIELAB L* of hair in the shade, as `HeadTraits.hair_light` has it."""
    beard: float | None = None
    """L* by which a beard is darker than the cheeks, as `HeadTraits.beard` has it; little for none."""

    @classmethod
    def of(cls, shots: Sequence[Shot], traits: Sequence[HeadTraits]) -> Self:
        """Tones of the median of a person's photos, with the traits of each where they were measured.

        A covering of the hair is none: its tone is not taken.
        """
        return cls(
            skin=median_skin_tone(shots),
            hair=_median([trait.hair_light for trait in traits if trait.covered <= COVERED]),
            beard=_median([trait.beard for trait in traits]),
        )

    @property
    def key(self) -> object:
        """Something that is equal for equal tones."""
        return None if self.skin is None else tuple(self.skin.tolist()), self.hair, self.beard


def _median(values: Sequence[float | None]) -> float | None:
    told = [value for value in values if value is not None]
    return float(np.median(told)) if told else None


UNKNOWN = Tones()
"""Tones that leave a head as it was drawn."""


def cheek_tone(image: np.ndarray, face: Face) -> np.ndarray | None:
    """Mean colour of both cheeks in a uint8 RGB (H, W, 3) picture: (3,) sRGB 0..1; None where one is turned away."""
    return FaceMeasurements.of(image, face.landmarks, face.confidence).skin


def median_skin_tone(shots: Sequence[Shot]) -> np.ndarray | None:
    """A person's tone in plain light: (3,) sRGB 0..1, of the median of their photos; None if none shows both cheeks."""
    seen = [value for shot in shots if (value := cheek_tone(shot.image, shot.face)) is not None]
    return in_plain_light(np.median(seen, axis=0)) if seen else None


def neck_tone(colour: np.ndarray, parts: HeadParts, head: HeadMeasures) -> np.ndarray:
    """Colour of a drawn person's neck and chest, (3,) linear: of jaw and drawn neck, as light as the jaw nearly is.

    A beard is part of the face but not of the skin.
    """
    y, x = np.mgrid[0 : colour.shape[0], 0 : colour.shape[1]][:, ::4, ::4]
    small, face, neck = colour[::4, ::4], parts.face[::4, ::4], parts.neck[::4, ::4]
    beside, down = np.abs(x - head.chin[0]) / head.width, (y - head.eyes[1]) / (head.chin[1] - head.eyes[1])
    light = NECK_LIGHT
    sides = (face > 0.8) & (beside > BESIDE[0]) & (beside < BESIDE[1])
    cheeks, jaw = (sides & (down > top) & (down < bottom) for top, bottom in (CHEEKS, JAW))
    if np.count_nonzero(cheeks) > 50:
        shaven = jaw & (small @ GREY > BEARD * float(_usual(small[cheeks]) @ GREY))
        if np.count_nonzero(shaven) > SHAVEN * np.count_nonzero(jaw):
            jaw = shaven
        else:
            jaw, light = cheeks, BELOW_BEARD
    tone = from_srgb(_usual(small[jaw])) if np.count_nonzero(jaw) > 50 else from_srgb(USUAL)
    throat = small[neck > 0.9]
    if len(throat) > 100:
        own = from_srgb(_usual(throat))
        own *= float(tone @ LUMINANCE) / max(float(own @ LUMINANCE), 1e-3)
        tone = (1 - OWN_NECK) * tone + OWN_NECK * own
    result: np.ndarray = tone * light
    return result


def _usual(pixels: np.ndarray) -> np.ndarray:
    """Median of the pixels (n, 3), sRGB 0..1, that are not the darkest: what is not in shadow."""
    grey = pixels @ GREY
    middle: np.ndarray = np.median(pixels[grey >= np.quantile(grey, SHADOWED)], axis=0)
    return middle


def match_skin_tone(
    picture: np.ndarray, now: np.ndarray | None, wanted: np.ndarray | None, *, tint_only: bool = False
) -> np.ndarray:
    """Change the light on a person so that their cheeks go from `now` to `wanted`, at most by LIGHT and TINT.

    With `tint_only` they stay as light as they are, about. float32 RGB (H, W, 3) sRGB 0..1 -> the same. Black and
    white stay where they are, so hair and teeth do too.
    """
    if now is None or wanted is None:
        return picture
    shift = _log_odds(_with_colour(wanted, now)) - _log_odds(now)
    light = 0.0 if tint_only else float(np.clip(shift.mean(), -LIGHT, LIGHT))
    tint = np.clip(shift - shift.mean(), -TINT, TINT)
    # Dark hair would take on the tint, and so would its grey highlights, teeth and eyes.
    share = _between(picture @ GREY, DARK, float(now @ GREY))
    red, green, blue = cv2.split(picture)
    colourful = cv2.max(cv2.max(red, green), blue) - cv2.min(cv2.min(red, green), blue)  # ten times as fast as np.ptp
    share = share * _between(colourful, GREYISH, max(float(np.ptp(now)), 0.01))
    share = share * (1 - _between(_yellow(red, green, blue) - _yellow(*now), YELLOWER, 1.0))
    if (greener := float(tint[1] - tint[0])) > 0:
        share = np.minimum(share, REDDER * np.maximum(_log_odds(red) - _log_odds(green), 0) / greener)
    gain = cv2.exp(tinted(spread(share.astype(np.float32)), tint) + np.float32(light))
    lit: np.ndarray = gain * picture
    gain -= 1
    gain *= picture
    gain += 1
    lit /= gain
    return lit


def match_hair_tone(picture: np.ndarray, matte: HeadMatte, parts: HeadParts, wanted: np.ndarray | None) -> np.ndarray:
    """Change the light on hair so that what lies in the shade is as light as `wanted`, (3,) sRGB, at most by HAIR.

    float32 RGB (H, W, 3) sRGB 0..1 -> the same. Where little hair is seen it stays as it is.
    """
    sure = matte.hair[::4, ::4] > 0.95
    if wanted is None or np.count_nonzero(sure) < SURE:
        return picture
    now = np.asarray(np.quantile(picture[::4, ::4][sure] @ GREY, SHADED))
    shift = float(np.clip(_log_odds(wanted @ GREY) - _log_odds(now), -HAIR, HAIR))
    share = matte.hair / (matte.hair + matte.face + parts.neck + parts.clothes + UNSEEN)  # a veil over skin is none
    return _lit(picture, share * np.float32(shift))


def match_beard_tone(picture: np.ndarray, face: Face, parts: HeadParts, wanted: float | None) -> np.ndarray:
    """Darken a drawn beard, at most by DARKENED, towards being as much darker than the cheeks as `wanted`, L*.

    float32 RGB (H, W, 3) sRGB 0..1 -> the same. A beard that is dark enough, stubble, red hair, and a face without a
    beard stay.
    """
    if wanted is None or wanted <= PHOTO_BEARD[0]:
        return picture
    view = HeadView.of(cv2.convertScaleAbs(picture, alpha=255), face.landmarks)
    cheeks, drawn = cheeks_of(view), beard_of(view)
    if not DRAWN_BEARD[0] < drawn < wanted:
        return picture
    now, then = (np.asarray(grey_of(max(cheeks - darker, 1.0)) @ GREY) for darker in (drawn, wanted))
    surely = float(ramp(np.asarray(wanted), *PHOTO_BEARD) * ramp(np.asarray(drawn), *DRAWN_BEARD))
    shift = surely * max(float(_log_odds(then) - _log_odds(now)), -DARKENED)
    nose, mouth = float(face.landmarks[2][1]), float(face.landmarks[3:, 1].mean())
    rows = np.arange(len(picture), dtype=np.float32)[:, None]
    light = (picture @ GREY) / max(float(grey_of(cheeks) @ GREY), 0.01)
    red, green, _ = cv2.split(picture)
    share = parts.face * ramp(rows, nose, max(0.7 * nose + 0.3 * mouth, nose + 1)) * ramp(light, *OF_BEARD)
    share = cv2.GaussianBlur(share * ramp(red - green, *OF_LIPS), (0, 0), 1)
    return _lit(picture, share * np.float32(shift))


def grey_of(lightness: float) -> np.ndarray:
    """Grey of a CIELAB lightness, 0 to 100: (3,) sRGB 0..1."""
    lab = np.array([[[lightness, 0, 0]]], np.float32)
    grey: np.ndarray = cv2.cvtColor(lab, cv2.COLOR_LAB2RGB)[0, 0]
    return grey


def in_plain_light(wanted: np.ndarray) -> np.ndarray:
    """A photo's tone as skin can be in plain light: (3,) sRGB 0..1.

    Light, chroma and hue that only a lamp, a filter or the exposure gives are brought back. A tone without colour keeps
    none.
    """
    seen = lightness, chroma, hue = _lch(wanted)
    lightness = as_exposed(lightness)
    if chroma >= COLOURLESS:
        vivid = float(np.interp(lightness, *VIVID))
        chroma, hue = float(np.clip(chroma, PALE, vivid)), float(np.clip(hue, *HUES))
    plain = lightness, chroma, hue
    return wanted if plain == seen else _colour(*plain)


def _with_colour(wanted: np.ndarray, now: np.ndarray) -> np.ndarray:
    """The wanted tone; where it is black and white, with the hue and chroma of `now`."""
    lightness, chroma, _ = _lch(wanted)
    return wanted if chroma >= COLOURLESS else _colour(lightness, *_lch(now)[1:])


def _lch(colour: np.ndarray) -> tuple[float, float, float]:
    """CIELAB's lightness, chroma, and hue angle in degrees."""
    lightness, a, b = cv2.cvtColor(np.asarray(colour, np.float32)[None, None], cv2.COLOR_RGB2LAB)[0, 0]
    return float(lightness), float(np.hypot(a, b)), float(np.degrees(np.arctan2(b, a)))


def _colour(lightness: float, chroma: float, hue: float) -> np.ndarray:
    """The colour of these, (3,) sRGB 0..1; see `_lch`."""
    angle = np.radians(hue)
    lab = np.array([lightness, chroma * np.cos(angle), chroma * np.sin(angle)], np.float32)
    result: np.ndarray = np.clip(cv2.cvtColor(lab[None, None], cv2.COLOR_LAB2RGB)[0, 0], 0, 1)
    return result


def _between(values: np.ndarray, limits: tuple[float, float], unit: float) -> np.ndarray:
    return ramp(values, limits[0] * unit, limits[1] * unit)


def _yellow(red: np.ndarray, green: np.ndarray, blue: np.ndarray) -> np.ndarray:
    """HSV's hue as a share of 60 degrees, 0 red to 1 yellow; for pixels with most red and least blue."""
    result: np.ndarray = (green - blue) / np.maximum(red - blue, 0.01)
    return result


def _log_odds(values: np.ndarray) -> np.ndarray:
    inside = np.clip(values, 0.01, 0.99)
    result: np.ndarray = np.log(inside / (1 - inside))
    return result


def _lit(picture: np.ndarray, shift: np.ndarray) -> np.ndarray:
    """Picture (H, W, 3) with its light moved by so much (H, W), in log odds."""
    gain = cv2.exp(shift.astype(np.float32))
    lit: np.ndarray = spread(gain) * picture
    lit /= 1 + picture * spread(gain - 1)
    return lit
