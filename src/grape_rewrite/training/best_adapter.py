"""The adapter of the best look so far: what it says of itself, and how it is saved and loaded again."""

import logging
import tempfile
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

from peft import set_peft_model_state_dict
from safetensors import SafetensorError

from grape_rewrite.errors import UserError, reason
from grape_rewrite.rewriting.adapter import (
    ADAPTER_FILE,
    UNCHANGED,
    AdapterFacts,
    TaskFacts,
    read_adapter,
    write_adapter,
)
from grape_rewrite.rewriting.rewriter import Rewriter
from grape_rewrite.training.config import TrainingConfig
from grape_rewrite.training.task import Task

logger = logging.getLogger(__name__)


def adapter_facts(
    rewriter: Rewriter, tasks: Sequence[Task], config: TrainingConfig, frozen: Sequence[str]
) -> AdapterFacts:
    """Return what the adapter of a run says of itself, as of step 0.

    :param frozen: the fingerprint of each task's retriever.
    """
    whole = len(rewriter.vocabulary) == len(rewriter.vocabulary.row)
    first, *also = [
        TaskFacts(
            prompt=task.prompt,
            retriever=task.index.retriever.name,
            retriever_fingerprint=fingerprint,
            corpus_fingerprint=task.index.corpus.fingerprint(),
            data_fingerprint=task.dataset.fingerprint(),
            pictures=task.dataset.train.pictured,
        )
        for task, fingerprint in zip(tasks, frozen, strict=True)
    ]
    return AdapterFacts(
        base_model=rewriter.name,
        max_tokens=config.max_tokens,
        output_vocabulary=None if whole else rewriter.vocabulary.tokens.tolist(),
        searching=config.searching,
        reward=config.reward,
        algorithm=config.algorithm,
        seed=config.seed,
        steps=0,
        versions={name: version(name) for name in ("grape-rewrite", "torch", "transformers", "trl", "peft")},
        also=also,
        **dict(first),
    )


def save_best(model: Any, out: Path, facts: AdapterFacts) -> None:
    """Write the whole adapter beside, `grape.json` too, then rename file by file; a rename needs no further space.

    :raises UserError: when the disk cannot take it; what lay there stays.
    """
    try:
        with tempfile.TemporaryDirectory(dir=out, prefix=".adapter.") as draft:
            model.save_pretrained(draft)
            write_adapter(Path(draft), facts)
            for file in sorted(Path(draft).iterdir(), key=lambda file: file.name == ADAPTER_FILE):  # it comes last
                file.replace(out / file.name)
    except (OSError, SafetensorError) as error:  # safetensors wraps the system's own error
        raise UserError(f"cannot write the adapter into {out}: {reason(error)}") from error


def load_best(rewriter: Rewriter, out: Path) -> AdapterFacts:
    """Put the best adapter's weights into the model."""
    from safetensors.torch import load_file

    facts = read_adapter(out)
    if facts.steps == 0:
        logger.warning("adapter %s: %s", out, UNCHANGED)
    set_peft_model_state_dict(rewriter.model, load_file(out / "adapter_model.safetensors"))
    return facts
