"""Picture files of every odd kind, made on the spot: encoders, colour profiles and tools to break files."""

import struct
import zlib
from functools import cache
from io import BytesIO
from pathlib import Path

import numpy as np
import openpeople
import pillow_heif
from PIL import Image, ImageCms

SELFIES = Path(openpeople.__file__).parent / "data" / "curated"

# How an upright picture must be stored so that the EXIF orientation turns it back.
STORED_AS = {
    1: None,
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}


@cache
def selfie() -> Image.Image:
    """A synthetic person's selfie, 320 × 400."""
    with Image.open(SELFIES / "P001" / "assets" / "amateur_selfie.jpg") as image:
        image.draft(None, (320, 400))
        return image.convert("RGB").resize((320, 400))


def encode(image: Image.Image, kind: str, **options) -> bytes:
    buffer = BytesIO()
    if kind == "HEIC":
        pillow_heif.from_pillow(image).save(buffer, **options)
    else:
        image.save(buffer, kind, **options)
    return buffer.getvalue()


def turned(orientation: int, kind: str) -> bytes:
    """The selfie stored turned, with the orientation that makes it upright."""
    transpose = STORED_AS[orientation]
    image = selfie() if transpose is None else selfie().transpose(transpose)
    exif = Image.Exif()
    exif[0x0112] = orientation
    return encode(image, kind, exif=exif.tobytes())


def png_chunk(name: bytes, payload: bytes) -> bytes:
    return struct.pack(">I", len(payload)) + name + payload + struct.pack(">I", zlib.crc32(name + payload))


def png_bomb(side: int, depth: int = 1, colour: int = 0) -> bytes:
    """A black PNG of side × side pixels in a few kilobytes: black and white, or RGBA (depth 8, colour 6)."""
    row = b"\0" * (1 + (side * depth * (4 if colour == 6 else 1) + 7) // 8)
    header = struct.pack(">IIBBBBB", side, side, depth, colour, 0, 0, 0)
    chunks = [(b"IHDR", header), (b"IDAT", zlib.compress(row * side, 1)), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(png_chunk(*chunk) for chunk in chunks)


def after_png_header(png: bytes, *chunks: tuple[bytes, bytes]) -> bytes:
    """A PNG with further chunks behind its header, which ends at byte 33."""
    return png[:33] + b"".join(png_chunk(*chunk) for chunk in chunks) + png[33:]


def jpeg_segment(marker: int, payload: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, marker, len(payload) + 2) + payload


def with_passes(jpeg: bytes, more: int) -> bytes:
    """A progressive JPEG whose last pass is stored so many times more."""
    last = jpeg.rindex(b"\xff\xda")
    return jpeg[:-2] + jpeg[last:-2] * more + jpeg[-2:]


def with_frame(jpeg: bytes, marker: int) -> bytes:
    """A baseline JPEG that says its numbers are stored in another way: the frame's marker is 0xFF, `marker`."""
    frame = jpeg.index(b"\xff\xc0") + 1
    return jpeg[:frame] + bytes([marker]) + jpeg[frame + 1 :]


def icc_profile(space: bytes, pcs: bytes, tags: dict[bytes, bytes]) -> bytes:
    """An ICC profile of version 2.1 from its tags' contents."""
    tags = {
        b"desc": b"desc\0\0\0\0" + struct.pack(">I", 5) + b"test\0" + b"\0" * 78,
        b"wtpt": _xyz(0.9642, 1.0, 0.8249),
        **tags,
    }
    at = 128 + 4 + 12 * len(tags)
    table, body = struct.pack(">I", len(tags)), b""
    for name, content in tags.items():
        content += b"\0" * (-len(content) % 4)
        table += struct.pack(">4sII", name, at + len(body), len(content))
        body += content
    head = struct.pack(">I4sI4s4s4s", at + len(body), b"none", 0x02100000, b"mntr", space, pcs)
    head += b"\0" * 12 + b"acsp" + b"\0" * 28 + _xyz(0.9642, 1.0, 0.8249)[8:]
    return head.ljust(128, b"\0") + table + body


def rgb_profile(primaries: np.ndarray, gamma: float) -> bytes:
    """A profile from the (3, 3) matrix linear RGB → XYZ (D50) and a gamma."""
    curve = b"curv\0\0\0\0" + struct.pack(">IH", 1, round(gamma * 256)) + b"\0\0"
    columns = {name: _xyz(*column) for name, column in zip((b"rXYZ", b"gXYZ", b"bXYZ"), primaries.T, strict=True)}
    return icc_profile(b"RGB ", b"XYZ ", columns | dict.fromkeys((b"rTRC", b"gTRC", b"bTRC"), curve))


def grey_profile(gamma: float) -> bytes:
    return icc_profile(
        b"GRAY", b"XYZ ", {b"kTRC": b"curv\0\0\0\0" + struct.pack(">IH", 1, round(gamma * 256)) + b"\0\0"}
    )


def cmyk_profile() -> bytes:
    """A profile of strange inks: the one called cyan prints red, all others print nothing."""
    straight = bytes(range(256))
    corners = b"".join(bytes((138, 208, 198)) if cyan else bytes((255, 128, 128)) for cyan in (0, 1) for _ in range(8))
    matrix = struct.pack(">9i", 65536, 0, 0, 0, 65536, 0, 0, 0, 65536)
    lut = b"mft1\0\0\0\0" + bytes((4, 3, 2, 0)) + matrix + straight * 4 + corners + straight * 3
    return icc_profile(b"CMYK", b"Lab ", {b"A2B0": lut})


def srgb_profile() -> bytes:
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def _xyz(x: float, y: float, z: float) -> bytes:
    return b"XYZ \0\0\0\0" + struct.pack(">3i", *(round(value * 65536) for value in (x, y, z)))
