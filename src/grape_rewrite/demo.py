"""The main job on the embedded default, from nothing to a report."""

import shlex
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from grape_rewrite.datasets import Dataset, Split
from grape_rewrite.datasets.emoji_scenes import build_scenes
from grape_rewrite.errors import UserError
from grape_rewrite.evaluation import Details, Evaluation, write_report
from grape_rewrite.evaluation.rewriters import evaluate
from grape_rewrite.retrievers import Retriever
from grape_rewrite.rewriting import Rewriter
from grape_rewrite.training import TrainingConfig, train
from grape_rewrite.training.config import DEMO_STEPS
from grape_rewrite.training.example import Watch
from grape_rewrite.training.run_folder import CONFIG, RunFolder

REPORT = "report.html"
RETRIEVER, REWRITER = "lite-clip", "gemma-3-270m"
LICENCES = [
    {
        "name": "Drawings",
        "licence": "CC BY-SA 4.0",
        "credit": "All emojis designed by OpenMoji – the open-source emoji and icon project.",
    },
    {
        "name": "Captions",
        "licence": "Unicode License v3",
        "credit": "Put together from names of the Unicode CLDR, through the package emoji (BSD).",
    },
    {"name": "Rewriter", "licence": "Gemma Terms of Use", "credit": "Gemma 3 270M by Google."},
    {"name": "Text tower", "licence": "Apache 2.0", "credit": "all-MiniLM-L6-v2 by sentence-transformers."},
    {"name": "Image tower", "licence": "Apache 2.0", "credit": "EfficientNet-Lite0 by Google, ported to PyTorch."},
]


def run_demo(
    out: Path = Path("runs/demo"),
    seed: int = 0,
    steps: int = DEMO_STEPS,
    queries: int = 650,
    progress: bool = True,
    watch: Watch | None = None,
    begin: Callable[[int], None] | None = None,
    enter: Callable[[str], None] | None = None,
) -> Evaluation:
    """Build the data, embed it, train a rewriter, evaluate it beside its baselines and write the report.

    Leaves in `out`: the adapter, `history.jsonl`, `evaluation.json`, `rewrites.jsonl`, run files and `report.html`.
    A demo that was interrupted goes on; one that has finished is made again.

    :param out: the folder for all of it.
    :param seed: of training and of the statistics; the sample of test queries is the same for every seed.
    :param steps: updates.
    :param queries: test queries, all languages alike.
    :param watch: is called after each step of training.
    :param begin: is called before training, with the number of steps.
    :param enter: is called at the beginning of each part of the work, with what is done in it.
    :raises UserError: when `out` holds another run, or a demo that was interrupted and had another seed or other steps.
    """
    if (out / CONFIG).exists():
        raise UserError(f"{out} holds a run of grape train; use another --out folder")
    config = TrainingConfig(seed=seed, steps=steps)
    run = RunFolder(out)
    complete = run.is_finished and (out / REPORT).exists()
    if run.is_taken and not complete:
        run.require_begun_with(config)
    clock = Clock(enter)
    with clock("data", "Building the data set, unless it is there"):
        dataset = Dataset.load(build_scenes(progress=progress))
    with clock("retriever", "Loading the retriever, whose head is fitted the first time"):
        retriever = Retriever.load(RETRIEVER)
    with clock("index", "Embedding the corpus"):
        index = retriever.index(dataset.corpus, progress=progress)
    with clock("rewriter", "Loading the rewriter"):
        rewriter = Rewriter.load(REWRITER)
    if complete:
        (out / REPORT).unlink()
        run.clear()
    if run.is_finished:  # it was interrupted after its training
        trained = Rewriter.load(str(out))
    else:
        if begin:
            begin(config.steps)
        with clock("training", "Training"):
            resume = run.last_checkpoint() is not None
            trained = train(rewriter, index, dataset, out=out, config=config, resume=resume, watch=watch)
    clock.seconds["training"] = run.rows()[-1]["seconds"]  # before an interruption as well
    with clock("evaluation", "Evaluating"):
        split = dataset.test.sample(queries)
        evaluation = evaluate(side_by_side(trained, split), index, split, seed=seed, progress=progress)
    evaluation.write(out)
    write_report(
        out / REPORT,
        evaluation,
        run.rows(),
        details=Details(
            title="Teaching a rewriter what a frozen retriever understands",
            summary=(
                f"A language model of 270 million parameters learned in {config.steps} steps to rewrite captions "
                f"in {len(set(split.languages))} languages. Its only teacher was the ranking of a retriever that reads "
                "English and never changed."
            ),
            facts={
                "Retriever": f"{RETRIEVER} (frozen)",
                "Rewriter": f"{REWRITER} with a LoRA adapter of rank {config.lora_rank}",
                "Reward": config.reward,
                "Step kept": f"{trained.facts.steps if trained.facts else 0} of {config.steps}",
                "Rewrites for training": f"{config.steps * config.batch:,}",
                **{f"Time for {name}": f"{seconds:.0f} s" for name, seconds in clock.seconds.items()},
            },
            unchanged=[] if trained.facts and trained.facts.steps else ["grape"],
            licences=LICENCES,
            commands=[command(out, seed, steps, queries)],
        ),
    )
    return evaluation


def command(out: Path, seed: int, steps: int, queries: int) -> str:
    """Return what is typed for a demo."""
    return f"grape demo --out {shlex.quote(str(out))} --seed {seed} --steps {steps} --queries {queries}"


def side_by_side(trained: Rewriter, split: Split) -> dict[str, Rewriter | list[str] | None]:
    """Return what the trained rewriter is compared with, in the order in which it is shown.

    `zero-shot` and `few-shot` are its own prompt without training, `english` are the human English captions.
    """
    return {
        "raw": None,
        **trained.baselines(),
        **({"english": split.references} if split.references else {}),
        "grape": trained,
    }


class Clock:
    """Measures named stretches of time, in seconds.

    :param enter: is called at the beginning of each, with what is done in it.
    """

    def __init__(self, enter: Callable[[str], None] | None = None) -> None:
        self.seconds: dict[str, float] = {}
        self._enter = enter

    @contextmanager
    def __call__(self, name: str, what: str) -> Iterator[None]:
        """Measure the block.

        :param name: under which its seconds are kept.
        :param what: is done in it.
        """
        if self._enter:
            self._enter(what)
        start = time.perf_counter()
        yield
        self.seconds[name] = time.perf_counter() - start
