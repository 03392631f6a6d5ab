"""One run of a study, in a process of its own: `python -m grape_rewrite.ablation.work OUT ARM SEED`.

With `prepare OUT [ARM/seed-N]` as arguments and a study as JSON on standard input it loads what all runs need, or the
one that is named, so that a mistake is found, and the corpus embedded, before any of them begins.
"""

import signal
import sys
import time
import warnings
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from grape_rewrite.ablation.comparable import Run, complete_run, facts_of, require_comparable
from grape_rewrite.ablation.manifest import REWARD, Manifest, hardware, peak_gb, read_manifest, versions, write_manifest
from grape_rewrite.ablation.measured import finite, from_elsewhere, origin_of, trained_here, untrained
from grape_rewrite.ablation.outcomes import outcomes_of, write_outcomes
from grape_rewrite.ablation.study import UNTRAINED, Job, Study, read_study
from grape_rewrite.errors import INTERRUPTED, UserError
from grape_rewrite.lock import locked
from grape_rewrite.quiet import quiet_libraries

if TYPE_CHECKING:
    from grape_rewrite.datasets import Dataset, Split
    from grape_rewrite.index import Index
    from grape_rewrite.rewriting import Prompt


def main() -> None:
    """Do one run. A mistake is one line on standard error and exit code 2; Ctrl-C saves and is exit code 130."""
    # A study in a shell's background is started with SIGINT ignored, and so would its runs be, which it stops that way.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    quiet_libraries()
    warnings.simplefilter("ignore")
    try:
        if sys.argv[1] == "prepare":
            prepare(Study.model_validate_json(sys.stdin.read()), Path(sys.argv[2]), *sys.argv[3:])
        else:
            out, arm, seed = sys.argv[1:]
            job = Job(arm, int(seed))
            with locked(job.folder(Path(out)), wait=False):
                work(Path(out), job)
    except UserError as error:
        sys.stderr.write(f"error: {error}\n")
        sys.exit(2)
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)


def prepare(study: Study, out: Path, only: str | None = None) -> None:
    """Load the data and the models and embed the corpus into the cache.

    :param study: with the arms and seeds that its folder holds already.
    :param out: its folder.
    :param only: just the run that is to be done; all by default.
    :raises UserError: when one of them cannot be had, the rewriter is a trained adapter, one from another study does
        not fit, or a run that is to be done could not be compared with those that the folder holds.
    """
    from grape_rewrite.retrievers import Retriever
    from grape_rewrite.rewriting import Rewriter
    from grape_rewrite.training import read_task

    dataset, split = _read_data(study)
    load = cache(Retriever.load)
    retriever = load(study.retriever)
    rewriter = Rewriter.load(study.rewriter, study.prompt, precision=study.precision)
    if rewriter.facts is not None:
        raise UserError(f"{study.rewriter} is a trained adapter; a study trains from a base model, {rewriter.name!r}")
    index = retriever.index(dataset.corpus, progress=sys.stdout.isatty(), max_unreadable=study.max_unreadable)
    waiting = [job for job in study.chosen(only) if read_manifest(job.folder(out)) is None]
    for spec in {spec for job in waiting if job.arm in study.arms for spec in study.also(job.arm)}:
        read_task(spec, load, study.max_unreadable)
    for prompt in {prompt for job in waiting if (prompt := study.own_prompt(job.arm))}:
        Rewriter.load(study.rewriter, prompt, precision=study.precision)
    known = {**_fingerprints(dataset, split, index), "rewriter": rewriter.fingerprint()}
    plans = []
    for job in waiting:
        origin = origin_of(study, job, retriever, split)
        plans.append(_plan(study, job, out, origin, known, rewriter.prompt))
    require_comparable([*_complete(study, out), *plans])


def work(out: Path, job: Job) -> None:
    """Train and evaluate, or evaluate what is trained or needs no training, and write the manifest last.

    :param out: the folder of the study.
    :param job: the run.
    :raises UserError: when what it is made with cannot be had, or has changed since other runs of the study.
    """
    from grape_rewrite.evaluation.rewriters import evaluate
    from grape_rewrite.retrievers import Retriever

    # Versions are those of now: the source may be edited while the run is at work.
    study, folder, made_with = read_study(out), job.folder(out), versions()
    dataset, split = _read_data(study)
    retriever = Retriever.load(study.retriever)
    index = retriever.index(dataset.corpus, max_unreadable=study.max_unreadable)
    origin = origin_of(study, job, retriever, split)
    known = _fingerprints(dataset, split, index)
    training, reward = _made_by(study, job, origin)
    require_comparable([*_complete(study, out), _plan(study, job, out, origin, known)])
    if job.arm == UNTRAINED:
        measured = untrained(study, job, index, dataset, split)
    elif origin:
        measured = from_elsewhere(study, job, origin, index)
    else:
        measured = trained_here(study, job, folder, index, dataset)
    start = time.perf_counter()
    evaluation = evaluate(measured.methods, index, split, seed=job.seed)
    evaluation.write(folder)
    write_outcomes(folder, outcomes_of(evaluation, measured.shown))
    write_manifest(
        folder,
        Manifest(
            arm=job.arm,
            seed=job.seed,
            training=training,
            data=study.data,
            retriever=study.retriever,
            rewriter=study.rewriter,
            prompt=measured.rewriter.prompt,
            split=study.split,
            queries=len(split),
            fingerprints={
                **evaluation.summary["fingerprints"],
                "data": known["data"],
                "rewriter": measured.rewriter.fingerprint(),
                **reward,
            },
            versions=made_with,
            hardware=hardware(measured.rewriter.model),
            evaluation_seconds=time.perf_counter() - start,
            peak_gb=max(peak_gb(), origin.peak_gb if origin else 0.0),  # of its training, wherever that was
            trained_parameters=0 if training is None else _adapter_size(measured.rewriter),
            figures={name: finite(evaluation.summary["methods"][name]) for name in measured.shown},
            **measured.noted,
        ),
    )


def _read_data(study: Study) -> "tuple[Dataset, Split]":
    """The data, and the queries to measure on."""
    from grape_rewrite.datasets import Dataset

    dataset = Dataset.load(study.data)
    return dataset, study.measured(dataset)


def _fingerprints(dataset: "Dataset", split: "Split", index: "Index") -> dict[str, str]:
    """What all runs are made with, but for the rewriter, as the manifest has it."""
    return {
        "retriever": index.retriever.fingerprint(),
        "corpus": index.of(split).corpus.fingerprint(),
        "queries": split.fingerprint(),
        "data": dataset.fingerprint(),
    }


def _made_by(study: Study, job: Job, origin: Manifest | None) -> tuple[dict[str, Any] | None, dict[str, str]]:
    """The hyperparameters that a run trains with, or was trained with elsewhere, and the fingerprint of its reward."""
    from grape_rewrite.training.own_reward import OwnReward

    if job.arm == UNTRAINED:
        return None, {}
    if origin:
        return origin.training, {key: value for key, value in origin.fingerprints.items() if key == REWARD}
    config = study.config(job)
    reward = {REWARD: OwnReward(config.reward).fingerprint()} if ":" in config.reward else {}
    return config.model_dump(mode="json"), reward


def _complete(study: Study, out: Path) -> list[Run]:
    """The runs that the study's folder holds."""
    found = ((job, read_manifest(job.folder(out))) for job in study.jobs())
    return [complete_run(study, job, manifest, out) for job, manifest in found if manifest]


def _plan(
    study: Study,
    job: Job,
    out: Path,
    origin: Manifest | None,
    known: Mapping[str, str],
    prompt: "Prompt | None" = None,
) -> Run:
    """A run that is to be done, with what is known of it before, such as the prompt of the study."""
    training, reward = _made_by(study, job, origin)
    own = dict(training or {})
    shared: dict[str, Any] = {"split": study.split, "precision": study.precision}
    if asked := study.own_prompt(job.arm):
        own["prompt"] = asked
    elif not origin:
        shared["prompt"] = prompt
    return Run(job.folder(out), facts_of(job.arm, {**known, **reward}, own, **shared), planned=True)


def _adapter_size(rewriter: Any) -> int:
    """Return the number of the adapter's parameters."""
    return sum(weight.numel() for name, weight in rewriter.model.named_parameters() if "lora_" in name)


if __name__ == "__main__":
    main()
