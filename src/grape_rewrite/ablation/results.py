"""What a study found: means and spreads over seeds, comparisons over queries and seeds, in one dictionary."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from grape_rewrite.ablation.arms import DEFAULT
from grape_rewrite.ablation.comparable import complete_run, require_comparable
from grape_rewrite.ablation.comparisons import Clusters, Rows, Values, compare, tested
from grape_rewrite.ablation.manifest import MANIFEST, Manifest, read_manifest
from grape_rewrite.ablation.outcomes import OUTCOMES, read_outcomes
from grape_rewrite.ablation.study import Job, Study
from grape_rewrite.errors import UserError
from grape_rewrite.evaluation.significance import interval_over_runs

COMPARED = ("recall@10", "mrr", "success@1")
RAW = "raw"
RESULTS = "results.json"  # what `read_results` returns, as `grape ablate` writes it
LOOKED_AT = ("recall@10", "mrr", "d_pos", "d_hard", "d_neg", "margin")  # on dev, during training
SCORES = ("d_pos", "d_hard", "margin", "d_neg", "centroid")  # of each query, as far as a run kept them
COSTS = ("training_seconds", "evaluation_seconds", "peak_gb", "trained_parameters")


def read_results(study: Study, out: Path, seed: int = 0) -> dict[str, Any]:
    """Put the complete runs of a study together.

    The default arm, or in a study without it the first, is compared with every other on each of `COMPARED`, over the
    seeds that both have. Intervals are for other seeds, and other items that queries ask for, and so is `p_seeds`, the
    p-value of the same estimate. `p` is that of a test that swaps the results of items, the mean over the seeds, and so
    speaks of the runs that there are. The names of one picture in many languages, or several runs on the same queries,
    do not pass for independent evidence. Both kinds of p-values are adjusted by Holm's method for all comparisons
    together; with a single seed there is no `p_seeds`.

    :param study: the study.
    :param out: its folder.
    :param seed: of the bootstrap and the tests.
    :return: `arms` (name -> metric -> mean, std and seeds; low and high too for what scores do), `comparisons` (a, b,
        metric, difference, low, high, p, p_holm, p_seeds, p_seeds_holm, seeds), `inflation` (the same of what scores
        do, without tests),
        `reference` (the arm that is compared with the others; None where none is complete), `training` (name -> step ->
        what dev queries showed then, as for arms), `costs` (name -> cost -> mean), `queries`, `runs` (how many are
        complete), `missing`, and `unchanged`, the runs whose training never beat the untrained rewriter on dev.
    :raises UserError: when nothing is complete, or runs were made with something else than others, so that they cannot
        be compared; see `comparable`.
    """
    complete = {job: found for job in study.jobs() if (found := read_manifest(job.folder(out)))}
    if not complete:
        raise UserError(f"{out} holds no complete run yet")
    for job, found in complete.items():
        if (found.arm, found.seed) != (job.arm, job.seed):
            raise UserError(
                f"{job.folder(out) / MANIFEST} is of {found.arm}, seed {found.seed}; put it where it belongs"
            )
    require_comparable(complete_run(study, job, found, out) for job, found in complete.items())
    summaries: dict[str, dict[int, dict[str, Any]]] = {}
    rows: dict[str, dict[int, dict[str, Values]]] = {}
    scores: dict[str, dict[int, dict[str, Values]]] = {}
    clusters: Clusters = np.zeros(0, dtype=np.int64)
    for job, manifest in complete.items():
        outcomes = read_outcomes(job.folder(out))
        for key, values in (("ranks", outcomes.ranks), ("recall", outcomes.recall)):
            if unknown := manifest.figures.keys() - values.keys():
                raise UserError(f"{job.folder(out) / OUTCOMES}: {key} has no {min(unknown)}, which {MANIFEST} has")
        asked_for = np.array(outcomes.clusters)  # the same for all runs, as their queries are
        if len(asked_for) != manifest.queries or (len(clusters) and not np.array_equal(asked_for, clusters)):
            raise UserError(f"{job.folder(out) / OUTCOMES}: clusters are not those of the study's queries")
        clusters = asked_for
        for name, figures in manifest.figures.items():
            summaries.setdefault(name, {})[job.seed] = figures
            rows.setdefault(name, {})[job.seed] = {metric: outcomes.metric(metric, name) for metric in COMPARED}
            scores.setdefault(name, {})[job.seed] = outcomes.scores(name)
    arms = {name: _spread(found) for name, found in summaries.items()}
    _add_score_intervals(arms, scores, clusters, seed)
    reference = next((arm for arm in (DEFAULT, *study.arms) if arm in rows), None)
    trained = set(study.arms)
    of_trained = {arm: of for arm, of in scores.items() if arm in trained}
    return {
        "arms": arms,
        "reference": reference,
        "comparisons": tested(compare(reference, rows, COMPARED, trained, clusters, seed), clusters, seed),
        "inflation": [row for row, _ in compare(reference, of_trained, SCORES, trained, clusters, seed)],
        "training": _training(complete),
        "costs": {
            arm: {
                cost: _mean([getattr(found, cost) for job, found in complete.items() if job.arm == arm])
                for cost in COSTS
            }
            for arm in study.arms
            if any(job.arm == arm for job in complete)
        },
        "queries": next(iter(complete.values())).queries,
        "runs": len(complete),
        "unchanged": [job.name for job, found in complete.items() if found.kept_step == 0],
        "missing": [job.name for job in study.jobs() if job not in complete],
    }


def _spread(seeds: Mapping[int, Mapping[str, Any]]) -> dict[str, Any]:
    """Return mean, standard deviation and single values of each figure over the seeds that have it as a number."""
    found: dict[str, Any] = {}
    for metric in dict.fromkeys(metric for summary in seeds.values() for metric in summary):
        known = {seed: summary.get(metric) for seed, summary in seeds.items()}
        values = {seed: float(value) for seed, value in known.items() if isinstance(value, (int, float))}
        if values:
            std = float(np.std(list(values.values()), ddof=1)) if len(values) > 1 else None
            found[metric] = {"mean": float(np.mean(list(values.values()))), "std": std, "seeds": values}
    return found


def _training(complete: Mapping[Job, Manifest]) -> dict[str, dict[int, dict[str, Any]]]:
    """Return what the looks at the dev queries found, by arm and step, over the seeds that looked at that step.

    `minutes` is how long training had taken by then, without the looks themselves.
    """
    looks: dict[str, dict[int, dict[int, dict[str, Any]]]] = {}
    for job, manifest in complete.items():
        looked = 0.0
        for row in manifest.looks:
            figures = {key: row.get(f"dev_{key}") for key in LOOKED_AT}
            looked += row.get("look_seconds") or 0.0
            if seconds := row.get("seconds"):
                figures["minutes"] = (seconds - looked) / 60
            looks.setdefault(job.arm, {}).setdefault(int(row["step"] or 0), {})[job.seed] = figures
    return {arm: {step: _spread(seeds) for step, seeds in sorted(steps.items())} for arm, steps in looks.items()}


def _add_score_intervals(arms: dict[str, dict[str, Any]], scores: Rows, clusters: Clusters, seed: int) -> None:
    """Add 95 % intervals, over seeds and items, to how much scores rise over raw, and to the cosine to the centroid."""
    raw = next(iter(scores.get(RAW, {}).values()), {})
    for name, seeds in scores.items():
        for metric in SCORES:
            before = 0.0 if metric == "centroid" else raw.get(metric)
            known = [found[metric] for found in seeds.values() if metric in found]
            if before is not None and len(known) == len(seeds) and metric in arms[name]:
                interval = interval_over_runs(np.stack(known) - before, np.random.default_rng(seed), clusters)
                arms[name][metric] |= {"low": interval.low, "high": interval.high}


def _mean(values: list[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return float(np.mean(known)) if known else None
