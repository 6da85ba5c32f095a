"""Small files that the page loads beside itself, by name: looks, examples, advice, icon, font, link preview."""

from collections.abc import Mapping
from functools import cache
from io import BytesIO
from mimetypes import guess_type

from PIL import Image

from pipelines.images.decode import open_photo
from pipelines.paths import ASSETS

PLACE = "page-files/"
"""Start of their addresses, which are relative, so that they work behind a proxy."""
ICON, PREVIEW, FONT = "icon.png", "preview.jpg", "inter-latin.woff2"
SMALL = 320
"""Pixels of an example's longer side."""


@cache
def page_files() -> Mapping[str, bytes]:
    """Contents by name."""
    looks = {f"look-{file.name}": file.read_bytes() for file in sorted((ASSETS / "looks").glob("*.jpg"))}
    examples = {
        f"example-{file.name}": _small(file.read_bytes()) for file in sorted((ASSETS / "examples").glob("*.jpg"))
    }
    advice = {f"selfie-{file.name}": file.read_bytes() for file in sorted((ASSETS / "selfies").glob("*.jpg"))}
    others = {ICON: "page/icon.png", PREVIEW: "page/preview.jpg", FONT: f"fonts/{FONT}"}
    return {**looks, **examples, **advice, **{name: (ASSETS / file).read_bytes() for name, file in others.items()}}


def address(name: str) -> str | None:
    """Relative address of a file; None if there is none of this name."""
    return f"{PLACE}{name}" if name in page_files() else None


def media_type(name: str) -> str:
    """Media type of a file, by its name."""
    return guess_type(name)[0] or "font/woff2"


def _small(photo: bytes) -> bytes:
    picture = Image.fromarray(open_photo(photo))
    picture.thumbnail((SMALL, SMALL))
    buffer = BytesIO()
    picture.save(buffer, "JPEG", quality=80)
    return buffer.getvalue()
