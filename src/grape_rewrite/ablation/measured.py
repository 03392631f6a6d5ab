"""What a run measures: what needs no training, an adapter that it trains, or one from another study."""

import math
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from grape_rewrite.ablation.manifest import Manifest, read_manifest
from grape_rewrite.ablation.study import Job, Study
from grape_rewrite.errors import UserError

if TYPE_CHECKING:
    from grape_rewrite.datasets import Dataset, Split
    from grape_rewrite.index import Index
    from grape_rewrite.retrievers import Retriever
    from grape_rewrite.rewriting import Rewriter


class Measured(NamedTuple):
    """What a run evaluates: methods, raw first, and their rewriter.

    `shown` are those that the run is of, and `noted` is what its manifest says of how they were made.
    """

    methods: dict[str, Any]
    rewriter: "Rewriter"
    shown: list[str]
    noted: dict[str, Any]


def origin_of(study: Study, job: Job, retriever: "Retriever", split: "Split") -> Manifest | None:
    """The manifest of the run whose adapter is measured; None for a run that trains its own, or none."""
    source = study.source(job) if job.arm in study.arms else None
    return _require_source(source, study, retriever, split.pictured) if source else None


def _require_source(source: Path, study: Study, retriever: "Retriever", pictured: bool) -> Manifest:
    """Return the manifest of another study's run, whose adapter is to be measured in this one.

    :raises UserError: when that run is not complete, its adapter is gone, or it learned something else.
    """
    from grape_rewrite.fitting import misfits
    from grape_rewrite.rewriting.adapter import read_adapter

    origin = read_manifest(source)
    if origin is None:
        raise UserError(f"{source} holds no complete run of a study to take an adapter from")
    if origin.rewriter != study.rewriter:
        raise UserError(f"{source} has an adapter of {origin.rewriter}, not of {study.rewriter}")
    for misfit, cure in misfits(str(source), read_adapter(source), retriever, pictured):
        raise UserError(f"{misfit}; {cure}")
    return origin


def untrained(study: Study, job: Job, index: "Index", dataset: "Dataset", split: "Split") -> Measured:
    """All that needs no training, or with another seed than 0 those of it that sample."""
    from grape_rewrite.ablation.baselines import (
        drawn_again,
        longer_prompts,
        plain_prompts,
        select_prompt,
        training_free,
        with_pictures,
    )
    from grape_rewrite.ablation.methods import DRAWN
    from grape_rewrite.rewriting import Rewriter
    from grape_rewrite.training import TrainingConfig
    from grape_rewrite.training.output_vocabulary import restrict_output

    shared = TrainingConfig.of(**study.training)
    rewriter = Rewriter.load(study.rewriter, study.prompt, shared.max_tokens, precision=study.precision)
    restrict_output(rewriter, index, shared)
    index.searching = shared.searching
    dev = dataset.dev.sample(shared.dev_queries)
    chosen = {}
    if job.seed == 0 or not rewriter.prompt.examples:  # what samples uses the examples, where there are any
        plain = select_prompt(rewriter, index, dev, plain_prompts(rewriter.prompt))
        chosen["zero_shot_template"] = plain.template
    if job.seed == 0:
        selected = select_prompt(rewriter, index, dev, [*longer_prompts(rewriter.prompt), plain])
        chosen["selected_instruction"] = selected.instruction
        methods = training_free(rewriter, split, plain, selected, shared.temperature)
    else:
        asked = rewriter if rewriter.prompt.examples else rewriter.with_prompt(plain)
        methods = drawn_again(asked, shared.temperature, job.seed)
    methods, weights = with_pictures(methods, index, dev)
    shown = [name for name in methods if job.seed == 0 or name.removesuffix("+image") in DRAWN]
    methods = {name: method for name, method in methods.items() if name in {"raw", *shown}}
    noted = {**chosen, "picture_weights": {name: weight for name, weight in weights.items() if name in shown}}
    return Measured(methods, rewriter, shown, {**noted, "training_seconds": None, "looks": []})


def from_elsewhere(study: Study, job: Job, origin: Manifest, index: "Index") -> Measured:
    """An adapter that another study has trained."""
    from grape_rewrite.fitting import fitted
    from grape_rewrite.rewriting import Rewriter

    rewriter = fitted(Rewriter.load(str(study.source(job)), precision=study.precision), index)
    noted = {"trained_in": origin.data, "also": origin.also, "training_seconds": origin.training_seconds, "looks": []}
    return Measured({"raw": None, job.arm: rewriter}, rewriter, [job.arm], noted)


def trained_here(study: Study, job: Job, folder: Path, index: "Index", dataset: "Dataset") -> Measured:
    """The adapter that the run trains."""
    from grape_rewrite.training.run_folder import RunFolder

    rewriter = _trained(study, job, folder, index, dataset)
    history = RunFolder(folder).rows()
    noted = {
        "also": study.also(job.arm),
        "training_seconds": history[-1]["seconds"],
        "looks": [finite(row) for row in history if "dev_mrr" in row],
    }
    return Measured({"raw": None, job.arm: rewriter}, rewriter, [job.arm], noted)


def _trained(study: Study, job: Job, folder: Path, index: "Index", dataset: "Dataset") -> "Rewriter":
    """Return the rewriter that the run trains, or has trained before it was stopped in its evaluation."""
    from grape_rewrite.retrievers import Retriever
    from grape_rewrite.rewriting import Rewriter
    from grape_rewrite.training import read_task, train
    from grape_rewrite.training.own_reward import RewardError
    from grape_rewrite.training.run_folder import RunFolder

    run, config = RunFolder(folder), study.config(job)
    if run.is_finished:
        run.require_begun_with(config)
        return Rewriter.load(str(folder), precision=study.precision)
    prompt = study.own_prompt(job.arm) or study.prompt
    rewriter = Rewriter.load(study.rewriter, prompt, config.max_tokens, precision=study.precision)
    load = cache(lambda name: index.retriever if name == study.retriever else Retriever.load(name))
    also = [read_task(spec, load, study.max_unreadable) for spec in study.also(job.arm)]
    try:
        return train(rewriter, index, dataset, folder, config, resume=run.last_checkpoint() is not None, also=also)
    except RewardError as error:
        if run.last_checkpoint() is None:
            raise
        raise UserError(f"{error}; the same command goes on with the steps that are saved") from error


def finite(figures: Mapping[str, Any]) -> dict[str, float | None]:
    """Return the figures that are single numbers; null for those that are none, as JSON has no other way to say it."""
    return {
        name: value if isinstance(value, (int, float)) and math.isfinite(value) else None
        for name, value in figures.items()
        if not isinstance(value, dict)
    }
