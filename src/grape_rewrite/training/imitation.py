"""Rejection sampling: learn the best sample of each group by heart, instead of weighing all by their advantage."""

import torch


def best_of_group(advantages: torch.Tensor, group: int) -> torch.Tensor:
    """Return the weights of supervised fine-tuning on the best of N: 1 for the best of each group, 0 for the others.

    With these in the place of advantages, the policy gradient is that of the log-likelihood of the best samples (RAFT,
    Dong et al., TMLR 2023): a baseline at exactly the compute of GRPO. Equally good samples share the 1; a group whose
    samples are all worth the same has no best.

    >>> best_of_group(torch.tensor([0.5, -0.5, 0.0, 0.0, 1.0, 1.0]), group=2)
    tensor([1., 0., 0., 0., 0., 0.])

    :param advantages: (B,) of samples whose groups are neighbours; larger is better within a group.
    :param group: samples in a group, a divisor of B.
    :return: (B,) weights.
    """
    rows = advantages.view(-1, group)
    best = rows == rows.max(dim=1, keepdim=True).values
    has_best = ~best.all(dim=1, keepdim=True)
    return (has_best * best / best.sum(dim=1, keepdim=True)).to(advantages.dtype).flatten()
