"""Trains the tiny model in as many processes as it is started in; see `test_processes.py`.

What a prompt's samples are depends on the prompt alone, so that one process and two see the same. But the first group
of a step is alike: there is nothing to learn from it, and less in the first process than in the second.
"""

import sys
import zlib
from pathlib import Path
from typing import Any

import torch

from grape_rewrite import Dataset, Retriever, Rewriter, train
from grape_rewrite.processes import is_first
from grape_rewrite.rewriting.prompt import Prompt
from grape_rewrite.training import trainer


def seeded(prompts: list[str], policy: Any) -> dict[str, Any]:
    """The rollout of `GrapeTrainer`, each prompt with a seed of its own."""
    group = policy.num_generations
    completions = []
    for prompt in prompts[::group]:
        torch.manual_seed(zlib.crc32(prompt.encode()))
        ids = policy.rewriter.encode(prompt)
        completions += policy.rewriter.complete([ids], group, policy.temperature, policy.max_completion_length)
    if is_first():
        completions[:group] = completions[:1] * group
    encoded = [policy.rewriter.encode(prompt) for prompt in prompts]
    return {"prompt_ids": encoded, "completion_ids": completions, "logprobs": None}


def main(model: str, retriever: str, data: str, out: str) -> None:
    """Train two steps and write each process's gradients, as its optimizer saw them, beside the run."""
    trainer._rollout = seeded
    step = trainer.GrapeTrainer.training_step
    seen: list[dict[str, torch.Tensor]] = []

    def watched(policy: Any, *arguments: Any, **named: Any) -> torch.Tensor:
        loss = step(policy, *arguments, **named)
        learning = ((name, weight) for name, weight in policy.model.named_parameters() if weight.requires_grad)
        seen.append({name: weight.grad.clone() for name, weight in learning})
        return loss

    trainer.GrapeTrainer.training_step = watched
    dataset = Dataset.load(Path(data))
    prompt = Prompt("Describe the picture.", examples=(("rot Mond", "red moon"),))
    rewriter = Rewriter.load(model, prompt, device="cpu", precision="float32")
    index = Retriever.load(retriever, device="cpu").index(dataset.corpus)
    sizes = {"steps": 2, "batch": 16, "group": 4, "max_tokens": 6, "warmup": 0, "learning_rate": 0.01}
    train(rewriter, index, dataset, out, **sizes, temperature=1.0, evaluate_every=2, dev_queries=8)
    torch.save(seen, f"{out}.{0 if is_first() else 1}.pt")


if __name__ == "__main__":
    main(*sys.argv[1:])
