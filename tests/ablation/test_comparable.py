"""Which runs can be compared: any two must agree on what both of them say, whatever a third does not say."""

from collections.abc import Callable
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest

from grape_rewrite.ablation.comparable import Run, complete_run, facts_of, require_comparable
from grape_rewrite.ablation.manifest import Manifest
from grape_rewrite.ablation.study import Job, Study
from grape_rewrite.errors import UserError
from grape_rewrite.rewriting.prompt import PROMPTS

OUT = Path("study")


@pytest.fixture
def run() -> Callable[..., Run]:
    """Makes a complete run, with a manifest as it is written; what is given by name replaces the rest.

    Arms c and d have prompts of their own.
    """
    own = {"prompt": PROMPTS["long-form"].as_mapping()}
    arms = {"a": {}, "b": {"reward": "ndcg"}, "c": own, "d": {**own, "steps": 7}}
    study = Study(data="scenes", retriever="lite-clip", rewriter="gemma-3-270m", arms=arms, seeds=[0, 1])

    def make(arm: str, seed: int, **changes: Any) -> Run:
        content: dict[str, Any] = {
            "arm": arm,
            "seed": seed,
            "training": {"reward": "rank_log", "steps": 40, "keep": None, "seed": seed},
            "data": "scenes",
            "retriever": "lite-clip",
            "rewriter": "gemma-3-270m",
            "prompt": PROMPTS["multilingual"],
            "split": "test",
            "queries": 8,
            "fingerprints": {"corpus": "c", "data": "d"},
            "versions": {},
            "hardware": {"threads": 1},
            "training_seconds": None,
            "evaluation_seconds": 1.0,
            "peak_gb": 1.0,
            "trained_parameters": 0,
            "figures": {},
            "looks": [],
        }
        return complete_run(study, Job(arm, seed), Manifest(**{**content, **changes}), OUT)

    return make


def trained(**changes: Any) -> dict[str, Any]:
    return {"training": {"reward": "rank_log", "steps": 40, "keep": None, **changes}}


def made_with(**fingerprints: str) -> dict[str, Any]:
    return {"fingerprints": {"corpus": "c", "data": "d", **fingerprints}}


OWN = trained(reward="mine:score")


@pytest.mark.parametrize(
    ("arms", "first", "second", "said"),
    [
        ("ab", made_with(), made_with(corpus="e"), "another corpus than"),
        ("ab", made_with(rewriter="r"), made_with(rewriter="s"), "another rewriter than"),
        ("ab", {"hardware": {"precision": "float32"}}, {"hardware": {"precision": "bfloat16"}}, "precision="),
        ("ab", {}, {"split": "dev"}, "split="),
        ("ab", {}, {"prompt": PROMPTS["long-form"]}, "another prompt than"),
        ("cc", {}, {"prompt": PROMPTS["long-form"]}, "another prompt than"),
        ("aa", {}, trained(steps=41), "steps=41, study/a/seed-0 with 40|steps=40, study/a/seed-1 with 41"),
        ("aa", {}, trained(keep=4), "keep=4, study/a/seed-0 with None|keep=None, study/a/seed-1 with 4"),
        ("aa", {"also": []}, {"also": ["x:y:z"]}, "also="),
        ("ab", {**OWN, **made_with(reward="1")}, {**OWN, **made_with(reward="2")}, "source of the reward mine:score"),
    ],
)
def test_two_runs_that_differ_are_named_in_one_line_whatever_runs_before_them_say(
    run, arms: str, first: dict[str, Any], second: dict[str, Any], said: str
) -> None:
    """The third run has none of what they differ in, so that neither agrees nor disagrees with it."""
    silent = Run(OUT / "silent", {})
    differing = [run(arms[0], 0, **first), run(arms[1], 1, **second)]
    for order in permutations([silent, *differing]):
        with pytest.raises(UserError, match=f"was made with .*(?:{said}).*; such runs cannot be compared$") as error:
            require_comparable(order)
        assert all(f"study/{arm}/seed-{seed}" in str(error.value) for seed, arm in enumerate(arms))
        assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("arms", "first", "second"),
    [
        ("aa", {}, {}),  # but for the seed
        ("ab", {}, trained(steps=41)),  # that is what arms are for
        ("ab", made_with(rewriter="r"), made_with()),  # earlier versions did not note it
        ("aa", {}, {"training": {"steps": 40, "oversample": 2}}),
        ("aa", {}, {"also": ["x:y:z"]}),
        ("ab", {"hardware": {"precision": "float32"}}, {"hardware": {}}),
        ("ab", {"training": None}, {}),
        ("ac", {}, {"prompt": PROMPTS["long-form"]}),
        ("cd", {}, {"prompt": PROMPTS["long-form"]}),
        ("ab", {}, {"prompt": PROMPTS["long-form"], "trained_in": "paragraphs"}),  # asked as it was trained
        ("ab", {**OWN, **made_with(reward="1")}, {**trained(reward="my:other"), **made_with(reward="2")}),
    ],
)
def test_runs_that_can_be_compared(run, arms: str, first: dict[str, Any], second: dict[str, Any]) -> None:
    assert require_comparable([run(arms[0], 0, **first), run(arms[1], 1, **second)]) is None


def test_a_run_that_is_planned(run) -> None:
    plan = Run(OUT / "a" / "seed-2", facts_of("a", {"corpus": "e"}), planned=True)
    with pytest.raises(
        UserError,
        match="study/a/seed-2 would be made with another corpus than study/a/seed-0; such runs cannot be compared; use "
        "another --out folder",
    ):
        require_comparable([run("a", 0), plan])
