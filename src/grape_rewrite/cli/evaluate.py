"""`grape evaluate`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from grape_rewrite.cli.load import load_index
from grape_rewrite.cli.options import Data, Json, MaxUnreadable, RemoteCode, RetrieverName, Seed
from grape_rewrite.cli.output import notes, results, say
from grape_rewrite.errors import UserError

if TYPE_CHECKING:
    from grape_rewrite.index import Index
    from grape_rewrite.rewriting import Rewriter


def evaluate(
    data: Data = "emoji",
    retriever: RetrieverName = "lite-clip",
    rewriter: Annotated[
        str, typer.Option("--rewriter", help="A trained adapter, or an untrained model: its prompts are compared.")
    ] = "gemma-3-270m",
    split: Annotated[str, typer.Option(help="train, dev or test.")] = "test",
    queries: Annotated[int | None, typer.Option(min=1, help="Queries, all languages alike; all by default.")] = None,
    out: Annotated[Path, typer.Option(help="Folder for figures, runs and the report.")] = Path("runs/evaluate"),
    seed: Seed = 0,
    json: Json = False,
    allow_mismatch: Annotated[
        bool, typer.Option("--allow-mismatch", help="Accept an adapter that was trained for another retriever.")
    ] = False,
    max_unreadable: MaxUnreadable = 0.0,
    trust_remote_code: RemoteCode = False,
) -> None:
    """Measure raw queries, untrained and trained rewrites side by side, with intervals and tests.

    Example: [bold]grape evaluate emoji --rewriter runs/demo --queries 260[/bold]
    """
    from grape_rewrite.cli.tables import evaluation_table
    from grape_rewrite.evaluation import write_report
    from grape_rewrite.evaluation.rewriters import evaluate as evaluate_rewriters
    from grape_rewrite.rewriting import Rewriter
    from grape_rewrite.training import TrainingConfig
    from grape_rewrite.training.run_folder import RunFolder
    from grape_rewrite.training.train import restrict_output

    dataset, index = load_index(data, retriever, max_unreadable, trust_remote_code, quiet=json)
    policy = Rewriter.load(rewriter, trust_remote_code=trust_remote_code)
    if policy.facts is None:
        restrict_output(policy, index, TrainingConfig())
    elif not allow_mismatch:
        check_fit(policy, index, rewriter)
    chosen = dataset.split(split)
    chosen = chosen if queries is None else chosen.sample(queries)
    references = [query.reference for query in chosen if query.reference]
    methods = {
        "raw": None,
        **policy.baselines(),
        **({"english": references} if len(references) == len(chosen) else {}),
        **({"grape": policy} if policy.facts else {}),
    }
    evaluation = evaluate_rewriters(methods, index, chosen, seed=seed, progress=not json)
    evaluation.write(out)
    command = f"grape evaluate {data} --retriever {retriever} --rewriter {rewriter} --split {split} --seed {seed}"
    write_report(
        out / "report.html",
        evaluation,
        RunFolder(Path(rewriter)).rows() if policy.facts else None,
        details={
            "facts": {"Data": data, "Split": split, "Retriever": retriever, "Rewriter": rewriter},
            "commands": [command + (f" --queries {queries}" if queries else "")],
        },
    )
    if json:
        say(evaluation.to_json())
    else:
        results.print(evaluation_table(evaluation.summary))
        notes.print(f"Report: {out / 'report.html'}", markup=False)


def check_fit(policy: "Rewriter", index: "Index", name: str) -> None:
    """Refuse an adapter that learned from another retriever; warn of another corpus."""
    facts = policy.facts
    if facts.retriever_fingerprint != index.retriever.fingerprint():
        raise UserError(
            f"adapter {name} was trained for retriever {facts.retriever} ({facts.retriever_fingerprint[:12]}), not for "
            f"{index.retriever.name} ({index.retriever.fingerprint()[:12]}); use that one, or --allow-mismatch"
        )
    if facts.corpus_fingerprint != index.corpus.fingerprint():
        notes.print(f"note: adapter {name} was trained on another corpus", markup=False)
