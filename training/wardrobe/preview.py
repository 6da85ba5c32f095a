"""Show plates lit and coloured on a grey backdrop: the reference for the app's own compositor. numpy and Pillow only.

python -m training.wardrobe.preview one.plate --out one.png [--colour main=#2b2f36] [--light left=1 right=0.3]
python -m training.wardrobe.preview *.plate --out sheet.jpg --sheet          # a contact sheet
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from training.wardrobe.plate import STANDARD, Plate, developed, flipped, lit, over, read_plate, tie_stripes, widened

BACKDROP = 0.21  # linear grey


def show(plate: Plate, lights: dict[str, float], colours: dict[str, str], stripes: str = "") -> Image.Image:
    """Picture of a plate's canvas: backdrop, back layer, skin, then the garment. A head would go before the garment."""
    width, height = plate.size
    falloff = 1 - 0.35 * np.hypot(*np.mgrid[-0.5 : 0.5 : height * 1j, -0.5 : 0.5 : width * 1j])
    picture = np.repeat((BACKDROP * falloff)[:, :, None], 3, 2).astype(np.float32)
    cloth = tuple(name for name in plate.front.masks if name != "skin")
    pattern = {}
    if stripes and "tie" in plate.front.masks:
        pattern["tie"] = tie_stripes(plate, {**plate.colours, **colours}["tie"], stripes)
    over(picture, lit(plate, plate.back, lights, colours), plate.back.box)
    over(picture, skin_below(plate, lights, colours), plate.front.box)
    # the head belongs here, with its neck, over the skin and below the collar
    over(picture, lit(plate, plate.front, lights, colours, only=cloth, pattern=pattern), plate.front.box)
    return Image.fromarray(developed(picture))


def skin_below(plate: Plate, lights: dict[str, float], colours: dict[str, str]) -> np.ndarray:
    """Skin of the front layer as linear RGBA, carried on below the edges of the cloth that lies on it."""
    skin = lit(plate, plate.front, lights, colours, only=("skin",))
    share = skin[:, :, 3:]
    return skin * np.where(share > 0.02, plate.front.alpha[:, :, None] / np.maximum(share, 0.02), 0)


def pairs(words: list[str]) -> dict[str, str]:
    """Table of words such as main=#2b2f36."""
    return dict(word.split("=", 1) for word in words)


def sheet(pictures: list[tuple[str, Image.Image]], columns: int = 4, width: int = 520) -> Image.Image:
    """Contact sheet of named pictures."""
    height = round(width * max(picture.height / picture.width for _, picture in pictures)) + 22
    rows = -(-len(pictures) // columns)
    out = Image.new("RGB", (columns * width, rows * height), (40, 40, 42))
    draw = ImageDraw.Draw(out)
    for i, (name, picture) in enumerate(pictures):
        x, y = i % columns * width, i // columns * height
        out.paste(
            picture.resize((width - 4, round((width - 4) * picture.height / picture.width)), Image.Resampling.LANCZOS),
            (x, y),
        )
        draw.text((x + 6, y + height - 17), name, fill=(220, 220, 220))
    return out


def main() -> None:
    """Show one plate, or a sheet of several."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("plates", nargs="+", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--colour", nargs="*", default=[], metavar="MATERIAL=#RRGGBB")
    parser.add_argument("--light", nargs="*", default=[], metavar="GROUP=STRENGTH")
    parser.add_argument("--stripes", default="", metavar="#RRGGBB", help="second colour of a striped tie")
    parser.add_argument("--flip", action="store_true")
    parser.add_argument("--widen", nargs=2, type=float, metavar=("NECK", "SHOULDERS"))
    parser.add_argument("--sheet", action="store_true")
    wish = parser.parse_args()
    lights = {**STANDARD, **{group: float(value) for group, value in pairs(wish.light).items()}}
    pictures = []
    for path in wish.plates:
        plate = read_plate(path)
        plate = flipped(plate) if wish.flip else plate
        plate = widened(plate, *wish.widen) if wish.widen else plate
        pictures.append((path.stem, show(plate, lights, pairs(wish.colour), wish.stripes)))
    (sheet(pictures) if wish.sheet or len(pictures) > 1 else pictures[0][1]).save(wish.out, quality=92)


if __name__ == "__main__":
    main()
