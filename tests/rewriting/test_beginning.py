"""What prompts begin with: run once, kept for as long as the weights stay, and never to be seen in what comes out."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import torch

from grape_rewrite.rewriting import Prompt, Rewriter
from grape_rewrite.rewriting.asked import Asked
from grape_rewrite.rewriting.beginning import MOST, Beginning, Beginnings
from grape_rewrite.rewriting.forest import Forest
from grape_rewrite.rewriting.prefixes import shared_prefix

QUERIES = ["rot Apfel", "maison bleu", "grün Mond", "a", "b"]


@contextmanager
def counted(decoder: torch.nn.Module) -> Iterator[list[int]]:
    """The tokens of each pass through a decoder."""
    passes: list[int] = []
    hook = decoder.register_forward_pre_hook(
        lambda _, __, inputs: passes.append(inputs["input_ids"].numel()), with_kwargs=True
    )
    try:
        yield passes
    finally:
        hook.remove()


@pytest.fixture
def rewriter(policy: Rewriter) -> Iterator[Rewriter]:
    """A policy that has been asked nothing, whose weights are put back."""
    weights = {name: weight.clone() for name, weight in policy.model.state_dict().items()}
    policy._beginnings = Beginnings()
    yield policy
    policy.model.load_state_dict(weights)
    policy._beginnings = Beginnings()


def beginning_of(rewriter: Rewriter) -> list[int]:
    prompts = [rewriter.encode(rewriter.prompt_text(query)) for query in ("a", "b")]
    return prompts[0][: shared_prefix(prompts)]


def one_by_one(rewriter: Rewriter, queries: list[str]) -> list[list[int]]:
    """The likeliest completion of each query, asked alone."""
    return [ids for query in queries for ids in rewriter.respond([Asked(query)], 1, 0.0)]


def anew(rewriter: Rewriter, queries: list[str]) -> list[list[int]]:
    """The same, as if nothing had been asked before."""
    found = []
    for query in queries:
        rewriter._beginnings = Beginnings()
        found += one_by_one(rewriter, [query])
    return found


def test_rewrites_are_those_of_transformers(rewriter: Rewriter) -> None:
    for query in QUERIES:
        prompt = rewriter.encode(rewriter.prompt_text(query))
        expected = rewriter.model.generate(
            input_ids=torch.tensor([prompt]),
            attention_mask=torch.ones(1, len(prompt), dtype=torch.long),
            do_sample=False,
            max_new_tokens=rewriter.max_tokens,
            eos_token_id=rewriter.stop,
        )
        assert rewriter.complete([prompt], 1, 0.0) == [expected[0, len(prompt) :].tolist()]


def test_states_are_those_of_the_whole_prompt(rewriter: Rewriter) -> None:
    tokens = rewriter.encode(rewriter.prompt_text("rot Apfel"))
    with torch.no_grad():
        plain = rewriter.decoder(input_ids=torch.tensor([tokens])).last_hidden_state[0]
        for length in (0, 1, len(tokens) // 2, len(tokens) - 1):
            kept = Beginning.of(rewriter.decoder, tokens[:length])
            for rows in (1, 3):  # the same state serves again and again
                rest = tokens[length:]
                _, hidden = Forest(rewriter.decoder, kept, rows).extend(
                    torch.zeros(len(rest), dtype=torch.long).numpy(),
                    torch.tensor([-1, *range(-2, -len(rest) - 1, -1)]).numpy(),
                    torch.tensor(rest).numpy(),
                )
                torch.testing.assert_close(hidden, plain[length:], atol=1e-10, rtol=0)


def test_the_beginning_is_run_once(rewriter: Rewriter) -> None:
    length = len(beginning_of(rewriter))
    assert length > 16  # beyond the window of the tiny Gemma
    with counted(rewriter.decoder) as passes:
        for query in QUERIES:
            rewriter.rewrite([query])
    assert passes.count(length) == 1
    assert sum(passes) < 2 * length + len(QUERIES) * 4 * rewriter.max_tokens
    with counted(rewriter.decoder) as passes:
        rewriter.rewrite(QUERIES, group=2, temperature=1.0, seed=0)
    assert length not in passes


def test_what_was_asked_before_changes_nothing(rewriter: Rewriter) -> None:
    expected = anew(rewriter, QUERIES)
    assert one_by_one(rewriter, QUERIES) == expected
    rewriter._beginnings = Beginnings()
    assert one_by_one(rewriter, QUERIES[::-1]) == expected[::-1]
    assert rewriter.respond([Asked(query) for query in QUERIES], 1, 0.0) == expected


@pytest.mark.parametrize("written", ["in place", "loaded", "by an optimiser"])
def test_other_weights_have_another_beginning(rewriter: Rewriter, written: str) -> None:
    before = one_by_one(rewriter, QUERIES)
    changed = {name: weight for name, weight in rewriter.model.named_parameters() if "lora_B" in name}
    if written == "in place":
        with torch.no_grad():
            for weight in changed.values():
                weight.mul_(-3)
    elif written == "loaded":
        rewriter.model.load_state_dict({name: -3 * weight for name, weight in changed.items()}, strict=False)
    else:
        for weight in changed.values():
            weight.grad = torch.ones_like(weight)
        torch.optim.AdamW(changed.values(), lr=0.5).step()
    with counted(rewriter.decoder) as passes:
        after = one_by_one(rewriter, QUERIES)
    assert len(beginning_of(rewriter)) in passes
    assert after != before
    assert after == anew(rewriter, QUERIES)


def test_the_base_model_has_its_own(rewriter: Rewriter) -> None:
    base = rewriter.baselines()["few-shot"]
    ours, theirs = anew(rewriter, QUERIES), anew(base, QUERIES)
    assert ours != theirs
    for _ in range(2):
        assert one_by_one(rewriter, QUERIES) == ours
        assert one_by_one(base, QUERIES) == theirs


def test_nothing_is_kept_in_training(rewriter: Rewriter) -> None:
    rewriter.model.train()
    try:
        found = rewriter.rewrite(["rot Apfel"])
        assert rewriter.model.training
    finally:
        rewriter.model.eval()
    assert not rewriter._beginnings._kept
    assert found == rewriter.rewrite(["rot Apfel"])


def test_only_a_few_are_kept(rewriter: Rewriter) -> None:
    for number in range(MOST + 2):
        rewriter.with_prompt(Prompt(f"Say {'it ' * number}well.")).rewrite(["rot"])
    assert len(rewriter._beginnings._kept) == MOST


def test_prompts_that_begin_otherwise_are_run_whole(rewriter: Rewriter) -> None:
    rewriter.rewrite(["rot"])
    others = [[5, 6, 7, 8, number] for number in range(20, 24)]
    own = rewriter.encode(rewriter.prompt_text("rot"))
    together = rewriter.complete([*others, own, own[: len(beginning_of(rewriter))]], 1, 0.0)
    rewriter._beginnings = Beginnings()
    for prompt, completion in zip([*others, own], together, strict=False):
        assert rewriter.complete([prompt], 1, 0.0) == [completion]


def test_a_prompt_that_begins_with_the_query(tiny_model_folder: Path) -> None:
    bare = Rewriter.load(str(tiny_model_folder), Prompt("", template="{query}\nEnglish:"))
    assert one_by_one(bare, QUERIES) == bare.respond([Asked(query) for query in QUERIES], 1, 0.0)
