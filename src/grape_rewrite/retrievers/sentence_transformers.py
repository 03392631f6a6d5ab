"""Models of the sentence-transformers library, for texts, and for images where the model can see."""

import json
import logging
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from grape_rewrite.errors import UserError
from grape_rewrite.fingerprint import weights_hash
from grape_rewrite.processes import best_device
from grape_rewrite.retrievers.batches import batches
from grape_rewrite.retrievers.frozen import freeze
from grape_rewrite.retrievers.images import open_image
from grape_rewrite.retrievers.loading import one_line_errors, require_safetensors_modules
from grape_rewrite.retrievers.retriever import Retriever
from grape_rewrite.retrievers.settings import config_settings, inner_settings, module_settings, tokenizer_settings
from grape_rewrite.retrievers.unit import unit_rows
from grape_rewrite.retrievers.words import known_words

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

log = logging.getLogger(__name__)

TEXTS, IMAGES = 64, 16  # in a batch


class SentenceEncoder(Retriever):
    """Any `SentenceTransformer`. Its prompts for queries and documents are used where it has them.

    Scores are cosines, also for a model that was trained with the dot product.
    """

    def __init__(self, name: str, network: "SentenceTransformer") -> None:
        self.name = name
        self.tokenizer: Any = getattr(network[0], "tokenizer", None)
        self._network = freeze(network)
        limit = network.max_seq_length
        self.context = limit if limit is not None and limit < 10**9 else None
        self.sees = "image" in getattr(network, "modalities", [])
        with one_line_errors(name):
            self.dimension = len(network.encode_query(["a"], show_progress_bar=False)[0])
        if network.similarity_fn_name not in ("cosine", None):
            log.warning("%s was made for %s similarity; cosine is used", name, network.similarity_fn_name)

    def embed_texts(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        """Return (n, d) float32 unit rows, with the model's prompt for queries if it has one."""
        return self._encode(self._network.encode_query, list(texts), TEXTS)

    def embed_documents(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        """Return (n, d) float32 unit rows, with the model's prompt for documents if it has one."""
        return self._encode(self._network.encode_document, list(texts), TEXTS)

    def embed_images(self, images: Sequence[Path]) -> npt.NDArray[np.float32]:
        """Return (n, d) float32 unit rows.

        :raises UnreadableImage: when a file is no readable picture.
        :raises UserError: when the model reads text only.
        """
        if not self.sees:
            return super().embed_images(images)
        found = [np.zeros((0, self.dimension), dtype=np.float32)]
        for paths in batches(images, IMAGES):
            found.append(self._encode(self._network.encode, [open_image(path) for path in paths], IMAGES))
        return np.concatenate(found)

    def count_truncated(self, texts: Sequence[str]) -> int:
        """Return how many of the texts, the prompt for queries before each, have more tokens than the context."""
        if self.context is None or not texts:
            return 0
        prompt = self._network.prompts.get("query", "")
        prompted = [prompt + text for text in texts]
        tokens = self.tokenizer(prompted, truncation=False, verbose=False)["input_ids"]
        return sum(len(row) > self.context for row in tokens)

    def words(self) -> list[str]:
        """Return the words that the tokenizer knows, the most frequent first."""
        return known_words(self.tokenizer)

    def fingerprint(self) -> str:
        """Return a SHA-256 over weights, modules and their settings, tokenizer, image preprocessing and prompts."""
        modules = [module_settings(module) for module in self._network.children()]
        config = getattr(self._network.transformers_model, "config", None)
        return weights_hash(
            self._network.state_dict(),
            json.dumps(modules, sort_keys=True, default=str),
            config_settings(config) if config is not None else "",
            tokenizer_settings(self.tokenizer) if self.tokenizer is not None else "",
            json.dumps([self._network.prompts, self._network.default_prompt_name, self._network.truncate_dim]),
            f"{self.context}",
            *inner_settings(self._network),
        )

    def _encode(self, encode: Callable[..., Any], inputs: list[Any], batch_size: int) -> npt.NDArray[np.float32]:
        if not inputs:
            return np.zeros((0, self.dimension), dtype=np.float32)
        return unit_rows(encode(inputs, batch_size=batch_size, show_progress_bar=False), self.name)


def load_sentence_encoder(
    name: str, trust_remote_code: bool = False, device: str | None = None, local_only: bool = False
) -> SentenceEncoder:
    """Load a sentence-transformers model from a folder or by its hub name, in float32.

    :param local_only: read only what an earlier download left.
    :raises UserError: when sentence-transformers is not installed, files are missing or broken, or weights are pickles.
    """
    require_library()
    import torch
    from huggingface_hub import try_to_load_from_cache
    from sentence_transformers import SentenceTransformer

    folder = Path(name).expanduser()
    with one_line_errors(name):
        if folder.is_dir():
            require_safetensors_modules(folder)
        elif local_only and isinstance(copy := try_to_load_from_cache(name, "modules.json"), str):
            require_safetensors_modules(Path(copy).parent)
        network = SentenceTransformer(
            str(folder) if folder.is_dir() else name,
            device=device or best_device(),
            trust_remote_code=trust_remote_code,
            local_files_only=local_only,
            model_kwargs={"use_safetensors": True, "dtype": torch.float32},
        )
    return SentenceEncoder(name, network)


def require_library() -> None:
    """Check that sentence-transformers is installed.

    :raises UserError: with the command that installs it.
    """
    if find_spec("sentence_transformers") is None:
        raise UserError(
            "this retriever needs sentence-transformers: pip install 'grape-rewrite[sentence-transformers]'"
        )
