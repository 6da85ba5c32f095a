"""Light of a photo brought to a studio's, before anything is drawn from it: exposure and white balance.

Judged by the photo's lightest places and the whites of the eyes, which are alike in all people: judged by the cheeks,
dark skin would come out light. Photos in ordinary light stay as they are, bit for bit.
"""

from dataclasses import dataclass

import cv2
import numpy as np

from pipelines.faces.alignment import TEMPLATE, align
from pipelines.faces.measurements import LEFT_SKIN, RIGHT_SKIN
from pipelines.faces.pattern import INNER
from pipelines.faces.quality import Finding
from pipelines.images.colour_coding import LEVELS, ColourCoding, compressed, light_table, number_table
from pipelines.language.sentence import Sentence

LUMINANCE = np.array([0.2126, 0.7152, 0.0722], np.float32)
FINER = 4
"""Pixels for each one of ArcFace's crop: whites of eyes are a few pixels wide in it."""
EYE = (7, 4)
"""Half width and half height of what belongs to an eye, pixels of ArcFace's crop."""
WHITEST = (85, 96)
"""Percentiles of an eye's pixels, by their least channel, between which its white lies: beyond are catchlights."""
OF_CHEEKS = (-2.3, 1.3)
"""Light of the whites beside the cheeks', in EV, within which the eyes are seen: not behind dark glasses."""

LIGHTEST = -0.15
"""Light of a photo's lightest hundredth in ordinary exposure, EV below white; the ten selfies have -0.53 to -0.01."""
DIM = -0.9
"""The same, from which down a photo is underexposed."""
WHITES_AT_MOST = -2.15
"""Light that underexposed whites are brought to at most: those of well exposed photos have -3.6 to -1.9."""
WHITES_DIM, WHITES_BACKLIT = -4.3, -3.0
"""The same from which down a face is in the dark before something bright, and up to which it is brought."""
AT_LIMIT, FACE_AT_LIMIT = 253, 0.97
"""Number of a pixel's greatest channel, and light likewise, from which it is at the limit of what a photo holds."""
GLARE = np.array([0.291, 0.112, 1.188, 0.434])
"""Weights of one, the whites' light and the square roots of the shares at the limit of the whole photo and of the face,
whose sum is by how much a photo is overexposed, in EV: fitted to 69 other photos, relit by 0 to 2 EV."""
BRIGHT_BEHIND = 1.5
"""Most share of the whole photo that counts, in shares of the face: a white wall behind somebody is no fault."""
WHITES_UNSEEN = -1.7
"""Light of whites that are not seen, for that sum."""
OVEREXPOSED_FROM = 0.6
"""EV from which a photo is overexposed; the ten selfies come to 0.4 at most as they are, with one EV more to 0.6."""
MOST_EV, LEAST_EV = 4.5, -1.6
"""Most that light is raised and lowered."""

WHITES, ALL = np.array([1.85, 1.0, 0.6]), np.array([1.08, 1.0, 0.84])
"""Light in red, green and blue, of green, in ordinary photos: of the whites as they are seen here, with some skin
around them, and of the whole photo."""
CAST = 1.85
"""Factor between two channels from which both together say that the light has a colour."""
STRONG = 4.0
"""The same from which the light is called coloured, as its colours cannot all be set back."""
MOST_GAIN = 12.0

COLOURED = Sentence("The light is strongly coloured. It is set back as far as that goes; the skin's colour is a guess.")
DAYLIGHT = Sentence("Use a photo in daylight or white light.")
UNDEREXPOSED = Sentence("The photo is underexposed. Its light is set to a studio's, as well as that can be done.")
OVEREXPOSED = Sentence("The photo is overexposed. Its light is set to a studio's, as well as that can be done.")
EVEN_DAYLIGHT = Sentence("Use a photo in even daylight if the skin comes out wrong.")
TINTED = Sentence("The light of the photo has a colour, as of lamps. It is set back to white.")
DAYLIGHT_IF_WRONG = Sentence("Use a photo in daylight if the skin comes out wrong.")


@dataclass(frozen=True, kw_only=True)
class StudioLight:
    """Change of light that a photo needs."""

    ev: float  # exposure, 0 for none
    gains: tuple[float, float, float]  # of red, green and blue beside it
    coloured: bool  # the light has a strong colour

    @property
    def finding(self) -> Finding | None:
        """Sentences for the person; None where nothing is changed."""
        if self.coloured:
            return _finding(max(self.gains), COLOURED, DAYLIGHT)
        if self.ev:
            return _finding(self.ev, UNDEREXPOSED if self.ev > 0 else OVEREXPOSED, EVEN_DAYLIGHT)
        if self.gains != (1.0, 1.0, 1.0):
            return _finding(max(self.gains), TINTED, DAYLIGHT_IF_WRONG)
        return None


def studio_light(image: np.ndarray, landmarks: np.ndarray) -> StudioLight:
    """Measure the change of light that the face with these landmarks (5, 2) in a uint8 RGB (H, W, 3) photo needs."""
    table = light_table(ColourCoding())
    crop = table[align(image, landmarks, TEMPLATE * FINER + (FINER - 1) / 2, 112 * FINER)]
    whites, cheeks = _whites(crop), _cheeks(crop)
    small = cv2.resize(image, None, fx=0.25, fy=0.25, interpolation=cv2.INTER_AREA)
    light = table[small].reshape(-1, 3)
    gains, factor = _balance(whites, light.mean(0))
    lightest = _ev(np.percentile((light * gains) @ LUMINANCE, 99))
    white = _ev((whites * gains) @ LUMINANCE)
    seen = OF_CHEEKS[0] <= white - _ev((cheeks * gains) @ LUMINANCE) <= OF_CHEEKS[1]
    glare = _glare(small, crop, white if seen else None)
    ev = -glare if glare > OVEREXPOSED_FROM else _exposure(lightest, white if seen else None)
    ev = float(np.clip(ev, LEAST_EV, MOST_EV))
    red, green, blue = (float(gain) for gain in gains)
    return StudioLight(ev=ev, gains=(red, green, blue), coloured=factor > STRONG)


def in_studio_light(image: np.ndarray, light: StudioLight) -> np.ndarray:
    """The photo, uint8 RGB (H, W, 3), in that light; highlights are compressed, not clipped."""
    if light.finding is None:
        return image
    table = light_table(ColourCoding()).astype(np.float64)
    channels = [table * gain * 2**light.ev for gain in light.gains]
    lit = [compressed(channel) if channel[-1] > 1 else channel for channel in channels]
    levels = (np.minimum(np.stack(lit, -1), 1) * (LEVELS - 1)).round().astype(int)
    return cv2.LUT(image, number_table()[levels][None])


def _exposure(lightest: float, white: float | None) -> float:
    """EV that a dark photo needs by its lightest hundredth and by the eyes' whites; None: they are not seen."""
    ev = LIGHTEST - lightest if lightest < DIM else 0.0
    if white is not None:
        if ev > 0:
            ev = min(ev, max(WHITES_AT_MOST - white, 0.0))
        elif white < WHITES_DIM:
            ev = WHITES_BACKLIT - white
    return ev if ev >= LIGHTEST - DIM - 0.01 else 0.0


def _glare(photo: np.ndarray, crop: np.ndarray, white: float | None) -> float:
    """EV by which a uint8 photo is overexposed, by what of it and of the fine crop's face is at the limit."""
    face = crop[_finer(INNER[0]), _finer(INNER[1])]
    at_limit, face_at_limit = float((photo.max(-1) >= AT_LIMIT).mean()), float((face.max(-1) >= FACE_AT_LIMIT).mean())
    shares = [min(at_limit, BRIGHT_BEHIND * face_at_limit), face_at_limit]
    return float(GLARE @ np.array([1.0, WHITES_UNSEEN if white is None else max(white, -4.0), *np.sqrt(shares)]))


def _balance(whites: np.ndarray, mean: np.ndarray) -> tuple[np.ndarray, float]:
    """Gains (3,) of linear red, green and blue, of equal light, and the factor between two channels that they undo."""
    casts = [np.log2(np.maximum(seen, 1e-4) / usual) for seen, usual in ((whites, WHITES), (mean, ALL))]
    casts = [cast - cast.mean() for cast in casts]
    pairs = np.array([[cast[a] - cast[b] for a, b in ((0, 1), (1, 2), (0, 2))] for cast in casts])
    agreed = np.where(np.sign(pairs[0]) == np.sign(pairs[1]), np.abs(pairs).min(0), 0.0)
    factor = float(2 ** agreed.max())
    if factor < CAST:
        return np.ones(3, np.float32), 1.0
    cast = np.mean(casts, 0)
    gains = 2.0 ** np.clip(-cast, -np.log2(MOST_GAIN), np.log2(MOST_GAIN))
    gains *= float(mean @ LUMINANCE) / float((mean * gains) @ LUMINANCE)
    return gains.astype(np.float32), factor


def _whites(crop: np.ndarray) -> np.ndarray:
    """Mean light (3,) of the whites of both eyes in the fine crop."""
    found = []
    for x, y in TEMPLATE[:2] * FINER:
        across, down = EYE[0] * FINER, EYE[1] * FINER
        eye = crop[int(y - down) : int(y + down), int(x - across) : int(x + across)].reshape(-1, 3)
        least = (eye / np.maximum(np.percentile(eye, 97, axis=0), 1e-4)).min(1)
        low, high = np.percentile(least, WHITEST)
        found.append(np.median(eye[(least >= low) & (least <= high)], axis=0))
    result: np.ndarray = np.mean(found, axis=0)
    return result


def _cheeks(crop: np.ndarray) -> np.ndarray:
    parts = [crop[_finer(rows), _finer(columns)].reshape(-1, 3) for rows, columns in (LEFT_SKIN, RIGHT_SKIN)]
    result: np.ndarray = np.median(np.concatenate(parts), axis=0)
    return result


def _finer(part: slice) -> slice:
    return slice(part.start * FINER, part.stop * FINER)


def _ev(light: float) -> float:
    return float(np.log2(max(float(light), 1e-4)))


def _finding(value: float, reason: str, fix: str) -> Finding:
    return Finding(measure="light set (EV or factor)", value=value, reason=reason, fix=fix, blocking=False)
