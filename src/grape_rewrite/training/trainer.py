"""`GrapeTrainer`: TRL's GRPOTrainer, with sampling and scoring over token trees and a small output vocabulary."""

import logging
import warnings
from collections.abc import Callable
from typing import Any

import torch
from accelerate.utils import DistributedType
from safetensors import SafetensorError

from grape_rewrite.errors import UserError, reason
from grape_rewrite.rewriting.rewriter import Rewriter
from grape_rewrite.rewriting.scoring import log_probabilities
from grape_rewrite.training.exploration import next_temperature

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from trl import GRPOTrainer

logger = logging.getLogger(__name__)


class GrapeTrainer(GRPOTrainer):
    """Trains the adapter of a `Rewriter`.

    Three things differ from TRL's trainer without changing the gradient: completions are sampled over a `Forest`
    (through TRL's `rollout_func`), their log-probabilities are computed over a `Forest`, and completions without an
    advantage are left out of the update, and so of the entropy that is logged. Besides, words are those of the
    rewriter's output vocabulary, and `select` and `distinct` say what is learned from and how it is sampled. The rest,
    TRL's loss, logging and checkpoints, is TRL's.

    Several processes, one for each accelerator, share a step: each samples and scores its part, and their gradients are
    averaged. The stock path computes the log-probabilities where this does not apply: vLLM, which samples from the
    whole vocabulary; images; a model that is itself divided among processes.

    :param rewriter: prompt, output vocabulary and end tokens; its model is the one that is trained.
    :param select: from the advantages of a step (B,) to those that are learned from; see `training.selection`.
    :param distinct: the share of a group's rewrites that should differ, 0 for any; see `training.exploration`. TRL's
        own passes keep the temperature that they began with, and it is passed over.
    """

    def __init__(
        self,
        rewriter: Rewriter,
        select: Callable[[torch.Tensor], torch.Tensor] | None = None,
        distinct: float = 0.0,
        **arguments: Any,
    ) -> None:
        self.rewriter = rewriter
        self.select = select
        self.distinct = distinct
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message=".*rollout_func")  # experimental in TRL; its minor is pinned
            warnings.filterwarnings("ignore", category=FutureWarning)  # PEFT calls transformers by old names
            super().__init__(
                model=rewriter.model,
                processing_class=rewriter.processor,
                rollout_func=None if arguments["args"].use_vllm or rewriter.sees else _rollout,
                **arguments,
            )
        rewriter.model = self.model  # with the adapter that TRL put on it
        self.eos_token_ids = rewriter.stop  # TRL counts a rewrite that ends otherwise as cut off
        stock = {"vLLM": self.use_vllm, "pictures": rewriter.sees, "a divided model": not self._is_whole}
        self.shares = not any(stock.values())
        self.has_entropy_bonus = self.args.entropy_coef != 0.0 or self.args.use_adaptive_entropy
        if not self.shares:
            why = next(reason for reason, holds in stock.items() if holds)
            logger.warning("%s: TRL's own forward pass is used instead of shared prompts", why)
            if distinct:
                self.distinct = 0.0
                logger.warning("%s: the temperature stays as it is, whatever distinct says", why)

    @property
    def _is_whole(self) -> bool:
        """Whether each process has the whole model."""
        kind = self.accelerator.distributed_type
        return kind == DistributedType.NO or kind.value.startswith("MULTI_")

    def _save_checkpoint(self, *arguments: Any, **named: Any) -> None:
        """Save what an interrupted run goes on from; the checkpoint before it is removed only when it is whole."""
        try:
            super()._save_checkpoint(*arguments, **named)
        except (OSError, RuntimeError, SafetensorError) as error:  # PyTorch and safetensors wrap the system's own error
            raise UserError(
                f"cannot save a checkpoint in {self.args.output_dir}: {reason(error)}; what was saved before is kept"
            ) from error

    def training_step(self, *arguments: Any, **named: Any) -> torch.Tensor:
        """Run a step; several processes average their gradients, as the forward pass goes past their wrappers."""
        loss: torch.Tensor = super().training_step(*arguments, **named)
        if self.shares and self.accelerator.num_processes > 1 and self.accelerator.sync_gradients:
            for parameter in self.model.parameters():
                if parameter.requires_grad:
                    if parameter.grad is None:  # nothing to learn from in this process's part
                        parameter.grad = torch.zeros_like(parameter)
                    parameter.grad = self.accelerator.reduce(parameter.grad, reduction="mean")
        return loss

    def _generate_and_score_completions(self, inputs: list[dict[str, Any]]) -> dict[str, Any]:
        """Sample and score the prompts of a step."""
        if self.model.training:
            self.temperature = next_temperature(self.state.log_history, self.distinct, self.args.temperature)
            self._metrics["train"]["temperature"].append(self.temperature)
        made: dict[str, Any] = super()._generate_and_score_completions(inputs)
        if self.select and self.model.training:
            made["advantages"] = self.select(made["advantages"])
        return made

    def _get_per_token_logps_and_entropies(
        self,
        model: Any,
        input_ids: torch.Tensor,
        attention_mask: torch.Tensor,
        logits_to_keep: int,
        *rest: Any,
        **extra: Any,
    ) -> tuple[torch.Tensor, torch.Tensor | None, torch.Tensor | None]:
        """Score the last `logits_to_keep` tokens of each row: (B, T) log-probabilities and entropies."""
        if not self.shares:
            return super()._get_per_token_logps_and_entropies(
                model, input_ids, attention_mask, logits_to_keep, *rest, **extra
            )
        split = input_ids.shape[1] - logits_to_keep
        alive = attention_mask.bool()
        prompts = [row[mask].tolist() for row, mask in zip(input_ids[:, :split], alive[:, :split], strict=True)]
        completions = [row[mask].tolist() for row, mask in zip(input_ids[:, split:], alive[:, split:], strict=True)]
        chosen, entropy = log_probabilities(
            self.rewriter.decoder,
            self.rewriter.vocabulary,
            prompts,
            completions,
            self.temperature,
            entropy_gradient=self.has_entropy_bonus,
        )
        kept = alive[:, split:]
        flat, flat_entropy = torch.cat(chosen), torch.cat(entropy)
        zeros = torch.zeros(kept.shape, dtype=flat.dtype, device=flat.device)
        return zeros.masked_scatter(kept, flat), zeros.masked_scatter(kept, flat_entropy), None

    def _compute_loss(self, model: Any, inputs: dict[str, Any]) -> torch.Tensor:
        """Leave out completions without an advantage: their loss and gradient are zero, and so is their worth.

        Under TRL's `dapo` normalisation the divisor counts all completions of the batch whether they are here or not,
        so the gradient stays the same. A KL term or an entropy bonus would need them.
        """
        if self.shares and self.loss_type == "dapo" and self.beta == 0.0 and not self.has_entropy_bonus:
            counts = self._counting(inputs["advantages"])
            inputs = {
                key: value[counts]
                if isinstance(value, torch.Tensor) and value.dim() and len(value) == len(counts)
                else value
                for key, value in inputs.items()
            }
        return super()._compute_loss(model, inputs)

    def _counting(self, advantages: torch.Tensor) -> torch.Tensor:
        """Which completions (B,) are run: those with an advantage, and others until all processes run equally many.

        TRL gathers a figure of each completion, and an update needs at least one to differentiate.
        """
        counts = advantages.abs() > 1e-6
        most = max(1, int(self.accelerator.gather(counts.sum()[None]).max()))
        counts[(~counts).nonzero()[: most - int(counts.sum())]] = True
        return counts


def _rollout(prompts: list[str], trainer: GrapeTrainer) -> dict[str, Any]:
    """TRL's `rollout_func`: sample for prompts (texts), which come in groups of equal neighbours."""
    group = trainer.num_generations if trainer.model.training else trainer.num_generations_eval
    encoded = [trainer.rewriter.encode(prompt) for prompt in prompts[::group]]
    completions = trainer.rewriter.complete(encoded, group, trainer.temperature, trainer.max_completion_length)
    return {
        "prompt_ids": [ids for ids in encoded for _ in range(group)],
        "completion_ids": completions,
        "logprobs": None,
    }
