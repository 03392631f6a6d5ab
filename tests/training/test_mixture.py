"""Mixtures of experts are trained by the same path as others."""

from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import AutoTokenizer, MixtralConfig, MixtralForCausalLM
from trl import GRPOTrainer

from grape_rewrite.datasets import Dataset
from grape_rewrite.index import Index
from grape_rewrite.rewriting import Prompt, Rewriter
from grape_rewrite.training import train


def test_prompts_are_shared(
    tiny_model_folder: Path,
    tiny_prompt: Prompt,
    index: Index,
    tiny_dataset: Dataset,
    small: dict[str, Any],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def stock(*arguments: Any, **named: Any) -> None:
        raise AssertionError("TRL's own forward pass is used")

    monkeypatch.setattr(GRPOTrainer, "_get_per_token_logps_and_entropies", stock)
    tokenizer = AutoTokenizer.from_pretrained(tiny_model_folder)
    sizes = {"hidden_size": 16, "intermediate_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2}
    experts = {"num_key_value_heads": 1, "num_local_experts": 2, "num_experts_per_tok": 1}
    tokens = {"pad_token_id": 0, "eos_token_id": 1, "bos_token_id": 2}
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = MixtralForCausalLM(MixtralConfig(vocab_size=len(tokenizer), **sizes, **experts, **tokens))
    assert model.config.router_aux_loss_coef > 0
    for part in (model, tokenizer):
        part.save_pretrained(tmp_path / "mixture")
    rewriter = Rewriter.load(str(tmp_path / "mixture"), tiny_prompt)
    train(rewriter, index, tiny_dataset, tmp_path / "run", **{**small, "steps": 1, "evaluate_every": 1})
    assert (tmp_path / "run" / "history.jsonl").is_file()
