"""The prompts that a run trains on, in order, with what their rewards need to know."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from datasets import Dataset as Table

from grape_rewrite.rewriting.asked import Asked
from grape_rewrite.rewriting.rewriter import Rewriter
from grape_rewrite.rewriting.vision import VisionRewriter
from grape_rewrite.training.config import TrainingConfig
from grape_rewrite.training.queries import already_solved, draw_queries, hard_items
from grape_rewrite.training.task import Task, shares


def training_table(rewriter: Rewriter, tasks: Sequence[Task], config: TrainingConfig) -> Table:
    """Return the prompts of all steps with the corpus rows of their positives; each step has all tasks alike.

    :param rewriter: the untrained policy.
    :param tasks: what it learns.
    :param config: the hyperparameters.
    """
    parts = shares(config.sampled_queries, len(tasks))
    columns = [
        _columns(rewriter.with_prompt(task.prompt), task, number, share, config)
        for number, (task, share) in enumerate(zip(tasks, parts, strict=True))
    ]
    table = Table.from_dict(
        {
            key: [
                value
                for step in range(config.steps)
                for found, share in zip(columns, parts, strict=True)
                for value in found[key][step * share : (step + 1) * share]
            ]
            for key in columns[0]
        }
    )
    return table.with_transform(partial(_shown, rewriter, tasks)) if isinstance(rewriter, VisionRewriter) else table


def _shown(rewriter: VisionRewriter, tasks: Sequence[Task], rows: dict[str, list[Any]]) -> dict[str, list[Any]]:
    """Rows of the table, each text with its picture; pictures are opened when their step comes."""
    asked = zip(rows["prompt"], rows["picture"], rows["task"], strict=True)
    rows["prompt"] = [
        rewriter.messages(Asked(text, picture=Path(picture) if picture else None), tasks[task].prompt)
        for text, picture, task in asked
    ]
    return rows


def _columns(rewriter: Rewriter, task: Task, number: int, share: int, config: TrainingConfig) -> dict[str, list[Any]]:
    """The columns of one task, `share` queries for each step."""
    split = task.dataset.train.only(config.languages)
    index = task.index.of(split)
    positives, excluded = split.positives(index.corpus), split.excluded(index.corpus)
    asked = index.asked(split.queries, rewriter.sees)
    gains = split.gains(index.corpus)
    raw, weights = np.full(len(split), np.nan), np.ones(len(split))

    def weigh(rows: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
        new = rows[np.isnan(raw[rows])]
        part = split.rows(new)
        raw[new] = index.ranks(part.texts, part)
        if config.solved_weight < 1:
            weights[new[already_solved(rewriter, index, part, raw[new])]] = max(config.solved_weight, 1e-9)
        return weights[rows]

    count = config.steps * share
    drawn = draw_queries(weigh, len(split), count, share, config.seed)
    columns: dict[str, list[Any]] = {
        "task": [number] * count,
        "draw": list(range(count)),
        "prompt": [asked[row].text if rewriter.sees else rewriter.prompt_text(asked[row].text) for row in drawn],
        "query": [split.texts[row] for row in drawn],
        "positives": [positives[row].tolist() for row in drawn],
        "excluded": [excluded[row].tolist() for row in drawn],
        "picture": [str(image) if (image := split.queries[row].image) else None for row in drawn],
        "gains": [gains[row].tolist() for row in drawn],
        "rank_before": [float(raw[row]) for row in drawn],
    }
    if config.pool is not None:
        hard = hard_items(rewriter, index, split, drawn, config.hard_items) if config.hard_items else {}
        columns["hard"] = [hard[row].tolist() if hard else [] for row in drawn]
    return columns
