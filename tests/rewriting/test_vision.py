"""Vision-language models: tiny ones of real kinds, with their real processors."""

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from transformers import AutoConfig, AutoImageProcessor, AutoTokenizer

from grape_rewrite import Rewriter, UserError
from grape_rewrite.rewriting.asked import Asked
from grape_rewrite.rewriting.processor import load_processor
from grape_rewrite.rewriting.prompt import PROMPTS, Prompt
from grape_rewrite.rewriting.vision import VisionRewriter, is_vision

PROMPT = Prompt("Say what the changed picture shows.", examples=(("rot Mond", "red moon"),))


@pytest.fixture(params=["qwen2-vl", "qwen2.5-vl"])
def policy(request: pytest.FixtureRequest, tiny_vision_folders: dict[str, Path]) -> VisionRewriter:
    rewriter = Rewriter.load(str(tiny_vision_folders[request.param]), PROMPT, max_tokens=5)
    assert isinstance(rewriter, VisionRewriter)
    return rewriter


@pytest.fixture
def pictures(tmp_path: Path) -> list[Path]:
    chance = np.random.default_rng(0)
    files = []
    for number, size in enumerate([(40, 60), (64, 32), (50, 50)]):
        files.append(tmp_path / f"{number}.png")
        Image.fromarray(chance.integers(0, 256, (*size, 3), dtype=np.uint8)).save(files[-1])
    return files


def test_the_processor_is_that_of_its_parts_without_the_one_for_films(tiny_vision_folders: dict[str, Path]) -> None:
    folder = tiny_vision_folders["qwen2-vl"]
    processor = load_processor(folder, AutoConfig.from_pretrained(folder), local_files_only=True)
    picture = Image.fromarray(np.random.default_rng(1).integers(0, 256, (56, 112, 3), dtype=np.uint8))
    text = "<|vision_start|><|image_pad|><|vision_end|>rot Apfel"
    found = processor(images=[picture], text=[text], return_tensors="pt")
    seen = AutoImageProcessor.from_pretrained(folder)(images=[picture], return_tensors="pt")
    assert torch.equal(found["pixel_values"], seen["pixel_values"])
    assert torch.equal(found["image_grid_thw"], seen["image_grid_thw"])
    places = int(seen["image_grid_thw"].prod()) // 4  # two by two patches are one token
    tokenizer = AutoTokenizer.from_pretrained(folder)
    spelt = tokenizer(text.replace("<|image_pad|>", "<|image_pad|>" * places))["input_ids"]
    assert found["input_ids"][0].tolist() == spelt


def test_each_picture_is_seen_in_its_place(policy: VisionRewriter, pictures: list[Path]) -> None:
    first, second = (Asked("rot Apfel", picture=file) for file in pictures[:2])
    turns = policy.messages(first)
    assert [turn["role"] for turn in turns] == ["system", "user", "assistant", "user"]
    assert [part["type"] for part in turns[-1]["content"]] == ["image", "text"]
    assert [part["type"] for part in policy.messages(Asked("rot Apfel"))[-1]["content"]] == ["text"]
    # Alone and in a batch with others, padded, the answer is the same; and the picture decides it too.
    mixed = [first, Asked("Mond"), second, Asked("ein grün Haus", picture=pictures[2])]
    together = policy.rewrite(mixed)
    assert together == [policy.rewrite([one])[0] for one in mixed]
    assert len({rewrites[0] for rewrites in policy.rewrite([first, second, Asked("rot Apfel")])}) > 1


def test_greedy_rewrites_are_the_likeliest_tokens_of_the_stock_forward_pass(
    policy: VisionRewriter, pictures: list[Path]
) -> None:
    asked = Asked("rot Apfel", picture=pictures[0])
    inputs = policy.processor.apply_chat_template(
        [policy.messages(asked)], add_generation_prompt=True, tokenize=True, return_dict=True, return_tensors="pt"
    ).to(policy.model.device)
    ids = inputs.pop("input_ids")
    said: list[int] = []
    kinds = inputs.pop("mm_token_type_ids")
    inputs.pop("attention_mask")
    for _ in range(policy.max_tokens):
        with torch.no_grad():
            logits = policy.model(input_ids=ids, mm_token_type_ids=kinds, **inputs).logits
        said.append(int(logits[0, -1].argmax()))
        if said[-1] in policy.stop:
            break
        ids = torch.cat([ids, ids.new_tensor([[said[-1]]])], 1)
        kinds = torch.cat([kinds, torch.zeros_like(kinds[:, :1])], 1)
    assert policy.respond([asked], 1, 0.0) == [said]


def test_samples_follow_the_model_and_the_seed(policy: VisionRewriter, pictures: list[Path]) -> None:
    asked = [Asked("rot Apfel", picture=file) for file in pictures]
    policy.model.generation_config.update(top_k=1, temperature=0.01, repetition_penalty=1.05)  # as Qwen2-VL has it
    found = policy.rewrite(asked, group=4, temperature=1.0, seed=1)
    assert [len(rewrites) for rewrites in found] == [4, 4, 4]
    assert found == policy.rewrite(asked, group=4, temperature=1.0, seed=1)
    assert found != policy.rewrite(asked, group=4, temperature=1.0, seed=2)
    assert len({text for rewrites in found for text in rewrites}) > 6
    for completion in policy.respond(asked, 4, 1.0):
        assert 1 <= len(completion) <= 5
        assert not set(completion[:-1]) & set(policy.stop)


def test_a_template_that_refuses_the_system(policy: VisionRewriter, pictures: list[Path]) -> None:
    policy.processor.chat_template = (
        "{% if messages[0]['role'] == 'system' %}{{ raise_exception('System role not supported') }}{% endif %}"
        + policy.processor.chat_template
    )
    first, *others = policy.messages(Asked("rot Apfel", picture=pictures[0]))
    assert first["role"] == "user"
    assert first["content"] == [{"type": "text", "text": "Say what the changed picture shows.\n\nrot Mond"}]
    assert [turn["role"] for turn in others] == ["assistant", "user"]
    assert policy.rewrite([Asked("rot Apfel", picture=pictures[0])])


@pytest.mark.parametrize("reasons", [False, True])
def test_the_template_is_told_whether_to_reason(policy: VisionRewriter, reasons: bool) -> None:
    told = policy.with_prompt(replace(PROMPT, answer_after="</think>" if reasons else ""))
    told.processor.chat_template = (
        "{% if enable_thinking != " + str(reasons).lower() + " %}{{ raise_exception('another') }}{% endif %}"
    ) + told.processor.chat_template
    assert len(told.respond([Asked("rot Apfel")], 1, 0.0)) == 1


def test_only_the_language_part_is_trainable(policy: VisionRewriter) -> None:
    linear = {name for name, part in policy.model.named_modules() if isinstance(part, torch.nn.Linear)}
    chosen = {name for name in linear if re.fullmatch(policy.trainable, name)}
    assert chosen == {name for name in linear if "language_model" in name}
    assert len(chosen) == 14
    assert any("visual" in name for name in linear)


def test_a_broken_picture_is_named(policy: VisionRewriter, tmp_path: Path) -> None:
    (tmp_path / "broken.png").write_text("no picture")
    with pytest.raises(UserError, match=r"broken\.png: not a readable image"):
        policy.rewrite([Asked("rot", picture=tmp_path / "broken.png")])


def test_a_model_without_a_chat_template_or_a_processor_is_refused(
    tiny_vision_folders: dict[str, Path], tmp_path: Path
) -> None:
    for file in tiny_vision_folders["qwen2-vl"].iterdir():
        if file.name not in {"chat_template.jinja", "preprocessor_config.json"}:
            (tmp_path / file.name).write_bytes(file.read_bytes())
    with pytest.raises(UserError, match=r"cannot load rewriter .*preprocessor_config"):
        Rewriter.load(str(tmp_path))
    name = "preprocessor_config.json"
    (tmp_path / name).write_bytes((tiny_vision_folders["qwen2-vl"] / name).read_bytes())
    with pytest.raises(UserError, match="has no chat template"):
        Rewriter.load(str(tmp_path))


def test_what_sees_is_known_by_its_configuration(
    tiny_vision_folders: dict[str, Path], tiny_folders: dict[str, Path]
) -> None:
    assert not any(is_vision(AutoConfig.from_pretrained(folder)) for folder in tiny_folders.values())
    assert all(is_vision(AutoConfig.from_pretrained(folder)) for folder in tiny_vision_folders.values())


def test_the_prompt_for_those_that_see_asks_for_the_changed_picture() -> None:
    assert "picture" in PROMPTS["composed-picture"].instruction
    assert PROMPTS["composed-picture"].examples == ()
