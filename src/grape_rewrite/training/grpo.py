"""`train`: from a rewriter, an index and a data set to a trained adapter in a folder."""

import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch
from peft import LoraConfig
from transformers import PrinterCallback, set_seed

from grape_rewrite.datasets import Dataset
from grape_rewrite.errors import UserError, first_line
from grape_rewrite.index import Index
from grape_rewrite.processes import is_first, process_count
from grape_rewrite.rewriting.rewriter import Rewriter
from grape_rewrite.training.best_adapter import adapter_facts, load_best, save_best
from grape_rewrite.training.callbacks import Chance, History, Interrupt
from grape_rewrite.training.config import TrainingConfig
from grape_rewrite.training.example import Watch
from grape_rewrite.training.form import form_rewards
from grape_rewrite.training.freed_memory import keep_freed_memory
from grape_rewrite.training.look import Look, Looks
from grape_rewrite.training.output_vocabulary import restrict_output
from grape_rewrite.training.own_reward import RewardError
from grape_rewrite.training.requirements import require_machine, require_rewriter, require_same, require_tasks
from grape_rewrite.training.retrieval_reward import RetrievalReward
from grape_rewrite.training.run_folder import RunFolder
from grape_rewrite.training.selection import best_of_group, extremes, varied_groups
from grape_rewrite.training.table import training_table
from grape_rewrite.training.task import Task, TaskReward


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

    Without an accelerator the process keeps, until it ends, the memory that its steps free; see `freed_memory`.

    :param rewriter: the untrained policy; the one that is returned shares its weights.
    :param index: the corpus, embedded by the frozen retriever.
    :param dataset: its train split is learned from, its dev split chooses the checkpoint.
    :param out: folder for the adapter, `history.jsonl` and the checkpoints.
    :param config: hyperparameters; or give them by name as further arguments (`reward="rank_log", steps=40`).
    :param resume: go on with the run that `out` holds.
    :param watch: is called after each step with its row of the history and some examples, to show them.
    :param begun: is called when `out` is there; one that is resumed may yet be refused, as of other models.
    :param also: further tasks that the same adapter learns; each gives an equal share of a step's queries, and the dev
        MRR that chooses the checkpoint is the mean over all.
    :return: the rewriter with the adapter of the best dev MRR.
    :raises UserError: on impossible values, when `out` holds another run or files of somebody else's, when its
        checkpoint cannot be read or another not be saved, when a run that is resumed was begun with other data or
        models, or when the retriever has changed in training.
    :raises RewardError: when a reward of one's own fails; the steps before it are saved (by several processes those up
        to the last checkpoint), and `resume` goes on with them.
    :raises KeyboardInterrupt: after Ctrl-C, when all is saved; after a second one at once.
    """
    config = _one_config(config, values)
    run = RunFolder(Path(out))
    tasks = [Task(dataset.name, index, dataset, rewriter.prompt), *also]
    require_tasks(tasks, config)
    require_rewriter(rewriter, tasks)
    require_machine(rewriter, config)
    if rewriter.model.device.type == "cpu":
        keep_freed_memory()
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
    facts = adapter_facts(rewriter, tasks, config, frozen)
    if resume:
        require_same(run, facts)
    trainer: Any = None
    history = History(
        run.history,
        config.evaluate_every,
        measure=look,
        keep=lambda step, mrr: save_best(
            trainer.model, run.folder, facts.model_copy(update={"steps": step, "dev_mrr": mrr})
        ),
        watch=lambda row: watch(row, reward.examples()) if watch else None,
        minutes=config.minutes,
    )
    interrupt, chance = Interrupt(), Chance()
    set_seed(config.seed)  # the adapter's first weights are drawn; older TRL makes them before it sets the seed
    trainer = GrapeTrainer(
        rewriter=rewriter,
        select=lambda advantages: _select(advantages, config),
        distinct=config.distinct,
        reward_funcs=[reward, *form_rewards(rewriter, tasks, config)],
        args=_arguments(rewriter, config, run),
        train_dataset=training_table(rewriter, tasks, config),
        peft_config=LoraConfig(
            r=config.lora_rank,
            lora_alpha=config.lora_alpha,
            target_modules=rewriter.trainable,
            task_type="CAUSAL_LM",
        ),
        callbacks=[interrupt, chance, history],
    )
    # PEFT would name the folder that the weights came from, which nobody else has.
    trainer.model.peft_config["default"].base_model_name_or_path = rewriter.hub_name
    trainer.remove_callback(PrinterCallback)
    with interrupt:
        _learn(trainer, chance, last)
    for task, fingerprint in zip(tasks, frozen, strict=True):
        if task.index.retriever.fingerprint() != fingerprint:
            raise UserError(f"retriever {task.index.retriever.name!r} has changed during training; it must stay frozen")
    if interrupt.asked:
        raise KeyboardInterrupt
    trainer.accelerator.wait_for_everyone()
    if is_first():
        run.finish()
    rewriter.facts = load_best(rewriter, run.folder)
    rewriter.model.eval()
    return rewriter


def _one_config(config: TrainingConfig | None, values: dict[str, Any]) -> TrainingConfig:
    """The hyperparameters, given as a whole or by name."""
    if config and values:
        raise UserError(f"a config is given, and {next(iter(values))} by name; give one or the other")
    return config or TrainingConfig.of(**values)


def _learn(trainer: Any, chance: Chance, last: str | None) -> None:
    """Do the steps, from the last checkpoint on if there is one."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", category=FutureWarning)  # TRL calls transformers by old names
        try:
            trainer.train(resume_from_checkpoint=last)
        except RewardError:
            _save_whole_steps(trainer, chance)
            raise
        except Exception as error:
            if isinstance(error, UserError) or last is None or chance.known:
                raise
            # No step has begun, so it is the checkpoint, whose files are read by several libraries, each with errors
            # of its own.
            reason = f"{type(error).__name__}: {first_line(error)}"
            raise UserError(f"cannot go on from {last}: {reason}; begin again in another folder") from error


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


def _arguments(rewriter: Rewriter, config: TrainingConfig, run: RunFolder) -> Any:
    """What TRL's trainer is told."""
    from trl import GRPOConfig

    own = config.per_process(process_count())
    on_cpu = rewriter.model.device.type == "cpu"
    return GRPOConfig(
        output_dir=str(run.checkpoints),
        per_device_train_batch_size=config.micro_batch or own,
        gradient_accumulation_steps=own // (config.micro_batch or own),
        chat_template_kwargs=rewriter.chat_settings,
        router_aux_loss_coef=0.0,  # of mixtures of experts, whose routers stay as they are
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
