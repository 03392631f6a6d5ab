"""Doing a study's runs, several at a time, each in a process of its own."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from grape_rewrite.ablation.following import Following
from grape_rewrite.ablation.manifest import read_manifest
from grape_rewrite.ablation.study import Job, Study
from grape_rewrite.errors import INTERRUPTED, UserError
from grape_rewrite.training.run_folder import RunFolder

LOG = "log.txt"


def run_study(
    study: Study,
    out: Path,
    parallel: int = 1,
    only: str | None = None,
    watch: Callable[[Job, str], None] | None = None,
    follow: Callable[[Job, dict[str, Any]], None] | None = None,
) -> None:
    """Do the runs that are not complete.

    A run that is stopped goes on from its last checkpoint when the study is run again. Each run's messages are in its
    `log.txt`. With several at a time each gets its share of the processor's cores, or `OMP_NUM_THREADS` of them.

    :param study: what is to be run, as `Study.begin` returned it.
    :param out: its folder.
    :param parallel: runs at a time.
    :param only: just the run `ARM/seed-N` of the study, as for one of many jobs of a cluster.
    :param watch: is called with a run and "begun", "done" or "complete already".
    :param follow: is called with a run that trains and each new row of its history.
    :raises UserError: when a run fails, with the last line of its log; the others at work are stopped and can go on.
    :raises KeyboardInterrupt: after Ctrl-C, or when it is told to end (SIGTERM), as soon as the runs at work have
        saved; after a second one they end at once.
    """
    tell = watch or (lambda job, what: None)
    show = follow or (lambda job, row: None)
    waiting = study.chosen(only)
    at_work: dict[Job, subprocess.Popen[bytes]] = {}
    histories: dict[Job, Following] = {}
    with _told_to_end_as_by_ctrl_c():
        try:
            while waiting or at_work:
                while waiting and len(at_work) < parallel:
                    job = waiting.pop(0)
                    if read_manifest(job.folder(out)):
                        tell(job, "complete already")
                        continue
                    histories[job] = Following(RunFolder(job.folder(out)).history)
                    at_work[job] = _start(job, out, parallel)
                    tell(job, "begun")
                for job, process in list(at_work.items()):
                    has_ended = process.poll() is not None  # asked first: what it wrote before is read, then
                    for row in histories[job].news():
                        show(job, row)
                    if has_ended:
                        del at_work[job]
                        if process.returncode:
                            reason = _reason(process, job.folder(out))
                            raise UserError(f"run {job.name} failed: {reason}")
                        tell(job, "done")
                time.sleep(0.05)
        finally:
            _stop(list(at_work.values()))


@contextmanager
def _told_to_end_as_by_ctrl_c() -> Iterator[None]:
    """Let SIGTERM, which `kill` and clusters send, do what Ctrl-C does."""
    if threading.current_thread() is not threading.main_thread():  # only there may signals be handled
        yield
        return
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def prepare(study: Study, out: Path, only: str | None = None) -> None:
    """Load what the runs need in a process of its own, so that a mistake is found before any of them begins.

    :param study: with the arms and seeds that its folder holds already, as `Study.joined` returns it.
    :param out: its folder; nothing is written there.
    :param only: just the run that is to be done, as for `run_study`.
    :raises UserError: when something cannot be had, or has changed since the runs that the folder holds.
    """
    with _told_to_end_as_by_ctrl_c():
        done = subprocess.run(  # noqa: S603 - this interpreter, a module of ours
            [sys.executable, "-m", "grape_rewrite.ablation.work", "prepare", str(out), *([only] if only else [])],
            input=study.model_dump_json(),
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    if done.returncode == INTERRUPTED:
        raise KeyboardInterrupt
    if done.returncode < 0:
        raise UserError(f"what the runs need was not loaded: {_killed(done.returncode)}")
    if done.returncode:
        raise UserError(_last_line(done.stderr))


def _start(job: Job, out: Path, parallel: int) -> "subprocess.Popen[bytes]":
    """Start a run in a session of its own, so that Ctrl-C reaches it once, from here."""
    folder = job.folder(out)
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    threads = os.environ.get("OMP_NUM_THREADS") or str(max(1, cores // parallel))
    with _log(folder) as log:
        return subprocess.Popen(  # noqa: S603 - this interpreter, a module of ours
            [sys.executable, "-m", "grape_rewrite.ablation.work", str(out), job.arm, str(job.seed)],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            env={**os.environ, "OMP_NUM_THREADS": threads},
            start_new_session=True,
        )


def _log(folder: Path) -> BinaryIO:
    """The open log of a run, to write on."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        return (folder / LOG).open("ab")
    except OSError as error:
        raise UserError(f"cannot write {error.filename}: {error.strerror}") from error


def _stop(processes: list["subprocess.Popen[bytes]"]) -> None:
    """Let runs save and end; with a second Ctrl-C meanwhile, end them at once."""
    try:
        for process in processes:
            process.send_signal(signal.SIGINT)
        for process in processes:
            process.wait()
    except KeyboardInterrupt:
        for process in processes:
            process.kill()
            process.wait()
        raise


def _reason(process: "subprocess.Popen[bytes]", folder: Path) -> str:
    """Why a run has failed: what it says itself, or what ended it."""
    if process.returncode < 0:
        return _killed(process.returncode)
    if process.returncode == INTERRUPTED:
        return "it was interrupted; the same command goes on with what it has saved"
    return _last_line((folder / LOG).read_text(encoding="utf-8", errors="replace"))


def _killed(code: int) -> str:
    return f"signal {-code} ended it; 9 is what the system sends when memory runs out"


def _last_line(text: str) -> str:
    lines = (line.strip().removeprefix("error: ") for line in reversed(text.split("\n")))
    return next(filter(None, lines), "it left no message")
