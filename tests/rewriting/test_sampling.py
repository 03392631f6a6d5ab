"""Sampling over token trees: the right distribution, and greedily what transformers' own generation returns."""

from collections import Counter
from collections.abc import Callable, Iterator

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scipy.stats import chisquare

from grape_rewrite.rewriting import Rewriter
from grape_rewrite.rewriting.prefixes import families

WORDS = [202, 203, 204, 205]
# Below, at and beyond the window of 16, with a common beginning, and more of them than fit into one row.
PROMPTS = [[2, 9, *range(20, 20 + length), length + 50] for length in (1, 3, 11, 12, 13, 14, 15, 30, 45)]


@pytest.fixture(autouse=True)
def unrestricted(policy: Rewriter) -> Iterator[None]:
    before = policy.vocabulary
    yield
    policy.vocabulary = before


@pytest.fixture
def draw(policy: Rewriter) -> Callable[..., list[list[int]]]:
    def complete(prompts: list[list[int]], group: int, temperature: float, max_tokens: int, seed: int = 0):
        with torch.random.fork_rng():
            torch.manual_seed(seed)
            return policy.complete(prompts, group, temperature, max_tokens)

    return complete


@pytest.mark.parametrize("restricted", [False, True])
def test_greedy_is_what_transformers_generates(policy: Rewriter, restricted: bool) -> None:
    banned = None
    if restricted:
        policy.restrict(range(100, 150))
        banned = torch.nonzero(policy.vocabulary.row < 0)[:, 0].tolist()
    found = policy.complete(PROMPTS, 1, 0.0, 12)
    for prompt, completion in zip(PROMPTS, found, strict=True):
        expected = policy.model.generate(
            input_ids=torch.tensor([prompt]),
            attention_mask=torch.ones(1, len(prompt), dtype=torch.long),
            do_sample=False,
            max_new_tokens=12,
            eos_token_id=policy.stop,
            suppress_tokens=banned,
        )
        assert completion == expected[0, len(prompt) :].tolist()


def test_a_prompt_alone_is_the_same_prompt_among_others(policy: Rewriter) -> None:
    together = policy.complete(PROMPTS, 2, 0.0, 10)
    for number, prompt in enumerate(PROMPTS):
        assert together[2 * number : 2 * number + 2] == policy.complete([prompt], 1, 0.0, 10) * 2
    backwards = policy.complete(PROMPTS[::-1], 1, 0.0, 10)
    assert backwards[::-1] == together[::2]


def test_prompts_of_two_tasks_are_each_what_they_are_alone(policy: Rewriter) -> None:
    prompts = [[*range(20 + 150 * (number % 2), 170 + 150 * (number % 2)), 400 + number] for number in range(10)]
    assert families(prompts) == [[0, 2, 4, 6, 8], [1, 3, 5, 7, 9]]
    together = policy.complete(prompts, 2, 0.0, 8)
    assert len({tuple(ids) for ids in together}) > 1
    for number, prompt in enumerate(prompts):
        assert together[2 * number : 2 * number + 2] == policy.complete([prompt], 1, 0.0, 8) * 2


@pytest.mark.parametrize("temperature", [0.7, 1.0, 1.5])
def test_first_two_tokens_have_their_probabilities(policy: Rewriter, plain, draw, temperature: float) -> None:
    """A chi-square test against the exact probabilities of all pairs, for a short and a long prompt."""
    policy.restrict(WORDS)
    group, prompts = 4000, [PROMPTS[0], PROMPTS[-1]]
    completions = draw(prompts, group, temperature, 2)
    for number, prompt in enumerate(prompts):
        expected: dict[tuple[int, ...], float] = {}
        first = torch.softmax(plain.logits(policy, prompt)[-1] / temperature, -1)
        for token, probability in zip(policy.vocabulary.tokens.tolist(), first.tolist(), strict=True):
            if token in policy.stop:
                expected[(token,)] = probability
                continue
            second = torch.softmax(plain.logits(policy, [*prompt, token])[-1] / temperature, -1) * probability
            pairs = [(token, after) for after in policy.vocabulary.tokens.tolist()]
            expected |= dict(zip(pairs, second.tolist(), strict=True))
        counted = Counter(tuple(ids) for ids in completions[number * group : (number + 1) * group])
        assert set(counted) <= set(expected)
        # The test needs five or so expected of each; the rare rest is one class.
        common = [pair for pair, p in expected.items() if p * group >= 5]
        rest = 1 - sum(expected[pair] for pair in common)
        observed = np.array([counted[pair] for pair in common] + [group - sum(counted[pair] for pair in common)])
        predicted = np.array([expected[pair] for pair in common] + [rest]) * group
        kept = predicted > 1e-6
        assert kept.sum() > 5
        assert chisquare(observed[kept], predicted[kept] * observed[kept].sum() / predicted[kept].sum()).pvalue > 1e-3


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    prompts=st.lists(st.lists(st.integers(3, 400), min_size=1, max_size=20), min_size=1, max_size=6),
    group=st.integers(1, 5),
    max_tokens=st.integers(1, 6),
    seed=st.integers(0, 99),
)
def test_form(policy: Rewriter, draw, prompts: list[list[int]], group: int, max_tokens: int, seed: int) -> None:
    policy.restrict(WORDS)
    completions = draw(prompts, group, 1.0, max_tokens, seed)
    assert len(completions) == len(prompts) * group
    for ids in completions:
        assert 1 <= len(ids) <= max_tokens
        assert set(ids) <= set(policy.vocabulary.tokens.tolist())
        assert not set(ids[:-1]) & set(policy.stop)
        assert len(ids) == max_tokens or ids[-1] in policy.stop
    assert draw(prompts, group, 1.0, max_tokens, seed) == completions


def test_seeds_differ(draw) -> None:
    assert draw(PROMPTS, 4, 1.0, 6, seed=1) != draw(PROMPTS, 4, 1.0, 6, seed=2)
