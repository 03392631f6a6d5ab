"""Loading, asking and answering."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from peft import LoraConfig, get_peft_model
from transformers import (
    AutoModelForCausalLM,
    AutoTokenizer,
    Gemma3Config,
    Gemma3ForConditionalGeneration,
    GPT2Config,
    GPT2LMHeadModel,
)

from grape_rewrite.errors import UserError
from grape_rewrite.rewriting import Prompt, Rewriter
from grape_rewrite.rewriting.adapter import AdapterFacts, read_adapter, write_adapter

QUERIES = ["rot Apfel", "maison bleu", "grün Mond"]


def test_base_models_continue_a_document(tiny_model_folder: Path, tiny_prompt: Prompt) -> None:
    rewriter = Rewriter.load(str(tiny_model_folder), tiny_prompt)
    assert not rewriter.is_chat
    ids = rewriter.encode(rewriter.prompt_text("rot Apfel"))
    assert ids[0] == rewriter.tokenizer.bos_token_id
    assert rewriter.tokenizer.decode(ids, skip_special_tokens=True).endswith("Query: rot Apfel\nEnglish:")
    assert rewriter.stop == [1, rewriter.tokenizer.convert_tokens_to_ids("Ċ")]


def test_chat_models_are_asked_in_turns(tiny_chat_folder: Path, tiny_prompt: Prompt) -> None:
    rewriter = Rewriter.load(str(tiny_chat_folder), tiny_prompt)
    assert rewriter.is_chat
    text = rewriter.prompt_text("rot Apfel")
    assert text.endswith("user\nrot Apfel<|im_end|>\n<|im_start|>assistant\n")
    direct = rewriter.tokenizer.apply_chat_template(
        tiny_prompt.messages("rot Apfel"), tokenize=True, add_generation_prompt=True, return_dict=False
    )
    assert rewriter.encode(text) == direct


def test_chat_models_that_reason(tiny_chat_folder: Path, tiny_prompt: Prompt) -> None:
    silent = Rewriter.load(str(tiny_chat_folder), tiny_prompt)
    silent.tokenizer.chat_template += "{% if enable_thinking %}<think>{% else %}<think></think>{% endif %}"
    reasoning = silent.with_prompt(replace(tiny_prompt, answer_after="</think>"))
    assert silent.prompt_text("rot Apfel").endswith("assistant\n<think></think>")
    assert reasoning.prompt_text("rot Apfel").endswith("assistant\n<think>")
    line_break = silent.tokenizer.convert_tokens_to_ids("Ċ")
    assert line_break in silent.stop
    assert line_break not in reasoning.stop
    end = silent.tokenizer.eos_token_id
    written = silent.tokenizer("Apfel?\nAn apple.</think>\nred apple", add_special_tokens=False)["input_ids"]
    assert reasoning.decode([*written, end]) == "red apple"
    assert reasoning.decode(written[:12]) == ""
    assert silent.decode([*written, end]) == "Apfel?"


def test_base_models_do_not_reason(tiny_model_folder: Path, tiny_prompt: Prompt) -> None:
    with pytest.raises(UserError, match=r"is no chat model and cannot reason first; leave answer_after='=' out"):
        Rewriter.load(str(tiny_model_folder), replace(tiny_prompt, answer_after="="))


def test_reasoning_does_not_end_with_what_is_not_read(tiny_chat_folder: Path, tiny_prompt: Prompt) -> None:
    with pytest.raises(UserError, match=r"answer_after='=<\|im_end\|>' has '<\|im_end\|>', a special token of"):
        Rewriter.load(str(tiny_chat_folder), replace(tiny_prompt, answer_after="=<|im_end|>"))


def test_a_template_that_refuses_the_system(tiny_chat_folder: Path, tiny_prompt: Prompt) -> None:
    known, refusing = (Rewriter.load(str(tiny_chat_folder), tiny_prompt) for _ in range(2))
    refusing.tokenizer.chat_template = (
        "{% if messages[0]['role'] == 'system' %}{{ raise_exception('System role not supported') }}{% endif %}"
        + refusing.tokenizer.chat_template
    )
    turns = "<|im_start|>system\nDescribe the picture.<|im_end|>\n<|im_start|>user\n"
    text = known.prompt_text("rot Apfel")
    assert text.startswith(turns)
    assert refusing.prompt_text("rot Apfel") == text.replace(turns, "<|im_start|>user\nDescribe the picture.\n\n")


@pytest.mark.parametrize("kind", ["gemma", "qwen", "llama", "gpt2"])
def test_an_adapter_is_put_on_all_that_is_linear(kind: str, tiny_folders: dict[str, Path], tiny_prompt: Prompt) -> None:
    tokenizer = AutoTokenizer.from_pretrained(tiny_folders["gemma"])

    def adapter(target: str | None = None) -> dict[str, torch.Tensor]:
        if kind == "gpt2":
            model = GPT2LMHeadModel(GPT2Config(n_layer=1, n_head=1, n_embd=4, vocab_size=10))
        else:
            model = AutoModelForCausalLM.from_pretrained(tiny_folders[kind])
        target = target or Rewriter(model, tokenizer, tiny_prompt, kind).trainable
        with torch.random.fork_rng():
            torch.manual_seed(0)
            model = get_peft_model(model, LoraConfig(r=2, target_modules=target, task_type="CAUSAL_LM"))
        return {name: weight for name, weight in model.named_parameters() if "lora_" in name}

    mine, every = adapter(), adapter("all-linear")
    assert list(mine) == list(every)
    assert all(torch.equal(mine[name], every[name]) for name in every)


def test_what_sees_has_no_adapter(tiny_model_folder: Path, tiny_prompt: Prompt) -> None:
    """Gemma 3 with its part for pictures, loaded to read."""
    tokenizer = AutoTokenizer.from_pretrained(tiny_model_folder)
    trunk = {"hidden_size": 16, "intermediate_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2}
    text = {**trunk, "vocab_size": len(tokenizer), "num_key_value_heads": 1, "head_dim": 8}
    vision = {**trunk, "image_size": 28, "patch_size": 14}
    model = Gemma3ForConditionalGeneration(Gemma3Config(text_config=text, vision_config=vision, mm_tokens_per_image=4))
    rewriter = Rewriter(model, tokenizer, tiny_prompt, "gemma")
    adapted = get_peft_model(model, LoraConfig(r=2, target_modules=rewriter.trainable, task_type="CAUSAL_LM"))
    learning = {name for name, weight in adapted.named_parameters() if weight.requires_grad}
    assert len(learning) == 2 * 7
    assert all("language_model" in name for name in learning)


def test_rewrites_repeat_with_a_seed_and_leave_the_random_state(policy: Rewriter) -> None:
    state = torch.random.get_rng_state()
    first = policy.rewrite(QUERIES, group=3, temperature=1.0, seed=5)
    assert torch.equal(torch.random.get_rng_state(), state)
    assert policy.rewrite(QUERIES, group=3, temperature=1.0, seed=5) == first
    assert policy.rewrite(QUERIES, group=3, temperature=1.0, seed=6) != first
    assert [len(rewrites) for rewrites in first] == [3, 3, 3]


@pytest.mark.parametrize("batch_size", [1, 2])
def test_greedy_rewrites_do_not_depend_on_the_batch(policy: Rewriter, batch_size: int) -> None:
    assert policy.rewrite(QUERIES, batch_size=batch_size) == policy.rewrite(QUERIES)


def test_no_queries(policy: Rewriter) -> None:
    assert policy.rewrite([]) == []


@pytest.mark.parametrize("ending", [[], [201], [1]])
def test_decode_drops_the_end(tiny_model_folder: Path, ending: list[int]) -> None:
    rewriter = Rewriter.load(str(tiny_model_folder))
    ids = rewriter.tokenizer(" red apple", add_special_tokens=False)["input_ids"]
    assert rewriter.decode(ids + ending) == "red apple"
    assert rewriter.decode(ending) == ""


@pytest.mark.parametrize("name", ["no/such/folder", "", "/"])
def test_no_such_model(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    with pytest.raises(UserError, match="cannot load rewriter") as caught:
        Rewriter.load(name)
    assert "\n" not in str(caught.value)


def test_pickles_are_refused(tmp_path: Path, tiny_model_folder: Path) -> None:
    for file in tiny_model_folder.iterdir():
        if file.suffix == ".json":
            (tmp_path / file.name).write_bytes(file.read_bytes())
    model = GPT2LMHeadModel(GPT2Config(n_layer=1, n_head=1, n_embd=4, vocab_size=10))
    torch.save(model.state_dict(), tmp_path / "pytorch_model.bin")
    with pytest.raises(UserError, match="cannot load rewriter"):
        Rewriter.load(str(tmp_path))


@pytest.fixture
def facts(tiny_prompt: Prompt) -> AdapterFacts:
    return AdapterFacts(
        base_model="tiny",
        prompt=tiny_prompt,
        max_tokens=6,
        output_vocabulary=[1, 201],
        retriever="minilm",
        retriever_fingerprint="a" * 64,
        corpus_fingerprint="b" * 64,
        reward="rank_log",
        seed=0,
        steps=10,
        dev_mrr=0.5,
        versions={"torch": "2"},
    )


def test_facts_come_back(tmp_path: Path, facts: AdapterFacts) -> None:
    write_adapter(tmp_path, facts)
    assert read_adapter(tmp_path) == facts
    assert {path.name for path in tmp_path.iterdir()} == {"README.md", "grape.json"}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda content: "{", "grape.json is no JSON"),
        (lambda content: "[]", "grape.json does not hold what it should: the file: "),
        (
            lambda content: json.dumps({**json.loads(content), "steps": "ten"}),
            "grape.json does not hold what it should: steps: .*integer",
        ),
        (
            lambda content: json.dumps({**json.loads(content), "more": 1}),
            "grape.json does not hold what it should: more: ",
        ),
        (
            lambda content: json.dumps({**json.loads(content), "prompt": {}}),
            "grape.json does not hold what it should: prompt.instruction: ",
        ),
        *(
            (
                lambda content, key=key, value=value: json.dumps({**json.loads(content), key: value}),
                f"grape.json does not hold what it should: {key}",
            )
            for key, value in (
                ("max_tokens", 0),
                ("output_vocabulary", []),
                ("output_vocabulary", [3, -1]),
                ("steps", -1),
                ("dev_mrr", float("nan")),
                ("searching", {"picture_weight": 5}),
                ("searching", {"picture_weight": float("nan")}),
                ("searching", {"picture_words": -3}),
                ("searching", {"picture_words": 101}),
                ("searching", {"without": -0.1}),
            )
        ),
        (lambda content: content.replace("{query}", ""), "template must hold {query} once"),
    ],
)
def test_broken_facts(tmp_path: Path, facts: AdapterFacts, change, message: str) -> None:
    write_adapter(tmp_path, facts)
    (tmp_path / "grape.json").write_text(change((tmp_path / "grape.json").read_text()))
    with pytest.raises(UserError, match=message) as caught:
        read_adapter(tmp_path)
    assert "\n" not in str(caught.value)


def test_an_adapter_folder_without_facts(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no adapter folder written by grape train"):
        read_adapter(tmp_path)


def test_a_broken_model_file(tmp_path: Path, tiny_model_folder: Path) -> None:
    for file in tiny_model_folder.iterdir():
        content = file.read_bytes()
        (tmp_path / file.name).write_bytes(content[:1000] if file.suffix == ".safetensors" else content)
    with pytest.raises(UserError, match="cannot load rewriter") as caught:
        Rewriter.load(str(tmp_path))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            lambda folder: (folder / "adapter_config.json").unlink(),
            r"adapter_config\.json is missing: an adapter",
        ),
        (lambda folder: (folder / "adapter_model.safetensors").unlink(), r"adapter_model\.safetensors is missing"),
        (lambda folder: (folder / "adapter_config.json").write_text("[]"), "cannot load the adapter in"),
        (lambda folder: (folder / "adapter_config.json").write_text("{"), "cannot load the adapter in"),
        (lambda folder: (folder / "adapter_model.safetensors").write_bytes(b"no"), "cannot load the adapter in"),
        (
            lambda folder: (folder / "adapter_config.json").write_text(
                json.dumps({**json.loads((folder / "adapter_config.json").read_text()), "r": 4})
            ),
            "cannot load the adapter in .*size mismatch for .*lora_A",
        ),
        (
            lambda folder: (folder / "grape.json").write_text(
                json.dumps({**json.loads((folder / "grape.json").read_text()), "output_vocabulary": [10**6]})
            ),
            "grape.json: output_vocabulary has 1000000, but .* knows 0 to",
        ),
    ],
)
def test_an_adapter_that_is_not_whole(
    tmp_path: Path,
    facts: AdapterFacts,
    tiny_model_folder: Path,
    change: Callable[[Path], object],
    message: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    base = AutoModelForCausalLM.from_pretrained(tiny_model_folder)
    get_peft_model(base, LoraConfig(r=2, target_modules="all-linear")).save_pretrained(tmp_path)
    write_adapter(tmp_path, facts.model_copy(update={"base_model": str(tiny_model_folder), "output_vocabulary": None}))
    assert Rewriter.load(str(tmp_path)).facts is not None
    change(tmp_path)
    with pytest.raises(UserError, match=message) as caught:
        Rewriter.load(str(tmp_path))
    assert "\n" not in str(caught.value)


def test_an_adapter_of_another_model(
    tmp_path: Path, facts: AdapterFacts, tiny_folders: dict[str, Path], tiny_model_folder: Path
) -> None:
    base = AutoModelForCausalLM.from_pretrained(tiny_folders["llama"])
    get_peft_model(base, LoraConfig(r=2, target_modules="all-linear")).save_pretrained(tmp_path)
    write_adapter(tmp_path, facts.model_copy(update={"base_model": str(tiny_model_folder)}))
    with pytest.raises(UserError, match="cannot load the adapter in") as caught:
        Rewriter.load(str(tmp_path))
    assert "\n" not in str(caught.value)


def test_the_fingerprint_is_of_the_base_model_alone(tiny_model_folder: Path, tiny_chat_folder: Path) -> None:
    rewriter, other = Rewriter.load(str(tiny_model_folder)), Rewriter.load(str(tiny_chat_folder))
    plain = rewriter.fingerprint()
    assert plain != other.fingerprint()
    assert plain != Rewriter.load(str(tiny_model_folder), precision="bfloat16").fingerprint() or (
        rewriter.model.dtype == torch.bfloat16
    )
    rewriter.model = get_peft_model(rewriter.model, LoraConfig(target_modules="all-linear", task_type="CAUSAL_LM"))
    assert rewriter.fingerprint() == plain
    with torch.no_grad():
        next(weight for name, weight in rewriter.model.named_parameters() if "lora_" not in name)[0, 0] += 1
    assert rewriter.fingerprint() != plain
