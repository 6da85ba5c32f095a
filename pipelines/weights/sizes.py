"""Sizes as people read them."""

from pipelines.language.sentence import Sentence

GIGABYTES, MEGABYTES = Sentence("{number:.1f} GB"), Sentence("{number:.1f} MB")


def human_size(size: int) -> str:
    """Format a number of bytes: "1.2 GB", "3.4 MB"; "?" for 0, which stands for a size that is not known."""
    if not size:
        return "?"
    return GIGABYTES.format(number=size / 1e9) if size >= 1e9 else MEGABYTES.format(number=max(size / 1e6, 0.1))
