"""How good rewrites are: metrics, significance, score inflation, harm, and the report that shows them."""

from grape_rewrite.evaluation.evaluation import Evaluation, evaluate_methods
from grape_rewrite.evaluation.metrics import METRICS, ndcg, query_metrics, recall, reciprocal_rank
from grape_rewrite.evaluation.report import Details, render_report, write_report
from grape_rewrite.evaluation.significance import (
    Interval,
    bootstrap_interval,
    estimate_over_runs,
    interval_over_runs,
    randomisation_test,
    randomisation_tests,
)

__all__ = [
    "METRICS",
    "Details",
    "Evaluation",
    "Interval",
    "bootstrap_interval",
    "estimate_over_runs",
    "evaluate_methods",
    "interval_over_runs",
    "ndcg",
    "query_metrics",
    "randomisation_test",
    "randomisation_tests",
    "recall",
    "reciprocal_rank",
    "render_report",
    "write_report",
]
