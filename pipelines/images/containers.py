"""Look into a picture file without decoding it: its size, orientation and coding, and a copy without its metadata.

Metadata is where decoders have most of their faults and people most of their secrets, so Pillow is given neither.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from pipelines.images.colour_coding import ColourCoding, coding_of_png

JPEG_END = b"\xff\xd9"
MAX_SEGMENTS = 65_536  # ordinary files have tens; millions of empty ones only keep a computer busy

_PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_PNG_KEPT = frozenset({b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS", b"iCCP"})
_PNG_TOLD = frozenset({b"eXIf", b"cICP", b"gAMA", b"iCCP", b"sRGB"})

# Inside compressed data a byte 0xFF is followed by 0x00 or a restart marker, so anything else is the next segment.
_JPEG_MARKER = re.compile(rb"\xff[\x01-\xcf\xd8-\xfe]")
_JPEG_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_JPEG_ARITHMETIC = frozenset(range(0xC9, 0xD0)) - {0xCC}
_JPEG_IN_ONE_SCAN = frozenset({0xC0, 0xC1})  # frames that are over after a scan of all their components
_JPEG_SCAN, _JPEG_END, _JPEG_APP1, _JPEG_COMMENT = 0xDA, 0xD9, 0xE1, 0xFE
_JPEG_WITHOUT_LENGTH = frozenset({0x01, 0xD8})
# No decoder knows the others, and each skips them in its own way, so that ours could differ from Pillow's.
_JPEG_KNOWN = frozenset({*range(0xC0, 0xC8), *range(0xC9, 0xD0), *range(0xD8, 0xDE), *range(0xE0, 0xF0), 0x01, 0xFE})
_JPEG_BETWEEN_SCANS = frozenset({0xC4, 0xDA, 0xDB, 0xDD, 0xFE, *range(0xE0, 0xF0)})
# What an APPn segment must begin with to be kept: density, colour profile, and whether CMYK is inverted.
_JPEG_KEPT = {0xE0: b"JFIF\0", 0xE2: b"ICC_PROFILE\0", 0xEE: b"Adobe"}


@dataclass(frozen=True, kw_only=True)
class Contents:
    """Claims of a picture file about itself; nothing in it has been checked by decoding."""

    data: bytes  # the file; of JPEG and PNG without metadata, further frames and what follows the picture
    size: tuple[int, int]  # width, height in pixels as stored, before the orientation is applied
    orientation: int  # EXIF's 1 to 8
    passes: int = 1  # more for a JPEG that is refined pass by pass (progressive)
    planes: float = 1  # of a JPEG: passes over whole planes of full size, one in half the size counting a quarter
    is_arithmetic: bool = False  # a JPEG whose numbers are packed as no camera does
    samples: float = 3  # a pixel, of a JPEG: 3 for full colour, 1.5 for the usual coarser one, 4 for full CMYK
    without_end: bool = False  # a JPEG that has no end marker: `data` got one, but may lack a part of the picture
    coding: ColourCoding | None = None  # of a PNG, where a chunk says it and no colour profile does


def read_contents(kind: str, data: bytes) -> Contents:
    """Take a JPEG, PNG or WebP file apart; ValueError if it has no header."""
    return {"JPEG": _read_jpeg, "PNG": _read_png, "WEBP": _read_webp}[kind](data)


def jpeg_segments(data: bytes) -> Iterator[tuple[int, int, int]]:
    """Yield (marker, start, end) per segment up to the picture's end; its payload is data[start + 4 : end].

    Where a picture's data are followed by something else, as a phone's trailer, the end marker is taken to be there,
    with no bytes of its own.
    """
    position, components, scanned, over = 2, 0, False, False
    for _ in range(MAX_SEGMENTS):
        found = _JPEG_MARKER.search(data, position)
        start, marker = (len(data), _JPEG_END) if found is None else (found.start(), data[found.start() + 1])
        if marker == _JPEG_END:
            yield marker, start, min(start + 2, len(data))
            return
        if over or (scanned and marker not in _JPEG_BETWEEN_SCANS):
            yield _JPEG_END, start, start
            return
        if marker not in _JPEG_KNOWN:
            raise ValueError("a JPEG file with a segment that no photo has")
        position = start + 2
        if marker in _JPEG_IN_ONE_SCAN:
            components = data[start + 9] if len(data) > start + 9 else 0
        elif marker == _JPEG_SCAN:
            scanned, over = True, components > 0 and data[start + 4 : start + 5] == bytes([components])
        if marker not in _JPEG_WITHOUT_LENGTH:
            position += max(int.from_bytes(data[position : position + 2], "big"), 2)
            yield marker, start, min(position, len(data))
    raise ValueError("a JPEG file with too many segments")


def png_chunks(data: bytes) -> Iterator[tuple[bytes, int, int]]:
    """Yield (type, start, end) per chunk; its payload is data[start + 8 : end - 4]."""
    start = len(_PNG_SIGNATURE)
    for _ in range(MAX_SEGMENTS):
        if start + 12 > len(data):
            return
        end = start + 12 + int.from_bytes(data[start : start + 4], "big")
        yield data[start + 4 : start + 8], start, min(end, len(data))
        start = end
    raise ValueError("a PNG file with too many chunks")


def exif_orientation(exif: bytes) -> int:
    """Return 1 to 8 from a block of EXIF; 1 where it is missing or makes no sense."""
    tiff = exif.removeprefix(b"Exif\0\0")
    if tiff[:4] not in (b"II*\0", b"MM\0*"):
        return 1

    def number(at: int, length: int) -> int:
        return int.from_bytes(tiff[at : at + length], "little" if tiff[:2] == b"II" else "big")

    directory = number(4, 4)
    for at in range(directory + 2, min(directory + 2 + 12 * number(directory, 2), len(tiff)), 12):
        if number(at, 2) == 0x0112:
            value = number(at + 8, 2)
            return value if 1 <= value <= 8 else 1
    return 1


def _read_jpeg(data: bytes) -> Contents:
    frame, exif, passes, is_arithmetic, without_end = b"", b"", 0, False, False
    scans: list[bytes] = []
    kept: list[bytes] = []
    cursor, stop = 0, len(data)
    for marker, start, end in jpeg_segments(data):
        payload = data[start + 4 : end]
        if marker == _JPEG_END:
            stop, without_end = end, start == end  # phones append films, depth maps and second pictures
        elif marker == _JPEG_SCAN:
            passes += 1
            scans.append(payload)
        elif marker in _JPEG_FRAMES:
            frame = frame or payload
            is_arithmetic = is_arithmetic or marker in _JPEG_ARITHMETIC
        elif marker == _JPEG_COMMENT or (0xE0 <= marker <= 0xEF and not _is_kept(marker, payload)):
            if marker == _JPEG_APP1 and payload.startswith(b"Exif\0\0"):
                exif = exif or payload[6:]
            kept.append(data[cursor:start])
            cursor = end
    if len(frame) < 6:
        raise ValueError("a JPEG file without a frame")
    kept.append(data[cursor:stop])
    if without_end:
        kept.append(JPEG_END)
    size = (int.from_bytes(frame[3:5], "big"), int.from_bytes(frame[1:3], "big"))
    grids = [(factor >> 4, factor & 15) for factor in frame[7 : 6 + 3 * frame[5] : 3]] or [(1, 1)]
    finest = max(1, max(across for across, _ in grids) * max(down for _, down in grids))
    shares = dict(
        zip(frame[6 : 6 + 3 * frame[5] : 3], (across * down / finest for across, down in grids), strict=False)
    )
    return Contents(
        data=b"".join(kept),
        size=size,
        orientation=exif_orientation(exif),
        passes=passes,
        planes=sum(shares.get(plane, 1.0) for scan in scans for plane in scan[1 : 1 + 2 * (scan or b"\0")[0] : 2]),
        is_arithmetic=is_arithmetic,
        samples=sum(across * down for across, down in grids) / finest,
        without_end=without_end,
    )


def _is_kept(marker: int, payload: bytes) -> bool:
    return marker in _JPEG_KEPT and payload.startswith(_JPEG_KEPT[marker])


def _read_png(data: bytes) -> Contents:
    told: dict[bytes, bytes] = {}
    kept = [_PNG_SIGNATURE]
    for name, start, end in png_chunks(data):
        if name in _PNG_KEPT:
            kept.append(data[start:end])
        if name in _PNG_TOLD:
            told.setdefault(name, data[start + 8 : end - 4])
        if name == b"IEND":
            break
    if data[12:16] != b"IHDR":
        raise ValueError("a PNG file without a header")
    size = (int.from_bytes(data[16:20], "big"), int.from_bytes(data[20:24], "big"))
    # A stronger statement on colours silences a weaker one (PNG specification, third edition, 4.3).
    gama = b"" if told.keys() & {b"iCCP", b"sRGB"} else told.get(b"gAMA", b"")
    return Contents(
        data=b"".join(kept),
        size=size,
        orientation=exif_orientation(told.get(b"eXIf", b"")),
        coding=coding_of_png(told.get(b"cICP", b""), gama),
    )


def _read_webp(data: bytes) -> Contents:
    width, height = {
        b"VP8 ": (int.from_bytes(data[26:28], "little") & 0x3FFF, int.from_bytes(data[28:30], "little") & 0x3FFF),
        b"VP8L": (
            (int.from_bytes(data[21:25], "little") & 0x3FFF) + 1,
            (int.from_bytes(data[21:25], "little") >> 14 & 0x3FFF) + 1,
        ),
        b"VP8X": (int.from_bytes(data[24:27], "little") + 1, int.from_bytes(data[27:30], "little") + 1),
    }.get(data[12:16], (0, 0))
    exif, start = b"", 12
    for _ in range(MAX_SEGMENTS):
        length = int.from_bytes(data[start + 4 : start + 8], "little")
        if data[start : start + 4] == b"EXIF":
            exif = data[start + 8 : start + 8 + length]
        start += 8 + length + length % 2
        if exif or start >= len(data):
            break
    return Contents(data=data, size=(width, height), orientation=exif_orientation(exif))
