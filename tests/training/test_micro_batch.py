"""A step in parts is the step as a whole."""

from pathlib import Path
from typing import Any

import pytest
import torch

from grape_rewrite import Dataset, Index, Rewriter, TrainingConfig, UserError, train
from grape_rewrite.training import requirements
from grape_rewrite.training.trainer import GrapeTrainer


@pytest.mark.parametrize("keep", [2, 4])
def test_parts_have_the_same_gradient(
    keep: int,
    tiny_model_folder: Path,
    tiny_prompt,
    tiny_index: Index,
    tiny_dataset: Dataset,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    step = GrapeTrainer.training_step
    gradients: dict[str, dict[str, torch.Tensor]] = {}

    def watched(policy: Any, *arguments: Any, **named: Any) -> torch.Tensor:
        loss = step(policy, *arguments, **named)
        learning = ((name, weight) for name, weight in policy.model.named_parameters() if weight.requires_grad)
        gradients[policy.args.output_dir] = {name: weight.grad.clone() for name, weight in learning}
        return loss

    monkeypatch.setattr(GrapeTrainer, "training_step", watched)
    sizes = {"steps": 1, "batch": 16, "group": 4, "max_tokens": 6, "warmup": 0, "learning_rate": 0.01}
    for micro_batch in (None, 8, 4, 1):
        rewriter = Rewriter.load(str(tiny_model_folder), tiny_prompt, precision="float32", device="cpu")
        out = tmp_path / str(micro_batch)
        train(rewriter, tiny_index, tiny_dataset, out, **sizes, keep=keep, micro_batch=micro_batch, dev_queries=4)
    whole, *others = gradients.values()
    assert len(others) == 3
    scale = max(float(gradient.abs().max()) for gradient in whole.values())
    assert scale > 0.01
    for parts in others:
        for name, gradient in whole.items():
            torch.testing.assert_close(parts[name], gradient, rtol=1e-4, atol=1e-5 * scale, msg=name)


def test_one_process_trains_on_one_accelerator(tiny_model_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rewriter = Rewriter.load(str(tiny_model_folder), device="cpu")
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 4)
    requirements.require_machine(rewriter, TrainingConfig())  # it lies on the processor
    monkeypatch.setattr(type(rewriter.model), "device", torch.device("cuda:0"))
    with pytest.raises(UserError, match=r"one process sees 4 accelerators.*torchrun --nproc-per-node 4"):
        requirements.require_machine(rewriter, TrainingConfig())


def test_vllm_must_be_there(
    tiny_model_folder: Path, tiny_index: Index, tiny_dataset: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rewriter = Rewriter.load(str(tiny_model_folder))
    monkeypatch.setattr(requirements, "find_spec", lambda _: None)
    with pytest.raises(UserError, match=r"pip install 'grape-rewrite\[vllm\]'"):
        train(rewriter, tiny_index, tiny_dataset, tmp_path / "run", vllm=True, batch=8, group=4)
    assert not (tmp_path / "run").exists()
