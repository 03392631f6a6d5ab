"""`grape train`."""

from pathlib import Path
from typing import Annotated, Any

import typer

from grape_rewrite.cli.load import load_index
from grape_rewrite.cli.options import RemoteCode
from grape_rewrite.cli.output import notes
from grape_rewrite.errors import UserError


def train(
    source: Annotated[
        str | None,
        typer.Argument(help="A folder in the BEIR layout, [bold]scenes[/bold], [bold]emoji[/bold], or a YAML config."),
    ] = None,
    retriever: Annotated[str | None, typer.Option(help="lite-clip, minilm, a folder or a hub name.")] = None,
    rewriter: Annotated[str | None, typer.Option(help="gemma-3-270m, a folder or a hub name.")] = None,
    out: Annotated[Path | None, typer.Option(help="Folder for the adapter and the checkpoints.")] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with the interrupted run in --out.")] = False,
    reward: Annotated[str | None, typer.Option(help="rank_linear, rank_log, reciprocal_rank or similarity.")] = None,
    steps: Annotated[int | None, typer.Option(help="Updates of the policy.")] = None,
    minutes: Annotated[float | None, typer.Option(help="Stop after so many minutes.")] = None,
    seed: Annotated[int | None, typer.Option(help="Seed of the run.")] = None,
    batch: Annotated[int | None, typer.Option(help="Rewrites a step: queries times group.")] = None,
    group: Annotated[int | None, typer.Option(help="Rewrites for each query.")] = None,
    learning_rate: Annotated[float | None, typer.Option(help="Peak learning rate.")] = None,
    temperature: Annotated[float | None, typer.Option(help="Sampling temperature.")] = None,
    max_tokens: Annotated[int | None, typer.Option(help="Where a rewrite is cut off.")] = None,
    output_vocabulary: Annotated[str | None, typer.Option(help="retriever or full.")] = None,
    trust_remote_code: RemoteCode = False,
) -> None:
    """Train a rewriter with the retriever's own ranking as the reward.

    Example: [bold]grape train data/mine --retriever minilm --rewriter gemma-3-270m --out runs/mine --steps 40[/bold].
    All keys of a YAML config: data, retriever, rewriter, out, prompt, max_unreadable, and the hyperparameters.
    """
    from grape_rewrite.cli.run_config import RunConfig

    given: dict[str, Any] = {
        "retriever": retriever,
        "rewriter": rewriter,
        "out": out,
        "reward": reward,
        "steps": steps,
        "minutes": minutes,
        "seed": seed,
        "batch": batch,
        "group": group,
        "learning_rate": learning_rate,
        "temperature": temperature,
        "max_tokens": max_tokens,
        "output_vocabulary": output_vocabulary,
    }
    given = {key: value for key, value in given.items() if value is not None}
    if resume and source is None:
        if out is None:
            raise UserError("--resume needs the run's folder: grape train --resume --out DIR")
        source = str(out / "config.yaml")
        if not Path(source).is_file():
            raise UserError(f"nothing to resume: {out} holds no run of grape train (there is no {source})")
    if source is None:
        raise UserError("say what to train on: grape train DATA --out DIR, or grape train CONFIG.yaml")
    config = (
        RunConfig.read(Path(source), given)
        if source.endswith((".yaml", ".yml"))
        else RunConfig.of({"data": source, **given})
    )
    run(config, resume, trust_remote_code)


def run(config: Any, resume: bool, trust_remote_code: bool) -> None:
    """Load what the config names, train, and say what to do next."""
    from grape_rewrite.cli.display import Display
    from grape_rewrite.rewriting import Rewriter
    from grape_rewrite.training import train as train_rewriter
    from grape_rewrite.training.run_folder import RunFolder

    dataset, index = load_index(
        config.data, config.retriever, config.max_unreadable, trust_remote_code, splits=["train", "dev"]
    )
    policy = Rewriter.load(
        config.rewriter, config.chosen_prompt(), config.training.max_tokens, trust_remote_code=trust_remote_code
    )
    with Display() as display:
        display.begin(config.training.steps)
        try:
            trained = train_rewriter(
                policy,
                index,
                dataset,
                out=config.out,
                config=config.training,
                resume=resume,
                watch=display.watch,
                begun=config.write,
            )
        except KeyboardInterrupt:
            again = f"all is saved. Go on with: grape train --resume --out {config.out}"
            cure = again if RunFolder(config.out).last_checkpoint() else "nothing was saved yet; begin again."
            notes.print(f"Interrupted; {cure}", markup=False, soft_wrap=True)
            raise typer.Exit(130) from None
    best = f"best dev MRR {trained.facts.dev_mrr:.3f} at step {trained.facts.steps}"
    notes.print(
        f"{best}. Next: grape evaluate {config.data} --retriever {config.retriever} --rewriter {config.out}",
        markup=False,
        soft_wrap=True,
    )
