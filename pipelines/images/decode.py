"""Untrusted picture files in, upright sRGB pixels out: the only place that opens an upload."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from enum import ReprEnum
from io import BytesIO
from pathlib import Path

import numpy as np
import pillow_heif
from PIL import Image, ImageCms, JpegImagePlugin

from pipelines.errors import PhotoError
from pipelines.images.colour_coding import ColourCoding, coding_of_nclx, to_srgb
from pipelines.images.containers import JPEG_END, Contents, exif_orientation, read_contents
from pipelines.images.cost import MAX_SECONDS, PATIENCE, seconds_to_decode
from pipelines.images.file_kinds import kind_of, name_of
from pipelines.language.sentence import Sentence

MAX_BYTES = 30 * 2**20  # of the file
MAX_PIXELS = 52_000_000  # a phone's 50-megapixel picture is 8192 × 6144
MAX_JPEG_PIXELS = 210_000_000  # of a JPEG in one pass, which is decoded at 1/2, 1/4 or 1/8: a phone's are 16384 × 12288
MIN_SIDE = 256  # pixels, also after scaling down to WORK_SIDE
WORK_SIDE = 2048  # pixels of the longest side of what comes out
BACKDROP = (128, 128, 128)  # sRGB, behind transparent parts
MAX_PASSES = 32  # progressive JPEGs have about ten; each costs as much time as a picture
MAX_PROFILE = 4 * 2**20  # bytes of a colour profile; the largest in use are CMYK's with about two million
# Decoding may take MAX_MEMORY bytes; a format that needs more of them a pixel (measured) gets fewer pixels.
MAX_MEMORY = 270_000_000
BYTES_PER_PIXEL = {"JPEG": 1.5, "PNG": 5.0, "WEBP": 18.0, "HEIC": 5.0, "AVIF": 13.0}
BYTES_PER_SAMPLE = 2  # more, of a JPEG in several passes: all of it is kept until the last

BEHIND_THE_PICTURE = bytes(range(1, 200, 3))
"""Data that no picture has at its end, and that look like none when decoded."""


class Refusal(Sentence, ReprEnum):
    """Every sentence with which a photo is refused."""

    MISSING = "The file is not there. Choose it again."
    UNREADABLE = "The file cannot be opened. Check that you are allowed to read it, and choose it again."
    FOLDER = "This is a folder, not a photo. Name the photos inside it, such as its *.jpg."
    EMPTY = "The file is empty. Copy or download it again."
    TOO_HEAVY = Sentence("The file is larger than {most} MB. Save a smaller copy as JPEG and choose that.").format(
        most=MAX_BYTES // 2**20
    )
    NOT_A_PHOTO = "This is not a JPEG, PNG, WebP, HEIC or AVIF picture. Save the photo as JPEG and choose that file."
    OTHER_KIND = (
        "This is {name}, and only JPEG, PNG, WebP, HEIC and AVIF pictures can be read. "
        "Open it in a photo app, save it as JPEG and choose that file."
    )
    TOO_LARGE = (
        "The photo has {width} × {height} pixels; of a file of this kind at most {most} megapixels can be read. "
        "Save a smaller copy as an ordinary JPEG and choose that."
    )
    TOO_SLOW = (
        "The photo would take too long to open: it is stored in a way that costs much time for its size. "
        "Save a smaller copy as an ordinary JPEG and choose that."
    )
    TOO_SMALL = (
        "The photo has only {width} × {height} pixels; each side needs at least {least}. "
        "Choose the original, not a thumbnail or a preview."
    )
    TOO_NARROW = "The photo is a long strip of {width} × {height} pixels. Crop it to the head and shoulders."
    TOO_MANY_PASSES = (
        "The photo is a JPEG stored in {passes} passes, more than any camera makes. "
        "Open it in a photo app, save it as an ordinary JPEG and choose that."
    )
    DAMAGED = (
        "The photo is damaged or incomplete. Copy or download it again, or open it in a photo app and save it as JPEG."
    )


# All that Pillow, libheif and `containers` were seen to raise on broken files (hundreds in tests/images).
_DAMAGE = (
    OSError,
    SyntaxError,
    ValueError,
    EOFError,
    RuntimeError,
    Image.DecompressionBombError,
    Image.DecompressionBombWarning,  # where warnings are errors
)


@dataclass(frozen=True, kw_only=True, eq=False)
class _Decoded:
    image: Image.Image  # L, RGB, RGBA or CMYK, longest side <= WORK_SIDE
    profile: bytes | None  # ICC
    orientation: int = 1  # EXIF's
    coding: ColourCoding | None = None  # where the file tells one that counts more than a profile


def open_photo(source: bytes | str | Path) -> np.ndarray:
    """Return a photo's pixels, uint8 RGB (H, W, 3): upright, sRGB, longest side <= WORK_SIDE, opaque.

    The source is a file or its bytes. Raises PhotoError with one of the sentences of `Refusal`.
    """
    data = read_file(source)
    kind = kind_of(data)
    if kind is None:
        name = name_of(data)
        raise PhotoError(Refusal.NOT_A_PHOTO if name is None else Refusal.OTHER_KIND.format(name=name))
    try:
        decoded = _decode_kind(kind, data)
    except _DAMAGE as error:
        raise PhotoError(Refusal.DAMAGED) from error
    return np.array(_upright(_srgb(decoded), decoded.orientation))


def read_file(source: bytes | str | Path) -> bytes:
    """Return an untrusted file's bytes, at least one and at most MAX_BYTES; PhotoError otherwise."""
    if isinstance(source, bytes):
        data = source
    else:
        path = Path(source)
        try:
            if not path.exists():
                raise PhotoError(Refusal.MISSING)
            if path.is_dir():
                raise PhotoError(Refusal.FOLDER)
            if not path.is_file():  # a pipe or a device could be read for ever
                raise PhotoError(Refusal.UNREADABLE)
            with path.open("rb") as file:
                data = file.read(MAX_BYTES + 1)
        except OSError as error:
            raise PhotoError(Refusal.UNREADABLE) from error
    if not data:
        raise PhotoError(Refusal.EMPTY)
    if len(data) > MAX_BYTES:
        raise PhotoError(Refusal.TOO_HEAVY)
    return data


def _decode_kind(kind: str, data: bytes) -> _Decoded:
    if kind == "HEIC":
        return _decode_heic(data)
    if kind == "AVIF":
        return _decode_avif(data)
    contents = read_contents(kind, data)
    decoded = _decode(kind, contents)
    if contents.without_end:
        # Where data lack, a decoder reads on: into what is put behind them here, which shows if the picture needs it.
        other = replace(contents, data=contents.data.removesuffix(JPEG_END) + BEHIND_THE_PICTURE + JPEG_END)
        if _decode(kind, other).image.tobytes() != decoded.image.tobytes():
            raise ValueError("a JPEG file that lacks a part of its picture")
    return decoded


def _decode(kind: str, contents: Contents) -> _Decoded:
    if contents.passes > MAX_PASSES:
        raise PhotoError(Refusal.TOO_MANY_PASSES.format(passes=contents.passes))
    bytes_per_pixel = BYTES_PER_PIXEL[kind] + (BYTES_PER_SAMPLE * contents.samples if contents.passes > 1 else 0)
    scaled = kind == "JPEG" and contents.passes <= 1
    _check_size(contents.size, bytes_per_pixel, scaled=scaled)
    _check_cost(kind, contents)
    with _opened(kind, contents.data) as image:
        _check_size(image.size, bytes_per_pixel, scaled=scaled)  # what Pillow read, should it differ
        image.draft(None, _target(image.size))  # JPEG: decoded at 1/2, 1/4 or 1/8; no effect on the others
        image.load()
        small = _scaled(image.size, lambda top, bottom: image.crop((0, top, image.width, bottom)))
        return _Decoded(
            image=small,
            profile=image.info.get("icc_profile"),
            orientation=contents.orientation,
            coding=contents.coding,
        )


def _decode_avif(data: bytes) -> _Decoded:
    with Image.open(BytesIO(data), formats=["AVIF"]) as image:
        _check_size(image.size, BYTES_PER_PIXEL["AVIF"])
        _check_cost("AVIF", Contents(data=data, size=image.size, orientation=1))
        image.load()
        small = _scaled(image.size, lambda top, bottom: image.crop((0, top, image.width, bottom)))
        info = image.info
    profile = info.get("icc_profile")
    return _Decoded(
        image=small,
        profile=profile,
        orientation=exif_orientation(info.get("exif") or b""),
        coding=_counting(coding_of_nclx(data), profile),
    )


def _counting(coding: ColourCoding | None, profile: bytes | None) -> ColourCoding | None:
    """A coding that counts beside this profile: one for HDR, which no profile says as well, or the only statement."""
    return coding if coding is not None and (coding.is_hdr or not profile) else None


def _opened(kind: str, data: bytes) -> Image.Image:
    """Open a file in Pillow, which decodes nothing yet. Its own limit on pixels is for those who have none."""
    if kind == "JPEG":
        return JpegImagePlugin.JpegImageFile(BytesIO(data))
    return Image.open(BytesIO(data), formats=[kind])


def _decode_heic(data: bytes) -> _Decoded:
    heic = pillow_heif.open_heif(data, convert_hdr_to_8bit=True)
    if len(heic) == 0:
        raise ValueError("a HEIC file without a picture")
    _check_size(heic.size, BYTES_PER_PIXEL["HEIC"])
    _check_cost("HEIC", Contents(data=data, size=heic.size, orientation=1))
    pixels, mode, width = np.asarray(heic), heic.mode, heic.size[0]
    small = _scaled(
        heic.size, lambda top, bottom: Image.frombytes(mode, (width, bottom - top), pixels[top:bottom].tobytes())
    )
    profile = heic.info.get("icc_profile")
    nclx = heic.info.get("nclx_profile") or {}
    coding = ColourCoding(
        primaries=int(nclx.get("color_primaries", 1)), transfer=int(nclx.get("transfer_characteristics", 13))
    )
    return _Decoded(image=small, profile=profile, coding=_counting(coding, profile))  # libheif has turned it upright


def _check_cost(kind: str, contents: Contents) -> None:
    if seconds_to_decode(kind, contents) > MAX_SECONDS * PATIENCE.get(kind, 1.0):
        raise PhotoError(Refusal.TOO_SLOW)


def _check_size(size: tuple[int, int], bytes_per_pixel: float, *, scaled: bool = False) -> None:
    """Refuse what needs too much memory, or is too small; `scaled` is never held in its full size."""
    width, height = size
    if min(size) < 1:
        raise ValueError("a picture without pixels")
    most = MAX_JPEG_PIXELS if scaled else min(MAX_PIXELS, MAX_MEMORY / bytes_per_pixel)
    if width * height > most:
        raise PhotoError(Refusal.TOO_LARGE.format(width=width, height=height, most=int(most / 1e6)))
    if min(size) < MIN_SIDE:
        raise PhotoError(Refusal.TOO_SMALL.format(width=width, height=height, least=MIN_SIDE))
    if min(_target(size)) < MIN_SIDE:
        raise PhotoError(Refusal.TOO_NARROW.format(width=width, height=height))


def _target(size: tuple[int, int]) -> tuple[int, int]:
    scale = min(1.0, WORK_SIDE / max(size))
    return round(size[0] * scale), round(size[1] * scale)


def _scaled(size: tuple[int, int], strip: Callable[[int, int], Image.Image]) -> Image.Image:
    """Scale a picture down strip by strip, so that no step holds a second copy of it in full size.

    `strip(top, bottom)` gives the rows top to bottom. The result is L, RGB, RGBA or CMYK.
    """
    width, height = size
    factor = max(1, max(size) // WORK_SIDE)
    small: Image.Image | None = None
    for top in range(0, height, 256 * factor):
        part = _plain(strip(top, min(top + 256 * factor, height))).reduce(factor)
        if small is None:
            small = Image.new(part.mode, (part.width, -(-height // factor)))
        small.paste(part, (0, top // factor))
    assert small is not None
    box = (0, 0, width / factor, height / factor)  # the last row and column may stand for less than `factor` pixels
    return small.resize(_target(size), Image.Resampling.LANCZOS, box=box)


def _plain(image: Image.Image) -> Image.Image:
    """Turn any mode that a decoder gives into L, RGB, RGBA or CMYK."""
    if image.mode.startswith("I"):  # 16-bit grey, which Pillow would clip at 255
        return Image.fromarray((np.asarray(image).astype(np.uint32) * 255 // 65535).astype(np.uint8))
    if "transparency" in image.info or image.mode in ("LA", "PA", "RGBa", "La"):
        return image.convert("RGBA")
    if image.mode in ("L", "RGB", "RGBA", "CMYK"):
        return image
    return image.convert("L" if image.mode == "1" else "RGB")


def _srgb(decoded: _Decoded) -> Image.Image:
    image, profile = decoded.image, decoded.profile
    if decoded.coding is not None and not decoded.coding.is_srgb and image.mode != "CMYK":
        image, profile = to_srgb(image, decoded.coding), None
    if image.mode == "RGBA":
        opaque = Image.new("RGB", image.size, BACKDROP)
        opaque.paste(image, mask=image.getchannel("A"))
        image = opaque
    if profile and len(profile) <= MAX_PROFILE:
        # One that cannot be used is ignored, as every viewer does.
        with suppress(ImageCms.PyCMSError, OSError, UnicodeDecodeError):
            theirs = ImageCms.ImageCmsProfile(BytesIO(profile))
            ours = ImageCms.createProfile("sRGB")
            if theirs.profile.xcolor_space.strip() == {"L": "GRAY"}.get(image.mode, image.mode):
                converted = ImageCms.profileToProfile(image, theirs, ours, outputMode="RGB")
                assert converted is not None
                return converted
    return image.convert("RGB")


def _upright(image: Image.Image, orientation: int) -> Image.Image:
    turn = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_270,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_90,
    }.get(orientation)
    return image if turn is None else image.transpose(turn)
