"""Log-probabilities over token trees against the plain, one-sequence-at-a-time computation, in float64."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from grape_rewrite.rewriting import Rewriter
from grape_rewrite.rewriting.prefixes import families, shared_prefix
from grape_rewrite.rewriting.scoring import log_probabilities

Sequences = list[tuple[list[int], list[int]]]
ALLOWED = [1, 2, *range(201, 220)]  # the ends of every tiny model, the line break, and more
SLOW = settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture(autouse=True)
def restricted(policy: Rewriter) -> Iterator[None]:
    before = policy.vocabulary
    policy.restrict(ALLOWED)
    yield
    policy.vocabulary = before


@pytest.fixture
def assert_as_plain(policy: Rewriter, plain) -> Callable[..., None]:
    """Compare values, entropies and adapter gradients of a weighted sum of all log-probabilities."""

    def compare(sequences: Sequences, temperature: float = 1.0) -> None:
        weights = iter(np.random.default_rng(0).normal(size=sum(len(completion) for _, completion in sequences)))
        weights = [torch.tensor([next(weights) for _ in completion]) for _, completion in sequences]
        parameters = [parameter for parameter in policy.model.parameters() if parameter.requires_grad]
        prompts, completions = zip(*sequences, strict=True)
        ours, our_entropies = log_probabilities(policy.decoder, policy.vocabulary, prompts, completions, temperature)
        theirs, their_entropies = zip(
            *(plain.log_probabilities(policy, prompt, ids, temperature) for prompt, ids in sequences), strict=True
        )
        for mine, reference in zip([*ours, *our_entropies], [*theirs, *their_entropies], strict=True):
            torch.testing.assert_close(mine.detach(), reference.detach(), rtol=0, atol=1e-9)
        assert not our_entropies[0].requires_grad
        gradients = []
        for found in (ours, theirs):
            total = sum((weight * values).sum() for weight, values in zip(weights, found, strict=True))
            gradients.append(torch.autograd.grad(total, parameters))
        for mine, reference in zip(*gradients, strict=True):
            torch.testing.assert_close(mine, reference, rtol=1e-7, atol=1e-10)

    return compare


def tokens(*, smallest: int = 0, largest: int, values: list[int] | None = None) -> st.SearchStrategy[list[int]]:
    each = st.sampled_from(values) if values else st.integers(3, 400)
    return st.lists(each, min_size=smallest, max_size=largest)


@st.composite
def batches(draw: st.DrawFn) -> Sequences:
    """Prompts that share all, some or nothing; completions of so few distinct tokens that they share beginnings."""
    shared = draw(tokens(largest=24))
    rests = draw(st.lists(tokens(smallest=1, largest=20), min_size=1, max_size=4))
    prompts = [shared + rest for rest in rests]
    completion = tokens(smallest=1, largest=6, values=ALLOWED[:5])
    return draw(st.lists(st.tuples(st.sampled_from(prompts), completion), min_size=1, max_size=8))


@SLOW
@given(sequences=batches(), temperature=st.sampled_from([0.5, 1.0, 1.7]))
def test_any_batch(assert_as_plain: Callable[..., None], sequences: Sequences, temperature: float) -> None:
    assert_as_plain(sequences, temperature)


def test_one_prompt_one_token(assert_as_plain: Callable[..., None]) -> None:
    assert_as_plain([([5], [201])])


def test_equal_completions_count_each(assert_as_plain: Callable[..., None]) -> None:
    assert_as_plain([([5, 6, 7], [201, 202, 1])] * 4 + [([5, 6, 7], [201, 202, 203, 1])])


def test_prompt_that_another_begins_with(assert_as_plain: Callable[..., None]) -> None:
    assert_as_plain([([5, 6, 7], [201, 1]), ([5, 6, 7, 8, 9], [201, 1]), ([5, 6], [201, 1])])


def test_completion_that_continues_as_another_prompt(assert_as_plain: Callable[..., None]) -> None:
    """The prompt 5 201 and the completion 201 of the prompt 5 are the same tokens, but different nodes."""
    assert_as_plain([([5], [201, 202, 1]), ([5, 201], [202, 1])])


def test_prompts_beyond_the_window(assert_as_plain: Callable[..., None]) -> None:
    """The prefix, the rests and the completions are each longer than the sliding window of 16."""
    prefix, rest = list(range(10, 50)), list(range(60, 80))
    long = [ALLOWED[i % len(ALLOWED)] for i in range(20)]
    assert_as_plain(
        [([*prefix, *rest], long), ([*prefix, *rest], long[:5]), ([*prefix, 9], [*long[:9], 1]), (prefix, long)]
    )


@pytest.mark.parametrize("length", range(13, 19))
def test_around_the_window(assert_as_plain: Callable[..., None], length: int) -> None:
    """One token more or less at the edge of the window, in the prefix and below it."""
    prompt = list(range(10, 10 + length))
    assert_as_plain([(prompt, [201, 202, 203]), ([*prompt[:-1], 9], [203])])
    assert_as_plain([(prompt, [201, 202, 203]), ([9, *prompt[1:]], [203, 204, 205, 206])])


def test_more_than_a_row(assert_as_plain: Callable[..., None]) -> None:
    """Twelve prompts of 20 to 86 tokens do not fit into one row of the forest; the rows end up of different length."""
    random = np.random.default_rng(1)
    sequences = []
    for number in range(12):
        prompt = [7, 8, *random.integers(3, 400, size=18 + 6 * number).tolist()]
        for _ in range(3):
            sequences.append((prompt, random.choice(ALLOWED[:4], size=random.integers(1, 7)).tolist()))
    assert_as_plain(sequences)


def test_prompts_of_two_tasks(assert_as_plain: Callable[..., None]) -> None:
    """Each task's instruction is run once, in a forest of its own; the prompts come in turn."""
    prompts = [[*range(20 + 200 * (number % 2), 220 + 200 * (number % 2)), 500 + number] for number in range(8)]
    assert families(prompts) == [[0, 2, 4, 6], [1, 3, 5, 7]]
    assert_as_plain([(prompt, [201, 202 + number % 3, 1]) for number, prompt in enumerate(prompts) for _ in range(2)])


def test_whole_vocabulary(policy: Rewriter, plain) -> None:
    policy.vocabulary = type(policy.vocabulary).of(policy.model, None)
    found, entropies = log_probabilities(policy.decoder, policy.vocabulary, [[5, 6]], [[300, 1]], 1.0)
    reference, entropy = plain.log_probabilities(policy, [5, 6], [300, 1])
    torch.testing.assert_close(found[0], reference, rtol=0, atol=1e-9)
    torch.testing.assert_close(entropies[0], entropy, rtol=0, atol=1e-9, check_device=False)


def test_token_outside_the_vocabulary(policy: Rewriter) -> None:
    with pytest.raises(ValueError, match="token 300 is outside"):
        log_probabilities(policy.decoder, policy.vocabulary, [[5]], [[201, 300]], 1.0)


def test_empty_completion(policy: Rewriter) -> None:
    with pytest.raises(ValueError, match="no tokens"):
        log_probabilities(policy.decoder, policy.vocabulary, [[5], [5]], [[201], []], 1.0)


class Watched:
    """A decoder that keeps the shape of what it is asked to run."""

    def __init__(self, decoder: Any) -> None:
        self._decoder = decoder
        self.shapes: list[tuple[int, ...]] = []

    def __call__(self, **inputs: Any) -> Any:
        self.shapes.append(tuple(inputs["input_ids"].shape))
        return self._decoder(**inputs)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._decoder, name)


@pytest.mark.parametrize("count", [1, 5, 40])
@pytest.mark.parametrize("seed", range(3))
def test_little_is_padded(policy: Rewriter, count: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    shared = rng.choice(ALLOWED, 20).tolist()
    prompts = [[*shared, 3 + place, *rng.choice(ALLOWED, rng.integers(6, 13))] for place in range(count)]
    completions = [rng.choice(ALLOWED, rng.integers(3, 10)).tolist() for _ in prompts]
    watched = Watched(policy.decoder)
    log_probabilities(watched, policy.vocabulary, prompts, completions)
    cut = shared_prefix(prompts)
    pairs = list(zip(prompts, completions, strict=True))
    nodes = sum(len(prompt) - cut + len(completion) - 1 for prompt, completion in pairs)
    prefix, trees = watched.shapes
    assert prefix == (1, cut)
    assert nodes <= trees[0] * trees[1] <= 1.1 * nodes
