"""What a run needs before it may begin, or go on: each is refused in words, before anything is written."""

import itertools
from collections.abc import Sequence
from importlib.util import find_spec

import torch

from grape_rewrite.errors import UserError
from grape_rewrite.processes import process_count
from grape_rewrite.rewriting.adapter import AdapterFacts, read_adapter
from grape_rewrite.rewriting.prompt import require_reader
from grape_rewrite.rewriting.rewriter import Rewriter
from grape_rewrite.training.config import TrainingConfig
from grape_rewrite.training.run_folder import RunFolder
from grape_rewrite.training.task import Task, shares


def require_tasks(tasks: Sequence[Task], config: TrainingConfig) -> None:
    """Require that each task has the queries and the corpus that a step needs.

    :raises UserError: when one has not, or is asked so that the rewrite would have to be found in another way.
    """
    parts = shares(config.sampled_queries, len(tasks))
    for task, share in zip(tasks, parts, strict=True):
        config.require(task.dataset, share if len(tasks) > 1 else None)
        if task.prompt.answer_after != tasks[0].prompt.answer_after:
            raise UserError(f"task {task.name}: its prompt's answer_after must be that of the first task")
        if [other.name for other in tasks].count(task.name) > 1:
            raise UserError(f"task {task.name} is named twice")


def require_rewriter(rewriter: Rewriter, tasks: Sequence[Task]) -> None:
    """Require a rewriter without an adapter, and for one that sees queries that all have a picture, as TRL wants them.

    :raises UserError: when it has been trained already; when it reads, and a prompt is for one that sees; with the
        first query that has no picture that can be read.
    """
    if hasattr(rewriter.model, "peft_config"):
        raise UserError(f"this rewriter is a trained adapter; train from its base model, {rewriter.name!r}")
    if not rewriter.sees:
        for task in tasks:
            require_reader(task.prompt, rewriter.name)
        return
    for task, split in itertools.product(tasks, ("train", "dev")):
        queries = task.dataset.split(split).queries
        for query, picture in zip(queries, task.index.readable(queries), strict=True):
            if picture is None:
                raise UserError(
                    f"task {task.name}, split {split}: query {query.id!r} has no picture that can be read; a rewriter "
                    "that sees is trained on queries that all have one"
                )


def require_machine(rewriter: Rewriter, config: TrainingConfig) -> None:
    """Require that the processes, the accelerators and the libraries that there are can do what the config wants.

    :raises UserError: when they cannot, with what would help.
    """
    config.per_process(process_count())
    if process_count() == 1 and rewriter.model.device.type == "cuda" and torch.cuda.device_count() > 1:
        raise UserError(
            f"one process sees {torch.cuda.device_count()} accelerators, and trains on one alone; set "
            "CUDA_VISIBLE_DEVICES=0, or start a process for each: torchrun --nproc-per-node "
            f"{torch.cuda.device_count()} --no-python grape train ..."
        )
    if not config.vllm:
        return
    if find_spec("vllm") is None:
        raise UserError("vllm=true needs vLLM, and an accelerator: pip install 'grape-rewrite[vllm]'")
    if rewriter.is_chat and rewriter.tokenizer("a")["input_ids"] != rewriter.encode("a"):
        raise UserError(f"vllm=true: {rewriter.name} would get its first token twice; leave vllm out")


def require_same(run: RunFolder, facts: AdapterFacts) -> None:
    """Require that a run goes on with the data, the retrievers and the prompts that it was begun with.

    The rewriter and a reward of one's own are known by their names: that may be mended in between. What an earlier
    version did not note is not compared.

    :param facts: what the adapter would say of itself now; the run's own hyperparameters are compared elsewhere.
    :raises UserError: when one of them is another.
    """
    begun = read_adapter(run.folder)
    for what, key in {
        "rewriter": "base_model",
        "prompt": "prompt",
        "retriever": "retriever_fingerprint",
        "corpus": "corpus_fingerprint",
        "state of the data": "data_fingerprint",
        "output vocabulary": "output_vocabulary",
        "further tasks": "also",
    }.items():
        old, new = getattr(begun, key), getattr(facts, key)
        if old != new and not (old is None and key == "data_fingerprint"):
            raise UserError(f"{run.folder} was begun with another {what}; resume it with the same")
