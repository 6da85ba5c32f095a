"""Clothes in a prompt: the fields of what a person wears as one phrase, "wearing a tailored navy suit, red tie"."""

from collections.abc import Collection, Mapping

from pipelines.looks.fields import CHOICES, with_colour

IN_CLOTHES_PHRASE = ("wardrobe", "colour", "tie", "tie_colour", "shirt_colour", "cut")
"""Fields that the phrase speaks for."""

_COLLARED = ("dark-suit", "light-suit", "blazer", "tweed-jacket", "light-shirt", "dark-shirt")
_OPEN = ("blazer", "light-shirt")
"""Garments with an open collar where nobody says otherwise."""
_JACKETS = ("dark-suit", "light-suit", "blazer", "tweed-jacket", "leather-jacket", "lab-coat")
_CUTS = {"mens": "men's cut", "womens": "women's cut"}


def clothes_phrase(fields: Mapping[str, str], described: Collection[str] = ()) -> str:
    """Put the fields of the clothes into a photographer's words, without those that others have described.

    `fields` holds at least IN_CLOTHES_PHRASE. Nothing is said of a garment that is described, its colour or what goes
    with it.
    """
    if "wardrobe" in described or "colour" in described:
        return ""
    garment = CHOICES["wardrobe"][fields["wardrobe"]]
    colour = _colour(fields["colour"])
    parts = [with_colour(garment.coloured, colour) if colour else garment.diffusion]
    shirt = "" if "shirt_colour" in described else _colour(fields["shirt_colour"])
    if shirt and fields["wardrobe"] in _JACKETS:
        parts.append(f"{shirt} shirt")
    if fields["cut"] in _CUTS:
        parts.append(_CUTS[fields["cut"]])
    if "tie" in described or "tie_colour" in described:
        return ", ".join(parts)
    if _tied(fields) and fields["wardrobe"] in _COLLARED:
        pattern = "striped" if fields["tie"] == "striped" else ""
        parts.append(" ".join(filter(None, [_colour(fields["tie_colour"]), pattern, "tie"])))
    elif fields["wardrobe"] in (_COLLARED if fields["tie"] == "none" else _OPEN):
        parts.append("open collar")
    return ", ".join(parts)


def not_worn_with(fields: Mapping[str, str]) -> tuple[str, ...]:
    """Fields that the phrase leaves out, tie and shirt, because they do not go with the garment."""
    tie = _tied(fields) and fields["wardrobe"] not in _COLLARED
    shirt = fields["shirt_colour"] != "own" and fields["wardrobe"] not in _JACKETS
    return tuple(name for name, left_out in (("tie", tie), ("shirt_colour", shirt)) if left_out)


def _tied(fields: Mapping[str, str]) -> bool:
    """True where a tie is asked for, or its colour, which says as much."""
    return fields["tie"] in ("plain", "striped") or (fields["tie"] == "own" and fields["tie_colour"] != "own")


def _colour(choice: str) -> str:
    """A colour in American English, as captions have it; "" for the usual one."""
    return "" if choice == "own" else choice.replace("-", " ").replace("grey", "gray").replace("forest", "forest green")
