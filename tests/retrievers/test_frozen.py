import torch

from grape_rewrite.retrievers.frozen import freeze


def test_frozen_means_no_training_and_no_gradient() -> None:
    frozen = freeze(torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.BatchNorm1d(4)))
    assert not frozen.training
    assert not any(weight.requires_grad for weight in frozen.parameters())
