"""Clothes in a prompt: the fields of what a person wears as one phrase, "wearing a tailored navy suit, red tie"."""

from collections.abc import Collection, Mapping

from pipelines.looks.fields import CHOICES, with_colour

IN_CLOTHES_PHRASE = ("wardrobe", "colour", "tie", "tie_colour", "shirt_colour", "cut")
"""Fields that the phrase speaks for. The cut says nothing: an engine that draws clothes sees who wears them."""

_COLLARED = ("dark-suit", "light-suit", "blazer", "tweed-jacket", "light-shirt", "dark-shirt")
_OPEN = ("blazer", "light-shirt")
"""Garments with an open collar where nobody says otherwise."""
_JACKETS = ("dark-suit", "light-suit", "blazer", "tweed-jacket", "leather-jacket", "lab-coat")


def clothes_phrase(fields: Mapping[str, str], described: Collection[str] = ()) -> str:
    """Put the fields of the clothes into a photographer's words, without those that others have described.

    `fields` holds at least IN_CLOTHES_PHRASE. Nothing is said of a garment that is described, or its colour.
    """
    if "wardrobe" in described or "colour" in described:
        return ""
    garment = CHOICES["wardrobe"][fields["wardrobe"]]
    colour = _colour(fields["colour"])
    parts = [with_colour(garment.coloured, colour) if colour else garment.diffusion]
    shirt = "" if "shirt_colour" in described else _colour(fields["shirt_colour"])
    if shirt and fields["wardrobe"] in _JACKETS:
        parts.append(f"{shirt} shirt")
    if "tie" in described or "tie_colour" in described:
        return ", ".join(parts)
    tied = fields["tie"] in ("plain", "striped")
    if tied and fields["wardrobe"] in _COLLARED:
        pattern = "striped" if fields["tie"] == "striped" else ""
        parts.append(" ".join(filter(None, [_colour(fields["tie_colour"]), pattern, "tie"])))
    elif fields["wardrobe"] in (_COLLARED if fields["tie"] == "none" else _OPEN):
        parts.append("open collar")
    return ", ".join(parts)


def _colour(choice: str) -> str:
    """A colour in American English, as captions have it; "" for the usual one."""
    return "" if choice == "own" else choice.replace("-", " ").replace("grey", "gray").replace("forest", "forest green")
