"""Reading pictures: one that cannot be read is named, never guessed."""

import struct
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from grape_rewrite.errors import UserError

if TYPE_CHECKING:
    from PIL.Image import Image


# A tower scales the shorter side to some 224 pixels: a few kilobytes of a thin line would then fill the memory.
LONGEST = 100
DEEP = ("I", "F")  # how the modes are called that Pillow converts to 8 bits by cutting off what is above 255
WHITE = 2**16 - 1  # of 16 bits


class UnreadableImage(UserError):  # noqa: N818 - named for what it is, as its parent
    """An image file that is missing, broken, no image, or large enough to be a decompression bomb."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(f"{path}: not a readable image ({reason})")
        self.path = path
        self.reason = reason


def open_image(path: Path) -> "Image":
    """Read a picture completely, upright, as RGB, transparent parts on white, grey of 16 bits scaled to 8.

    :param path: a file in any format that Pillow reads.
    :return: the decoded picture, mode RGB.
    :raises UnreadableImage: when the file is missing, truncated, no image, a decompression bomb (more pixels than
        Pillow's limit, some 89 million), more than 100 times as long as wide, or of values whose range nothing says.
    """
    from PIL import Image, ImageOps

    try:
        with Image.open(path) as file:
            # Pillow itself refuses twice as many only, and warns: what becomes an error of that is not one thread's.
            if Image.MAX_IMAGE_PIXELS is not None and file.width * file.height > Image.MAX_IMAGE_PIXELS:
                raise ValueError(f"{file.width} x {file.height} pixels, which could be a decompression bomb")
            picture = ImageOps.exif_transpose(file)
            if max(picture.size) > LONGEST * min(picture.size):
                raise ValueError(f"{picture.width} x {picture.height} pixels, longer than {LONGEST} times its width")
            if picture.mode.startswith(DEEP):
                picture = _eight_bits(picture)
            if not picture.has_transparency_data:
                return picture.convert("RGB")
            layers = picture.convert("RGBA")
            return Image.alpha_composite(Image.new("RGBA", layers.size, "white"), layers).convert("RGB")
    # Pillow's decoders raise all of these for broken files: SyntaxError its PNG reader, RuntimeError that of AVIF.
    except (OSError, ValueError, SyntaxError, EOFError, RuntimeError, struct.error) as error:
        raise UnreadableImage(path, _reason(error)) from error
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise UnreadableImage(path, _reason(error)) from error


def _eight_bits(picture: "Image") -> "Image":
    """Scale grey of 16 bits to 8, transparent parts white.

    :raises ValueError: for values beyond 16 bits, and for those with a point.
    """
    from PIL import Image

    values = np.asarray(picture)
    if picture.mode == "F" or values.min() < 0 or values.max() > WHITE:
        raise ValueError(
            f"mode {picture.mode} with values from {values.min():g} to {values.max():g}, of which none is known to be "
            "white; grey of 8 or 16 bits is valid"
        )
    if isinstance(transparent := picture.info.get("transparency"), int):
        values = np.where(values == transparent, WHITE, values)
    return Image.fromarray(np.round(values / (WHITE / 255)).astype(np.uint8))


def find_unreadable(paths: Sequence[Path]) -> dict[int, str]:
    """Return which of the pictures cannot be read, as {position in `paths`: why}."""
    found = {}
    for position, path in enumerate(paths):
        try:
            open_image(path)
        except UnreadableImage as error:
            found[position] = str(error)
    return found


def _reason(error: BaseException) -> str:
    from PIL import UnidentifiedImageError

    if isinstance(error, UnidentifiedImageError):  # its text repeats the path
        return "of no format that Pillow reads"
    text = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return " ".join(str(text).split())
