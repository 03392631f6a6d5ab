"""Small copies of pictures, as data URIs that an HTML file carries within itself."""

import base64
from io import BytesIO
from pathlib import Path

from grape_rewrite.retrievers.images import UnreadableImage, open_image

SIDE = 144  # pixels: sharp at the 72 that a tile takes on a dense screen


def thumbnail(path: Path) -> str | None:
    """Return a WebP data URI of at most 144 x 144 pixels, or None when the file is no readable picture.

    :param path: a picture of any format that Pillow reads.
    """
    try:
        picture = open_image(path)
    except UnreadableImage:
        return None
    picture.thumbnail((SIDE, SIDE))
    file = BytesIO()
    picture.save(file, "WEBP", quality=82, method=4)
    return f"data:image/webp;base64,{base64.b64encode(file.getvalue()).decode()}"
