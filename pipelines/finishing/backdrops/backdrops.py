"""Studio backdrops drawn by code: seamless paper, gradients, and rooms and gardens far out of focus.

`backdrop(id, width, height)` draws one; `BACKDROPS` names them all. Light is added up linearly, as a lens does it, so
that lamps and gaps between leaves spread into bright discs; the picture's own values (sRGB) come last, with a little
grain so that gradients do not band.
"""

from collections.abc import Callable, Mapping
from functools import lru_cache, partial
from types import MappingProxyType

import numpy as np

from pipelines.errors import UserError
from pipelines.finishing.backdrops.canvas import Canvas, colour, to_srgb
from pipelines.finishing.backdrops.scenes import brick, clinic, library, office, outdoor, stage
from pipelines.language.sentence import Sentence

NO_BACKDROP = Sentence("There is no backdrop called {name}. Choose one of: {backdrops}.")
GRAIN = 0.007  # standard deviation of the grain, of a range of 1


def seamless(canvas: Canvas, *, lit: str, shade: str, reach: float) -> None:
    """A roll of paper with one lamp on it: brightest behind the head, darker towards the corners and the floor."""
    x, y = canvas.x, canvas.y
    far = np.hypot((x - 0.5 - 0.22 * canvas.light) * 1.1, (y - 0.38) * (0.9 + 0.35 * (y > 0.38))) / reach
    canvas.pixels[:] = colour(shade)
    canvas.add(colour(lit) - colour(shade), np.exp(-(far**2)))
    canvas.pixels *= 1 + 0.03 * canvas.smooth_noise(0.35)[..., None]  # no paper hangs quite even


def gradient(canvas: Canvas, *, top: str, bottom: str, glow: str) -> None:
    """Two tones from top to bottom and a soft spot of a third behind the head."""
    slope = np.clip(canvas.y + 0.12 * (canvas.x - 0.5), 0, 1)[..., None]
    canvas.pixels[:] = colour(top) * (1 - slope) + colour(bottom) * slope
    far = np.hypot((canvas.x - 0.5 - 0.25 * canvas.light) / 0.42, (canvas.y - 0.4) / 0.5)
    canvas.add(colour(glow), np.exp(-(far**2)))
    canvas.pixels *= 1 + 0.05 * canvas.smooth_noise(0.3)[..., None]


BACKDROPS: Mapping[str, Callable[[Canvas], None]] = MappingProxyType(
    {
        "seamless-light": partial(seamless, lit="#f4f3f1", shade="#c9c9c9", reach=0.75),
        "seamless-grey": partial(seamless, lit="#a3a5a8", shade="#4c4e52", reach=0.62),
        "seamless-dark": partial(seamless, lit="#55575c", shade="#17181b", reach=0.52),
        "black": partial(seamless, lit="#121214", shade="#050506", reach=0.5),
        "gradient-blue": partial(gradient, top="#1c3350", bottom="#0c1828", glow="#3f6c97"),
        "gradient-warm": partial(gradient, top="#6b4632", bottom="#2b1a14", glow="#a9744c"),
        "office": office,
        "library": library,
        "outdoor": outdoor,
        "stage": stage,
        "clinic": clinic,
        "brick": brick,
    }
)


@lru_cache(maxsize=2)  # the pictures of a run have one backdrop
def backdrop(backdrop_id: str, width: int, height: int, *, seed: int = 0, light: float = 0.0) -> np.ndarray:
    """Draw a backdrop: float32 RGB (height, width, 3), sRGB 0..1, read-only. The same arguments give the same picture.

    `light` says from where the lamp on a plain backdrop shines: -1 from the left, 0 the middle, 1 from the right.
    """
    if backdrop_id not in BACKDROPS:
        raise UserError(NO_BACKDROP.format(name=backdrop_id[:40], backdrops=", ".join(BACKDROPS)))
    canvas = Canvas(width, height, seed=seed, light=light)
    BACKDROPS[backdrop_id](canvas)
    picture: np.ndarray = to_srgb(canvas.full_size())
    grain = canvas.random.standard_normal((height, width, 1), np.float32)
    picture = np.clip(picture + GRAIN * grain, 0, 1)
    picture.flags.writeable = False
    return picture
