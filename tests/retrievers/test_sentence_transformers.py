import json
import logging
import shutil
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image
from sentence_transformers import SentenceTransformer
from sentence_transformers.sentence_transformer.modules import Dense, Pooling, Router, StaticEmbedding, Transformer
from tokenizers.normalizers import NFKC

from grape_rewrite.errors import UserError
from grape_rewrite.retrievers import Retriever, sentence_transformers
from grape_rewrite.retrievers.sentence_transformers import SentenceEncoder


def test_texts_equal_the_library_one_by_one(
    tiny: SimpleNamespace, sentence_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sentence_transformers, "TEXTS", 3)
    model = SentenceTransformer(str(sentence_folder), device="cpu")
    texts = [*tiny.texts, tiny.too_long]
    expected = [model.encode(text, normalize_embeddings=True) for text in texts]
    found = Retriever.load(str(sentence_folder)).embed_texts(texts)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, expected, atol=2e-6)
    np.testing.assert_allclose(np.linalg.norm(found, axis=1), 1, atol=1e-6)
    assert np.abs(found[0] - found[1]).max() > 0.01


def test_queries_and_documents_get_their_prompts(tiny: SimpleNamespace, prompted_folder: Path) -> None:
    model = SentenceTransformer(str(prompted_folder), device="cpu")
    retriever = Retriever.load(str(prompted_folder))
    for embed, prompt in ((retriever.embed_texts, "query: "), (retriever.embed_documents, "passage: ")):
        expected = model.encode([prompt + text for text in tiny.texts], prompt="", normalize_embeddings=True)
        np.testing.assert_allclose(embed(tiny.texts), expected, atol=2e-6)
    assert np.abs(retriever.embed_texts(tiny.texts) - retriever.embed_documents(tiny.texts)).max() > 0.01


def test_a_model_without_prompts_embeds_both_alike(tiny: SimpleNamespace, sentence_folder: Path) -> None:
    retriever = Retriever.load(str(sentence_folder))
    np.testing.assert_array_equal(retriever.embed_texts(tiny.texts), retriever.embed_documents(tiny.texts))


def test_truncated_texts_are_counted_with_the_prompt(
    tiny: SimpleNamespace, sentence_folder: Path, prompted_folder: Path
) -> None:
    plain, prompted = Retriever.load(str(sentence_folder)), Retriever.load(str(prompted_folder))
    assert plain.context == prompted.context == tiny.context
    tokenizer = tiny.tokenizer()
    for count, prompt in ((plain.count_truncated, ""), (prompted.count_truncated, "query: ")):
        lengths = [len(tokenizer(prompt + text)["input_ids"]) for text in [*tiny.texts, tiny.too_long]]
        assert count([*tiny.texts, tiny.too_long]) == sum(length > tiny.context for length in lengths)
    assert plain.count_truncated([]) == 0


def test_images_of_a_model_that_sees(
    tiny: SimpleNamespace, seeing_sentence_folder: Path, pictures: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sentence_transformers, "IMAGES", 2)
    model = SentenceTransformer(str(seeing_sentence_folder), device="cpu")
    expected = [model.encode(Image.open(path), normalize_embeddings=True) for path in pictures]
    retriever = Retriever.load(str(seeing_sentence_folder))
    assert retriever.sees
    np.testing.assert_allclose(retriever.embed_images(pictures), expected, atol=2e-6)
    assert retriever.embed_texts(tiny.texts).shape == (len(tiny.texts), retriever.dimension)


def test_images_for_a_model_that_reads_text_only(sentence_folder: Path, pictures: list[Path]) -> None:
    retriever = Retriever.load(str(sentence_folder))
    assert not retriever.sees
    with pytest.raises(UserError, match=r"reads text only and cannot embed .*0\.png"):
        retriever.embed_images(pictures)


def test_a_model_without_a_limit_truncates_nothing(tiny: SimpleNamespace) -> None:
    tokenizer = tiny.tokenizer().backend_tokenizer
    retriever = SentenceEncoder("static", SentenceTransformer(modules=[StaticEmbedding(tokenizer, embedding_dim=8)]))
    assert retriever.context is None
    assert retriever.count_truncated([tiny.too_long * 100]) == 0
    assert retriever.embed_texts(["red apple"]).shape == (1, 8)


def test_fingerprint_is_stable_and_changes_with_one_weight(tiny: SimpleNamespace, sentence_folder: Path) -> None:
    retriever = Retriever.load(str(sentence_folder))
    before = retriever.fingerprint()
    retriever.embed_texts([*tiny.texts, tiny.too_long])
    assert retriever.fingerprint() == before == Retriever.load(str(sentence_folder)).fingerprint()
    next(retriever._network.parameters()).view(-1)[0] += 1e-3
    assert retriever.fingerprint() != before


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("config_sentence_transformers.json", '"query: "', '"search: "'),
        ("1_Pooling/config.json", "mean", "max"),
    ],
)
def test_fingerprint_changes_with_prompts_and_pooling(
    prompted_folder: Path, tmp_path: Path, file: str, old: str, new: str
) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(prompted_folder, copy)
    assert Retriever.load(str(copy)).fingerprint() == Retriever.load(str(prompted_folder)).fingerprint()
    text = (copy / file).read_text()
    assert old in text
    (copy / file).write_text(text.replace(old, new))
    assert Retriever.load(str(copy)).fingerprint() != Retriever.load(str(prompted_folder)).fingerprint()


def test_fingerprint_changes_with_the_preprocessing_of_images(seeing_sentence_folder: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(seeing_sentence_folder, copy)
    before = Retriever.load(str(copy)).fingerprint()
    assert before == Retriever.load(str(seeing_sentence_folder)).fingerprint()
    file = copy / "processor_config.json"
    settings = json.loads(file.read_text())
    settings["image_processor"]["image_mean"] = [0.5, 0.5, 0.5]
    file.write_text(json.dumps(settings))
    assert Retriever.load(str(copy)).fingerprint() != before


def test_fingerprint_changes_with_what_is_within_a_router(bert_folder: Path) -> None:
    def routed(pooling: str = "mean", lower: bool = True, others: str = "document") -> str:
        query, document = (Transformer(str(bert_folder)) for _ in range(2))
        if not lower:
            document.tokenizer.backend_tokenizer.normalizer = NFKC()
        routes = {"query": [query, Pooling(24)], "document": [document, Pooling(24, pooling)]}
        router = Router(routes, route_mappings={("query", None): "query", (None, ("image", "text")): others})
        return SentenceEncoder("routed", SentenceTransformer(modules=[router], device="cpu")).fingerprint()

    others = [routed(pooling="max"), routed(lower=False), routed(others="query")]
    assert len({routed(), routed(), *others}) == 4


def test_the_fingerprint_of_minilm_is_the_one_that_results_are_kept_under() -> None:
    known = "13addcd3aebc73a6081fd918e531c8d251eaa7b52f2aee9ec3dfc2a35753cfe3"
    assert Retriever.load("minilm").fingerprint() == known


def test_a_model_made_for_another_similarity_says_so(
    sentence_folder: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(sentence_folder, copy)
    model = SentenceTransformer(str(copy), device="cpu", similarity_fn_name="dot")
    model.save_pretrained(str(copy))
    with caplog.at_level(logging.WARNING):
        Retriever.load(str(copy))
    assert "made for dot similarity; cosine is used" in caplog.text


@pytest.mark.parametrize("beside", [None, "other.safetensors"])
def test_a_pickled_layer_is_refused(sentence_folder: Path, tmp_path: Path, beside: str | None) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(sentence_folder, copy)
    weights = copy / "2_Dense" / "model.safetensors"
    weights.rename(weights.with_name("pytorch_model.bin"))
    if beside:  # which the library does not look for
        shutil.copy(copy / "model.safetensors", weights.with_name(beside))
    with pytest.raises(UserError, match=r"2_Dense/pytorch_model\.bin: weights as a pickle are refused"):
        Retriever.load(str(copy))


def test_a_pickled_layer_within_a_router_is_refused(bert_folder: Path, tmp_path: Path) -> None:
    query, document = ([Transformer(str(bert_folder)), Pooling(24), Dense(24, 12)] for _ in range(2))
    model = SentenceTransformer(modules=[Router.for_query_document(query, document)], device="cpu")
    model.save_pretrained(str(tmp_path))
    assert Retriever.load(str(tmp_path)).dimension == 12
    weights = tmp_path / "document_2_Dense" / "model.safetensors"
    weights.rename(weights.with_name("pytorch_model.bin"))
    with pytest.raises(UserError, match=r"document_2_Dense/pytorch_model\.bin: weights as a pickle are refused"):
        Retriever.load(str(tmp_path))
