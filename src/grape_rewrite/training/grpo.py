"""`train`: from a rewriter, an index and a data set to a trained adapter in a folder."""

import logging
import tempfile
import warnings
from collections.abc import Callable, Sequence
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import torch
from peft import LoraConfig, set_peft_model_state_dict
from safetensors import SafetensorError
from transformers import PrinterCallback, set_seed

from grape_rewrite.datasets import Dataset
from grape_rewrite.errors import UserError
from grape_rewrite.index import Index
from grape_rewrite.processes import is_first, process_count
from grape_rewrite.rewards import brevity, well_formed
from grape_rewrite.rewriting.adapter import (
    ADAPTER_FILE,
    UNCHANGED,
    AdapterFacts,
    TaskFacts,
    read_adapter,
    write_adapter,
)
from grape_rewrite.rewriting.prompt import require_reader
from grape_rewrite.rewriting.rewriter import Rewriter
from grape_rewrite.training.callbacks import Chance, History, Interrupt, TimeLimit
from grape_rewrite.training.config import TrainingConfig
from grape_rewrite.training.example import Watch
from grape_rewrite.training.look import Look, Looks
from grape_rewrite.training.own_reward import RewardError
from grape_rewrite.training.retrieval_reward import RetrievalReward, text_of
from grape_rewrite.training.run_folder import RunFolder
from grape_rewrite.training.selection import best_of_group, extremes, varied_groups
from grape_rewrite.training.table import training_table
from grape_rewrite.training.task import Task, TaskReward, shares

logger = logging.getLogger(__name__)


def train(  # noqa: PLR0913
    rewriter: Rewriter,
    index: Index,
    dataset: Dataset,
    out: Path | str = "runs/train",
    config: TrainingConfig | None = None,
    *,
    resume: bool = False,
    watch: Watch | None = None,
    begun: Callable[[], None] | None = None,
    also: Sequence[Task] = (),
    **values: Any,
) -> Rewriter:
    """Train an adapter for the rewriter with the index's own ranking as the reward.

    :param rewriter: the untrained policy; the one that is returned shares its weights.
    :param index: the corpus, embedded by the frozen retriever.
    :param dataset: its train split is learned from, its dev split chooses the checkpoint.
    :param out: folder for the adapter, `history.jsonl` and the checkpoints.
    :param config: hyperparameters; or give them by name as further arguments (`reward="rank_log", steps=40`).
    :param resume: go on with the run that `out` holds.
    :param watch: is called after each step with its row of the history and some examples, to show them.
    :param begun: is called when `out` has been found fit and is there.
    :param also: further tasks that the same adapter learns; each gives an equal share of a step's queries, and the dev
        MRR that chooses the checkpoint is the mean over all.
    :return: the rewriter with the adapter of the best dev MRR.
    :raises UserError: on impossible values, when `out` holds another run, or when the retriever has changed.
    :raises RewardError: when a reward of one's own fails; the steps before it are saved (by several processes those up
        to the last checkpoint), and `resume` goes on with them.
    :raises KeyboardInterrupt: after Ctrl-C, when all is saved.
    """
    config = config or TrainingConfig.of(**values)
    run = RunFolder(Path(out))
    tasks = [Task(dataset.folder.name, index, dataset, rewriter.prompt), *also]
    require_tasks(tasks, config)
    require_rewriter(rewriter, tasks)
    require_machine(rewriter, config)
    last = _begin(run, config, resume)
    if begun:
        begun()
    frozen = [task.index.retriever.fingerprint() for task in tasks]
    restrict_output(rewriter, index, config, tasks[1:])
    for task in tasks:
        task.index.searching = config.searching
    rewriter.max_tokens = config.max_tokens

    from grape_rewrite.training.trainer import GrapeTrainer

    uniform = None if config.pool is None else config.pool - config.hard_items
    reward = TaskReward(
        [
            RetrievalReward(task.index.of(task.dataset.train), config.reward, uniform, config.seed, task.prompt.answer)
            for task in tasks
        ]
    )
    look = Looks({task.name: _look(rewriter, task, config, len(tasks)) for task in tasks})
    facts = _facts(rewriter, tasks, config, frozen)
    if resume:
        require_same(run, facts)
    trainer: Any = None
    history = History(
        run.history,
        config.evaluate_every,
        measure=look,
        keep=lambda step, mrr: _save(
            trainer.model, run.folder, facts.model_copy(update={"steps": step, "dev_mrr": mrr})
        ),
        watch=lambda row: watch(row, reward.examples()) if watch else None,
    )
    interrupt, chance = Interrupt(), Chance()
    limits = [TimeLimit(config.minutes)] if config.minutes else []
    set_seed(config.seed)  # the adapter's first weights are drawn; older TRL makes them before it sets the seed
    trainer = GrapeTrainer(
        rewriter=rewriter,
        select=lambda advantages: _select(advantages, config),
        distinct=config.distinct,
        reward_funcs=[reward, *_form_rewards(rewriter, tasks, config)],
        args=_arguments(rewriter, config, run),
        train_dataset=training_table(rewriter, tasks, config),
        peft_config=LoraConfig(
            r=config.lora_rank,
            lora_alpha=config.lora_alpha,
            target_modules=rewriter.trainable,
            task_type="CAUSAL_LM",
        ),
        callbacks=[interrupt, chance, *limits, history],
    )
    # PEFT would name the folder that the weights came from, which nobody else has.
    trainer.model.peft_config["default"].base_model_name_or_path = rewriter.hub_name
    trainer.remove_callback(PrinterCallback)
    with interrupt, warnings.catch_warnings():
        warnings.filterwarnings("ignore", category=FutureWarning)  # TRL calls transformers by old names
        try:
            trainer.train(resume_from_checkpoint=last)
        except RewardError:
            _save_whole_steps(trainer, chance)
            raise
    for task, fingerprint in zip(tasks, frozen, strict=True):
        if task.index.retriever.fingerprint() != fingerprint:
            raise UserError(f"retriever {task.index.retriever.name!r} has changed during training; it must stay frozen")
    if interrupt.asked:
        raise KeyboardInterrupt
    trainer.accelerator.wait_for_everyone()
    if is_first():
        run.finish()
    rewriter.facts = _load_best(rewriter, run.folder)
    rewriter.model.eval()
    return rewriter


def _save_whole_steps(trainer: Any, chance: Chance) -> None:
    """Save what was learned before the step whose reward failed, with the state of chance that this step began with.

    So it samples the same rewrites when the run goes on.
    """
    if trainer.state.global_step == 0 or process_count() > 1:  # others wait for this one; they cannot save together
        return
    chance.restore()
    trainer._save_checkpoint(trainer.model, trial=None)


def _begin(run: RunFolder, config: TrainingConfig, resume: bool) -> str | None:
    """Take a run's folder, the first process for all; return the checkpoint to go on from."""
    if resume:
        return run.resume(config)
    if is_first():
        run.begin(config)
    return None


def require_same(run: RunFolder, facts: AdapterFacts) -> None:
    """Require that a run goes on with the models, the corpora and the prompts that it was begun with.

    :param facts: what the adapter would say of itself now; the run's own hyperparameters are compared elsewhere.
    :raises UserError: when one of them is another.
    """
    begun = read_adapter(run.folder)
    for what, key in {
        "rewriter": "base_model",
        "prompt": "prompt",
        "retriever": "retriever_fingerprint",
        "corpus": "corpus_fingerprint",
        "output vocabulary": "output_vocabulary",
        "further tasks": "also",
    }.items():
        if getattr(begun, key) != getattr(facts, key):
            raise UserError(f"{run.folder} was begun with another {what}; resume it with the same")


def require_tasks(tasks: Sequence[Task], config: TrainingConfig) -> None:
    """Require that each task has the queries and the corpus that a step needs.

    :raises UserError: when one has not, or is asked so that the rewrite would have to be found in another way.
    """
    parts = shares(config.sampled_queries, len(tasks))
    for task, share in zip(tasks, parts, strict=True):
        config.require_queries(task.dataset.train, share if len(tasks) > 1 else None)
        config.require_corpus(len(task.index.of(task.dataset.train)))
        if task.prompt.answer_after != tasks[0].prompt.answer_after:
            raise UserError(f"task {task.name}: its prompt's answer_after must be that of the first task")
        if [other.name for other in tasks].count(task.name) > 1:
            raise UserError(f"task {task.name} is named twice")


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
    if config.distinct and (config.vllm or rewriter.sees):
        other = "vllm=true" if config.vllm else f"{rewriter.name}, which sees"
        raise UserError(
            f"distinct={config.distinct:g} cannot be had with {other}: what samples there keeps its temperature; leave "
            "it out"
        )
    if not config.vllm:
        return
    if find_spec("vllm") is None:
        raise UserError("vllm=true needs vLLM, and an accelerator: pip install 'grape-rewrite[vllm]'")
    if rewriter.is_chat and rewriter.tokenizer("a")["input_ids"] != rewriter.encode("a"):
        raise UserError(f"vllm=true: {rewriter.name} would get its first token twice; leave vllm out")


def require_rewriter(rewriter: Rewriter, tasks: Sequence[Task]) -> None:
    """Require a rewriter without an adapter, and for one that sees queries that all have a picture, as TRL wants them.

    :raises UserError: when it has been trained already; when it reads, and a prompt is for one that sees; with the
        first query that has no picture that can be read.
    """
    if hasattr(rewriter.model, "peft_config"):
        raise UserError(
            f"this rewriter has been trained already; train from its base model, Rewriter.load({rewriter.name!r})"
        )
    for task in tasks if not rewriter.sees else ():
        require_reader(task.prompt, rewriter.name)
    for task, split in ((task, split) for task in tasks if rewriter.sees for split in ("train", "dev")):
        queries = task.dataset.split(split).queries
        for query, picture in zip(queries, task.index.readable(queries), strict=True):
            if picture is None:
                raise UserError(
                    f"task {task.name}, split {split}: query {query.id!r} has no picture that can be read; a rewriter "
                    "that sees is trained on queries that all have one"
                )


def restrict_output(rewriter: Rewriter, index: Index, config: TrainingConfig, also: Sequence[Task] = ()) -> None:
    """Give the rewriter the output vocabulary of the config: the words of the corpus and of the retriever, or all.

    One that reasons first has all words: those of the retriever are not enough to think in. So has one that sees: the
    stock paths that it is sampled and trained by know no output vocabulary. So has what is sampled with vLLM.

    :param also: further tasks, whose words are added.
    """
    free = rewriter.prompt.answer_after or rewriter.sees or config.vllm
    if config.output_vocabulary == "retriever" and not free:
        texts = [answer for task in also for _, answer in task.prompt.examples]
        for searched in (index, *(task.index for task in also)):
            texts += [item.text for item in searched.corpus if item.text] + searched.retriever.words()
        if texts:
            rewriter.restrict_to_words(texts)
        else:
            logger.warning("neither corpus nor retriever tells its words: the output vocabulary stays full")


def _arguments(rewriter: Rewriter, config: TrainingConfig, run: RunFolder) -> Any:
    """What TRL's trainer is told."""
    from trl import GRPOConfig

    own = config.per_process(process_count())
    on_cpu = rewriter.model.device.type == "cpu"
    return GRPOConfig(
        output_dir=str(run.checkpoints),
        per_device_train_batch_size=config.micro_batch or own,
        gradient_accumulation_steps=own // (config.micro_batch or own),
        use_vllm=config.vllm,
        vllm_mode="colocate",
        generation_kwargs={"stop_token_ids": rewriter.stop} if config.vllm else None,
        num_generations=config.group,
        max_completion_length=config.max_tokens,
        temperature=config.temperature,
        max_steps=config.steps,
        learning_rate=config.learning_rate,
        warmup_steps=config.warmup,
        lr_scheduler_type="warmup_stable_decay",
        lr_scheduler_kwargs={"num_decay_steps": config.decay_steps, "decay_type": "linear"},
        reward_weights=[1.0, config.form_weight, config.length_weight],
        multi_objective_aggregation="normalize_then_sum" if config.scale == "group" else "sum_then_normalize",
        scale_rewards=config.scale,
        loss_type="dapo",
        beta=config.beta,
        seed=config.seed,
        shuffle_dataset=False,
        remove_unused_columns=False,
        activation_checkpointing=False,
        bf16=False,  # the weights are bfloat16 themselves; autocast would only cast them again and again
        use_cpu=on_cpu,
        dataloader_pin_memory=not on_cpu,
        logging_steps=1,
        save_strategy="steps",
        save_steps=config.save_every,
        save_total_limit=1,
        report_to="none",
        disable_tqdm=True,
    )


def _look(rewriter: Rewriter, task: Task, config: TrainingConfig, tasks: int) -> Look:
    """The look at the dev queries of one of several tasks, which share them."""
    dev = task.dataset.dev.only(config.languages).sample(max(1, config.dev_queries // tasks))
    return Look(rewriter, task.index, dev, task.prompt)


def _select(advantages: torch.Tensor, config: TrainingConfig) -> torch.Tensor:
    """The advantages that are learned from, of all that were sampled."""
    if config.oversample > 1:
        advantages = varied_groups(advantages, config.group, config.queries)
    if config.kept < config.group:
        advantages = extremes(advantages, config.group, config.kept)
    return best_of_group(advantages, config.group) if config.algorithm == "best-of-group" else advantages


def _form_rewards(rewriter: Rewriter, tasks: Sequence[Task], config: TrainingConfig) -> list[Any]:
    """The rewards of form and length with TRL's signature."""
    stop = set(rewriter.stop)
    markers = list(dict.fromkeys(marker for task in tasks for marker in task.prompt.markers))

    def form(completions: list[Any], completion_ids: list[list[int]], **_: Any) -> list[float]:
        texts = [rewriter.prompt.answer(text_of(completion)) for completion in completions]
        ended = [ids[-1] in stop for ids in completion_ids]
        return [float(value) for value in well_formed(texts, ended, markers)]

    def length(completions: list[Any], completion_ids: list[list[int]], **_: Any) -> list[float]:
        lengths = [len(ids) for ids in completion_ids]
        if rewriter.prompt.answer_after:  # thinking costs nothing; a rewrite that never comes has no length of its own
            answers = [rewriter.prompt.answer(text_of(completion)) for completion in completions]
            lengths = [
                len(rewriter.encode(text)) if text else whole for text, whole in zip(answers, lengths, strict=True)
            ]
        return [float(value) for value in brevity(lengths, config.free, config.max_tokens)]

    return [form, length]


def _facts(rewriter: Rewriter, tasks: Sequence[Task], config: TrainingConfig, frozen: Sequence[str]) -> AdapterFacts:
    whole = len(rewriter.vocabulary) == len(rewriter.vocabulary.row)
    first, *also = [
        TaskFacts(
            prompt=task.prompt,
            retriever=task.index.retriever.name,
            retriever_fingerprint=fingerprint,
            corpus_fingerprint=task.index.corpus.fingerprint(),
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
        seed=config.seed,
        steps=0,
        versions={name: version(name) for name in ("grape-rewrite", "torch", "transformers", "trl", "peft")},
        also=also,
        **dict(first),
    )


def _save(model: Any, out: Path, facts: AdapterFacts) -> None:
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
        reason = getattr(error, "strerror", None) or error
        raise UserError(f"cannot write the adapter into {out}: {reason}") from error


def _load_best(rewriter: Rewriter, out: Path) -> AdapterFacts:
    """Put the best adapter's weights into the model."""
    from safetensors.torch import load_file

    facts = read_adapter(out)
    if facts.steps == 0:
        logger.warning("adapter %s: %s", out, UNCHANGED)
    set_peft_model_state_dict(rewriter.model, load_file(out / "adapter_model.safetensors"))
    return facts
