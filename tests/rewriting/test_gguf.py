"""GGUF files: what is loaded equals the model that was written, whoever wrote it."""

import json
from pathlib import Path

import gguf
import numpy as np
import pytest
import torch
from gguf import GGMLQuantizationType, GGUFReader, GGUFWriter, TokenType
from gguf.quants import quantize
from transformers import AutoModelForCausalLM, AutoTokenizer

from grape_rewrite.errors import UserError
from grape_rewrite.rewriting import Prompt, Rewriter

BLOCK = 32  # weights that share a scale
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


def write(tiny_chat_folder: Path, file: Path, quantised: bool) -> Path:
    """The tiny chat model, written by the format's own library; weights of whole blocks of 32 in 8 bits, if at all."""
    model = AutoModelForCausalLM.from_pretrained(tiny_chat_folder, dtype=torch.float32)
    tokenizer = AutoTokenizer.from_pretrained(tiny_chat_folder)
    config = model.config
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
        values = weight.numpy().astype(np.float32)
        if quantised and in_blocks(weight):
            values = quantize(values, GGMLQuantizationType.Q8_0)
            writer.add_tensor(name_in_gguf(name), values, raw_dtype=GGMLQuantizationType.Q8_0)
        else:
            writer.add_tensor(name_in_gguf(name), values)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return file


def in_blocks(weight: torch.Tensor) -> bool:
    """Whether a weight's rows are whole blocks of the format's 8 bits."""
    return weight.ndim == 2 and weight.shape[1] % BLOCK == 0


@pytest.fixture(scope="module")
def written(tiny_chat_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tiny chat model in float32."""
    return write(tiny_chat_folder, tmp_path_factory.mktemp("gguf") / "tiny.gguf", quantised=False)


def test_a_gguf_file_is_the_model_that_it_was_written_from(
    written: Path, tiny_chat_folder: Path, tiny_prompt: Prompt, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GRAPE_CACHE", str(tmp_path))
    parses: list[object] = []
    parse = GGUFReader.__init__
    monkeypatch.setattr(GGUFReader, "__init__", lambda *seen: parses.append(seen) or parse(*seen))
    ours, other = (Rewriter.load(str(source), tiny_prompt) for source in (written, tiny_chat_folder))
    assert len(parses) == 1
    assert gguf.GGUFReader is GGUFReader
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


def test_a_quantised_file_is_it_within_half_a_step(
    tiny_chat_folder: Path, tiny_prompt: Prompt, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GRAPE_CACHE", str(tmp_path))
    file = write(tiny_chat_folder, tmp_path / "tiny-8.gguf", quantised=True)
    ours, other = (Rewriter.load(str(source), tiny_prompt, precision="float32") for source in (file, tiny_chat_folder))
    found, expected = ours.model.state_dict(), other.model.state_dict()
    assert sum(in_blocks(weight) for weight in expected.values()) > 5
    for name, weight in expected.items():
        rounded = weight.abs() / 2**8  # to bfloat16, in which it is kept
        step = torch.zeros_like(weight)
        if in_blocks(weight):
            largest = weight.unflatten(1, (-1, BLOCK)).abs().amax(dim=2) / 127
            step = largest.repeat_interleave(BLOCK, dim=1)
            assert not torch.equal(found[name], weight.bfloat16().float()), name
        # The scale of a block is kept in 16 bits.
        assert bool(((found[name] - weight).abs() <= step * (0.5 + 127 / 2**10) + rounded + 1e-6).all()), name


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
