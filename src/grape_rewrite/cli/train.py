"""`grape train`."""

from contextlib import nullcontext
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from grape_rewrite.cache import cache_folder
from grape_rewrite.cli.adapters import check_rewriters
from grape_rewrite.cli.hyperparameters import show_hyperparameters
from grape_rewrite.cli.load import load_data, load_index, load_retriever, load_rewriter, note_repeated
from grape_rewrite.cli.options import (
    DATA_SETS,
    MODELS,
    PROMPTS,
    RETRIEVERS,
    RemoteCode,
    Settings,
    at_home,
    read_settings,
)
from grape_rewrite.cli.output import note
from grape_rewrite.cli.typed import command
from grape_rewrite.errors import INTERRUPTED, UserError
from grape_rewrite.processes import is_first, one_at_a_time
from grape_rewrite.training.config import TrainingConfig

if TYPE_CHECKING:
    from grape_rewrite.cli.run_config import RunConfig
    from grape_rewrite.training.run_folder import RunFolder


def _hyperparameter(key: str) -> Any:
    """An option that overrides a config's value; the default, which holds where neither says anything, is shown."""
    field = TrainingConfig.model_fields[key]
    text = str(field.description)
    return typer.Option(
        help=f"{text[0].upper()}{text[1:]}.", show_default=False if field.default is None else str(field.default)
    )


def train(
    source: Annotated[
        str | None,
        typer.Argument(help=f"A YAML config, {DATA_SETS}"),
    ] = None,
    retriever: Annotated[
        str | None,
        typer.Option(help=RETRIEVERS, show_default="lite-clip"),
    ] = None,
    rewriter: Annotated[
        str | None,
        typer.Option(help=f"gemma-3-270m, {MODELS}", show_default="gemma-3-270m"),
    ] = None,
    prompt: Annotated[
        str | None,
        typer.Option(help=f"{PROMPTS}.", show_default=False),
    ] = None,
    also: Annotated[
        list[str] | None,
        typer.Option(
            help="DATA:RETRIEVER:PROMPT, a further task for the same adapter, such as paragraphs:lite-clip:long-form; "
            "repeat it."
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            file_okay=False,
            help="Folder for the adapter and the checkpoints; it must be given, here or in the config.",
            callback=at_home,
        ),
    ] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with the interrupted run in --out.")] = False,
    reward: Annotated[str | None, _hyperparameter("reward")] = None,
    algorithm: Annotated[str | None, _hyperparameter("algorithm")] = None,
    pool: Annotated[int | None, _hyperparameter("pool")] = None,
    languages: Annotated[
        list[str] | None,
        typer.Option("--language", help="Train on queries in this language alone; repeat it. All by default."),
    ] = None,
    steps: Annotated[int | None, _hyperparameter("steps")] = None,
    minutes: Annotated[float | None, _hyperparameter("minutes")] = None,
    seed: Annotated[int | None, _hyperparameter("seed")] = None,
    batch: Annotated[int | None, _hyperparameter("batch")] = None,
    group: Annotated[int | None, _hyperparameter("group")] = None,
    learning_rate: Annotated[float | None, _hyperparameter("learning_rate")] = None,
    temperature: Annotated[float | None, _hyperparameter("temperature")] = None,
    max_tokens: Annotated[int | None, _hyperparameter("max_tokens")] = None,
    output_vocabulary: Annotated[str | None, _hyperparameter("output_vocabulary")] = None,
    settings: Settings = None,
    device: Annotated[
        str | None,
        typer.Option(
            help="Where the rewriter lies, such as cpu or cuda; an accelerator if there is one. "
            "CUDA_VISIBLE_DEVICES=1 chooses among several."
        ),
    ] = None,
    precision: Annotated[
        str | None, typer.Option(help="float32 or bfloat16; by default what the device multiplies in hardware.")
    ] = None,
    max_unreadable: Annotated[
        float | None,
        typer.Option(help="Share of the corpus whose image may be unreadable; those are skipped.", show_default="0"),
    ] = None,
    trust_remote_code: RemoteCode = False,
    hyperparameters: Annotated[
        bool,
        typer.Option(
            "--hyperparameters",
            help="Print every hyperparameter: its default, what is valid and what it does.",
            is_eager=True,
            callback=show_hyperparameters,
        ),
    ] = False,
) -> None:
    """Train a rewriter with the retriever's own ranking as the reward.

    Example: [bold]grape train data/mine --retriever minilm --rewriter gemma-3-270m --out runs/mine --steps 40[/bold].
    All keys of a YAML config: data, retriever, rewriter, out, prompt, also, max_unreadable, device, precision, and
    those of [bold]grape train --hyperparameters[/bold].
    """
    from grape_rewrite.cli.run_config import RunConfig
    from grape_rewrite.training.run_folder import CONFIG

    given = read_settings(
        settings,
        data=None if is_config(source) else source,
        retriever=retriever,
        rewriter=rewriter,
        prompt=prompt,
        also=also,
        out=out,
        reward=reward,
        algorithm=algorithm,
        pool=pool,
        languages=languages,
        steps=steps,
        minutes=minutes,
        seed=seed,
        batch=batch,
        group=group,
        learning_rate=learning_rate,
        temperature=temperature,
        max_tokens=max_tokens,
        output_vocabulary=output_vocabulary,
        max_unreadable=max_unreadable,
        device=device,
        precision=precision,
    )
    if resume and not is_config(source):  # what is not said stays as it was begun
        if out is None:
            raise UserError("--resume needs the run's folder: grape train --resume --out DIR")
        if not (out / CONFIG).is_file():
            raise UserError(f"nothing to resume: {out} holds no run of grape train (there is no {out / CONFIG})")
        source = str(out / CONFIG)
    if "data" not in given and not is_config(source):
        raise UserError("say what to train on: grape train DATA --out DIR, or grape train CONFIG.yaml")
    config = RunConfig.read(Path(source), given) if source and is_config(source) else RunConfig.of(given)
    run(config, resume, trust_remote_code)


def is_config(source: str | None) -> bool:
    """Whether what to train on is a config file rather than a data set."""
    return source is not None and source.endswith((".yaml", ".yml"))


def run(config: "RunConfig", resume: bool, trust_remote_code: bool) -> None:
    """Load what the config names, train, and say what to do next; of several processes only the first speaks."""
    from grape_rewrite.cli.display import Display
    from grape_rewrite.cli.run_config import RunConfig
    from grape_rewrite.evaluation.formats import counted
    from grape_rewrite.lock import locked
    from grape_rewrite.training.run_folder import CONFIG, RunFolder

    begun = config.out / CONFIG
    config = config.settled(RunConfig.read(begun, {}) if resume and begun.is_file() else None)
    with one_at_a_time(cache_folder()):
        dataset = load_data(config.data, ["train", "dev"])
    for other in dataset.splits:  # a mistake in the test split is better said now than after the training
        dataset.split(other)
        note_repeated(dataset, other, ["train"])
    if not config.also:  # what several tasks need, their training says
        config.training.require(dataset)
    check_rewriters([config.rewriter])
    folder = RunFolder(config.out)
    if resume:
        folder.resume(config.training)
    else:
        folder.require_free()
    from grape_rewrite.training import read_task
    from grape_rewrite.training import train as train_rewriter
    from grape_rewrite.training.own_reward import RewardError

    quiet = not is_first()
    load = cache(lambda name: load_retriever(name, trust_remote_code, quiet))
    with one_at_a_time(cache_folder()):
        frozen = load(config.retriever)
        also = [read_task(spec, load, config.max_unreadable) for spec in config.also]  # first, as they may be misspelt
        policy = load_rewriter(
            config.rewriter,
            config.prompt,
            config.training.max_tokens,
            trust_remote_code,
            quiet,
            config.device,
            config.precision,
            dataset.train.pictured,
        )
        index = load_index(frozen, dataset.corpus, config.max_unreadable, quiet)

    try:
        with nullcontext() if quiet else locked(config.out, wait=False), Display() as display:
            display.begin(config.training.steps)
            train_rewriter(
                policy,
                index,
                dataset,
                out=config.out,
                config=config.training,
                resume=resume,
                watch=display.watch,
                begun=config.write if is_first() else None,
                also=also,
            )
    except KeyboardInterrupt:
        saved = folder.saved_steps
        again = command(["train"], {"--resume": True, "--out": config.out, "--trust-remote-code": trust_remote_code})
        cure = (
            f"{counted(saved, 'step is', 'steps are')} saved. Go on with: {again}"
            if saved
            else "nothing was saved yet; begin again."
        )
        note(f"Interrupted; {cure}")
        raise typer.Exit(INTERRUPTED) from None
    except RewardError as error:
        raise _with_cure(error, folder) from error.__cause__
    if not quiet:
        _say_what_came_of_it(config, folder, trust_remote_code)


def _say_what_came_of_it(config: "RunConfig", folder: "RunFolder", trust_remote_code: bool) -> None:
    """Say how good the run became, what to do next, and whether its reward taught anything."""
    from grape_rewrite.retrievers.registry import is_own
    from grape_rewrite.rewriting.adapter import read_adapter

    if {row["zero_variance"] for row in folder.rows() if "zero_variance" in row} == {1.0}:
        reward = config.training.reward
        note(f"note: {reward} gave all rewrites of a query the same in every step, so that it taught nothing")
    facts = read_adapter(config.out)
    following = {
        "--retriever": config.retriever if is_own(config.retriever) else None,  # no adapter brings code
        "--rewriter": config.out,
        "--max-unreadable": config.max_unreadable or None,
        "--trust-remote-code": trust_remote_code,
    }
    note(
        f"best dev MRR {facts.dev_mrr:.3f} at step {facts.steps}. Next: {command(['evaluate', config.data], following)}"
    )


def _with_cure(error: UserError, folder: "RunFolder") -> UserError:
    """What to say of a run that its reward has stopped: whether it can go on."""
    return UserError(f"{error}; --resume goes on with the steps that are saved") if folder.last_checkpoint() else error
