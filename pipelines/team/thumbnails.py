"""Thumbnails of finished pictures, as they stand in the report: small, and marked as made by AI."""

import base64
from io import BytesIO

from PIL import Image

from pipelines.errors import UserError
from pipelines.images.decode import open_photo
from pipelines.provenance.save import mark_packet

HEIGHT = 240  # pixels
QUALITY = 82  # JPEG's


def thumbnail(picture: bytes | None) -> str | None:
    """Return a picture's thumbnail as a `data:` address; None if the file is gone or no longer a picture."""
    if picture is None:
        return None
    try:
        image = Image.fromarray(open_photo(picture))
    except UserError:
        return None
    image.thumbnail((HEIGHT, HEIGHT))
    file = BytesIO()
    image.save(file, "JPEG", quality=QUALITY, xmp=mark_packet())
    return f"data:image/jpeg;base64,{base64.b64encode(file.getvalue()).decode()}"
