"""What is shown of a study while its runs are at work."""

import io

import pytest
from rich.console import Console

from grape_rewrite.ablation.study import Job, Study
from grape_rewrite.cli import bars, output, study_display
from grape_rewrite.cli.study_display import StudyDisplay

STUDY = Study(
    data="scenes",
    retriever="lite-clip",
    rewriter="gemma-3-270m",
    training={"steps": 40},
    arms={"grape": {}, "sft": {"algorithm": "best-of-group", "steps": 50}},
    seeds=[0],
)
UNTRAINED, GRAPE, SFT = STUDY.jobs()


def _work(shown: StudyDisplay) -> None:
    """One run is there already, one goes on at step 20 and ends, one has begun."""
    with shown:
        shown.watch(UNTRAINED, "complete already")
        shown.watch(GRAPE, "begun")
        shown.follow(GRAPE, {"step": 20, "seconds": 100.0, "dev_mrr": 0.25})
        shown.follow(GRAPE, {"step": 21, "seconds": 105.0})
        shown.follow(GRAPE, {"step": 40, "seconds": 200.0, "dev_mrr": 0.5})
        _is_at_work(shown)
        shown.watch(GRAPE, "done")
        shown.watch(SFT, "begun")
        shown.follow(SFT, {"step": 0, "seconds": 1.0, "dev_mrr": 0.125})


def _is_at_work(shown: StudyDisplay) -> None:
    assert [(task.description, task.completed, task.total) for task in shown._bars.tasks] == [("grape/seed-0", 40, 40)]


def test_a_look_is_a_line_away_from_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    _work(StudyDisplay(STUDY))
    assert capsys.readouterr().err.splitlines() == [
        "untrained/seed-0: complete already (1 of 3 runs)",
        "grape/seed-0: begun",
        "grape/seed-0: step 20 of 40, dev MRR 0.250",
        "grape/seed-0: step 40 of 40, dev MRR 0.500",
        "grape/seed-0: done (2 of 3 runs)",
        "sft/seed-0: begun",
        "sft/seed-0: step 0 of 50, dev MRR 0.125",
    ]


def test_a_terminal_has_a_bar_for_each_run_at_work(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Console(file=io.StringIO(), force_terminal=True, width=100, color_system=None)
    monkeypatch.setattr(bars, "notes", terminal)
    monkeypatch.setattr(study_display, "notes", terminal)
    monkeypatch.setattr(output, "notes", terminal)
    _work(StudyDisplay(STUDY))
    text = terminal.file.getvalue()
    assert "grape/seed-0: done" in text
    assert ": step 20" not in text  # which its bar says
    last = text.rpartition("sft/seed-0")[2]
    assert "0/50" in last
    assert "dev MRR 0.125" in last
    assert "grape" not in last


def test_one_run_of_a_study_is_one_run(capsys: pytest.CaptureFixture[str]) -> None:
    StudyDisplay(STUDY, "sft/seed-0").watch(SFT, "done")
    assert capsys.readouterr().err == "sft/seed-0: done (1 of 1 runs)\n"


def test_the_time_left_is_that_of_the_steps_that_were_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    shown = StudyDisplay(STUDY)
    shown._bars.get_time = lambda: now[0]
    shown.watch(Job("grape", 0), "begun")
    for step, seconds in ((20, 0.0), (21, 60.0), (22, 120.0)):  # it goes on from a checkpoint, a minute a step
        now[0] = seconds
        shown.follow(Job("grape", 0), {"step": step, "seconds": seconds})
    assert shown._bars.tasks[-1].time_remaining == 18 * 60
