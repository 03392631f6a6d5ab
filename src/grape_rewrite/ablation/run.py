"""Doing a study's runs, several at a time, each in a process of its own."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from grape_rewrite.ablation.manifest import read_manifest
from grape_rewrite.ablation.study import Job, Study
from grape_rewrite.errors import UserError

LOG = "log.txt"


def run_study(
    study: Study, out: Path, parallel: int = 1, only: str | None = None, watch: Callable[[Job, str], None] | None = None
) -> None:
    """Do the runs that are not complete.

    A run that is stopped goes on from its last checkpoint when the study is run again. Each run's messages are in its
    `log.txt`. With several at a time each gets its share of the processor's cores.

    :param study: what is to be run, as `Study.begin` returned it.
    :param out: its folder.
    :param parallel: runs at a time.
    :param only: just the run `ARM/seed-N` of the study, as for one of many jobs of a cluster.
    :param watch: is called with a run and "begun", "done" or "complete already".
    :raises UserError: when a run fails, with the last line of its log; the others at work are stopped and can go on.
    :raises KeyboardInterrupt: after Ctrl-C, when the runs at work have saved.
    """
    tell = watch or (lambda job, what: None)
    waiting = _chosen(study, out, only)
    at_work: dict[Job, subprocess.Popen[bytes]] = {}
    try:
        while waiting or at_work:
            while waiting and len(at_work) < parallel:
                job = waiting.pop(0)
                if read_manifest(job.folder(out)):
                    tell(job, "complete already")
                    continue
                at_work[job] = _start(job, out, parallel)
                tell(job, "begun")
            for job, process in list(at_work.items()):
                if process.poll() is not None:
                    del at_work[job]
                    if process.returncode:
                        raise UserError(f"run {job.arm}/seed-{job.seed} failed: {_last_line(job.folder(out) / LOG)}")
                    tell(job, "done")
            time.sleep(0.05)
    finally:
        for process in at_work.values():
            process.send_signal(
                signal.SIGINT
            )  # it saves; after Ctrl-C it has the signal already, and a second is noted
        for process in at_work.values():
            process.wait()


def _chosen(study: Study, out: Path, only: str | None) -> list[Job]:
    jobs = list(study.jobs())
    if only is None:
        return jobs
    chosen = [job for job in jobs if str(job.folder(out).relative_to(out)) == only]
    if not chosen:
        names = ", ".join(str(job.folder(out).relative_to(out)) for job in jobs)
        raise UserError(f"the study has no run {only!r}; it has {names}")
    return chosen


def _start(job: Job, out: Path, parallel: int) -> "subprocess.Popen[bytes]":
    """Start a run in a session of its own, so that Ctrl-C reaches it once, from here."""
    folder = job.folder(out)
    folder.mkdir(parents=True, exist_ok=True)
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    threads = os.environ.get("OMP_NUM_THREADS") or str(max(1, cores // parallel))
    with (folder / LOG).open("ab") as log:
        return subprocess.Popen(  # noqa: S603 - this interpreter, a module of ours
            [sys.executable, "-m", "grape_rewrite.ablation.work", str(out), job.arm, str(job.seed)],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            env={**os.environ, "OMP_NUM_THREADS": threads},
            start_new_session=True,
        )


def _last_line(log: Path) -> str:
    lines = log.read_text(encoding="utf-8", errors="replace").split("\n")
    return next((line.strip() for line in reversed(lines) if line.strip()), "it left no message")
