"""`grape evaluate`."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import quote

import typer

from grape_rewrite.atomic import LONGEST_NAME
from grape_rewrite.cli.adapters import check_adapter, check_rewriters, retriever_of, takes_prompt
from grape_rewrite.cli.load import (
    check_languages,
    load_data,
    load_index,
    load_retriever,
    load_rewriter,
    note_repeated,
    sampled,
)
from grape_rewrite.cli.options import (
    AllowMismatch,
    Data,
    Json,
    MaxTokens,
    MaxUnreadable,
    PromptName,
    RemoteCode,
    RetrieverOfAdapter,
    Searched,
    Seed,
    at_home,
    read_prompt,
    read_searching,
)
from grape_rewrite.cli.output import note, say, show, shows_progress
from grape_rewrite.cli.typed import command, typed
from grape_rewrite.errors import UserError

if TYPE_CHECKING:
    from grape_rewrite.datasets import Split
    from grape_rewrite.rewriting import Prompt, Rewriter


def evaluate(
    context: typer.Context,
    data: Data = "scenes",
    retriever: RetrieverOfAdapter = None,
    rewriter: Annotated[
        list[str] | None,
        typer.Option(
            "--rewriter",
            help="A trained adapter, or an untrained model: its prompts are compared. Repeat it for several; "
            "gemma-3-270m by default.",
            callback=at_home,
        ),
    ] = None,
    prompt: PromptName = None,
    split: Annotated[str, typer.Option(help="train, dev or test.")] = "test",
    queries: Annotated[int | None, typer.Option(min=1, help="Queries, all languages alike; all by default.")] = None,
    max_tokens: MaxTokens = None,
    settings: Searched = None,
    strategy: Annotated[
        list[str] | None,
        typer.Option(
            "--strategy",
            help="Another way to search with the rewriter, such as mean-8+raw-0.2, measured beside the others. "
            "Repeat it for several.",
        ),
    ] = None,
    operating_point: Annotated[
        str | None,
        typer.Option(
            help="Choose on dev how to search with the rewriter, and name it: fast (fewest tokens, at most a point of "
            "Recall@10 less than the plain rewrite), safe (fewest queries worse than raw, no Recall@10 less) or best "
            "(the highest Recall@10). It is measured beside the others. The choice is among 35 strategies, with 17 "
            "rewrites of each of up to 1,040 dev queries, and to leave alone the languages in which raw queries do as "
            "well. Each is timed on single queries: all of it takes many times as long as evaluating as many test "
            "queries."
        ),
    ] = None,
    out: Annotated[
        Path,
        typer.Option(
            file_okay=False, help="Folder for figures, runs and the report; an earlier evaluation is replaced."
        ),
    ] = Path("runs/evaluate"),
    seed: Seed = 0,
    json: Json = False,
    allow_mismatch: AllowMismatch = False,
    max_unreadable: MaxUnreadable = 0.0,
    trust_remote_code: RemoteCode = False,
) -> None:
    """Measure raw queries, untrained and trained rewrites side by side, with intervals and tests.

    Example: [bold]grape evaluate scenes --rewriter runs/demo --queries 260[/bold]
    """
    names = list(dict.fromkeys(rewriter or ["gemma-3-270m"]))
    named = {
        "--retriever": retriever,
        "--rewriter": names[0],
        "--prompt": prompt,
        "--max-tokens": max_tokens,
        "--set": settings,
        "--allow-mismatch": allow_mismatch,
        "--max-unreadable": max_unreadable or None,
        "--trust-remote-code": trust_remote_code,
    }
    retriever = retriever_of(retriever, names)
    ways = list(dict.fromkeys(strategy or []))
    _check_ways(ways, operating_point, names, split)
    asked, searching = read_prompt(prompt), read_searching(settings)
    dataset = load_data(data, [split, "dev"] if operating_point else [split])
    note_repeated(dataset, split)
    chosen = sampled(dataset.split(split), queries)
    for way in ways:
        check_languages(way, chosen.queries, f"{split} queries need a language in queries.jsonl")
    check_rewriters(names, max_tokens)
    frozen = load_retriever(retriever, trust_remote_code, json)

    from grape_rewrite.cli.choosing import choose_point, keep_point
    from grape_rewrite.cli.tables import evaluation_table, protocol_table
    from grape_rewrite.evaluation import Details, write_report
    from grape_rewrite.evaluation.rewriters import evaluate as evaluate_rewriters
    from grape_rewrite.fitting import fitted
    from grape_rewrite.strategies import Generations, strategy_of
    from grape_rewrite.training.run_folder import RunFolder

    _require_no_study(out)
    for name in names:
        check_adapter(name, frozen, dataset.corpus, chosen.pictured, allow_mismatch)
    policies = _load_rewriters(names, asked, max_tokens, chosen.pictured, trust_remote_code, json)
    index = load_index(frozen, dataset.corpus, max_unreadable, json)
    policies = {name: fitted(policy, index, searching) for name, policy in policies.items()}
    methods = _methods(policies, chosen)
    history = RunFolder(Path([*names, *_shown(policies)][-1])).rows()  # of the last that was trained
    _note_replaced(out)
    generations = Generations(policies[names[0]], seed=seed, progress=shows_progress(json))
    deployed: dict[str, Any] = {}
    if operating_point:
        deployed = choose_point(operating_point, generations, index, dataset.dev, json)
        if not json:
            say(f"As in: {command(['search', data, 'QUERY'], {**named, '--strategy': deployed['strategy']})}")
        ways = list(dict.fromkeys([*ways, deployed["strategy"]]))
    ways = [way for way in ways if way not in {"raw", "greedy"}]  # these are there
    methods |= {way: strategy_of(way, generations) for way in ways}
    evaluation = evaluate_rewriters(methods, index, chosen, seed, shows_progress(json))
    evaluation.write(out)
    keep_point(out, deployed)
    write_report(
        out / "report.html",
        evaluation,
        history,
        details=Details(
            facts=_facts(data, split, retriever, policies),
            commands=[typed(context)],
            ways=ways,
            unchanged=_unchanged(methods),
            points=deployed or None,
        ),
    )
    if json:
        say(evaluation.to_json())
    else:
        show(evaluation_table(evaluation.summary))
        if evaluation.summary["protocol"]:
            show(protocol_table(evaluation.summary["protocol"]))
        note(f"Report: {out / 'report.html'}")


def _require_no_study(out: Path) -> None:
    """Require that no study lies where the evaluation goes, whose report would be lost.

    :raises UserError: when one does.
    """
    from grape_rewrite.ablation.study import STUDY

    if (out / STUDY).is_file():
        raise UserError(f"{out} holds a study of grape ablate; use another --out folder")


def _note_replaced(out: Path) -> None:
    """Say when an evaluation lies where the new one goes."""
    from grape_rewrite.evaluation.evaluation import EVALUATION

    if (out / EVALUATION).is_file():
        note(f"note: the evaluation in {out} will be replaced")


def _load_rewriters(
    names: list[str],
    asked: "Prompt | None",
    max_tokens: int | None,
    pictured: bool,
    trust_remote_code: bool,
    quiet: bool,
) -> dict[str, "Rewriter"]:
    """Load rewriters. A prompt is for those that can be asked with it, of which there must be one."""
    asked_with = [name for name in names if asked and takes_prompt(name, asked)] or names
    return {
        name: load_rewriter(
            name,
            asked if name in asked_with else None,
            max_tokens,
            trust_remote_code=trust_remote_code,
            quiet=quiet,
            pictured=pictured,
        )
        for name in names
    }


def _methods(policies: "Mapping[str, Rewriter]", split: "Split") -> dict[str, Any]:
    """Return the methods in the order shown: raw, picture and text alone, untrained, references, trained."""
    from grape_rewrite.strategies import alone

    untrained: dict[str, Any] = {}
    bases: list[Any] = []
    for name, policy in policies.items():
        base = (policy.name, policy.prompt)
        if base not in bases:  # adapters of the same model with the same prompt have the same baselines
            untrained |= {f"{method}, {name}" if bases else method: it for method, it in policy.baselines().items()}
            bases.append(base)
    return {
        "raw": None,
        **(alone() if split.pictured else {}),
        **untrained,
        **({"english": split.references} if split.references else {}),
        **{shown: policies[name] for name, shown in _shown(policies).items()},
    }


def _shown(policies: "Mapping[str, Rewriter]") -> dict[str, str]:
    """Return what each trained rewriter is called beside the other methods, whose names no folder can take."""
    trained = [name for name, policy in policies.items() if policy.facts]
    if len(trained) == 1:
        return {trained[0]: "grape"}
    return {name: name if "/" in name else f"./{name}" for name in trained}


def _unchanged(methods: Mapping[str, Any]) -> list[str]:
    """Return the trained rewriters of which the untrained one was kept: no step of the training beat it."""
    from grape_rewrite.rewriting import Rewriter

    return [
        name
        for name, method in methods.items()
        if isinstance(method, Rewriter) and method.facts and not method.facts.steps
    ]


def _facts(data: str, split: str, retriever: str, policies: "Mapping[str, Rewriter]") -> dict[str, str]:
    """Return what the report says was evaluated on what, and which step of its training an adapter is of."""
    from grape_rewrite.evaluation.formats import name_of

    steps = [f"{policy.facts.steps}" for policy in policies.values() if policy.facts]
    return {
        "Data": name_of(data),
        "Split": split,
        "Retriever": name_of(retriever),
        "Rewriter": ", ".join(map(name_of, policies)),
        **({"Step kept": ", ".join(steps)} if steps else {}),
    }


def _check_ways(strategies: list[str], kind: str | None, names: list[str], split: str) -> None:
    """Refuse ways to search, and an operating point, that cannot be measured."""
    if strategies:
        from grape_rewrite.strategies import require_strategy

        for spec in strategies:
            require_strategy(spec)
    if strategies and len(names) > 1:
        raise UserError(f"--strategy is a way to search with one rewriter, and {len(names)} are given")
    for name in names if len(names) > 1 else ():  # which are then called by their names, and so are the run files
        if len(quote(name, safe="")) > LONGEST_NAME - len("few-shot, "):
            raise UserError(f"rewriter {name}: its name is too long for a run file; name it from a folder nearer to it")
    if kind is None:
        return
    from grape_rewrite.evaluation.operating_points import KINDS

    if kind not in KINDS:
        raise UserError(f"unknown operating point {kind!r}; known are {', '.join(KINDS)}")
    if split == "dev":
        raise UserError("an operating point is chosen on dev; measure it on another split, such as --split test")
    if len(names) > 1:
        raise UserError(f"an operating point is that of one rewriter, and {len(names)} are given")
