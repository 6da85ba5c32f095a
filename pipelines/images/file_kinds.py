"""File kinds by their first bytes: those that are opened, and the names of others that people take for photos."""

from pipelines.language.sentence import Sentence

OPENED = ("JPEG", "PNG", "WEBP", "HEIC", "AVIF")
"""Kinds that `pipelines.images.decode` opens."""

_HEIC_BRANDS = frozenset({b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs"})
_AVIF_BRANDS = frozenset({b"avif", b"avis"})
_NAMES = (
    (0, b"GIF8", "a GIF picture"),
    (0, b"BM", "a BMP picture"),
    (0, b"II*\0", "a TIFF picture or a camera's raw file (DNG, NEF, ARW)"),
    (0, b"MM\0*", "a TIFF picture or a camera's raw file (DNG, NEF, ARW)"),
    (0, b"\xff\x0a", "a JPEG XL picture"),
    (0, b"\0\0\0\x0cJXL \r\n\x87\n", "a JPEG XL picture"),
    (0, b"\0\0\0\x0cjP  \r\n\x87\n", "a JPEG 2000 picture"),
    (0, b"\xff\x4f\xff\x51", "a JPEG 2000 picture"),
    (0, b"%PDF", "a PDF document"),
    (0, b"8BPS", "a Photoshop file"),
    (0, b"II\x55\0", "a camera's raw file (RW2)"),
    (0, b"IIRO", "a camera's raw file (ORF)"),
    (0, b"FUJIFILMCCD-RAW", "a camera's raw file (RAF)"),
    (4, b"ftypcrx ", "a camera's raw file (CR3)"),
    (4, b"ftyp", "a film"),
    (0, b"\x1aE\xdf\xa3", "a film"),
    (0, b"PK\x03\x04", "a ZIP archive or an office document"),
    (0, b"<svg", "an SVG drawing"),
    (0, b"<?xml", "an SVG drawing or another XML file"),
    (0, b"<!DOCTYPE", "a web page"),
    (0, b"<html", "a web page"),
)
OTHERS = tuple((at, start, Sentence(name)) for at, start, name in _NAMES)
"""Offset, bytes there, and the name of what such a file is; the first that fits counts."""


def kind_of(data: bytes) -> str | None:
    """Return one of OPENED by the first bytes, None for everything else."""
    if data.startswith(b"\xff\xd8\xff"):
        return "JPEG"
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return "PNG"
    if data.startswith(b"RIFF") and data[8:12] == b"WEBP":
        return "WEBP"
    if data[4:8] == b"ftyp":
        end = min(int.from_bytes(data[:4], "big"), 512)
        brands = {data[8:12], *(data[at : at + 4] for at in range(16, end, 4))}
        return "HEIC" if brands & _HEIC_BRANDS else "AVIF" if brands & _AVIF_BRANDS else None
    return None


def name_of(data: bytes) -> Sentence | None:
    """Return what a file is that is not opened, with its article; None if its first bytes do not tell."""
    return next((name for at, start, name in OTHERS if data.startswith(start, at)), None)
