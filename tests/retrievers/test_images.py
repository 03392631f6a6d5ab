from pathlib import Path

import numpy as np
import pytest
from PIL import Image, features

from grape_rewrite.errors import UserError
from grape_rewrite.retrievers.images import UnreadableImage, find_unreadable, open_image


def test_a_picture_is_read_as_it_is(tmp_path: Path) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (5, 7, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(tmp_path / "a.png")
    np.testing.assert_array_equal(np.asarray(open_image(tmp_path / "a.png")), pixels)


@pytest.mark.parametrize("mode", ["1", "L", "P", "CMYK", "I;16", "LA", "RGBA"])
def test_every_mode_becomes_rgb(tmp_path: Path, mode: str) -> None:
    suffix = "jpg" if mode == "CMYK" else "png"
    Image.new(mode, (4, 3)).save(tmp_path / f"a.{suffix}")
    picture = open_image(tmp_path / f"a.{suffix}")
    assert (picture.mode, picture.size) == ("RGB", (4, 3))


@pytest.mark.parametrize("name", ["deep.png", "deep.tiff", "deep.pgm"])
def test_grey_of_16_bits_is_scaled_to_8(tmp_path: Path, name: str) -> None:
    grey = np.arange(256, dtype=np.uint8).reshape(16, 16)
    deep = grey.astype(np.uint16) * 257
    if name.endswith("pgm"):  # Pillow reads these with mode I
        (tmp_path / name).write_bytes(b"P5 16 16 65535\n" + deep.byteswap().tobytes())
    else:
        Image.fromarray(deep).save(tmp_path / name)
    with Image.open(tmp_path / name) as file:
        assert file.mode == ("I" if name.endswith("pgm") else "I;16")
    np.testing.assert_array_equal(np.asarray(open_image(tmp_path / name)), np.stack([grey] * 3, axis=-1))


@pytest.mark.parametrize(("mode", "value"), [("I", 70_000), ("I", -1), ("F", 0.5), ("F", 1000.0)])
def test_values_of_no_known_range_are_named(tmp_path: Path, mode: str, value: float) -> None:
    Image.new(mode, (4, 4), value).save(tmp_path / "a.tiff")
    with pytest.raises(
        UnreadableImage, match=rf"a\.tiff: not a readable image \(mode {mode} with values from {value:g}"
    ):
        open_image(tmp_path / "a.tiff")


def test_transparent_grey_of_16_bits_is_white(tmp_path: Path) -> None:
    Image.fromarray(np.array([[300, 30_000]], dtype=np.uint16)).save(tmp_path / "a.png", transparency=300)
    picture = open_image(tmp_path / "a.png")
    assert [picture.getpixel((column, 0)) for column in range(2)] == [(255, 255, 255), (117, 117, 117)]


def test_transparent_is_white(tmp_path: Path) -> None:
    Image.new("RGBA", (2, 2), (255, 0, 0, 0)).save(tmp_path / "a.png")
    assert open_image(tmp_path / "a.png").getpixel((0, 0)) == (255, 255, 255)


def test_the_camera_s_rotation_is_undone(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by 90 degrees
    Image.new("RGB", (4, 2)).save(tmp_path / "a.jpg", exif=exif)
    assert open_image(tmp_path / "a.jpg").size == (2, 4)


def _whole() -> bytes:
    from io import BytesIO

    file = BytesIO()
    Image.fromarray(np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)).save(file, "PNG")
    return file.getvalue()


@pytest.mark.parametrize(
    "content", [b"", b"not an image", b"<svg></svg>", _whole()[:-4000], _whole()[:40]], ids=range(5)
)
def test_what_is_no_picture_is_named(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.png").write_bytes(content)
    with pytest.raises(UnreadableImage, match=r"a\.png: not a readable image") as caught:
        open_image(tmp_path / "a.png")
    assert isinstance(caught.value, UserError)
    assert caught.value.path == tmp_path / "a.png"
    assert "\n" not in str(caught.value)
    assert str(caught.value).count("a.png") == 1


def test_a_missing_file_and_a_folder(tmp_path: Path) -> None:
    for path in (tmp_path / "none.png", tmp_path):
        with pytest.raises(UnreadableImage):
            open_image(path)


@pytest.mark.parametrize("size", [(10_000, 9_500), (20_000, 19_000)])  # beyond Pillow's warning, and its error
def test_a_decompression_bomb(tmp_path: Path, size: tuple[int, int]) -> None:
    Image.new("1", size).save(tmp_path / "bomb.png")
    assert (tmp_path / "bomb.png").stat().st_size < 10**6
    with pytest.raises(UnreadableImage, match="bomb"):
        open_image(tmp_path / "bomb.png")


def test_a_decompression_bomb_is_refused_without_pillow_s_warning(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whether a warning is an error belongs to the whole process, and pictures are opened in several threads."""
    Image.new("1", (10_000, 9_500)).save(tmp_path / "bomb.png")
    monkeypatch.setattr("PIL.Image.warnings.warn", lambda *_: None)
    with pytest.raises(UnreadableImage, match="10000 x 9500 pixels, which could be a decompression bomb"):
        open_image(tmp_path / "bomb.png")
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", None)
    assert open_image(tmp_path / "bomb.png").size == (10_000, 9_500)


@pytest.mark.skipif(not features.check("avif"), reason="this Pillow reads no AVIF")
def test_a_broken_avif_is_named(tmp_path: Path) -> None:
    Image.new("RGB", (16, 16), "red").save(tmp_path / "a.avif")
    whole = (tmp_path / "a.avif").read_bytes()
    reasons = set()
    for place in range(len(whole)):
        (tmp_path / "a.avif").write_bytes(whole[:place] + bytes([whole[place] ^ 0xFF]) + whole[place + 1 :])
        reasons |= set(find_unreadable([tmp_path / "a.avif"]).values())
    assert len(reasons) > 1


def test_a_line_that_scaling_would_blow_up(tmp_path: Path) -> None:
    Image.new("1", (1, 50_000)).save(tmp_path / "line.png")
    with pytest.raises(UnreadableImage, match="1 x 50000 pixels"):
        open_image(tmp_path / "line.png")


def test_finding_the_unreadable_ones(tmp_path: Path) -> None:
    Image.new("RGB", (2, 2)).save(tmp_path / "a.png")
    (tmp_path / "b.png").write_bytes(b"?")
    found = find_unreadable([tmp_path / "a.png", tmp_path / "b.png", tmp_path / "a.png"])
    assert list(found) == [1]
    assert "b.png" in found[1]
