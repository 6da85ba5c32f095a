"""Canvas of a backdrop: a small picture in linear light, shapes, random patterns, and a lens out of focus."""

import cv2
import numpy as np

CANVAS_SIDE = 384  # pixels of a canvas's longer side; everything on it is soft, so it can be enlarged
SHIFT = 4  # cv2 draws at fractions of a pixel: 2**-SHIFT


def colour(hexadecimal: str, brightness: float = 1.0) -> np.ndarray:
    """#rrggbb (sRGB) as linear light (3,) float32; a brightness above 1 is a lamp or the sky."""
    srgb = np.array([int(hexadecimal[i : i + 2], 16) for i in (1, 3, 5)], np.float32) / 255
    return brightness * np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4).astype(np.float32)


def to_srgb(linear: np.ndarray) -> np.ndarray:
    """Linear light to sRGB 0..1, highlights rolled off instead of clipped; float32."""
    knee = 0.8
    over = np.maximum(linear - knee, 0)
    linear = np.minimum(linear, knee) + (1 - knee) * (1 - np.exp(-over / (1 - knee)))
    linear = np.maximum(linear, 0)
    return np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * np.power(linear, 1 / 2.4) - 0.055).astype(np.float32)


class Canvas:
    """A picture in linear light, float32 RGB. In shares: x of the width, y and sizes of the height."""

    def __init__(self, width: int, height: int, *, seed: int, light: float, side: int = CANVAS_SIDE):
        self.size = (width, height)
        self.light = light  # -1 from the left .. 1 from the right
        self.random = np.random.default_rng(seed)
        self._allot(side)

    def _allot(self, side: int) -> None:
        width, height = self.size
        scale = side / max(width, height)
        self.w, self.h = max(8, round(width * scale)), max(8, round(height * scale))
        self.pixels: np.ndarray = np.zeros((self.h, self.w, 3), np.float32)
        down, across = np.mgrid[0 : self.h, 0 : self.w].astype(np.float32)
        self.x, self.y = (across + 0.5) / self.w, (down + 0.5) / self.h

    def finer(self, side: int) -> None:
        """Start again with more pixels, for a backdrop less out of focus."""
        self._allot(side)

    def fade(self, top: str, bottom: str, brightness: float = 1.0) -> None:
        """Fill everything, from one colour down to another."""
        y = self.y[..., None]
        self.pixels[:] = colour(top, brightness) * (1 - y) + colour(bottom, brightness) * y

    def box(self, x0: float, y0: float, x1: float, y1: float, light: np.ndarray) -> None:
        """A rectangle of a colour (linear)."""
        self.shape([(x0, y0), (x1, y0), (x1, y1), (x0, y1)], light)

    def shape(self, corners: list[tuple[float, float]], light: np.ndarray) -> None:
        """A filled polygon."""
        points = np.rint(np.array(corners) * (self.w, self.h) * 2**SHIFT).astype(np.int32)
        cv2.fillPoly(self.pixels, [points], light.tolist(), cv2.LINE_AA, SHIFT)

    def blob(self, x: float, y: float, across: float, down: float, light: np.ndarray, turn: float = 0) -> None:
        """A filled ellipse, half axes as shares of the height, turned by degrees."""
        centre = (round(x * self.w * 2**SHIFT), round(y * self.h * 2**SHIFT))
        axes = (round(across * self.h * 2**SHIFT), round(down * self.h * 2**SHIFT))
        cv2.ellipse(self.pixels, centre, axes, turn, 0, 360, light.tolist(), -1, cv2.LINE_AA, SHIFT)

    def add(self, light: np.ndarray, where: np.ndarray) -> None:
        """More light: a colour, by a share (h, w) for each place."""
        self.pixels += light * where[..., None].astype(np.float32)

    def glow(self, x: float, y: float, reach: float, light: np.ndarray) -> None:
        """A soft round light."""
        far = np.hypot((self.x - x) * self.w / self.h, self.y - y) / reach
        self.add(light, np.exp(-(far**2)))

    def disc(self, x: float, y: float, radius: float, light: np.ndarray) -> None:
        """A small lamp out of focus: an even disc with a slightly brighter rim, as lenses draw it."""
        far = np.hypot((self.x - x) * self.w, (self.y - y) * self.h) - radius * self.h
        edge = np.clip(0.5 - far / 1.5, 0, 1)
        self.add(light, edge * (0.85 + 0.3 * np.exp(-((far / (0.15 * radius * self.h + 1)) ** 2))))

    def smooth_noise(self, size: float) -> np.ndarray:
        """A smooth random pattern (h, w), mean 0 and deviation about 1; `size` of its features."""
        cells = max(2, round(self.h / self.h / size) + 2)
        coarse = self.random.standard_normal((cells, max(2, round(cells * self.w / self.h))), np.float32)
        return cv2.resize(coarse, (self.w, self.h), interpolation=cv2.INTER_CUBIC)

    def defocus(self, radius: float) -> None:
        """Blur as a lens does with things far behind the person: every point becomes a disc."""
        reach = max(1, round(radius * self.h))
        disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * reach + 1, 2 * reach + 1))
        disc = cv2.GaussianBlur(disc.astype(np.float32), (0, 0), max(0.5, reach / 6))
        self.pixels = cv2.filter2D(self.pixels, -1, disc / disc.sum(), borderType=cv2.BORDER_REFLECT)

    def full_size(self) -> np.ndarray:
        """The picture at the size asked for, linear light."""
        return cv2.resize(self.pixels, self.size, interpolation=cv2.INTER_CUBIC)
