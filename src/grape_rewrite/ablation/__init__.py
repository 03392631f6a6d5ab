"""Studies: arms times seeds, and what they found."""

from grape_rewrite.ablation.arms import known_arms, read_arms
from grape_rewrite.ablation.report import render_study
from grape_rewrite.ablation.results import read_results
from grape_rewrite.ablation.run import prepare, run_study
from grape_rewrite.ablation.study import Job, Study, read_study
from grape_rewrite.ablation.tables import markdown

__all__ = [
    "Job",
    "Study",
    "known_arms",
    "markdown",
    "prepare",
    "read_arms",
    "read_results",
    "read_study",
    "render_study",
    "run_study",
]
