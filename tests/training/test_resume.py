"""An interrupted run that is resumed ends as one that was left alone."""

import json
import shutil
import signal
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file
from transformers import TrainerControl, TrainerState

from grape_rewrite.datasets import Corpus, Dataset, Item
from grape_rewrite.errors import UserError
from grape_rewrite.index import Index
from grape_rewrite.rewriting import Prompt, Rewriter
from grape_rewrite.training import TrainingConfig, callbacks, train
from grape_rewrite.training.callbacks import History, Interrupt
from grape_rewrite.training.run_folder import RunFolder

SIGNALS = (signal.SIGINT, signal.SIGTERM)  # Ctrl-C, and what clusters send


def interrupt_at(step: int, number: signal.Signals = signal.SIGINT) -> Callable[..., None]:
    """A watch that does what Ctrl-C does when the row of a step is shown."""

    def watch(row: dict[str, Any], _: object) -> None:
        if row["step"] == step:
            signal.raise_signal(number)

    return watch


def steps(folder: Path) -> list[int]:
    return [json.loads(line)["step"] for line in (folder / "history.jsonl").read_text().splitlines()]


def same(one: Path, other: Path) -> bool:
    mine, theirs = (load_file(folder / "adapter_model.safetensors") for folder in (one, other))
    return mine.keys() == theirs.keys() and all(torch.equal(mine[name], theirs[name]) for name in mine)


def handlers() -> list[Any]:
    return [signal.getsignal(number) for number in SIGNALS]


@pytest.mark.parametrize(("step", "number"), [(0, signal.SIGINT), (1, signal.SIGTERM), (2, signal.SIGINT)])
def test_resumed_is_uninterrupted(
    begin: Callable[..., Any], finished, tmp_path: Path, step: int, number: signal.Signals
) -> None:
    before = handlers()
    folder = tmp_path / "run"
    with pytest.raises(KeyboardInterrupt):
        begin(folder, watch=interrupt_at(step, number))
    assert handlers() == before
    # The step in progress is finished and saved.
    assert steps(folder) == list(range(step + 2))
    assert RunFolder(folder).last_checkpoint().endswith(f"checkpoint-{step + 1}")
    resumed = begin(folder, resume=True)
    assert steps(folder) == [0, 1, 2, 3, 4]
    rows = [[json.loads(line) for line in (run.folder / "history.jsonl").open()] for run in (resumed, finished)]
    for mine, theirs in zip(*rows, strict=True):
        assert mine["step"] == theirs["step"]
        for key in ("reward", "mrr", "entropy", "loss", "grad_norm", "dev_mrr"):
            assert mine.get(key) == theirs.get(key), (mine["step"], key)
    assert same(folder, finished.folder)
    assert not (folder / "checkpoints").exists()


def test_the_temperature_goes_on(begin: Callable[..., Any], tmp_path: Path) -> None:
    hot = {"distinct": 1.0, "learning_rate": 0.05}
    whole = begin(tmp_path / "whole", **hot)
    with pytest.raises(KeyboardInterrupt):
        begin(tmp_path / "run", watch=interrupt_at(1), **hot)
    begin(tmp_path / "run", resume=True, **hot)
    rows = [[json.loads(line) for line in (tmp_path / name / "history.jsonl").open()] for name in ("whole", "run")]
    temperatures = [[row.get("temperature") for row in run] for run in rows]
    assert temperatures[0] == temperatures[1]
    assert temperatures[0][-1] > temperatures[0][1]
    assert same(tmp_path / "run", whole.folder)


def test_a_failure_gives_the_signal_back(begin: Callable[..., Any], tmp_path: Path) -> None:
    def fail(row: dict[str, Any], _: object) -> None:
        if row["step"] == 1:
            raise RuntimeError("the screen is gone")

    before = handlers()
    with pytest.raises(RuntimeError, match="the screen is gone"):
        begin(tmp_path / "run", watch=fail)
    assert handlers() == before


def test_an_interrupted_run_is_not_overwritten(begin: Callable[..., Any], tmp_path: Path) -> None:
    folder = tmp_path / "run"
    with pytest.raises(KeyboardInterrupt):
        begin(folder, watch=interrupt_at(0))
    with pytest.raises(UserError, match="--resume"):
        begin(folder)
    with pytest.raises(UserError, match=r"begun with learning_rate=0\.005, not 0\.01"):
        begin(folder, resume=True, learning_rate=0.01)
    assert RunFolder(folder).last_checkpoint() is not None


def test_a_run_goes_on_with_what_it_was_begun_with(
    tiny_model_folder: Path, tiny_prompt, index, tiny_dataset, small: dict[str, Any], tmp_path: Path
) -> None:
    folder = tmp_path / "run"

    def begin(prompt: Prompt = tiny_prompt, corpus: Index = index, **values: Any) -> Rewriter:
        rewriter = Rewriter.load(str(tiny_model_folder), prompt)
        return train(rewriter, corpus, tiny_dataset, folder, **small, **values)

    with pytest.raises(KeyboardInterrupt):
        begin(watch=interrupt_at(1))
    with pytest.raises(UserError, match="begun with another prompt; resume it with the same"):
        begin(replace(tiny_prompt, instruction="Say it."), resume=True)
    more = Corpus([*tiny_dataset.corpus, Item("more", "red sea")])
    with pytest.raises(UserError, match="begun with another corpus"):
        begin(corpus=index.retriever.index(more, cache=tmp_path / "index"), resume=True)
    assert steps(folder) == [0, 1, 2]
    begin(resume=True)
    assert steps(folder) == [0, 1, 2, 3, 4]


def test_a_run_does_not_go_on_with_other_judgements(
    tiny_model_folder: Path,
    tiny_prompt: Prompt,
    index: Index,
    tiny_dataset_folder: Path,
    small: dict[str, Any],
    tmp_path: Path,
) -> None:
    data = tmp_path / "data"
    shutil.copytree(tiny_dataset_folder, data)
    judged = data / "qrels" / "train.tsv"
    before = judged.read_text()

    def begin(**values: Any) -> Rewriter:
        rewriter = Rewriter.load(str(tiny_model_folder), tiny_prompt)
        return train(rewriter, index, Dataset.load(data), tmp_path / "run", **small, **values)

    with pytest.raises(KeyboardInterrupt):
        begin(watch=interrupt_at(1))
    judged.write_text("".join(before.splitlines(keepends=True)[:-1]))
    with pytest.raises(UserError, match="begun with another state of the data; resume it with the same"):
        begin(resume=True)
    judged.write_text(before)
    begin(resume=True)
    assert steps(tmp_path / "run") == [0, 1, 2, 3, 4]


def test_a_signal_that_comes_while_others_are_asked_is_not_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    interrupt = Interrupt()

    def asked(own: bool) -> bool:
        signal.raise_signal(signal.SIGTERM)
        return own

    control = TrainerControl()
    with interrupt:
        monkeypatch.setattr(callbacks, "any_process", asked)
        interrupt.on_step_end(None, TrainerState(), control)
        assert not control.should_training_stop
        monkeypatch.setattr(callbacks, "any_process", bool)
        interrupt.on_step_end(None, TrainerState(), control)
    assert control.should_training_stop
    assert control.should_save


@pytest.mark.parametrize(
    "name", ["trainer_state.json", "optimizer.pt", "scheduler.pt", "rng_state.pth", "adapter_model.safetensors"]
)
def test_a_checkpoint_that_is_damaged_is_named(begin: Callable[..., Any], tmp_path: Path, name: str) -> None:
    folder = tmp_path / "run"
    with pytest.raises(KeyboardInterrupt):
        begin(folder, watch=interrupt_at(1))
    last = Path(str(RunFolder(folder).last_checkpoint()))
    content = (last / name).read_bytes()
    (last / name).write_bytes(content[: len(content) // 2])
    with pytest.raises(UserError, match=r"cannot go on from .*checkpoint-2: \w+: .*begin again in another folder"):
        begin(folder, resume=True)
    (last / name).write_bytes(content)  # nothing else was lost
    begin(folder, resume=True)
    assert steps(folder) == [0, 1, 2, 3, 4]


def test_an_error_in_a_step_is_not_blamed_on_the_checkpoint(begin: Callable[..., Any], tmp_path: Path) -> None:
    def fail(row: dict[str, Any], _: object) -> None:
        if row["step"] == 3:
            raise RuntimeError("the screen is gone")

    with pytest.raises(KeyboardInterrupt):
        begin(tmp_path / "run", watch=interrupt_at(1))
    with pytest.raises(RuntimeError, match="the screen is gone"):
        begin(tmp_path / "run", watch=fail, resume=True)


@pytest.mark.parametrize(
    "error", [OSError(28, "No space left on device"), RuntimeError("PytorchStreamWriter failed writing file")]
)
def test_a_disk_that_is_full_when_a_checkpoint_is_saved(
    begin: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def full(*_: object, **__: object) -> None:
        raise error

    folder = tmp_path / "run"
    with monkeypatch.context() as patch:
        patch.setattr("transformers.trainer_callback.TrainerState.save_to_json", full)
        with pytest.raises(UserError, match=r"cannot save a checkpoint in .*checkpoints: (No space|Pytorch)"):
            begin(folder)
    assert RunFolder(folder).last_checkpoint() is None
    begin(folder)
    assert steps(folder) == [0, 1, 2, 3, 4]


def test_hyperparameters_are_given_once(begin: Callable[..., Any], small: dict[str, Any], tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"a config is given, and \w+ by name; give one or the other"):
        begin(tmp_path / "run", config=TrainingConfig(steps=1))
    assert not (tmp_path / "run").exists()


def test_nothing_to_resume(begin: Callable[..., Any], tmp_path: Path) -> None:
    with pytest.raises(UserError, match="nothing to resume"):
        begin(tmp_path / "run", resume=True)


def test_a_run_whose_history_is_gone_does_not_pass_for_an_untrained_one(
    begin: Callable[..., Any], tmp_path: Path
) -> None:
    folder = tmp_path / "run"
    with pytest.raises(KeyboardInterrupt):
        begin(folder, watch=interrupt_at(1))
    (folder / "history.jsonl").unlink()
    with pytest.raises(UserError, match=r"history\.jsonl"):
        begin(folder, resume=True)
    assert RunFolder(folder).last_checkpoint() is not None


def test_a_time_limit_ends_the_run_with_a_look_at_what_it_learned(begin: Callable[..., Any], tmp_path: Path) -> None:
    run = begin(tmp_path / "run", minutes=1e-6)
    rows = [json.loads(line) for line in (run.folder / "history.jsonl").read_text().splitlines()]
    assert [row["step"] for row in rows] == [0, 1]
    assert all("dev_mrr" in row for row in rows)
    assert run.rewriter.facts.dev_mrr == max(row["dev_mrr"] for row in rows)


def test_the_time_before_an_interruption_counts(begin: Callable[..., Any], tmp_path: Path) -> None:
    folder = tmp_path / "run"
    with pytest.raises(KeyboardInterrupt):
        begin(folder, watch=interrupt_at(0), minutes=60)
    rows = [json.loads(line) for line in (folder / "history.jsonl").read_text().splitlines()]
    rows[-1]["seconds"] = 3601.0
    (folder / "history.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    begin(folder, resume=True, minutes=60)
    assert steps(folder) == [0, 1, 2]


def test_clear_removes_the_run_and_nothing_else(begin: Callable[..., Any], tmp_path: Path) -> None:
    folder = begin(tmp_path / "run", steps=1).folder
    (folder / "notes.txt").write_text("mine")
    RunFolder(folder).clear()
    assert [path.name for path in folder.iterdir()] == ["notes.txt"]
    assert not RunFolder(folder).is_taken


def test_what_is_kept_has_a_checkpoint_of_its_own(tmp_path: Path) -> None:
    """Else a run that is resumed from before it would begin with an adapter that its history does not have."""
    found = iter([0.5, 0.4, 0.6, 0.6])
    kept: list[int] = []
    history = History(
        tmp_path / "history.jsonl",
        every=2,
        measure=lambda: {"dev_mrr": next(found)},
        keep=lambda step, _: kept.append(step),
        watch=lambda _: None,
    )
    saved = []
    for step in range(1, 9):
        control = TrainerControl()
        row = {"reward": 0.0, "completions/mean_length": 1.0}
        history.on_log(None, TrainerState(global_step=step, max_steps=9), control, row)
        if control.should_save:
            saved.append(step)
    assert kept == saved == [2, 6]
