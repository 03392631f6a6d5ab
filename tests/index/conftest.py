"""A tiny CLIP and a tiny text encoder, a corpus of texts and pictures, a cache of its own for every test."""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
import torch
from PIL import Image
from sentence_transformers import SentenceTransformer
from sentence_transformers.sentence_transformer.modules import StaticEmbedding
from tokenizers import Tokenizer, models, pre_tokenizers, processors, trainers
from transformers import CLIPConfig, CLIPImageProcessorPil, CLIPModel, PreTrainedTokenizerFast

from grape_rewrite.datasets import Corpus, Item
from grape_rewrite.retrievers import Retriever
from grape_rewrite.retrievers.sentence_transformers import SentenceEncoder
from grape_rewrite.retrievers.transformers_dual import DualEncoder

CONTEXT = 12
SIZE = 16
WORDS = ["red", "green", "blue", "apple", "pear", "boat", "house", "tree", "star", "moon"]


class Counted(DualEncoder):
    """A CLIP that keeps count of what it embedded."""

    embedded = 0

    def embed_texts(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        self.embedded += len(texts)
        return super().embed_texts(texts)

    def embed_images(self, images: Sequence[Path]) -> npt.NDArray[np.float32]:
        embeddings = super().embed_images(images)
        self.embedded += len(images)
        return embeddings


def tiny_tokenizer() -> PreTrainedTokenizerFast:
    tokenizer = Tokenizer(models.WordLevel(unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    trainer = trainers.WordLevelTrainer(special_tokens=["<s>", "<pad>", "<unk>", "</s>"], show_progress=False)
    tokenizer.train_from_iterator([WORDS], trainer)
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", special_tokens=[("<s>", 0), ("</s>", 3)]
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        bos_token="<s>",
        pad_token="<pad>",
        unk_token="<unk>",
        eos_token="</s>",
        model_max_length=CONTEXT,
    )


def make_clip() -> Counted:
    torch.manual_seed(0)
    trunk = {"hidden_size": 16, "intermediate_size": 24, "num_hidden_layers": 1, "num_attention_heads": 2}
    tokenizer = tiny_tokenizer()
    text = {**trunk, "vocab_size": len(tokenizer), "max_position_embeddings": CONTEXT, "projection_dim": 8}
    text |= {"pad_token_id": 1, "bos_token_id": 0, "eos_token_id": 3}
    vision = {**trunk, "image_size": SIZE, "patch_size": 8, "projection_dim": 8}
    network = CLIPModel(CLIPConfig(text_config=text, vision_config=vision, projection_dim=8))
    for weight in network.parameters():
        weight.data += 0.2 * torch.randn_like(weight)
    pixels = CLIPImageProcessorPil(size={"shortest_edge": SIZE}, crop_size={"height": SIZE, "width": SIZE})
    return Counted("tiny-clip", network, tokenizer, pixels)


@pytest.fixture
def tiny_clip() -> Callable[[], Counted]:
    """Makes the same retriever each time, as loading it anew would."""
    return make_clip


@pytest.fixture
def clip() -> Counted:
    return make_clip()


@pytest.fixture
def context() -> int:
    return CONTEXT


@pytest.fixture(scope="session")
def reader() -> Retriever:
    torch.manual_seed(0)
    tokens = tiny_tokenizer().backend_tokenizer
    return SentenceEncoder("tiny-reader", SentenceTransformer(modules=[StaticEmbedding(tokens, embedding_dim=8)]))


@pytest.fixture(scope="session")
def texts() -> list[str]:
    random = np.random.default_rng(0)
    return [" ".join(random.choice(WORDS, size=random.integers(1, 6))) for _ in range(60)]


@pytest.fixture
def paths(tmp_path: Path) -> list[Path]:
    random = np.random.default_rng(1)
    folder = tmp_path / "images"
    folder.mkdir()
    for number in range(10):
        pixels = random.integers(0, 256, (20, 24, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(folder / f"{number}.png")
    return sorted(folder.iterdir())


@pytest.fixture
def text_corpus(texts: list[str]) -> Corpus:
    return Corpus(Item(f"t{number}", text=text) for number, text in enumerate(texts))


@pytest.fixture
def image_corpus(paths: list[Path]) -> Corpus:
    return Corpus(Item(f"i{number}", image=path) for number, path in enumerate(paths))


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("GRAPE_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache" / "embeddings"
