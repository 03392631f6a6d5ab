"""GGUF files: what is loaded equals the model that was written, whoever wrote it."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from gguf import GGUFWriter, TokenType
from transformers import AutoModelForCausalLM, AutoTokenizer

from grape_rewrite.errors import UserError
from grape_rewrite.rewriting import Prompt, Rewriter

NAMES = {
    "self_attn.q_proj": "attn_q",
    "self_attn.k_proj": "attn_k",
    "self_attn.v_proj": "attn_v",
    "self_attn.o_proj": "attn_output",
    "mlp.gate_proj": "ffn_gate",
    "mlp.up_proj": "ffn_up",
    "mlp.down_proj": "ffn_down",
    "input_layernorm": "attn_norm",
    "post_attention_layernorm": "ffn_norm",
}


def name_in_gguf(name: str) -> str:
    """The name that the format has for a weight of Qwen 2."""
    fixed = {"model.embed_tokens.weight": "token_embd.weight", "model.norm.weight": "output_norm.weight"}
    if name in fixed or name == "lm_head.weight":
        return fixed.get(name, "output.weight")
    _, _, layer, rest = name.split(".", 3)
    part, _, kind = rest.rpartition(".")
    return f"blk.{layer}.{NAMES[part]}.{kind}"


@pytest.fixture(scope="module")
def written(tiny_chat_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tiny chat model, written by the format's own library."""
    model = AutoModelForCausalLM.from_pretrained(tiny_chat_folder, dtype=torch.float32)
    tokenizer = AutoTokenizer.from_pretrained(tiny_chat_folder)
    config = model.config
    file = tmp_path_factory.mktemp("gguf") / "tiny.gguf"
    writer = GGUFWriter(file, "qwen2")
    writer.add_block_count(config.num_hidden_layers)
    writer.add_context_length(config.max_position_embeddings)
    writer.add_embedding_length(config.hidden_size)
    writer.add_feed_forward_length(config.intermediate_size)
    writer.add_head_count(config.num_attention_heads)
    writer.add_head_count_kv(config.num_key_value_heads)
    writer.add_layer_norm_rms_eps(config.rms_norm_eps)
    writer.add_rope_freq_base(10_000.0)
    words = json.loads(tokenizer.backend_tokenizer.to_str())
    tokens = sorted(tokenizer.get_vocab().items(), key=lambda pair: pair[1])
    special = tokenizer.get_added_vocab()
    writer.add_tokenizer_model("gpt2")
    writer.add_token_list([token for token, _ in tokens])
    writer.add_token_types([TokenType.CONTROL if token in special else TokenType.NORMAL for token, _ in tokens])
    writer.add_token_merges([" ".join(merge) for merge in words["model"]["merges"]])
    writer.add_eos_token_id(tokenizer.eos_token_id)
    writer.add_pad_token_id(tokenizer.pad_token_id)
    writer.add_chat_template(tokenizer.chat_template)
    for name, weight in model.state_dict().items():
        writer.add_tensor(name_in_gguf(name), weight.numpy().astype(np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return file


def test_a_gguf_file_is_the_model_that_it_was_written_from(
    written: Path, tiny_chat_folder: Path, tiny_prompt: Prompt, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GRAPE_CACHE", str(tmp_path))
    ours, other = (Rewriter.load(str(source), tiny_prompt) for source in (written, tiny_chat_folder))
    for (name, weight), expected in zip(
        ours.model.state_dict().items(), other.model.state_dict().values(), strict=True
    ):
        torch.testing.assert_close(weight.bfloat16(), expected.bfloat16(), msg=name)
    assert ours.is_chat
    assert ours.prompt_text("rot Mond") == other.prompt_text("rot Mond")
    assert ours.encode(ours.prompt_text("rot Mond")) == other.encode(other.prompt_text("rot Mond"))
    assert ours.stop == other.stop
    folders = list((tmp_path / "models").iterdir())
    assert len(folders) == 1
    before = (folders[0] / "config.json").stat().st_mtime_ns
    Rewriter.load(str(written), tiny_prompt)
    assert (folders[0] / "config.json").stat().st_mtime_ns == before


def test_what_is_no_gguf_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRAPE_CACHE", str(tmp_path / "cache"))
    with pytest.raises(UserError, match=r"cannot load rewriter .*missing\.gguf': there is no such file"):
        Rewriter.load(str(tmp_path / "missing.gguf"))
    broken = tmp_path / "broken.gguf"
    broken.write_bytes(b"no weights")
    with pytest.raises(UserError, match=r"cannot read .*broken\.gguf as a language model: ") as caught:
        Rewriter.load(str(broken))
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "cache").exists()
