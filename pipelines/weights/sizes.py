"""Sizes as people read them."""


def human_size(size: int) -> str:
    """Format a number of bytes: "1.2 GB", "3.4 MB"; "?" for 0, which stands for a size that is not known."""
    return f"{size / 1e9:.1f} GB" if size >= 1e9 else f"{max(size / 1e6, 0.1):.1f} MB" if size else "?"
