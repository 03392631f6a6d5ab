"""The embedded retriever, with its real towers on a small part of the real drawings."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from grape_rewrite.cache import cache_folder
from grape_rewrite.datasets import Dataset, read_head
from grape_rewrite.datasets.emoji import build_emoji
from grape_rewrite.errors import UserError
from grape_rewrite.retrievers import Retriever, efficientnet, lite_clip, sentence_transformers
from grape_rewrite.retrievers.images import UnreadableImage
from grape_rewrite.retrievers.lite_clip import LiteClip
from grape_rewrite.rewards.rank import best_positive_rank

LIMIT = 400  # drawings: enough for names to beat chance by far, few enough to be embedded in seconds
FEW = 80  # drawings: enough to fit a head on, whatever it is worth


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    return build_emoji(tmp_path_factory.mktemp("lite_clip") / "emoji", progress=False, limit=LIMIT)


@pytest.fixture(scope="module")
def own_cache(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:  # so that the fit itself is tested, not what a cache happens to hold
        patch.setenv("GRAPE_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield cache_folder()


@pytest.fixture(scope="module")
def retriever(folder, own_cache) -> LiteClip:
    return LiteClip.load(folder)


@pytest.fixture(scope="module")
def dataset(folder) -> Dataset:
    return Dataset.load(folder)


@pytest.fixture(scope="module")
def pictures(retriever, dataset) -> np.ndarray:
    return retriever.embed_images([item.image for item in dataset.corpus])


def recall_at_10(retriever, dataset, pictures, language) -> float:
    queries = [query for query in dataset.queries.values() if query.language == language]
    rows = [np.array([dataset.corpus.position[query.id.rpartition(".")[0]]]) for query in queries]
    ranks = best_positive_rank(retriever.embed_texts([query.text for query in queries]) @ pictures.T, rows)
    return float((ranks <= 10).mean())


def test_rows_are_unit_float32(retriever, dataset, pictures):
    texts = retriever.embed_texts(["red apple", "", "ein roter Apfel", "苹果"])
    for rows, number in ((pictures, len(dataset.corpus)), (texts, 4)):
        assert rows.dtype == np.float32
        assert rows.shape == (number, retriever.dimension) == (number, 384)
        np.testing.assert_allclose(np.linalg.norm(rows, axis=1), 1, atol=1e-6)


def test_nothing_gives_no_rows(retriever):
    assert retriever.embed_texts([]).shape == (0, 384)
    assert retriever.embed_images([]).shape == (0, 384)


def test_the_same_input_gives_the_same_rows(retriever, dataset, pictures):
    images = [item.image for item in dataset.corpus][:8]
    np.testing.assert_array_equal(retriever.embed_images(images), pictures[:8])
    texts = ["dog face", "a much longer text about a dog"]
    np.testing.assert_array_equal(retriever.embed_texts(texts), retriever.embed_texts(texts))


def test_the_batch_size_does_not_matter(retriever, dataset, pictures, monkeypatch):
    images = [item.image for item in dataset.corpus][:7]
    texts = ["dog", "a much longer text about a dog", "red apple", "x"]
    expected = retriever.embed_texts(texts)
    for size in (1, 3):
        monkeypatch.setattr(efficientnet, "BATCH", size)
        monkeypatch.setattr(sentence_transformers, "TEXTS", size)
        np.testing.assert_allclose(retriever.embed_images(images), pictures[:7], atol=1e-5)
        np.testing.assert_allclose(retriever.embed_texts(texts), expected, atol=1e-5)


def test_english_names_find_their_drawings_and_german_ones_rarely_do(retriever, dataset, pictures):
    chance = 10 / len(dataset.corpus)
    english, german = (recall_at_10(retriever, dataset, pictures, language) for language in ("en", "de"))
    assert english > 0.3
    assert english > 5 * chance
    assert german < english - 0.1


def test_the_head_has_never_seen_what_is_searched(retriever, folder, dataset, own_cache):
    (record,) = (own_cache / "heads").glob("*/head.json")
    fitted_on = json.loads(record.read_text())["items"]
    assert fitted_on == [item.id for item in read_head(folder)]
    assert not set(fitted_on) & set(dataset.corpus.ids)
    assert len(retriever._head.anchors) == len(fitted_on)
    searched = {item.image.read_bytes() for item in dataset.corpus}
    assert not any(item.image.read_bytes() in searched for item in read_head(folder))


def test_a_second_load_takes_the_head_from_the_cache(retriever, folder, own_cache):
    (file,) = (own_cache / "heads").glob("*/head.safetensors")
    written = file.stat().st_mtime_ns
    again = LiteClip.load(folder)
    assert file.stat().st_mtime_ns == written
    assert again.fingerprint() == retriever.fingerprint()
    np.testing.assert_array_equal(again.embed_texts(["red apple"]), retriever.embed_texts(["red apple"]))


@pytest.mark.parametrize("part", ["text tower", "image tower", "head"])
def test_any_changed_weight_changes_the_fingerprint(retriever, part):
    before = retriever.fingerprint()
    if part == "head":
        array = retriever._head.coefficients
        kept = array[0, 0].copy()
        array[0, 0] += 1
        changed = retriever.fingerprint()
        array[0, 0] = kept
    else:
        network = retriever._text_tower._network if part == "text tower" else retriever._image_tower
        weight = next(network.parameters())
        kept = weight.detach().clone()
        with torch.no_grad():
            weight[(0,) * weight.ndim] += 1
            changed = retriever.fingerprint()
            weight.copy_(kept)
    assert changed != before
    assert retriever.fingerprint() == before


@pytest.fixture(scope="module")
def few(tmp_path_factory, own_cache) -> Path:
    return build_emoji(tmp_path_factory.mktemp("few") / "emoji", progress=False, limit=FEW)


@pytest.fixture(scope="module")
def fitted_on_few(few) -> LiteClip:
    return LiteClip.load(few)


@pytest.mark.parametrize("capability", ["default", "avx2"])
def test_the_fingerprint_does_not_depend_on_how_a_processor_rounds(fitted_on_few, few, capability, tmp_path):
    program = (
        "from pathlib import Path; from grape_rewrite.retrievers.lite_clip import LiteClip; "
        f"found = LiteClip.load(Path({str(few)!r})); print(found.fingerprint(), found._weights())"
    )
    settings = {"GRAPE_CACHE": str(tmp_path), "ATEN_CPU_CAPABILITY": capability, "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        [sys.executable, "-c", program], env={**os.environ, **settings}, check=True, capture_output=True, text=True
    )
    fingerprint, weights = done.stdout.split()
    assert fingerprint == fitted_on_few.fingerprint()
    own = torch.backends.cpu.get_cpu_capability()
    if capability == "default" and own.startswith("AVX"):  # which rounds in another way than the plainest code
        assert weights != fitted_on_few._weights()


def test_a_text_beyond_the_context_is_counted(retriever):
    assert retriever.context == 256
    assert retriever.count_truncated(["dog " * 254, "dog " * 255, "dog"]) == 1
    assert retriever.count_truncated([]) == 0


def test_its_words_are_english(retriever):
    words = retriever.words()
    assert {"apple", "dog"} <= set(words)
    assert all(word.isascii() and word.isalpha() for word in words)


def test_an_unreadable_picture_is_named(retriever, tmp_path):
    file = tmp_path / "broken.png"
    file.write_bytes(b"\x89PNG")
    with pytest.raises(UnreadableImage, match=r"broken\.png"):
        retriever.embed_images([file])


def test_a_data_set_without_a_head_part_is_refused(tmp_path, own_cache):
    with pytest.raises(UserError, match=r"head/items\.jsonl"):
        LiteClip.load(tmp_path)


@pytest.mark.usefixtures("retriever")
def test_changed_text_weights_are_refused(monkeypatch):
    monkeypatch.setattr(lite_clip, "MINILM_SHA256", "0" * 64)
    with pytest.raises(UserError, match=r"model\.safetensors is not the known file"):
        lite_clip.load_minilm()


def test_it_is_a_retriever(retriever):
    assert isinstance(retriever, Retriever)
    assert retriever.name == "lite-clip"
    assert retriever.sees
