"""One run of a study, in a process of its own: `python -m grape_rewrite.ablation.work OUT ARM SEED`.

With `prepare` as the only argument and a study as JSON on standard input it loads what all runs need, so that a mistake
is found, and the corpus embedded, before any of them begins.
"""

import math
import signal
import sys
import time
import warnings
from pathlib import Path
from typing import Any

from grape_rewrite.ablation.lock import locked
from grape_rewrite.ablation.manifest import Manifest, hardware, peak_gb, read_manifest, versions, write_manifest
from grape_rewrite.ablation.outcomes import outcomes_of, write_outcomes
from grape_rewrite.ablation.study import UNTRAINED, Job, Study, read_study
from grape_rewrite.errors import UserError
from grape_rewrite.quiet import quiet_libraries


def main() -> None:
    """Do one run. A mistake is one line on standard error and exit code 2; Ctrl-C saves and is exit code 130."""
    # A study in a shell's background is started with SIGINT ignored, and so would its runs be, which it stops that way.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    quiet_libraries()
    warnings.simplefilter("ignore")
    try:
        if sys.argv[1:] == ["prepare"]:
            prepare(Study.model_validate_json(sys.stdin.read()))
        else:
            out, arm, seed = sys.argv[1:]
            job = Job(arm, int(seed))
            with locked(job.folder(Path(out)), wait=False):
                work(Path(out), job)
    except UserError as error:
        sys.stderr.write(f"error: {error}\n")
        sys.exit(2)
    except KeyboardInterrupt:
        sys.exit(130)


def prepare(study: Study) -> None:
    """Load the data and the models and embed the corpus into the cache.

    :raises UserError: when one of them cannot be had, the rewriter is a trained adapter, or one from another study does
        not fit.
    """
    from grape_rewrite.datasets import Dataset
    from grape_rewrite.retrievers import Retriever
    from grape_rewrite.rewriting import Rewriter
    from grape_rewrite.training import read_task

    dataset = Dataset.load(study.data)
    retriever = Retriever.load(study.retriever)
    rewriter = Rewriter.load(study.rewriter, study.prompt)
    if rewriter.facts is not None:
        raise UserError(f"{study.rewriter} is a trained adapter; a study trains from a base model, {rewriter.name!r}")
    retriever.index(dataset.corpus, progress=sys.stdout.isatty())
    for spec in {spec for arm in study.arms for spec in study.also(arm)}:
        read_task(spec)
    for job in study.jobs():
        if job.arm in study.arms and (source := study.source(job)):
            require_source(source, study, retriever, dataset.split(study.split).pictured)


def require_source(source: Path, study: Study, retriever: Any, pictured: bool) -> Manifest:
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


def work(out: Path, job: Job) -> None:
    """Train and evaluate, or evaluate what is trained or needs no training, and write the manifest last.

    :param out: the folder of the study.
    :param job: the run.
    """
    from grape_rewrite.ablation.baselines import select_prompt, training_free, with_pictures
    from grape_rewrite.datasets import Dataset
    from grape_rewrite.evaluation.rewriters import evaluate
    from grape_rewrite.fitting import fitted
    from grape_rewrite.retrievers import Retriever
    from grape_rewrite.rewriting import Rewriter
    from grape_rewrite.training import TrainingConfig
    from grape_rewrite.training.grpo import restrict_output
    from grape_rewrite.training.run_folder import RunFolder

    # Versions are those of now: the source may be edited while the run is at work.
    study, folder, made_with = read_study(out), job.folder(out), versions()
    selected = trained_in = seconds = None
    also: list[str] = []
    looks: list[dict[str, Any]] = []
    weights: dict[str, float] = {}
    dataset = Dataset.load(study.data)
    retriever = Retriever.load(study.retriever)
    index = retriever.index(dataset.corpus)
    split = dataset.split(study.split)
    split = split if study.queries is None else split.sample(study.queries)
    if job.arm == UNTRAINED:
        config = None
        shared = TrainingConfig.of(**study.training)
        rewriter = Rewriter.load(study.rewriter, study.prompt, shared.max_tokens, precision=study.precision)
        restrict_output(rewriter, index, shared)
        index.searching = shared.searching
        dev = dataset.dev.sample(shared.dev_queries)
        selected = select_prompt(rewriter, index, dev)
        methods = training_free(rewriter, split, selected, shared.temperature, job.seed)
        methods, weights = with_pictures(methods, index, dev)
    else:
        if source := study.source(job):
            origin = require_source(source, study, retriever, split.pictured)
            config = TrainingConfig.of(**(origin.training or {}))
            rewriter = fitted(Rewriter.load(str(source), precision=study.precision), index)
            trained_in, also, seconds = origin.data, origin.also, origin.training_seconds
        else:
            config = study.config(job)
            index.searching = config.searching
            rewriter = _trained(study, job, folder, index, dataset)
            history = RunFolder(folder).rows()
            also, seconds = study.also(job.arm), history[-1]["seconds"]
            looks = [row for row in history if "dev_mrr" in row]
        methods = {"raw": None, job.arm: rewriter}
    start = time.perf_counter()
    evaluation = evaluate(methods, index, split, seed=job.seed)
    evaluation.write(folder)
    shown = list(methods) if config is None else [job.arm]
    write_outcomes(folder, outcomes_of(evaluation, shown))
    write_manifest(
        folder,
        Manifest(
            arm=job.arm,
            seed=job.seed,
            training=None if config is None else config.model_dump(mode="json"),
            also=also,
            trained_in=trained_in,
            data=study.data,
            retriever=study.retriever,
            rewriter=study.rewriter,
            prompt=rewriter.prompt,
            selected_instruction=selected and selected.instruction,
            picture_weights=weights,
            split=study.split,
            queries=len(split),
            fingerprints={
                **evaluation.summary["fingerprints"],
                "data": dataset.fingerprint(),
                "rewriter": rewriter.fingerprint(),
            },
            versions=made_with,
            hardware=hardware(rewriter.model),
            training_seconds=seconds,
            evaluation_seconds=time.perf_counter() - start,
            peak_gb=peak_gb(),
            trained_parameters=0 if config is None else _adapter_size(rewriter),
            figures={name: _finite(evaluation.summary["methods"][name]) for name in shown},
            looks=[_finite(row) for row in looks],
        ),
    )


def _trained(study: Study, job: Job, folder: Path, index: Any, dataset: Any) -> Any:
    """Return the rewriter that the run trains, or has trained before it was stopped in its evaluation."""
    from grape_rewrite.rewriting import Rewriter
    from grape_rewrite.training import read_task, train
    from grape_rewrite.training.run_folder import RunFolder

    run, config = RunFolder(folder), study.config(job)
    if run.is_finished:
        return Rewriter.load(str(folder), precision=study.precision)
    rewriter = Rewriter.load(study.rewriter, study.prompt, config.max_tokens, precision=study.precision)
    also = [read_task(spec) for spec in study.also(job.arm)]
    return train(rewriter, index, dataset, folder, config, resume=run.can_resume(config), also=also)


def _finite(figures: dict[str, Any]) -> dict[str, float | None]:
    """Return the figures that are single numbers; null for those that are none, as JSON has no other way to say it."""
    return {
        name: value if isinstance(value, (int, float)) and math.isfinite(value) else None
        for name, value in figures.items()
        if not isinstance(value, dict)
    }


def _adapter_size(rewriter: Any) -> int:
    """Return the number of the adapter's parameters."""
    return sum(weight.numel() for name, weight in rewriter.model.named_parameters() if "lora_" in name)


if __name__ == "__main__":
    main()
