"""Finished pictures as files that say what they are: marked as made by AI, and with their recipe inside."""

import os
import struct
from contextlib import suppress
from enum import ReprEnum
from errno import EDQUOT, ENOSPC
from io import BytesIO
from pathlib import Path
from secrets import token_hex
from xml.sax.saxutils import escape

import numpy as np
from defusedxml.ElementTree import fromstring
from PIL import Image, ImageCms, PngImagePlugin

from pipelines.errors import UserError
from pipelines.images.containers import jpeg_segments, png_chunks
from pipelines.images.decode import read_file
from pipelines.images.file_kinds import kind_of
from pipelines.language.sentence import Sentence
from pipelines.provenance.recipe import Recipe
from pipelines.provenance.signature import AI_MARK, signed

IPTC_EXT = "http://iptc.org/std/Iptc4xmpExt/2008-02-29/"
RECIPE_NAMESPACE = "urn:headshot-studio:recipe:"
RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"

PILLOW_FORMATS = {".png": "PNG", ".jpg": "JPEG", ".jpeg": "JPEG"}
JPEG_QUALITY = 95
PNG_LEVEL = 3  # a third of the time of zlib's default for a twentieth more bytes
MAX_PACKET = 200_000  # bytes of XMP; ours has a few thousand
PART = ".part"  # what a file is called until it is complete

_JPEG_XMP = b"http://ns.adobe.com/xap/1.0/\0"
_PNG_XMP = b"XML:com.adobe.xmp\0\0\0\0\0"  # keyword, not compressed, no language, no translated keyword
_PACKET = """<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/">
 <rdf:RDF xmlns:rdf="{rdf}">
  <rdf:Description rdf:about="" xmlns:Iptc4xmpExt="{iptc}" xmlns:headshot="{ours}">
   <Iptc4xmpExt:DigitalSourceType>{mark}</Iptc4xmpExt:DigitalSourceType>
{recipe}  </rdf:Description>
 </rdf:RDF>
</x:xmpmeta>
<?xpacket end="r"?>"""


class Trouble(Sentence, ReprEnum):
    """Every sentence of this module; a recipe's own are in `recipe`."""

    FORMAT = "Pictures are saved as PNG or JPEG. Let the file's name end in .png, .jpg or .jpeg."
    DISK_FULL = "The picture was not saved because the disk is full. Free some space and try again."
    NOT_WRITABLE = "The picture was not saved because its folder cannot be written. Choose another folder."
    NOT_A_PICTURE = "This is not a PNG or JPEG picture. Choose a picture as it was downloaded from here."
    NO_RECIPE = (
        "This picture holds no recipe. Choose a picture as it was downloaded from here: "
        "messengers, editors and screenshots leave the recipe out."
    )
    DAMAGED = "The recipe in this picture is damaged. Choose the picture as it was downloaded from here."


def save(
    image: np.ndarray, path: Path | str, recipe: Recipe, *, quality: int = JPEG_QUALITY, dpi: int | None = None
) -> Path:
    """Write uint8 RGB (H, W, 3) in sRGB as a PNG or JPEG file with the AI mark and the recipe; return its path.

    The file appears complete or not at all. The same picture and recipe give the same bytes, unless this process signs
    its pictures: a signature has its time and number. `quality` is JPEG's, `dpi`
    for pictures that are printed in a size of their own. A PNG may be RGBA (H, W, 4).
    """
    path = Path(path)
    kind = PILLOW_FORMATS.get(path.suffix.lower())
    if kind is None:
        raise UserError(Trouble.FORMAT)
    packet = _written(f"   <headshot:recipe>{escape(recipe.to_json())}</headshot:recipe>\n")
    buffer, picture = BytesIO(), Image.fromarray(image)
    print_size = {} if dpi is None else {"dpi": (dpi, dpi)}
    if kind == "PNG":
        text = PngImagePlugin.PngInfo()
        text.add_itxt("XML:com.adobe.xmp", packet)
        picture.save(buffer, kind, compress_level=PNG_LEVEL, pnginfo=text, icc_profile=_srgb_profile(), **print_size)
    else:
        picture.save(
            buffer,
            kind,
            quality=quality,
            subsampling=0,
            xmp=packet.encode(),
            icc_profile=_srgb_profile(),
            **print_size,
        )
    _write(path, signed(buffer.getvalue(), kind))
    return path


def mark_packet() -> bytes:
    """Return XMP that says a picture is made by AI, for those that are shown and not saved."""
    return _written("").encode()


def _written(recipe: str) -> str:
    return _PACKET.format(rdf=RDF, iptc=IPTC_EXT, ours=RECIPE_NAMESPACE, mark=AI_MARK, recipe=recipe)


def read_recipe(source: bytes | str | Path) -> Recipe:
    """Return the recipe in an untrusted PNG or JPEG file, or in its bytes; UserError if there is none of ours."""
    data = read_file(source)
    if kind_of(data) not in PILLOW_FORMATS.values():
        raise UserError(Trouble.NOT_A_PICTURE)
    try:
        text = _properties(data).get(f"{{{RECIPE_NAMESPACE}}}recipe")
        recipe = Recipe.from_json(text) if text else None
    except (ValueError, SyntaxError) as error:
        raise UserError(Trouble.DAMAGED) from error
    if recipe is None:
        raise UserError(Trouble.NO_RECIPE)
    return recipe


def is_marked(source: bytes | str | Path) -> bool:
    """Say whether a PNG or JPEG file, or its bytes, carries the mark of pictures made by AI."""
    with suppress(ValueError, SyntaxError):  # what cannot be read as XMP carries no mark
        return _properties(read_file(source)).get(f"{{{IPTC_EXT}}}DigitalSourceType") == AI_MARK
    return False


def _properties(data: bytes) -> dict[str, str]:
    """Return a file's simple XMP properties, {namespace}name to value; ValueError or SyntaxError if it is hostile."""
    packet = _packet(data)
    if packet is None:
        return {}
    if len(packet) > MAX_PACKET:
        raise ValueError("more XMP than we write")
    found: dict[str, str] = {}
    # Text, not bytes, so that the packet cannot choose its encoding; without a DTD there are no entities to expand.
    for description in fromstring(packet.decode(), forbid_dtd=True).iter(f"{{{RDF}}}Description"):
        found |= description.attrib
        found |= {item.tag: item.get(f"{{{RDF}}}resource", item.text or "").strip() for item in description}
    return found


def _packet(data: bytes) -> bytes | None:
    if kind_of(data) == "JPEG":
        payloads = (data[start + 4 : end] for _, start, end in jpeg_segments(data))
        head = _JPEG_XMP
    elif kind_of(data) == "PNG":
        payloads = (data[start + 8 : end - 4] for name, start, end in png_chunks(data) if name == b"iTXt")
        head = _PNG_XMP
    else:
        return None
    return next((payload[len(head) :] for payload in payloads if payload.startswith(head)), None)


def _write(path: Path, data: bytes) -> None:
    part = path.parent / f".{token_hex(8)}{PART}"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with part.open("xb") as file:  # for whom the umask allows; what is private lies in a private folder
            file.write(data)
        os.replace(part, path)
    except OSError as error:
        full = error.errno in (ENOSPC, EDQUOT)
        raise UserError(Trouble.DISK_FULL if full else Trouble.NOT_WRITABLE) from error
    finally:
        with suppress(OSError):
            part.unlink(missing_ok=True)


def _srgb_profile() -> bytes:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    fixed = struct.pack(">6H", 2000, 1, 1, 0, 0, 0)  # in place of this second, so that files can be compared
    return profile[:24] + fixed + profile[36:]
