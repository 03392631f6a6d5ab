"""A vision-language rewriter through the commands."""

import json
import shutil
from pathlib import Path

import pytest

SIZES = ("--steps", 2, "--batch", 8, "--group", 4, "--max-tokens", 6)


@pytest.fixture
def sees(
    grape, cache, tiny_composed_folder: Path, tiny_clip_folder: Path, tiny_vision_folders: dict[str, Path], tmp_path
) -> Path:
    models = ("--retriever", tiny_clip_folder, "--rewriter", tiny_vision_folders["qwen2-vl"])
    out = tmp_path / "sees"
    found = grape("train", tiny_composed_folder, *models, "--prompt", "composed-picture", *SIZES, "--out", out)
    assert found.code == 0, found.err
    return out


def test_it_is_measured_searched_and_rewritten_with(
    grape, sees: Path, tiny_composed_folder: Path, tiny_clip_folder: Path, tmp_path: Path
) -> None:
    models = ("--retriever", tiny_clip_folder, "--rewriter", sees)
    found = grape("evaluate", tiny_composed_folder, *models, "--out", tmp_path / "evaluation", "--json")
    assert found.code == 0, found.err
    assert set(json.loads(found.out)["methods"]) == {"raw", "image", "text", "zero-shot", "english", "grape"}
    rewrites = {}
    for number in (2, 3):
        picture = ("--image", tiny_composed_folder / "images" / f"{number}.png")
        found = grape("search", tiny_composed_folder, "rot Apfel", *models, *picture, "--json")
        assert found.code == 0, found.err
        printed = grape("rewrite", "rot Apfel", "--rewriter", sees, *picture)
        assert printed.code == 0, printed.err
        rewrites[number] = printed.out.strip()
        assert json.loads(found.out)["rewrite"] == (rewrites[number] or "rot Apfel")
    assert rewrites[2] != rewrites[3]


def test_it_wants_pictures_and_one_that_reads_wants_none(
    grape,
    sees: Path,
    tiny_composed_folder: Path,
    tiny_dataset_folder: Path,
    tiny_clip_folder: Path,
    tiny_model_folder: Path,
    tmp_path: Path,
) -> None:
    refused = grape("rewrite", "rot Apfel", "--rewriter", sees)
    assert refused.code == 2
    asks = f"adapter {sees} was trained on queries of a picture and a text; give the picture as --image"
    assert asks in refused.error_lines[0]
    picture = tiny_composed_folder / "images" / "2.png"
    refused = grape("rewrite", "rot Apfel", "--rewriter", tiny_model_folder, "--image", picture)
    assert refused.code == 2
    assert "reads text alone" in refused.error_lines[0]

    refused = grape("search", tiny_composed_folder, "rot", "--retriever", tiny_clip_folder, "--rewriter", sees)
    assert refused.code == 2
    assert "trained on queries of a picture and a text, not of text alone" in refused.error_lines[0]
    # The reverse: what learned from texts is not used for pictures, unless it is asked for.
    reads, models = tmp_path / "reads", ("--retriever", tiny_clip_folder, "--rewriter", tiny_model_folder)
    assert grape("train", tiny_dataset_folder, *models, *SIZES, "--out", reads).code == 0
    evaluation = ("evaluate", tiny_composed_folder, "--retriever", tiny_clip_folder, "--rewriter", reads)
    refused = grape(*evaluation, "--out", tmp_path / "evaluation")
    assert refused.code == 2
    assert "trained on queries of text alone, not of a picture and a text" in refused.error_lines[0]
    refused = grape("rewrite", "rot Apfel", "--rewriter", reads, "--image", picture)
    assert f"rewriter {reads} reads text alone; leave --image out" in refused.error_lines[0]
    assert not (tmp_path / "evaluation").exists()
    assert grape(*evaluation, "--out", tmp_path / "evaluation", "--allow-mismatch").code == 0


def test_headroom_is_not_measured_of_one_that_sees_where_there_are_no_pictures(
    grape, sees: Path, tiny_composed_folder: Path, tiny_dataset_folder: Path
) -> None:
    sizes = ("--rewriter", sees, "--queries", 2, "--group", 2)
    refused = grape("headroom", tiny_dataset_folder, *sizes)
    assert refused.code == 2
    [line] = refused.error_lines
    assert "trained on queries of a picture and a text, not of text alone" in line
    assert "--allow-mismatch" in line
    allowed = grape("headroom", tiny_dataset_folder, *sizes, "--allow-mismatch")
    assert allowed.code == 0, allowed.err
    assert "trained on queries of a picture and a text, not of text alone" in allowed.err
    assert grape("headroom", tiny_composed_folder, *sizes).code == 0


def test_a_query_whose_picture_is_gone_is_named_before_anything_is_trained(
    grape,
    cache,
    tiny_composed_folder: Path,
    tiny_clip_folder: Path,
    tiny_vision_folders: dict[str, Path],
    tmp_path: Path,
) -> None:
    folder = tmp_path / "data"
    shutil.copytree(tiny_composed_folder, folder)
    (folder / "images" / "0.png").unlink()
    models = ("--retriever", tiny_clip_folder, "--rewriter", tiny_vision_folders["qwen2-vl"])
    refused = grape("train", folder, *models, *SIZES, "--out", tmp_path / "run")
    assert refused.code == 2
    assert "0.png" in refused.error_lines[0]
    assert not (tmp_path / "run").exists()


def test_a_prompt_for_one_that_sees_is_refused_by_one_that_reads(
    grape, cache, tiny_composed_folder: Path, tiny_clip_folder: Path, tiny_model_folder: Path, tmp_path: Path
) -> None:
    models = ("--retriever", tiny_clip_folder, "--rewriter", tiny_model_folder)
    also = f"{tiny_composed_folder}:{tiny_clip_folder}:composed-picture"
    for more in (("--prompt", "composed-picture"), ("--prompt", "composed", "--also", also)):
        refused = grape("train", tiny_composed_folder, *models, *more, *SIZES, "--out", tmp_path / "run")
        assert refused.code == 2
        [line] = refused.error_lines
        for part in (str(tiny_model_folder), "reads text alone", "composed-picture", "valid is the prompt composed"):
            assert part in line
        assert not (tmp_path / "run").exists()


def test_a_note_where_one_that_sees_is_shown_nothing(
    grape,
    cache,
    tiny_composed_folder: Path,
    tiny_dataset_folder: Path,
    tiny_clip_folder: Path,
    tiny_vision_folders: dict[str, Path],
    tmp_path: Path,
) -> None:
    rewriter = tiny_vision_folders["qwen2-vl"]
    models = ("--retriever", tiny_clip_folder, "--rewriter", rewriter)
    note = f"note: rewriter {rewriter} sees, and is asked with text alone: the queries have no picture"
    for folder, said in ((tiny_dataset_folder, True), (tiny_composed_folder, False)):
        evaluated = grape("evaluate", folder, *models, "--queries", 2, "--out", tmp_path / folder.name)
        measured = grape("headroom", folder, *models, "--queries", 2, "--group", 2)
        for found in (evaluated, measured):
            assert found.code == 0, found.err
            assert (note in found.err) == said
    picture = ("--image", tiny_composed_folder / "images" / "2.png")
    for more, said in (((), True), (picture, False)):
        found = grape("search", tiny_composed_folder, "rot", *models, *more)
        assert found.code == 0, found.err
        assert (note in found.err) == said
