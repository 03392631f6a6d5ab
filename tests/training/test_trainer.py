"""`GrapeTrainer` against stock TRL on the same samples: log-probabilities, loss and adapter gradients, in float64."""

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from datasets import Dataset as Table
from peft import LoraConfig
from transformers import AutoModelForCausalLM, AutoTokenizer, PrinterCallback
from trl import GRPOConfig, GRPOTrainer

from grape_rewrite.rewriting import Rewriter
from grape_rewrite.training.selection import best_of_group
from grape_rewrite.training.trainer import GrapeTrainer

GROUP, MAX_TOKENS = 4, 8
ALLOWED = [1, 2, *range(201, 230)]
# Prompts of different length (stock TRL pads them on the left), with a common beginning, shorter and longer than the
# window of 16; completions that are ragged, equal, or begin alike, one of them cut off without an end token.
PROMPTS = [[2, *range(30, 38)], [2, *range(30, 36), *range(60, 85)], [2, *range(30, 36), 90]]
COMPLETIONS = [
    [[210, 211, 1], [210, 212, 213, 1], [210, 211, 1], [1]],
    [[220, 221, 222, 223, 224, 225, 226, 227], [220, 1], [215, 201], [220, 221, 201]],
    [[216, 1], [216, 217, 1], [216, 1], [218, 219, 220, 1]],
]
REWARDS = {
    "all differ": [[0.0, 1.0, 0.5, 0.2], [0.3, 0.1, 0.9, 0.8], [0.4, 0.6, 0.1, 1.0]],
    "a group without variance": [[0.0, 1.0, 0.5, 0.2], [0.5, 0.5, 0.5, 0.5], [0.4, 0.6, 0.1, 1.0]],
    "no variance": [[0.5] * 4, [0.5] * 4, [0.5] * 4],
}


def fixed_rollout(prompts: list[str], _: GRPOTrainer) -> dict[str, Any]:
    """Gives every trainer the same samples; a prompt is the number of its token ids."""
    numbers = [int(prompt) for prompt in prompts]
    return {
        "prompt_ids": [PROMPTS[number] for number in numbers],
        "completion_ids": [COMPLETIONS[number][i % GROUP] for i, number in enumerate(numbers)],
        "logprobs": None,
    }


def mask_logits(model: torch.nn.Module, tokens: torch.Tensor) -> None:
    """Restrict a stock model to the output vocabulary: a bias leaves every other token without probability."""
    head = model.get_output_embeddings()
    bias = torch.full((len(head.weight),), -1e4, dtype=head.weight.dtype)
    bias[tokens] = 0.0
    head.bias = torch.nn.Parameter(bias)


@pytest.fixture
def pair(
    tiny_folders: dict[str, Path], tiny_prompt, one_step: Callable[..., GRPOConfig]
) -> Callable[..., list[GRPOTrainer]]:
    """Makes GrapeTrainer and stock TRL's with equal weights, samples and rewards."""

    def make(
        family: str, rewards: str = "all differ", restricted: bool = True, **settings: Any
    ) -> tuple[GrapeTrainer, GRPOTrainer]:
        def lookup(prompts: list[str], **_: Any) -> list[float]:
            return [REWARDS[rewards][int(prompt)][i % GROUP] for i, prompt in enumerate(prompts)]

        tokenizer = AutoTokenizer.from_pretrained(tiny_folders[family])
        model = AutoModelForCausalLM.from_pretrained(tiny_folders[family], dtype=torch.float64)
        rewriter = Rewriter(copy.deepcopy(model), tokenizer, tiny_prompt, family)
        if restricted:
            rewriter.restrict(ALLOWED)
            mask_logits(model, rewriter.vocabulary.tokens)
        arguments = {
            "reward_funcs": lookup,
            "args": one_step(
                per_device_train_batch_size=len(PROMPTS) * GROUP,
                num_generations=GROUP,
                max_completion_length=MAX_TOKENS,
                # Plain gradient descent with rate 1: the change of a weight is its gradient.
                optim="sgd",
                learning_rate=1.0,
                max_grad_norm=0.0,
                lr_scheduler_type="constant",
                shuffle_dataset=False,
                activation_checkpointing=False,
                dataloader_pin_memory=False,
                **settings,
            ),
            "train_dataset": Table.from_dict({"prompt": ["0", "1", "2"]}),
            "peft_config": LoraConfig(r=4, target_modules="all-linear", task_type="CAUSAL_LM"),
        }
        ours = GrapeTrainer(rewriter=rewriter, **copy.deepcopy(arguments))
        stock = GRPOTrainer(model=model, processing_class=tokenizer, **copy.deepcopy(arguments))
        for trainer in (ours, stock):
            trainer.rollout_func = fixed_rollout
            trainer.remove_callback(PrinterCallback)
            trainer.model.double()
            generator = torch.Generator().manual_seed(3)
            for parameter in adapter(trainer).values():
                parameter.data = 0.1 * torch.randn(parameter.shape, generator=generator, dtype=torch.float64)
        return ours, stock

    return make


def adapter(trainer: GRPOTrainer) -> dict[str, torch.nn.Parameter]:
    return {name: parameter for name, parameter in trainer.model.named_parameters() if parameter.requires_grad}


def step(trainer: GRPOTrainer) -> tuple[dict[str, torch.Tensor], dict[str, Any]]:
    """Train for one step; return the gradient of each adapter weight, and what was logged."""
    before = {name: parameter.detach().clone() for name, parameter in adapter(trainer).items()}
    trainer.train()
    gradient = {name: before[name] - parameter.detach() for name, parameter in adapter(trainer).items()}
    return gradient, trainer.state.log_history[0]


def assert_same_step(ours: GrapeTrainer, stock: GRPOTrainer, *, moves: bool = True) -> None:
    (mine, my_log), (theirs, their_log) = step(ours), step(stock)
    scale = max(float(gradient.abs().max()) for gradient in theirs.values())
    assert (scale > 1e-3) == moves
    for name in theirs:
        # transformers' norms round to float32 on the way, forward and back.
        torch.testing.assert_close(mine[name], theirs[name], rtol=1e-4, atol=1e-6 * max(scale, 1e-3), msg=name)
    for key in ("loss", "reward", "reward_std", "frac_reward_zero_std", "completions/mean_length", "num_tokens"):
        assert my_log[key] == pytest.approx(their_log[key], abs=1e-6), key
    assert my_log["grad_norm"] == pytest.approx(their_log["grad_norm"], rel=1e-5, abs=1e-7)


@pytest.mark.parametrize("restricted", [True, False])
@pytest.mark.parametrize("family", ["gemma", "qwen", "llama"])
def test_log_probabilities_and_entropies(pair, family: str, restricted: bool) -> None:
    """On a padded batch: prompts on the left, completions on the right."""
    prompts = [PROMPTS[i // GROUP] for i in range(len(PROMPTS) * GROUP)]
    completions = [ids for group in COMPLETIONS for ids in group]
    left = max(map(len, prompts))
    rows, masks = [], []
    for prompt, completion in zip(prompts, completions, strict=True):
        before, after = left - len(prompt), MAX_TOKENS - len(completion)
        rows.append([0] * before + prompt + completion + [0] * after)
        masks.append([0] * before + [1] * (len(prompt) + len(completion)) + [0] * after)
    batch = (torch.tensor(rows), torch.tensor(masks), MAX_TOKENS)
    alive = batch[1][:, left:].bool()
    found = []
    for trainer in pair(family, restricted=restricted, temperature=0.8):
        values, entropies, _ = trainer._get_per_token_logps_and_entropies(trainer.model, *batch, compute_entropy=True)
        assert values.shape == entropies.shape == alive.shape
        assert values.requires_grad
        found.append((values.detach()[alive], entropies.detach()[alive]))
    for mine, reference in zip(*found, strict=True):
        torch.testing.assert_close(mine, reference, rtol=0, atol=5e-6, check_dtype=False)


@pytest.mark.parametrize("rewards", REWARDS)
@pytest.mark.parametrize("family", ["gemma", "qwen"])
def test_one_step(pair, family: str, rewards: str) -> None:
    """Completions without an advantage are left out by ours alone; the gradient is the same."""
    assert_same_step(*pair(family, rewards), moves=rewards != "no variance")


def test_one_step_in_the_whole_vocabulary(pair) -> None:
    assert_same_step(*pair("llama", restricted=False))


@pytest.mark.parametrize(
    "settings",
    [
        {"temperature": 0.7},
        {"temperature": 1.3, "multi_objective_aggregation": "normalize_then_sum"},
        {"beta": 0.1},
        {"entropy_coef": 0.5},
        {"loss_type": "grpo"},
        {"loss_type": "dr_grpo"},
    ],
    ids=str,
)
def test_one_step_with_other_settings(pair, settings: dict[str, Any]) -> None:
    assert_same_step(*pair("gemma", "a group without variance", **settings))


def test_imitation_is_the_likelihood_of_the_best_samples(pair) -> None:
    ours, stock = pair("gemma", "all differ")
    ours.select = lambda advantages: best_of_group(advantages, ours.num_generations)
    total = sum(len(completion) for group in COMPLETIONS for completion in group)
    loss = 0.0
    for prompt, group, rewards in zip(PROMPTS, COMPLETIONS, REWARDS["all differ"], strict=True):
        best = group[rewards.index(max(rewards))]
        row = torch.tensor([prompt + best])
        values, _, _ = stock._get_per_token_logps_and_entropies(stock.model, row, torch.ones_like(row), len(best))
        loss = loss - values.sum() / total
    loss.backward()
    mine, _ = step(ours)
    scale = max(float(parameter.grad.abs().max()) for parameter in adapter(stock).values())
    assert scale > 1e-3
    for name, parameter in adapter(stock).items():
        torch.testing.assert_close(mine[name], parameter.grad, rtol=1e-4, atol=1e-6 * scale, msg=name)
