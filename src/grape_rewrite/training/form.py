"""The rewards of a rewrite's form and length, which are added to the retriever's."""

from collections.abc import Sequence
from typing import Any

from grape_rewrite.rewards import brevity, well_formed
from grape_rewrite.rewriting.rewriter import Rewriter
from grape_rewrite.training.config import TrainingConfig
from grape_rewrite.training.retrieval_reward import text_of
from grape_rewrite.training.task import Task


def form_rewards(rewriter: Rewriter, tasks: Sequence[Task], config: TrainingConfig) -> list[Any]:
    """Return the two rewards with the signature that TRL calls them by.

    :param rewriter: whose prompt says what of a completion is the rewrite.
    :param tasks: whose labels a rewrite is not to repeat.
    :param config: up to which length a rewrite costs nothing.
    """
    stop = set(rewriter.stop)
    markers = list(dict.fromkeys(marker for task in tasks for marker in task.prompt.markers))

    def form(completions: list[Any], completion_ids: list[list[int]], **_: Any) -> list[float]:
        texts = [rewriter.prompt.written(text_of(completion)) for completion in completions]
        ended = [ids[-1] in stop for ids in completion_ids]
        return [float(value) for value in well_formed(texts, ended, markers)]

    def length(completions: list[Any], completion_ids: list[list[int]], **_: Any) -> list[float]:
        lengths = [len(ids) for ids in completion_ids]
        if rewriter.prompt.answer_after:  # thinking costs nothing; a rewrite that never comes has no length of its own
            answers = [rewriter.prompt.written(text_of(completion)) for completion in completions]
            lengths = [
                len(rewriter.encode(text)) if text else whole for text, whole in zip(answers, lengths, strict=True)
            ]
        return [float(value) for value in brevity(lengths, config.free, config.max_tokens)]

    return [form, length]
