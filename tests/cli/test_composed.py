"""Composed queries through the commands: a picture and a text, from training to search."""

import json
import shutil
from pathlib import Path

import pytest
import yaml
from PIL import Image

from grape_rewrite.datasets import Dataset
from grape_rewrite.retrievers import Retriever
from grape_rewrite.rewriting.adapter import read_adapter
from grape_rewrite.searching import Searching


@pytest.fixture
def adapter(grape, cache, tiny_composed_folder: Path, tiny_clip_folder: Path, tiny_model_folder: Path, tmp_path: Path):
    config, out = tmp_path / "composed.yaml", tmp_path / "run"
    values = {
        "data": str(tiny_composed_folder),
        "retriever": str(tiny_clip_folder),
        "rewriter": str(tiny_model_folder),
        "prompt": "composed",
        "picture_weight": 0.2,
        "picture_words": 2,
    }
    config.write_text(yaml.safe_dump({**values, "steps": 2, "batch": 8, "group": 4, "max_tokens": 6}))
    found = grape("train", config, "--out", out)
    assert found.code == 0, found.err
    return out


def test_what_is_trained_is_measured_and_searched_with(
    grape, adapter: Path, tiny_composed_folder: Path, tiny_clip_folder: Path, tmp_path: Path
) -> None:
    assert read_adapter(adapter).searching == Searching(picture_weight=0.2, picture_words=2)
    retriever = ("--retriever", tiny_clip_folder)
    out = tmp_path / "evaluation"
    found = grape(
        "evaluate",
        tiny_composed_folder,
        *retriever,
        "--rewriter",
        adapter,
        "--prompt",
        "composed",
        "--out",
        out,
        "--json",
    )
    assert found.code == 0, found.err
    methods = json.loads(found.out)["methods"]
    assert set(methods) == {"raw", "image", "text", "zero-shot", "few-shot", "english", "grape"}
    dataset = Dataset.load(tiny_composed_folder)
    index = Retriever.load(str(tiny_clip_folder)).index(dataset.corpus)
    for name, weight in (("image", 1.0), ("text", 0.0)):
        ranks = index.searched(picture_weight=weight).ranks(dataset.test.texts, dataset.test)
        assert methods[name]["mrr"] == pytest.approx((1 / ranks).mean())
    assert "Picture alone" in (out / "report.html").read_text()
    search = ("search", tiny_composed_folder, "rot", "--rewriter", adapter, "--json")
    assert grape(*search).out == grape(*search, *retriever).out, "the adapter's own retriever unless another is named"
    records = [json.loads(line) for line in (out / "rewrites.jsonl").read_text().splitlines()]
    for record in records:
        own = f"p{record['_id'].split('>')[0]}"
        assert all(own not in method["top"] for method in record["methods"].values())

    picture = tiny_composed_folder / "images" / "3.png"
    arguments = ("search", tiny_composed_folder, "ein Mond", *retriever, "--rewriter", adapter, "-k", 20, "--json")
    hits, text = (json.loads(grape(*arguments, *more).out) for more in (("--image", picture), ("--allow-mismatch",)))
    for kind in ("raw", "rewritten"):
        assert len(hits[kind]) == 15
        assert "p3" not in {hit["_id"] for hit in hits[kind]}
        assert len(text[kind]) == 16
        assert hits[kind] != [hit for hit in text[kind] if hit["_id"] != "p3"]


def test_a_picture_from_elsewhere_can_be_searched_with_and_must_be_one(
    grape, adapter: Path, tiny_composed_folder: Path, tiny_clip_folder: Path, tmp_path: Path
) -> None:
    arguments = ("search", tiny_composed_folder, "Mond", "--retriever", tiny_clip_folder, "--rewriter", adapter)
    own, mine = tiny_composed_folder / "images" / "3.png", tmp_path / "mine.png"
    with Image.open(own) as picture:
        picture.transpose(Image.Transpose.ROTATE_180).save(mine)
    everything = {f"p{number}" for number in range(16)}
    for content, ids in ((mine.read_bytes(), everything), (own.read_bytes(), everything - {"p3"})):
        mine.write_bytes(content)
        found = grape(*arguments, "--image", mine, "--json", "-k", 20)
        assert found.code == 0, found.err
        assert {hit["_id"] for hit in json.loads(found.out)["raw"]} == ids
    mine.write_text("no picture")
    refused = grape(*arguments, "--image", mine)
    assert refused.code == 2
    [line] = refused.error_lines
    assert "mine.png" in line
    missing = grape(*arguments, "--image", tmp_path / "none.png")
    assert missing.code == 2
    assert "none.png" in missing.error_lines[0]


def test_each_split_can_have_its_own_pictures(
    grape, cache, tiny_composed_folder: Path, tiny_clip_folder: Path, tiny_model_folder: Path, tmp_path: Path
) -> None:
    """As in published protocols, where a test query searches the test pictures alone."""
    folder = tmp_path / "parted"
    shutil.copytree(tiny_composed_folder, folder)
    (folder / "corpora").mkdir()
    kept = {}
    for name in ("train", "dev", "test"):
        rows = [line.split("\t")[:2] for line in (folder / "qrels" / f"{name}.tsv").read_text().splitlines()[1:]]
        kept[name] = sorted({wanted for _, wanted in rows} | {f"p{query.split('>')[0]}" for query, _ in rows})
        (folder / "corpora" / f"{name}.txt").write_text("\n".join(kept[name]))
    assert len({len(ids) for ids in kept.values()}) > 1
    assert len(kept["test"]) < 16
    models = ("--retriever", tiny_clip_folder, "--rewriter", tiny_model_folder, "--prompt", "composed")
    sizes = ("--steps", 2, "--batch", 8, "--group", 4, "--max-tokens", 6)
    found = grape("train", folder, *models, *sizes, "--out", tmp_path / "run")
    assert found.code == 0, found.err
    for name, ids in kept.items():
        out = tmp_path / name
        found = grape("evaluate", folder, *models, "--split", name, "--out", out, "--json")
        assert found.code == 0, found.err
        assert json.loads(found.out)["corpus"] == len(ids)
        for line in (out / "runs" / "raw.trec").read_text().splitlines():
            assert line.split()[2] in ids
    too_many = grape("train", folder, *models, *sizes, "--out", tmp_path / "pool", "--pool", len(kept["train"]) + 1)
    assert too_many.code == 2
    assert str(len(kept["train"])) in too_many.error_lines[0]


def test_two_adapters_that_search_differently_are_evaluated_one_by_one(
    grape, adapter: Path, tiny_composed_folder: Path, tiny_clip_folder: Path, tmp_path: Path
) -> None:
    other = tmp_path / "other"
    shutil.copytree(adapter, other)
    facts = json.loads((other / "grape.json").read_text())
    facts["searching"]["picture_weight"] = 0.9
    (other / "grape.json").write_text(json.dumps(facts))
    arguments = ("evaluate", tiny_composed_folder, "--retriever", tiny_clip_folder, "--out", tmp_path / "both")
    refused = grape(*arguments, "--rewriter", adapter, "--rewriter", other)
    assert refused.code == 2
    assert "are searched with in different ways" in refused.error_lines[0]
    refused = grape(*arguments, "--rewriter", adapter, "--set", "without=0.5")
    assert refused.code == 2
    assert "brings its own way to search" in refused.error_lines[0]


def test_how_an_untrained_rewriter_is_searched_with_can_be_said(
    grape, cache, tiny_composed_folder: Path, tiny_clip_folder: Path, tiny_model_folder: Path, tmp_path: Path
) -> None:
    models = ("--retriever", tiny_clip_folder, "--rewriter", tiny_model_folder, "--prompt", "composed")
    settings = {"picture_weight": 0.9, "picture_words": 1, "without": 0.5}
    given = ",".join(f"{key}={value}" for key, value in settings.items())
    one_by_one = [word for key, value in settings.items() for word in ("--set", f"{key}={value}")]
    figures = []
    for number, more in enumerate(((), ("--set", given), one_by_one)):
        found = grape("evaluate", tiny_composed_folder, *models, *more, "--out", tmp_path / str(number), "--json")
        assert found.code == 0, found.err
        figures.append(json.loads(found.out))
    assert figures[0]["searching"] == {"picture_weight": 0.4, "picture_words": 0, "without": 0.0}
    assert figures[1]["searching"] == settings
    assert figures[2]["searching"] == settings
    assert figures[0]["methods"]["raw"]["mrr"] != figures[1]["methods"]["raw"]["mrr"]
    for command, *rest in (("headroom", "--group", 2), ("search", "ein Mond")):
        assert grape(command, tiny_composed_folder, *rest, *models, "--set", given).code == 0
        refused = grape(command, tiny_composed_folder, *rest, *models, "--set", "beta=0.1")
        assert refused.code == 2
        assert "unknown key 'beta'; known: picture_weight" in refused.error_lines[0]
    run = ("train", tiny_composed_folder, *models, "--steps", 1, "--batch", 8, "--group", 4, "--max-tokens", 6)
    assert grape(*run, "--out", tmp_path / "run", "--set", given).code == 0
    assert read_adapter(tmp_path / "run").searching == Searching(**settings)
    refused = grape(*run, "--out", tmp_path / "run2", "--set", "withot=0.5")
    assert refused.code == 2
    assert "unknown key 'withot'" in refused.error_lines[0]


def test_headroom_is_measured_of_an_adapter_on_queries_like_those_that_it_learned_from(
    grape, adapter: Path, tiny_composed_folder: Path, tiny_dataset_folder: Path, tiny_clip_folder: Path, tmp_path: Path
) -> None:
    reads, sizes = tmp_path / "reads", ("--queries", 2, "--group", 2, "--json")
    base = read_adapter(adapter).base_model
    models = ("--retriever", tiny_clip_folder, "--rewriter", base, "--steps", 2, "--batch", 8, "--group", 4)
    assert grape("train", tiny_dataset_folder, *models, "--max-tokens", 6, "--out", reads).code == 0
    kinds = ("a picture and a text", "text alone")
    for rewriter, own, other, (learned, asked) in (
        (adapter, tiny_composed_folder, tiny_dataset_folder, kinds),
        (reads, tiny_dataset_folder, tiny_composed_folder, kinds[::-1]),
    ):
        refused = grape("headroom", other, "--rewriter", rewriter, *sizes)
        assert refused.code == 2
        [line] = refused.error_lines
        assert f"trained on queries of {learned}, not of {asked}" in line
        assert grape("headroom", other, "--rewriter", rewriter, *sizes, "--allow-mismatch").code == 0
        found = grape("headroom", own, "--rewriter", rewriter, *sizes)
        assert found.code == 0, found.err
        named = grape("headroom", own, "--rewriter", rewriter, "--retriever", tiny_clip_folder, *sizes)
        assert found.out == named.out, "the adapter's own retriever unless another is named"


def test_an_adapter_from_before_there_were_pictures_searches_by_text(grape, adapter: Path) -> None:
    facts = json.loads((adapter / "grape.json").read_text())
    del facts["searching"]
    (adapter / "grape.json").write_text(json.dumps(facts))
    assert read_adapter(adapter).searching == Searching(picture_weight=0.0)


def test_a_note_where_an_untrained_one_is_not_asked_about_pictures(
    grape, cache, tiny_composed_folder: Path, tiny_clip_folder: Path, tiny_model_folder: Path
) -> None:
    picture = tiny_composed_folder / "images" / "2.png"
    command = ("search", tiny_composed_folder, "rot", "--retriever", tiny_clip_folder, "--rewriter", tiny_model_folder)
    for more, said in (
        (("--image", picture), True),
        (("--image", picture, "--prompt", "composed"), False),
        ((), False),
    ):
        found = grape(*command, *more)
        assert found.code == 0, found.err
        assert ("is not asked what they want changed; --prompt composed does" in found.err) == said
