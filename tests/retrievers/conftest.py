"""Tiny models of every family, made from configurations and saved as a user would have them."""

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from PIL import Image
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers
from transformers import (
    AltCLIPConfig,
    AltCLIPModel,
    BertConfig,
    BertModel,
    ChineseCLIPConfig,
    ChineseCLIPModel,
    CLIPConfig,
    CLIPImageProcessorPil,
    CLIPModel,
    MetaClip2Config,
    MetaClip2Model,
    PreTrainedTokenizerFast,
    Siglip2Config,
    Siglip2ImageProcessorPil,
    Siglip2Model,
    SiglipConfig,
    SiglipImageProcessorPil,
    SiglipModel,
)

CONTEXT = 16
SIZE = 32
TEXTS = ["ein roter Apfel", "a", "une pomme rouge sur la table", "красное яблоко", "红苹果", "apple, red and round", ""]
TOO_LONG = "one red apple and one green apple and one pear " * 5

TRUNK = {"hidden_size": 24, "intermediate_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2}
IMAGE = {**TRUNK, "image_size": SIZE, "patch_size": 8}
TOKENS = {"pad_token_id": 1, "bos_token_id": 0, "eos_token_id": 3}


def tiny_tokenizer(*, attention_mask: bool = True) -> PreTrainedTokenizerFast:
    tokenizer = Tokenizer(models.BPE(unk_token="<unk>"))
    tokenizer.normalizer = normalizers.Sequence([normalizers.NFKC(), normalizers.Lowercase()])
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=320,
        special_tokens=["<s>", "<pad>", "<unk>", "</s>"],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator([*TEXTS, TOO_LONG], trainer)
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
        model_input_names=["input_ids", "attention_mask"] if attention_mask else ["input_ids"],
    )


def _text(vocabulary: int, **more: object) -> dict[str, object]:
    return {**TRUNK, **TOKENS, "vocab_size": vocabulary, "max_position_embeddings": CONTEXT, **more}


def _clip(vocabulary: int) -> torch.nn.Module:
    text, vision = _text(vocabulary, projection_dim=20), {**IMAGE, "projection_dim": 20}
    return CLIPModel(CLIPConfig(text_config=text, vision_config=vision, projection_dim=20))


def _siglip(vocabulary: int) -> torch.nn.Module:
    return SiglipModel(SiglipConfig(text_config=_text(vocabulary), vision_config=IMAGE))


def _siglip2(vocabulary: int) -> torch.nn.Module:
    # Its processor insists on patches of 16, whatever the image processor's file says.
    vision = {**TRUNK, "patch_size": 16, "num_patches": 16}
    return Siglip2Model(Siglip2Config(text_config=_text(vocabulary), vision_config=vision))


def _altclip(vocabulary: int) -> torch.nn.Module:
    # Roberta's positions begin at padding + 1, so two more than the context has are needed.
    text = _text(vocabulary, project_dim=24, max_position_embeddings=CONTEXT + 2)
    return AltCLIPModel(AltCLIPConfig(text_config=text, vision_config=IMAGE, projection_dim=20))


def _chinese_clip(vocabulary: int) -> torch.nn.Module:
    return ChineseCLIPModel(
        ChineseCLIPConfig(
            text_config=_text(vocabulary), vision_config={**IMAGE, "projection_dim": 20}, projection_dim=20
        )
    )


def _metaclip_2(vocabulary: int) -> torch.nn.Module:
    text, vision = _text(vocabulary, projection_dim=20), {**IMAGE, "projection_dim": 20}
    return MetaClip2Model(MetaClip2Config(text_config=text, vision_config=vision, projection_dim=20))


def _clip_images() -> CLIPImageProcessorPil:
    return CLIPImageProcessorPil(size={"shortest_edge": SIZE}, crop_size={"height": SIZE, "width": SIZE})


def _siglip_images() -> SiglipImageProcessorPil:
    return SiglipImageProcessorPil(size={"height": SIZE, "width": SIZE})


def _siglip2_images() -> Siglip2ImageProcessorPil:
    return Siglip2ImageProcessorPil(patch_size=16, max_num_patches=256)


FAMILIES: dict[str, tuple[Callable[[int], torch.nn.Module], Callable[[], object]]] = {
    "clip": (_clip, _clip_images),
    "siglip": (_siglip, _siglip_images),
    "siglip2": (_siglip2, _siglip2_images),
    "altclip": (_altclip, _clip_images),
    "chinese_clip": (_chinese_clip, _clip_images),
    "metaclip_2": (_metaclip_2, _clip_images),
}


def save_dual_encoder(family: str, folder: Path, seed: int = 0) -> Path:
    network, image_processor = FAMILIES[family]
    tokenizer = tiny_tokenizer(attention_mask=not family.startswith("siglip"))
    torch.manual_seed(seed)
    model = network(len(tokenizer)).eval()
    for weight in model.parameters():  # tiny initial weights make all embeddings alike
        weight.data += 0.2 * torch.randn_like(weight)
    for part in (model, tokenizer, image_processor()):
        part.save_pretrained(folder)
    return folder


@pytest.fixture(scope="session")
def tiny() -> SimpleNamespace:
    """What tests need beside the saved models."""
    return SimpleNamespace(
        context=CONTEXT,
        texts=TEXTS,
        too_long=TOO_LONG,
        tokenizer=tiny_tokenizer,
        clip_images=_clip_images,
        save=save_dual_encoder,
    )


@pytest.fixture(scope="session", params=list(FAMILIES))
def dual_folder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_dual_encoder(request.param, tmp_path_factory.mktemp(request.param))


@pytest.fixture(scope="session")
def clip_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_dual_encoder("clip", tmp_path_factory.mktemp("clip"))


@pytest.fixture(scope="session")
def bert_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("bert")
    tokenizer = tiny_tokenizer()
    torch.manual_seed(0)
    for part in (BertModel(BertConfig(**_text(len(tokenizer)))), tokenizer):
        part.save_pretrained(folder)
    return folder


@pytest.fixture(scope="session")
def sentence_folder(bert_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import Dense, Pooling, Transformer

    folder = tmp_path_factory.mktemp("sentence")
    torch.manual_seed(0)
    modules = [Transformer(str(bert_folder)), Pooling(TRUNK["hidden_size"]), Dense(TRUNK["hidden_size"], 12)]
    SentenceTransformer(modules=modules, device="cpu").save_pretrained(str(folder))
    return folder


@pytest.fixture(scope="session")
def prompted_folder(bert_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import Pooling, Transformer

    folder = tmp_path_factory.mktemp("prompted")
    prompts = {"query": "query: ", "document": "passage: "}
    modules = [Transformer(str(bert_folder)), Pooling(TRUNK["hidden_size"])]
    SentenceTransformer(modules=modules, prompts=prompts, device="cpu").save_pretrained(str(folder))
    return folder


@pytest.fixture(scope="session")
def seeing_sentence_folder(clip_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import Transformer

    folder = tmp_path_factory.mktemp("seeing")
    SentenceTransformer(modules=[Transformer(str(clip_folder))], device="cpu").save_pretrained(str(folder))
    return folder


@pytest.fixture(scope="session")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = tmp_path_factory.mktemp("pictures")
    random = np.random.default_rng(0)
    paths = []
    for number, (height, width) in enumerate([(32, 32), (50, 30), (20, 64), (40, 41), (33, 32)]):
        paths.append(folder / f"{number}.png")
        Image.fromarray(random.integers(0, 256, (height, width, 3), dtype=np.uint8)).save(paths[-1])
    return paths


@pytest.fixture(autouse=True)
def no_hub(monkeypatch: pytest.MonkeyPatch) -> None:
    """Names are never looked up outside, whatever machine the tests run on."""
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
