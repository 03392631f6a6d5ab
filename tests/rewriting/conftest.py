"""Policies to check against the plain computation: every tiny model in float64, with an adapter that does something."""

from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from peft import LoraConfig, get_peft_model
from transformers import AutoModelForCausalLM, AutoTokenizer

from grape_rewrite.rewriting import Prompt, Rewriter


def widen_norms(model: torch.nn.Module) -> None:
    """Normalise in float64: transformers casts to float32 there, which would hide differences behind its rounding."""
    for parent in list(model.modules()):
        for name, module in list(parent.named_children()):
            if type(module).__name__.endswith("RMSNorm"):
                epsilon = getattr(module, "eps", None) or module.variance_epsilon
                offset = 1.0 if type(module).__name__.startswith("Gemma") else 0.0
                wide = torch.nn.RMSNorm(len(module.weight), eps=epsilon, dtype=torch.float64)
                wide.weight.data = module.weight.data.double() + offset
                setattr(parent, name, wide.requires_grad_(False))


def load_policy(folder: Path, prompt: Prompt) -> Rewriter:
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float64)
    widen_norms(model)
    with torch.random.fork_rng():
        torch.manual_seed(1)
        model = get_peft_model(model, LoraConfig(r=4, target_modules="all-linear", task_type="CAUSAL_LM")).double()
        for name, parameter in model.named_parameters():
            if "lora_B" in name:
                torch.nn.init.normal_(parameter, std=0.1)
    return Rewriter(model, AutoTokenizer.from_pretrained(folder), prompt, str(folder), max_tokens=8)


@pytest.fixture(scope="session", params=["gemma", "qwen", "llama"])
def policy(request: pytest.FixtureRequest, tiny_folders: dict[str, Path], tiny_prompt: Prompt) -> Rewriter:
    return load_policy(tiny_folders[request.param], tiny_prompt)


@pytest.fixture(scope="session")
def plain() -> SimpleNamespace:
    """The plain computation: one sequence at a time through the whole model, the whole head, then the restriction."""

    def logits(rewriter: Rewriter, tokens: list[int]) -> torch.Tensor:
        """(length, V) logits after each token, V being the rewriter's output vocabulary."""
        return rewriter.model(input_ids=torch.tensor([tokens])).logits[0][:, rewriter.vocabulary.tokens]

    def log_probabilities(
        rewriter: Rewriter, prompt: list[int], completion: list[int], temperature: float = 1.0
    ) -> tuple[torch.Tensor, torch.Tensor]:
        found = logits(rewriter, [*prompt, *completion])[len(prompt) - 1 : -1] / temperature
        every = torch.log_softmax(found, -1)
        column = torch.tensor([rewriter.vocabulary.tokens.tolist().index(token) for token in completion])
        return every[torch.arange(len(column)), column], -(every.exp() * every).sum(-1)

    return SimpleNamespace(logits=logits, log_probabilities=log_probabilities)
