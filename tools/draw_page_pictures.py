"""Draw the page's icon and its picture for link previews: `python -m tools.draw_page_pictures`."""

from PIL import Image, ImageDraw, ImageFont, ImageOps

from pipelines.paths import ASSETS

TEAL = (15, 118, 110)
STONE, INK = (245, 245, 244), (28, 25, 23)
SAMPLES = ("corporate", "outdoor", "editorial", "speaker")


def icon(side: int = 64, over: int = 8) -> Image.Image:
    """The mark in the page's header: RGBA (side, side)."""
    scale = side * over / 32
    picture = Image.new("RGBA", (side * over, side * over))
    draw = ImageDraw.Draw(picture)
    draw.rounded_rectangle((0, 0, side * over - 1, side * over - 1), 9 * scale, fill=TEAL)
    draw.ellipse([scale * at for at in (11, 7.5, 21, 17.5)], fill="white")
    draw.pieslice([scale * at for at in (6.5, 18.5, 25.5, 35.5)], 180, 360, fill="white")
    return picture.resize((side, side), Image.Resampling.LANCZOS)


def preview() -> Image.Image:
    """A selfie and headshots made of it: RGB (630, 1200), as link previews show it."""
    picture = Image.new("RGB", (1200, 630), STONE)
    selfie = Image.open(ASSETS / "examples" / "person-P006.jpg").convert("RGB")
    picture.paste(ImageOps.fit(selfie, (320, 400), centering=(0.5, 0.2)), (40, 175))
    for k, look in enumerate(SAMPLES):
        shown = Image.open(ASSETS / "looks" / f"{look}.jpg").convert("RGB").resize((190, 238), Image.Resampling.LANCZOS)
        picture.paste(shown, (400 + 195 * k, 256))
    draw = ImageDraw.Draw(picture)
    draw.text((40, 40), "Headshot Studio", fill=INK, font=ImageFont.load_default(44))
    draw.text((40, 100), "A selfie in, studio headshots out.", fill=TEAL, font=ImageFont.load_default(32))
    return picture


def main() -> None:
    """Write both into `assets/page`."""
    (ASSETS / "page").mkdir(exist_ok=True)
    icon().save(ASSETS / "page" / "icon.png", optimize=True)
    preview().save(ASSETS / "page" / "preview.jpg", quality=85)


if __name__ == "__main__":
    main()
