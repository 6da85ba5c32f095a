"""Cost of decoding a picture file: CPU time, estimated from its header and size before a decoder sees it."""

import math
from dataclasses import dataclass

from pipelines.images.containers import Contents

MAX_SECONDS = 0.9
"""Limit of the estimate; colours and scaling come on top, together 0.1 s."""
PATIENCE = {"HEIC": 1.9}
"""Factor of that limit by kind: phones' own pictures of 48 megapixels take 1.5 s, and are what people have."""
_PNG_CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}  # by the header's colour type
_PNG_WITH_ALPHA = frozenset({4, 6})
_FIRST_CHUNKS = 16  # of a WebP file: its picture is among them


@dataclass(frozen=True, kw_only=True)
class Cost:
    """CPU seconds on one core of a server of 2023, as measured with flat, ordinary and random pictures."""

    start: float = 0.05
    megapixel: float
    megabyte: float
    """For each 10**6 bytes of the file."""
    unit: float = 0.0
    """For each 10**6 units of work: pixels times passes of a progressive JPEG, bytes that a PNG unpacks to."""


COSTS = {
    "JPEG": Cost(megapixel=0.0022, megabyte=0.012),
    "progressive JPEG": Cost(megapixel=0.0, megabyte=0.026, unit=0.0013),
    "PNG": Cost(megapixel=0.005, megabyte=0.013, unit=0.0033),
    "PNG with alpha": Cost(megapixel=0.018, megabyte=0.013, unit=0.0033),
    "WEBP": Cost(megapixel=0.034, megabyte=0.084),
    "lossless WEBP": Cost(megapixel=0.03, megabyte=0.018),
    "AVIF": Cost(megapixel=0.027, megabyte=0.065),
    "HEIC": Cost(start=0.15, megapixel=0.017, megabyte=0.08),
}
"""Costs by the way in which a picture is stored."""


def seconds_to_decode(kind: str, contents: Contents) -> float:
    """Estimate the CPU seconds of decoding; infinite for kinds of JPEG that no camera makes (arithmetic coding)."""
    storage, units = _stored(kind, contents)
    cost = COSTS.get(storage)
    if cost is None:
        return math.inf
    pixels = contents.size[0] * contents.size[1] / 1e6
    return cost.start + pixels * (cost.megapixel + cost.unit * units) + cost.megabyte * len(contents.data) / 1e6


def _stored(kind: str, contents: Contents) -> tuple[str, float]:
    """Way in which a picture is stored, and units of work for each pixel."""
    data = contents.data
    if kind == "JPEG":
        if contents.is_arithmetic:
            return "arithmetic JPEG", 0
        return ("progressive JPEG", contents.planes) if contents.passes > 1 else (kind, 0)
    if kind == "PNG":
        depth, colour = data[24], data[25]
        unpacked = depth * _PNG_CHANNELS.get(colour, 4) / 8
        return "PNG with alpha" if colour in _PNG_WITH_ALPHA or depth == 16 else kind, unpacked
    if kind == "WEBP":
        return "lossless WEBP" if _is_lossless(data) else kind, 0
    return kind, 0


def _is_lossless(webp: bytes) -> bool:
    """True if the picture of a WebP file, or of its first frame, is stored without loss."""
    start = 12
    for _ in range(_FIRST_CHUNKS):
        name = webp[start : start + 4]
        if name in (b"VP8 ", b"VP8L", b"ANMF"):
            return name == b"VP8L"
        length = int.from_bytes(webp[start + 4 : start + 8], "little")
        start += 8 + length + length % 2
    return False
