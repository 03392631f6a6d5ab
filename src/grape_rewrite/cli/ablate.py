"""`grape ablate`."""

import json as jsonlib
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from grape_rewrite.cli.load import load_data, note_drawings, note_repeated, sampled
from grape_rewrite.cli.options import (
    MODELS,
    PROMPTS,
    Data,
    Json,
    MaxUnreadable,
    RetrieverName,
    Settings,
    at_home,
    read_precision,
    read_prompt,
    read_settings,
)
from grape_rewrite.cli.output import note, results, say
from grape_rewrite.errors import INTERRUPTED, UserError
from grape_rewrite.training.config import LARGEST_SEED

if TYPE_CHECKING:
    from grape_rewrite.ablation import Study


def ablate(
    context: typer.Context,
    data: Data = "scenes",
    retriever: RetrieverName = "lite-clip",
    rewriter: Annotated[
        str,
        typer.Option(help=f"The model that every arm begins with: gemma-3-270m, {MODELS}", callback=at_home),
    ] = "gemma-3-270m",
    arms: Annotated[
        list[str] | None,
        typer.Option(
            "--arm",
            help="What to compare; repeat it. grape (the default of training), sft, grpo-REWARD, pool-16, no-length, "
            "kl, or changes of your own such as group=4,batch=64, named as in small:group=4,batch=64 if you like. "
            "brief:prompt=brief.yaml asks with a prompt of its own, all:from=runs/other/all measures what another "
            "study trained. By default grape, sft and grpo-similarity.",
        ),
    ] = None,
    seeds: Annotated[
        list[int] | None,
        typer.Option(
            "--seed",
            min=0,
            max=LARGEST_SEED,
            help="Repeat it; 0, 1 and 2 by default. What samples without training is drawn as many times.",
        ),
    ] = None,
    out: Annotated[
        Path,
        typer.Option(
            file_okay=False,
            help="Folder of the study; one that was stopped goes on, and takes further arms and seeds.",
        ),
    ] = Path("runs/ablation"),
    prompt: Annotated[str | None, typer.Option(help=f"{PROMPTS}.", show_default=False)] = None,
    split: Annotated[str, typer.Option(help="Split to measure on.")] = "test",
    queries: Annotated[int | None, typer.Option(min=1, help="Queries, all languages alike; all by default.")] = None,
    beyond: Annotated[
        int | None,
        typer.Option(
            min=1,
            help="Leave out the queries that --queries of this number takes: what was chosen by those is confirmed on "
            "the rest.",
            show_default=False,
        ),
    ] = None,
    steps: Annotated[
        int | None, typer.Option(min=1, help="Steps of every arm; those of grape train by default.")
    ] = None,
    settings: Settings = None,
    precision: Annotated[
        str | None,
        typer.Option(
            help="float32 or bfloat16, for all runs; by default that of the machine on which the study begins.",
            show_default=False,
        ),
    ] = None,
    parallel: Annotated[int, typer.Option(min=1, help="Runs at a time.")] = 1,
    only: Annotated[
        str | None,
        typer.Option(
            help="Just this run of the study, such as grape/seed-0: for one of several jobs, each with an accelerator "
            "of its own (CUDA_VISIBLE_DEVICES)."
        ),
    ] = None,
    max_unreadable: MaxUnreadable = 0.0,
    report: Annotated[
        bool,
        typer.Option("--report", help="Run nothing: write the report of the complete runs of the study in --out."),
    ] = False,
    json: Json = False,
) -> None:
    """Compare rewards, pools and other settings over several seeds, with one budget and one protocol.

    Example: [bold]grape ablate scenes --split dev --arm grape --arm grpo-similarity --parallel 2[/bold]
    """
    from grape_rewrite.ablation.arms import read_arms, usual_arms
    from grape_rewrite.ablation.study import read_study

    if report:
        _require_nothing_else(context)
        _show(_write_report(read_study(out), out), out, json)
        return
    chosen = [0, 1, 2] if seeds is None else seeds
    twice = next((seed for place, seed in enumerate(chosen) if seed in chosen[:place]), None)
    if twice is not None:
        raise UserError(f"seed {twice} is named twice; each adds evidence once")
    training = read_settings(settings, steps=steps)
    named = read_arms(arms or usual_arms(training), training)
    asked = read_prompt(prompt)
    number = read_precision(precision)
    dataset = load_data(data, ["train", "dev", split])
    note_repeated(dataset, split)
    note_drawings(retriever, dataset.corpus)
    if split == "test" and len(named) > 1:
        note(f"note: {len(named)} arms are compared on test; choose among them with --split dev, and confirm on test")
    sampled(dataset.split(split).beyond(beyond), queries)  # for its note; each run samples for itself

    from grape_rewrite.ablation import Study, prepare, run_study
    from grape_rewrite.cli.study_display import StudyDisplay

    study = Study(
        data=data,
        retriever=retriever,
        rewriter=rewriter,
        prompt=asked,
        split=split,
        queries=queries,
        beyond=beyond,
        max_unreadable=max_unreadable,
        precision=number,
        training=training,
        arms=named,
        seeds=chosen,
        draws=len(chosen),
    )
    for job in study.jobs():
        # What several tasks need, their training says; what another study has trained, needs nothing more.
        if job.arm in named and not study.also(job.arm) and not study.source(job):
            study.config(job).require(dataset)
    whole = study.joined(out)
    whole.chosen(only)
    try:
        prepare(whole, out, only)
        study = study.begin(out)
        try:
            with StudyDisplay(study, only) as display:
                run_study(study, out, parallel, only, display.watch, display.follow)
        except UserError:
            _report_complete(study, out)
            raise
    except KeyboardInterrupt:
        note("Interrupted. The same command goes on with what is saved.")
        raise typer.Exit(INTERRUPTED) from None
    _show(_write_report(study, out), out, json)


def _require_nothing_else(context: typer.Context) -> None:
    """Require that nothing is asked for which a report of what there is would pass over."""
    for option in context.command.params:
        source = context.get_parameter_source(str(option.name))
        if source and source.name == "COMMANDLINE" and option.name not in ("out", "report", "json"):
            what = option.opts[0] if option.opts[0].startswith("-") else "DATA"
            raise UserError(f"--report is of all runs that --out holds; leave {what} out")


def _write_report(study: "Study", out: Path) -> dict[str, Any]:
    """Write `results.json`, `results.md` and `report.html` of the complete runs; return the results."""
    from grape_rewrite.ablation import markdown, read_results, render_study
    from grape_rewrite.ablation.results import RESULTS
    from grape_rewrite.atomic import together

    found = read_results(study, out)
    files = {
        RESULTS: jsonlib.dumps(found, indent=1) + "\n",
        "results.md": markdown(found),
        "report.html": render_study(study, found, out),
    }
    with together() as write:
        for name, text in files.items():
            write(out / name, text)
    return found


def _report_complete(study: "Study", out: Path) -> None:
    """Write the report of a study of which a run has failed, if it can be written; that failure is what counts."""
    try:
        _write_report(study, out)
    except UserError as error:
        note(f"No report: {error}")
    else:
        note(f"Report of the complete runs: {out / 'report.html'}")


def _show(found: dict[str, Any], out: Path, json: bool) -> None:
    """Print the results."""
    from grape_rewrite.ablation import markdown

    if json:
        say(jsonlib.dumps(found))
    else:
        results.print(markdown(found), markup=False)
        note(f"Report: {out / 'report.html'}")
