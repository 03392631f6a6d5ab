"""The words that a rewriter may use: those that its retriever knows."""

import logging
from collections.abc import Sequence

from grape_rewrite.index import Index
from grape_rewrite.rewriting.rewriter import Rewriter
from grape_rewrite.training.config import TrainingConfig
from grape_rewrite.training.task import Task

logger = logging.getLogger(__name__)


def restrict_output(rewriter: Rewriter, index: Index, config: TrainingConfig, also: Sequence[Task] = ()) -> None:
    """Give the rewriter the output vocabulary of the config: the words of the corpus and of the retriever, or all.

    One that reasons first has all words: those of the retriever are not enough to think in. So has one that sees: the
    stock paths that it is sampled and trained by know no output vocabulary. So has what is sampled with vLLM.

    :param also: further tasks, whose words are added.
    """
    free = rewriter.prompt.answer_after or rewriter.sees or config.vllm
    if config.output_vocabulary == "retriever" and not free:
        texts: list[str] = []
        for searched in (index, *(task.index for task in also)):
            texts += [item.text for item in searched.corpus if item.text] + searched.retriever.words()
        if texts:
            rewriter.restrict_to_words([*texts, *(answer for task in also for _, answer in task.prompt.examples)])
        else:
            logger.warning("neither corpus nor retriever tells its words: the output vocabulary stays full")
