"""What a step learns from: sampling is cheaper than learning, so more can be sampled than is learned from.

All functions take the advantages of a step, (B,) with the samples of a group as neighbours, and return others: what is
not learned from gets 0, and `GrapeTrainer` leaves it out of the update.
"""

import torch

EQUAL = 1e-6  # what rounding makes of advantages that are the same


def best_of_group(advantages: torch.Tensor, group: int) -> torch.Tensor:
    """Return the weights of supervised fine-tuning on the best of N: 1 for the best of each group, 0 for the others.

    With these in the place of advantages, the policy gradient is that of the log-likelihood of the best samples (RAFT,
    Dong et al., TMLR 2023): a baseline at exactly the compute of GRPO. Equally good samples share the 1; a group whose
    samples are all worth the same has no best.

    >>> best_of_group(torch.tensor([0.5, -0.5, 0.0, 0.0, 1.0, 1.0]), group=2)
    tensor([1., 0., 0., 0., 0., 0.])

    :param advantages: (B,); larger is better within a group.
    :param group: samples in a group, a divisor of B.
    :return: (B,) weights.
    """
    rows = advantages.view(-1, group)
    best = rows >= rows.max(dim=1, keepdim=True).values - EQUAL
    has_best = ~best.all(dim=1, keepdim=True)
    return (has_best * best / best.sum(dim=1, keepdim=True)).to(advantages.dtype).flatten()


def varied_groups(advantages: torch.Tensor, group: int, count: int) -> torch.Tensor:
    """Keep the groups whose samples differ most: dynamic sampling (as DAPO's, Yu et al., 2025), at a known cost.

    >>> varied_groups(torch.tensor([0.5, -0.5, 0.1, -0.1]), group=2, count=1)
    tensor([ 1., -1.,  0.,  0.])

    :param advantages: (B,).
    :param group: samples in a group, a divisor of B.
    :param count: groups that are kept.
    :return: (B,) advantages, those kept larger by the share that is left out, so that a step is as long as without.
    """
    rows = advantages.view(-1, group)
    chosen = rows.var(dim=1, correction=0).topk(count).indices
    kept = torch.zeros_like(rows)
    kept[chosen] = rows[chosen] * (len(rows) / count)
    return kept.flatten()


def extremes(advantages: torch.Tensor, group: int, count: int) -> torch.Tensor:
    """Keep of each group the samples that differ most: some of the best and some of the worst.

    Which subset has the largest variance is known to be one of these (PODS, Xu et al., 2025). Their mean is the new
    baseline.

    >>> extremes(torch.tensor([0.9, 0.1, -0.1, -0.9]), group=4, count=2)
    tensor([ 1.8000,  0.0000,  0.0000, -1.8000])

    :param advantages: (B,).
    :param group: samples in a group, a divisor of B.
    :param count: samples that are kept, at least two.
    :return: (B,) advantages, those kept larger by the share that is left out.
    """
    values, order = advantages.view(-1, group).sort(dim=1)
    splits = [torch.cat([values[:, :low], values[:, group - count + low :]], dim=1) for low in range(count + 1)]
    lowest = torch.stack([split.var(dim=1, correction=0) for split in splits]).argmax(dim=0)
    place = torch.arange(group, device=advantages.device)
    kept = (place < lowest[:, None]) | (place >= group - count + lowest[:, None])
    mean = (values * kept).sum(dim=1, keepdim=True) / count
    weighed = torch.where(kept, (values - mean) * (group / count), 0.0)
    return torch.zeros_like(weighed).scatter(1, order, weighed).flatten()
