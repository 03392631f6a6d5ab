import shutil
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from PIL import Image
from transformers import AutoModel, AutoProcessor

from grape_rewrite.errors import UserError
from grape_rewrite.retrievers import Retriever, transformers_dual


def unit(features: torch.Tensor) -> np.ndarray:
    return torch.nn.functional.normalize(features, dim=-1).numpy()


def test_texts_equal_a_direct_call_one_by_one(tiny: SimpleNamespace, dual_folder: Path) -> None:
    model = AutoModel.from_pretrained(dual_folder).eval()
    processor = AutoProcessor.from_pretrained(dual_folder)
    padding = "max_length" if "siglip" in model.config.model_type else False
    texts = [*tiny.texts, tiny.too_long]
    with torch.no_grad():
        expected = [
            unit(
                model.get_text_features(
                    **processor(
                        text=[text], padding=padding, truncation=True, max_length=tiny.context, return_tensors="pt"
                    )
                ).pooler_output
            )[0]
            for text in texts
        ]
    found = Retriever.load(str(dual_folder)).embed_texts(texts)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, expected, atol=2e-6)
    # Distinct enough that the comparison means something.
    assert np.abs(found[0] - found[1]).max() > 0.01


def test_images_equal_a_direct_call_one_by_one(dual_folder: Path, pictures: list[Path]) -> None:
    model = AutoModel.from_pretrained(dual_folder).eval()
    processor = AutoProcessor.from_pretrained(dual_folder)
    with torch.no_grad():
        expected = [
            unit(model.get_image_features(**processor(images=Image.open(path), return_tensors="pt")).pooler_output)[0]
            for path in pictures
        ]
    found = Retriever.load(str(dual_folder)).embed_images(pictures)
    np.testing.assert_allclose(found, expected, atol=2e-6)
    assert np.abs(found[0] - found[1]).max() > 0.01


def test_batch_size_does_not_matter_and_rows_are_unit(
    tiny: SimpleNamespace, dual_folder: Path, pictures: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    retriever = Retriever.load(str(dual_folder))
    for name, embed, inputs in (
        ("TEXTS", retriever.embed_texts, tiny.texts),
        ("IMAGES", retriever.embed_images, pictures),
    ):
        many = embed(inputs)
        monkeypatch.setattr(transformers_dual, name, 1)
        np.testing.assert_allclose(embed(inputs), many, atol=2e-6)
        np.testing.assert_allclose(np.linalg.norm(many, axis=1), 1, atol=1e-6)
        assert many.shape == (len(inputs), retriever.dimension)


def test_nothing_in_nothing_out(clip_folder: Path) -> None:
    retriever = Retriever.load(str(clip_folder))
    assert retriever.embed_texts([]).shape == (0, 20)
    assert retriever.embed_images([]).shape == (0, 20)
    assert retriever.count_truncated([]) == 0


def test_context_and_truncated_texts(tiny: SimpleNamespace, dual_folder: Path) -> None:
    retriever = Retriever.load(str(dual_folder))
    assert retriever.context == tiny.context
    tokenizer = AutoProcessor.from_pretrained(dual_folder).tokenizer
    lengths = [len(ids) for ids in tokenizer([*tiny.texts, tiny.too_long])["input_ids"]]
    assert (
        retriever.count_truncated([*tiny.texts, tiny.too_long]) == sum(length > tiny.context for length in lengths) > 0
    )
    fitting = [
        text for text, length in zip([*tiny.texts, tiny.too_long], lengths, strict=True) if length <= tiny.context
    ]
    assert retriever.count_truncated(fitting) == 0


def test_a_text_is_cut_at_the_context(tiny: SimpleNamespace, clip_folder: Path) -> None:
    first, second = Retriever.load(str(clip_folder)).embed_texts([tiny.too_long, tiny.too_long + " and a fig"])
    np.testing.assert_allclose(first, second, atol=2e-6)


def test_fingerprint_is_stable_and_changes_with_one_weight(tiny: SimpleNamespace, dual_folder: Path) -> None:
    retriever = Retriever.load(str(dual_folder))
    before = retriever.fingerprint()
    retriever.embed_texts([*tiny.texts, tiny.too_long])
    assert retriever.fingerprint() == before == Retriever.load(str(dual_folder)).fingerprint()
    weight = next(retriever._network.parameters())
    weight.view(-1)[0] += 1e-3
    assert retriever.fingerprint() != before


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [("preprocessor_config.json", "0.48145466", "0.5"), ("tokenizer.json", '"NFKC"', '"NFC"')],
)
def test_fingerprint_changes_with_preprocessing(
    clip_folder: Path, tmp_path: Path, file: str, old: str, new: str
) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(clip_folder, copy)
    assert Retriever.load(str(copy)).fingerprint() == Retriever.load(str(clip_folder)).fingerprint()
    text = (copy / file).read_text()
    assert old in text
    (copy / file).write_text(text.replace(old, new))
    assert Retriever.load(str(copy)).fingerprint() != Retriever.load(str(clip_folder)).fingerprint()


def test_the_network_is_frozen(clip_folder: Path) -> None:
    network = Retriever.load(str(clip_folder))._network
    assert not network.training
    assert not any(weight.requires_grad for weight in network.parameters())


def test_half_precision_weights_are_read_in_full_precision(clip_folder: Path, tmp_path: Path) -> None:
    shutil.copytree(clip_folder, tmp_path / "half")
    AutoModel.from_pretrained(clip_folder).to(torch.bfloat16).save_pretrained(tmp_path / "half")
    retriever = Retriever.load(str(tmp_path / "half"))
    assert {weight.dtype for weight in retriever._network.parameters()} == {torch.float32}


def test_missing_weights_are_refused(clip_folder: Path, tmp_path: Path) -> None:
    from safetensors.torch import load_file, save_file

    copy = tmp_path / "copy"
    shutil.copytree(clip_folder, copy)
    weights = load_file(copy / "model.safetensors")
    del weights["text_projection.weight"]
    save_file(weights, copy / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(UserError, match=r"1 weights are missing, the first is text_projection\.weight"):
        Retriever.load(str(copy))


def test_a_weight_that_is_no_number_stops(tiny: SimpleNamespace, tmp_path: Path) -> None:
    retriever = Retriever.load(str(tiny.save("clip", tmp_path)))
    next(retriever._network.text_projection.parameters()).data[:] = float("nan")
    with pytest.raises(UserError, match="embedding of length nan"):
        retriever.embed_texts(["apple"])


def test_a_cut_file_is_one_line(clip_folder: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(clip_folder, copy)
    with (copy / "model.safetensors").open("r+b") as file:
        file.truncate(1000)
    with pytest.raises(UserError, match="cannot load retriever") as caught:
        Retriever.load(str(copy))
    assert "\n" not in str(caught.value)


def test_a_text_encoder_is_refused_before_its_weights_are_read(bert_folder: Path, tmp_path: Path) -> None:
    (tmp_path / "config.json").write_bytes((bert_folder / "config.json").read_bytes())
    with pytest.raises(UserError, match="is a bert model, which does not embed texts and images in one space"):
        Retriever.load(str(tmp_path))
