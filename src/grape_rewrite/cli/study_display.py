"""What a person sees while a study is at work."""

from typing import Any

from rich.progress import TaskID

from grape_rewrite.ablation.study import Job, Study
from grape_rewrite.cli.bars import bars
from grape_rewrite.cli.output import note, notes


class StudyDisplay:
    """Lines for what begins and ends; on a terminal bars for the steps of the runs at work, else a line for each look.

    :param study: as `Study.begin` returned it.
    :param only: just the run that is done.
    """

    def __init__(self, study: Study, only: str | None = None) -> None:
        self.study = study
        self._bars = bars()
        self._bars.disable = not notes.is_terminal
        self._runs = len(study.chosen(only))
        self._complete = 0
        self._tasks: dict[Job, TaskID] = {}
        self._followed: set[Job] = set()

    def __enter__(self) -> "StudyDisplay":
        self._bars.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bars.stop()

    def watch(self, job: Job, what: str) -> None:
        """Show that a run begins or ends; for `run_study`."""
        if what == "begun":
            note(f"{job.name}: {what}")
            self._tasks[job] = self._bars.add_task(job.name, total=None, figure="")
            return
        self._complete += 1
        note(f"{job.name}: {what} ({self._complete} of {self._runs} runs)")
        if job in self._tasks:
            self._bars.remove_task(self._tasks.pop(job))

    def follow(self, job: Job, row: dict[str, Any]) -> None:
        """Show a step of a run; for `run_study`."""
        task, step, steps = self._tasks[job], row["step"], self.study.config(job).steps
        if job not in self._followed:  # the time left is that of the steps from here on
            self._followed.add(job)
            self._bars.reset(task, total=steps, completed=step, figure="")
        self._bars.update(task, completed=step)
        if "dev_mrr" in row:
            look = f"dev MRR {row['dev_mrr']:.3f}"
            self._bars.update(task, figure=look if step < steps else f"{look}, measuring")
            if not notes.is_terminal:
                note(f"{job.name}: step {step} of {steps}, {look}")
