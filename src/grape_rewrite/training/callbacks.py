"""What happens between the steps of a run: stopping, choosing the best checkpoint, keeping the history."""

import json
import logging
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from transformers import TrainerCallback, TrainerControl, TrainerState

from grape_rewrite.atomic import write_text
from grape_rewrite.errors import UserError
from grape_rewrite.processes import any_process, is_first
from grape_rewrite.training.run_folder import read_history

logger = logging.getLogger(__name__)

STOPPING = (signal.SIGINT, signal.SIGTERM)  # what Ctrl-C sends, and what kill and clusters send


class Interrupt(TrainerCallback):
    """Ctrl-C, or SIGTERM, lets the step in progress finish, saves and stops; a second one stops at once.

    A context: the signals are taken over inside it, and given back however it ends.
    """

    def __init__(self) -> None:
        self.asked = False
        self._before: dict[signal.Signals, Any] = {}

    def __enter__(self) -> None:
        if threading.current_thread() is threading.main_thread():  # only there may signals be handled
            self._before = {number: signal.signal(number, self._note) for number in STOPPING}

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _note(self, *_: Any) -> None:
        if self.asked:
            raise KeyboardInterrupt
        self.asked = True
        logger.warning("stopping when this step is done and saved; Ctrl-C again stops at once and loses it")

    def on_step_end(self, _: Any, __: TrainerState, control: TrainerControl, **___: Any) -> None:
        """Save and stop if asked to; so do all processes, even where the signal came a step later."""
        if any_process(self.asked):  # a signal may come while this waits for others, and is not to be lost
            self.asked = True
            control.should_save = True
            control.should_training_stop = True


class Chance(TrainerCallback):
    """Remembers the state of PyTorch's generators at the beginning of the step in progress."""

    def __init__(self) -> None:
        self._states: list[torch.Tensor] = []

    @property
    def known(self) -> bool:
        """Whether a step has begun."""
        return bool(self._states)

    def on_step_begin(self, *_: Any, **__: Any) -> None:
        """Remember the state."""
        self._states = [torch.get_rng_state(), *torch.cuda.get_rng_state_all()]

    def restore(self) -> None:
        """Set the state back to where the step began."""
        torch.set_rng_state(self._states[0])
        torch.cuda.set_rng_state_all(self._states[1:])


class History(TrainerCallback):
    """Keeps a row of metrics for each step, in memory and in `history.jsonl`, and looks at the dev queries.

    A row's `seconds` are those of the run up to then: preparations, steps and looks, of all its processes if it was
    resumed. Its `look_seconds` are those of its look alone. When they are more than a limit, the run stops; its last
    step is looked at, whichever it is.

    :param path: the file; rows that it has already are those of the run that is resumed.
    :param every: steps from one look to the next.
    :param measure: returns the dev metrics of the policy as it is, with a key `dev_mrr`.
    :param keep: is called when the dev MRR is the best so far, to save the adapter.
    :param watch: is called with each row, to show it.
    :param minutes: the limit, if there is one.
    """

    def __init__(
        self,
        path: Path,
        every: int,
        measure: Callable[[], dict[str, float]],
        keep: Callable[[int, float], None],
        watch: Callable[[dict[str, Any]], None],
        minutes: float | None = None,
    ) -> None:
        self.path = path
        self.every = every
        self.measure = measure
        self.keep = keep
        self.watch = watch
        self.limit = None if minutes is None else 60 * minutes
        self.rows: list[dict[str, Any]] = []
        self._start = time.monotonic()
        self._is_over = False

    @property
    def best(self) -> float:
        """The best dev MRR so far."""
        return max((row["dev_mrr"] for row in self.rows if "dev_mrr" in row), default=float("-inf"))

    def on_train_begin(self, _: Any, state: TrainerState, __: TrainerControl, **___: Any) -> None:
        """Take up the rows up to the step that the run starts from; at its beginning, measure the untrained policy.

        :raises UserError: when a run that goes on has no history: which of its steps was the best is not known then.
        """
        if not state.global_step:
            self._judge({"step": 0})
            return
        self.rows = [row for row in read_history(self.path) if row["step"] <= state.global_step]
        if not self.rows:
            raise UserError(f"{self.path} has no row of the steps that are to be gone on with; begin a new run")
        self._start -= self.rows[-1]["seconds"]

    def on_step_end(self, _: Any, __: TrainerState, control: TrainerControl, **___: Any) -> None:
        """Stop when the time is over."""
        if self.limit is not None and any_process(time.monotonic() - self._start > self.limit):
            self._is_over = True
            control.should_training_stop = True

    def on_log(self, _: Any, state: TrainerState, control: TrainerControl, logs: dict[str, Any], **___: Any) -> None:
        """Keep the row of a step; with an adapter a checkpoint is kept too, lest a resumed run begin before it."""
        if "reward" not in logs:
            return
        row: dict[str, Any] = {"step": state.global_step}
        row.update({key: value for key, value in logs.items() if isinstance(value, float)})
        row["rewrite_tokens"] = logs["completions/mean_length"]
        if state.global_step % self.every == 0 or state.global_step == state.max_steps or self._is_over:
            control.should_save |= self._judge(row)
        else:
            self._add(row)

    def _judge(self, row: dict[str, Any]) -> bool:
        """Look at the dev queries, keep the adapter if it is the best so far, and return whether it is."""
        before, start = self.best, time.monotonic()
        row.update(self.measure())
        row["look_seconds"] = time.monotonic() - start
        is_best = bool(row["dev_mrr"] > before)
        if is_best and is_first():
            self.keep(row["step"], row["dev_mrr"])
        self._add(row)
        return is_best

    def _add(self, row: dict[str, Any]) -> None:
        row["seconds"] = time.monotonic() - self._start
        self.rows.append(row)
        if is_first():
            write_text(self.path, "".join(json.dumps(row) + "\n" for row in self.rows))
            self.watch(row)
