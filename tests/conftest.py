"""Tiny models, a tiny retriever and a tiny data set, saved as a user would have them, and a cache apart."""

import html
import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

import hypothesis
import numpy as np
import pytest
import torch
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers, processors, trainers
from transformers import (
    AutoTokenizer,
    CLIPConfig,
    CLIPImageProcessorPil,
    CLIPModel,
    Gemma3ForCausalLM,
    Gemma3TextConfig,
    LlamaConfig,
    LlamaForCausalLM,
    PreTrainedTokenizerFast,
    Qwen2_5_VLConfig,
    Qwen2_5_VLForConditionalGeneration,
    Qwen2Config,
    Qwen2ForCausalLM,
    Qwen2VLConfig,
    Qwen2VLForConditionalGeneration,
    Qwen2VLImageProcessorPil,
)

from grape_rewrite.rewriting.prompt import PROMPTS, Prompt

# Programs that a shell starts in its background ignore SIGINT, and theirs too; some tests send it.
signal.signal(signal.SIGINT, signal.default_int_handler)

# No test depends on chance or on how busy the machine is.
hypothesis.settings.register_profile("steady", derandomize=True, deadline=None)
hypothesis.settings.load_profile("steady")

COLOURS = {"red": ("rot", "rouge"), "green": ("grün", "vert"), "blue": ("blau", "bleu"), "black": ("schwarz", "noir")}
THINGS = {
    "apple": ("Apfel", "pomme"),
    "boat": ("Boot", "bateau"),
    "cat": ("Katze", "chat"),
    "dog": ("Hund", "chien"),
    "house": ("Haus", "maison"),
    "key": ("Schlüssel", "clé"),
    "moon": ("Mond", "lune"),
    "shoe": ("Schuh", "chaussure"),
    "star": ("Stern", "étoile"),
    "tree": ("Baum", "arbre"),
}
WINDOW = 16
CHAT_TEMPLATE = (
    "{% for m in messages %}<|im_start|>{{ m['role'] }}\n{{ m['content'] }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
VISION_TEMPLATE = (
    "{% for m in messages %}<|im_start|>{{ m['role'] }}\n{% for part in m['content'] %}"
    "{% if part['type'] == 'image' %}<|vision_start|><|image_pad|><|vision_end|>{% else %}{{ part['text'] }}{% endif %}"
    "{% endfor %}<|im_end|>\n{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)


def pairs() -> list[tuple[str, str, str]]:
    """English, German and French names of 40 coloured things."""
    return [
        (f"{colour} {thing}", f"{COLOURS[colour][0]} {THINGS[thing][0]}", f"{THINGS[thing][1]} {COLOURS[colour][1]}")
        for colour, thing in product(COLOURS, THINGS)
    ]


def byte_tokenizer(special: list[str], bos: str | None, eos: str, pad: str) -> PreTrainedTokenizerFast:
    """A byte-level BPE that has whole tokens for the data set's words and for what the prompts are made of."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=700,
        special_tokens=[AddedToken(token, special=True) for token in special],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    texts = [f"Query: {other}\nEnglish: {english}" for english, *others in pairs() for other in others]
    tokenizer.train_from_iterator(texts + [PROMPTS["multilingual"].text("")] * 20, trainer)
    if bos is not None:
        tokenizer.post_processor = processors.TemplateProcessing(
            single=f"{bos} $A", special_tokens=[(bos, tokenizer.token_to_id(bos))]
        )
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, bos_token=bos, eos_token=eos, pad_token=pad)


def build_gemma() -> tuple[torch.nn.Module, PreTrainedTokenizerFast]:
    tokenizer = byte_tokenizer(["<pad>", "<eos>", "<bos>"], "<bos>", "<eos>", "<pad>")
    config = Gemma3TextConfig(
        vocab_size=len(tokenizer),
        hidden_size=32,
        intermediate_size=48,
        num_hidden_layers=3,
        num_attention_heads=2,
        num_key_value_heads=1,
        head_dim=16,
        query_pre_attn_scalar=16,
        sliding_window=WINDOW,
        layer_types=["sliding_attention", "full_attention", "sliding_attention"],
        max_position_embeddings=4096,
        initializer_range=0.25,
        pad_token_id=0,
        eos_token_id=1,
        bos_token_id=2,
    )
    return Gemma3ForCausalLM(config), tokenizer


def build_qwen() -> tuple[torch.nn.Module, PreTrainedTokenizerFast]:
    special = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
    tokenizer = byte_tokenizer(special, None, "<|im_end|>", "<|endoftext|>")
    tokenizer.chat_template = CHAT_TEMPLATE
    config = Qwen2Config(
        vocab_size=len(tokenizer),
        hidden_size=32,
        intermediate_size=48,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        max_position_embeddings=4096,
        initializer_range=0.25,
        bos_token_id=0,
        pad_token_id=0,
        eos_token_id=2,
    )
    return Qwen2ForCausalLM(config), tokenizer


def build_llama() -> tuple[torch.nn.Module, PreTrainedTokenizerFast]:
    tokenizer = byte_tokenizer(["<pad>", "</s>", "<s>"], "<s>", "</s>", "<pad>")
    config = LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=24,
        intermediate_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        num_key_value_heads=2,
        max_position_embeddings=4096,
        initializer_range=0.25,
        tie_word_embeddings=False,
        pad_token_id=0,
        eos_token_id=1,
        bos_token_id=2,
    )
    return LlamaForCausalLM(config), tokenizer


BUILDERS = {"gemma": build_gemma, "qwen": build_qwen, "llama": build_llama}


@pytest.fixture(scope="session")
def tiny_folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Folders of tiny causal models, float32 safetensors: gemma (sliding windows), qwen (chat), llama (untied head)."""
    folders = {}
    for name, build in BUILDERS.items():
        folders[name] = tmp_path_factory.mktemp(f"tiny-{name}")
        with torch.random.fork_rng():
            torch.manual_seed(0)
            for part in build():
                part.save_pretrained(folders[name])
    return folders


@pytest.fixture(scope="session")
def tiny_model_folder(tiny_folders: dict[str, Path]) -> Path:
    """A base model of Gemma 3's kind: three layers, a window of 16 tokens in two of them."""
    return tiny_folders["gemma"]


@pytest.fixture(scope="session")
def tiny_chat_folder(tiny_folders: dict[str, Path]) -> Path:
    """A chat model of Qwen 2's kind, with its template."""
    return tiny_folders["qwen"]


def build_vision(kind: str) -> tuple[torch.nn.Module, PreTrainedTokenizerFast, Qwen2VLImageProcessorPil]:
    """A model of Qwen2-VL's or Qwen2.5-VL's kind, with the files that its processor is made from."""
    ends = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
    tokenizer = byte_tokenizer(
        [*ends, "<|vision_start|>", "<|vision_end|>", "<|image_pad|>", "<|video_pad|>"], None, ends[2], ends[0]
    )
    tokenizer.chat_template = VISION_TEMPLATE
    text = {
        "vocab_size": len(tokenizer),
        "hidden_size": 32,
        "intermediate_size": 48,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
        "max_position_embeddings": 4096,
        "initializer_range": 0.25,
        "rope_parameters": {"rope_type": "default", "mrope_section": [1, 1, 2], "rope_theta": 10_000.0},
        "bos_token_id": 0,
        "pad_token_id": 0,
        "eos_token_id": 2,
    }
    vision = {"depth": 2, "num_heads": 2, "patch_size": 14, "initializer_range": 0.25}
    tokens = {"vision_start_token_id": 3, "vision_end_token_id": 4, "image_token_id": 5, "video_token_id": 6}
    if kind == "qwen2-vl":
        seen = {**vision, "embed_dim": 16, "hidden_size": 32, "mlp_ratio": 2}
        model = Qwen2VLForConditionalGeneration(Qwen2VLConfig(text_config=text, vision_config=seen, **tokens))
    else:
        seen = {**vision, "hidden_size": 16, "out_hidden_size": 32, "intermediate_size": 32, "window_size": 56}
        seen["fullatt_block_indexes"] = [1]
        model = Qwen2_5_VLForConditionalGeneration(Qwen2_5_VLConfig(text_config=text, vision_config=seen, **tokens))
    model.generation_config.eos_token_id = 2
    return model, tokenizer, Qwen2VLImageProcessorPil(min_pixels=56**2, max_pixels=2 * 56**2)


@pytest.fixture(scope="session")
def tiny_vision_folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Folders of tiny vision-language models as they lie on a hub."""
    folders = {}
    for kind in ("qwen2-vl", "qwen2.5-vl"):
        folders[kind] = tmp_path_factory.mktemp(f"tiny-{kind}")
        with torch.random.fork_rng():
            torch.manual_seed(0)
            for part in build_vision(kind):
                part.save_pretrained(folders[kind])
    return folders


@pytest.fixture(scope="session")
def tiny_prompt() -> Prompt:
    """A short few-shot prompt, longer than the tiny model's window all the same."""
    return Prompt("Describe the picture.", examples=(("rot Mond", "red moon"), ("chat vert", "green cat")))


def write_beir(folder: Path, corpus: list[dict], queries: list[dict], qrels: dict[str, list[str]]) -> None:
    """Write a data set into a folder as a user would, without this package: `qrels` are lines by split."""
    for name, records in (("corpus", corpus), ("queries", queries)):
        lines = "".join(json.dumps(record, ensure_ascii=False) + "\n" for record in records)
        (folder / f"{name}.jsonl").write_text(lines, encoding="utf-8")
    for split, rows in qrels.items():
        (folder / "qrels" / f"{split}.tsv").write_text("\n".join(["query-id\tcorpus-id\tscore", *rows]) + "\n")


@pytest.fixture(scope="session")
def tiny_dataset_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Forty English texts, asked for in German and French: 48 queries to train on, 16 each for dev and test."""
    folder = tmp_path_factory.mktemp("tiny-data")
    (folder / "qrels").mkdir()
    corpus, queries = [], []
    qrels: dict[str, list[str]] = {"train": [], "dev": [], "test": []}
    for number, (english, *others) in enumerate(pairs()):
        corpus.append({"_id": f"d{number}", "text": english})
        split = ("train", "train", "train", "dev", "test")[number % 5]
        for language, text in zip(("de", "fr"), others, strict=True):
            ident = f"{language}{number}"
            queries.append({"_id": ident, "text": text, "language": language, "english": english})
            qrels[split].append(f"{ident}\td{number}\t1")
    write_beir(folder, corpus, queries, qrels)
    return folder


@pytest.fixture(scope="session")
def tiny_dataset(tiny_dataset_folder: Path):
    """The data set of `tiny_dataset_folder`, loaded."""
    from grape_rewrite.datasets import Dataset

    return Dataset.load(tiny_dataset_folder)


@pytest.fixture(scope="session")
def tiny_retriever_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A sentence-transformers model that knows the corpus's English words, and no German or French ones."""
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import StaticEmbedding

    folder = tmp_path_factory.mktemp("tiny-retriever")
    tokenizer = Tokenizer(models.WordLevel(unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    trainer = trainers.WordLevelTrainer(special_tokens=["<unk>", "<pad>"], show_progress=False)
    tokenizer.train_from_iterator([list(COLOURS), list(THINGS)], trainer)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        SentenceTransformer(modules=[StaticEmbedding(tokenizer, embedding_dim=16)], device="cpu").save_pretrained(
            str(folder)
        )
    return folder


@pytest.fixture(scope="session")
def tiny_clip_folder(tiny_model_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A retriever that sees."""
    folder = tmp_path_factory.mktemp("tiny-clip")
    tokenizer = AutoTokenizer.from_pretrained(tiny_model_folder, model_max_length=32)
    trunk = {"hidden_size": 16, "intermediate_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2}
    text = {**trunk, "vocab_size": len(tokenizer), "max_position_embeddings": 32, "eos_token_id": 1}
    vision = {**trunk, "image_size": 32, "patch_size": 16}
    images = CLIPImageProcessorPil(size={"shortest_edge": 32}, crop_size={"height": 32, "width": 32})
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = CLIPModel(CLIPConfig(text_config=text, vision_config=vision, projection_dim=16))
    for part in (model, tokenizer, images):
        part.save_pretrained(folder)
    return folder


@pytest.fixture(scope="session")
def tiny_composed_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Sixteen pictures, each with a text beside it in three queries of another picture: 24 to train on, 12 and 12."""
    from PIL import Image

    folder = tmp_path_factory.mktemp("tiny-composed")
    for name in ("images", "qrels"):
        (folder / name).mkdir()
    chance = np.random.default_rng(0)
    files = [f"images/{number}.png" for number in range(16)]
    for file in files:
        Image.fromarray(chance.integers(0, 256, (32, 32, 3), dtype=np.uint8)).save(folder / file)
    queries = []
    qrels: dict[str, list[str]] = {"train": [], "dev": [], "test": []}
    for number, (english, german, _) in enumerate(pairs()[:16]):
        split = ("train", "dev", "train", "test")[number % 4]
        for step in (1, 5, 6):
            ident = f"{number}>{(number + step) % 16}"
            queries.append({"_id": ident, "text": german, "language": "de", "image": files[number], "english": english})
            qrels[split].append(f"{ident}\tp{(number + step) % 16}\t1")
    corpus = [{"_id": f"p{number}", "image": file} for number, file in enumerate(files)]
    write_beir(folder, corpus, queries, qrels)
    return folder


@pytest.fixture(scope="session")
def unjudged_folder(tiny_composed_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tiny composed data set with five more queries, each among six pictures, whose answers nobody knows.

    They search 14 of the 16 pictures.
    """
    folder = tmp_path_factory.mktemp("tiny-unjudged")
    shutil.copytree(tiny_composed_folder, folder, dirs_exist_ok=True)
    ids = [f"test1.{12060 + number}" for number in range(5)]
    with (folder / "queries.jsonl").open("a") as lines:
        for number, ident in enumerate(ids):
            record = {"_id": ident, "text": f"thing {number}", "image": f"images/{number}.png"}
            lines.write(json.dumps({**record, "among": [f"p{(number + step) % 14}" for step in range(6)]}) + "\n")
    for kind, named in (("unjudged", ids), ("corpora", [f"p{number}" for number in range(14)])):
        (folder / kind).mkdir()
        (folder / kind / "test1.txt").write_text("\n".join(named))
    return folder


@pytest.fixture
def composed_index(tiny_clip_folder: Path, tiny_composed_folder: Path, cache: Path):
    """The pictures of the tiny composed data set, embedded by the tiny retriever that sees."""
    from grape_rewrite.datasets import Dataset
    from grape_rewrite.retrievers import Retriever

    return Retriever.load(str(tiny_clip_folder)).index(Dataset.load(tiny_composed_folder).corpus)


@pytest.fixture
def tiny_index(tiny_retriever_folder: Path, tiny_dataset, cache: Path):
    """The tiny data set's corpus, embedded by the tiny retriever."""
    from grape_rewrite.retrievers import Retriever

    return Retriever.load(str(tiny_retriever_folder)).index(tiny_dataset.corpus)


@pytest.fixture
def cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache of its own for a test that must leave the user's alone."""
    folder = tmp_path_factory.mktemp("cache")
    monkeypatch.setenv("GRAPE_CACHE", str(folder))
    return folder


@dataclass
class Outcome:
    """What a command left: exit code, standard output and standard error."""

    code: int
    out: str
    err: str

    @property
    def error_lines(self) -> list[str]:
        return [line for line in self.err.splitlines() if line.startswith("error:")]


@pytest.fixture
def grape(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., Outcome]:
    """Run `grape` with arguments."""

    from grape_rewrite.cli import main

    def run(*arguments: object) -> Outcome:
        monkeypatch.setattr(sys, "argv", ["grape", *map(str, arguments)])
        capsys.readouterr()
        code = 0
        try:
            main()
        except SystemExit as stop:
            code = int(stop.code or 0)
        found = capsys.readouterr()
        return Outcome(code, found.out, found.err)

    return run


@pytest.fixture
def browse(tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Open a page in a headless Chromium with further options; its standard output and error are returned."""
    chromium = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        pytest.skip("no Chromium found: install Debian's `chromium` or set CHROMIUM to the path of one")
    command = [chromium, "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run"]
    command += ["--disable-background-networking", "--disable-component-update", "--disable-sync"]
    command += [f"--user-data-dir={tmp_path / 'profile'}", "--enable-logging=stderr"]

    def run(page: Path, *options: str, budget: int = 5000) -> subprocess.CompletedProcess[str]:
        words = [*command, f"--virtual-time-budget={budget}", *options, page.as_uri()]
        return subprocess.run(words, capture_output=True, text=True, timeout=120, check=True)

    return run


@pytest.fixture
def look(browse: Callable[..., subprocess.CompletedProcess[str]], tmp_path: Path) -> Callable[[str, int, str], Any]:
    """Lay a page out so many pixels wide and return what a JavaScript function of its document finds, as JSON.

    The page is in a frame, as a window of a headless Chromium is not to be had as narrow as a phone.
    """
    probe = tmp_path / "probe.html"

    def run(page: str, width: int, function: str) -> Any:
        probe.write_text(
            f"""<!doctype html>
<iframe style="width:{width}px;height:800px;border:0" srcdoc="{html.escape(page)}"></iframe>
<pre id="found"></pre>
<script>
addEventListener("load", async () => {{
  const page = document.querySelector("iframe").contentDocument;
  await Promise.all([...page.images].map(image => image.decode().catch(() => null)));
  document.querySelector("#found").textContent = JSON.stringify(({function})(page));
}});
</script>""",
            encoding="utf-8",
        )
        # Where the machine is busy, virtual time can be over before the pictures are decoded.
        for budget in (5_000, 50_000, 500_000):
            dom = browse(probe, "--dump-dom", "--window-size=1400,1000", budget=budget).stdout
            found = html.unescape(re.search(r'<pre id="found">(.*?)</pre>', dom, re.DOTALL)[1])
            if found:
                return json.loads(found)
        pytest.fail("the probe has found nothing")

    return run


@pytest.fixture(scope="session")
def layout() -> str:
    """A function for `look`: what is laid out badly on a page, in words, and how many things it has looked at."""
    return Path(__file__).with_name("layout.js").read_text(encoding="utf-8")
