"""Dual encoders of transformers: CLIP, SigLIP, AltCLIP, ChineseCLIP, MetaCLIP 2 and their kin."""

import inspect
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from grape_rewrite.errors import UserError
from grape_rewrite.fingerprint import weights_hash
from grape_rewrite.processes import best_device
from grape_rewrite.retrievers.batches import batches
from grape_rewrite.retrievers.frozen import freeze
from grape_rewrite.retrievers.images import open_image
from grape_rewrite.retrievers.loading import one_line_errors, require_safetensors
from grape_rewrite.retrievers.retriever import Retriever
from grape_rewrite.retrievers.settings import config_settings, tokenizer_settings
from grape_rewrite.retrievers.unit import unit_rows
from grape_rewrite.retrievers.words import known_words

# Trained with texts padded to the full context and no attention mask; padded otherwise they embed something else.
PADDED_TO_CONTEXT = ("siglip", "siglip2")
# Learned for the loss alone; a file without them embeds the same.
LOSS_ONLY = {"logit_scale", "logit_bias"}
TEXTS, IMAGES = 64, 16  # in a batch


class DualEncoder(Retriever):
    """Any transformers model with `get_text_features` and `get_image_features`."""

    sees = True

    def __init__(self, name: str, network: Any, tokenizer: Any, image_processor: Any) -> None:
        self.name = name
        self._network = freeze(network)
        self.tokenizer = tokenizer
        self._image_processor = image_processor
        self._padding = "max_length" if network.config.model_type in PADDED_TO_CONTEXT else "longest"
        self.context = _context(network.config, tokenizer)
        with one_line_errors(name):
            self.dimension = self._text_features(["a"]).shape[1]

    def embed_texts(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        """Return (n, d) float32 unit rows; a text longer than the context is cut there, its end token kept."""
        embeddings = np.zeros((len(texts), self.dimension), dtype=np.float32)
        # Texts of about equal length share a batch, so that little is spent on padding.
        by_length = sorted(range(len(texts)), key=lambda row: len(texts[row]))
        for rows in batches(by_length, TEXTS):
            embeddings[list(rows)] = self._unit(self._text_features([texts[row] for row in rows]))
        return embeddings

    def embed_images(self, images: Sequence[Path]) -> npt.NDArray[np.float32]:
        """Return (n, d) float32 unit rows.

        :raises UnreadableImage: when a file is no readable picture.
        """
        found = [np.zeros((0, self.dimension), dtype=np.float32)]
        for paths in batches(images, IMAGES):
            found.append(self._unit(self._image_features(paths)))
        return np.concatenate(found)

    def count_truncated(self, texts: Sequence[str]) -> int:
        """Return how many of the texts have more tokens than the context, start and end token included."""
        if self.context is None or not texts:
            return 0
        tokens = self.tokenizer(list(texts), truncation=False, padding=False, verbose=False)["input_ids"]
        return sum(len(row) > self.context for row in tokens)

    def words(self) -> list[str]:
        """Return the words that the tokenizer knows, the most frequent first."""
        return known_words(self.tokenizer)

    def fingerprint(self) -> str:
        """Return a SHA-256 over weights, configuration, tokenizer and image preprocessing."""
        return weights_hash(
            self._network.state_dict(),
            type(self._network).__name__,
            config_settings(self._network.config),
            tokenizer_settings(self.tokenizer),
            self._image_processor.to_json_string(),
            f"{self._padding} {self.context}",
        )

    def _text_features(self, texts: list[str]) -> npt.NDArray[np.float32]:
        tokens = self.tokenizer(
            texts,
            truncation=self.context is not None,
            max_length=self.context,
            padding=self._padding if self.context is not None else "longest",
            return_tensors="pt",
        )
        return self._features(self._network.get_text_features, tokens)

    def _image_features(self, paths: Sequence[Path]) -> npt.NDArray[np.float32]:
        pictures = [open_image(path) for path in paths]
        return self._features(self._network.get_image_features, self._image_processor(pictures, return_tensors="pt"))

    def _features(self, network: Any, inputs: Any) -> npt.NDArray[np.float32]:
        import torch

        # A tokenizer of general make may add token types that a CLIP does not take.
        taken = inspect.signature(network).parameters
        with torch.inference_mode():
            output = network(**{key: value.to(self._network.device) for key, value in inputs.items() if key in taken})
        # transformers 5 returns an output object with the projected features in `pooler_output`, models with code of
        # their own the features themselves.
        features = getattr(output, "pooler_output", output)
        return features.float().cpu().numpy()

    def _unit(self, features: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        return unit_rows(features, self.name)


def load_dual_encoder(
    name: str, trust_remote_code: bool = False, device: str | None = None, local_only: bool = False
) -> DualEncoder:
    """Load a dual encoder from a folder or by its hub name, in float32.

    :param local_only: read only what an earlier download left.
    :raises UserError: when files are missing or broken, weights are a pickle, or the model cannot embed both texts and
        images.
    """
    import torch
    from transformers import MODEL_MAPPING, AutoConfig, AutoImageProcessor, AutoModel, AutoTokenizer

    folder = Path(name).expanduser()
    source = str(folder) if folder.is_dir() else name
    options: dict[str, Any] = {"trust_remote_code": trust_remote_code, "local_files_only": local_only}
    with one_line_errors(name):
        config = AutoConfig.from_pretrained(source, **options)
        # Known before any weights are fetched.
        _require_both_towers(name, MODEL_MAPPING.get(type(config), None), config.model_type)
        if folder.is_dir():
            require_safetensors(folder)
        tokenizer = AutoTokenizer.from_pretrained(source, **options)
        # The same pixels everywhere, whether torchvision is installed or not.
        image_processor = AutoImageProcessor.from_pretrained(source, backend="pil", **options)
        network, report = AutoModel.from_pretrained(
            source, use_safetensors=True, dtype=torch.float32, output_loading_info=True, **options
        )
    _require_both_towers(name, type(network), config.model_type)
    missing = sorted(set(report["missing_keys"]) - LOSS_ONLY)
    if missing:
        raise UserError(f"cannot load retriever {name}: {len(missing)} weights are missing, the first is {missing[0]}")
    device = device or best_device()
    return DualEncoder(name, network.to(device), tokenizer, image_processor)


def _require_both_towers(name: str, family: Any, model_type: str) -> None:
    if family is None:  # a model with code of its own, checked once it is loaded
        return
    if not all(hasattr(family, method) for method in ("get_text_features", "get_image_features")):
        raise UserError(
            f"retriever {name} is a {model_type} model, which does not embed texts and images in one space; valid are "
            "CLIP, SigLIP, AltCLIP, ChineseCLIP, MetaCLIP 2 and the like, or a sentence-transformers model"
        )


def _context(config: Any, tokenizer: Any) -> int | None:
    text_config = getattr(config, "text_config", config)
    limits = [tokenizer.model_max_length]
    if positions := getattr(text_config, "max_position_embeddings", None):
        # Roberta's positions begin after its padding token's.
        limits.append(positions - (text_config.pad_token_id + 1 if config.model_type == "altclip" else 0))
    # A tokenizer without a limit says 10^30.
    return min(limits) if min(limits) < 10**9 else None
