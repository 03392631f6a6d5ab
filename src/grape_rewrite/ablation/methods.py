"""The names of what is measured without training, and what those search with that fuse several texts."""

FUSED = {
    "hyde": f"mean-8+raw-{1 / 9:.4f}",  # eight captions and the query, all alike
    "query2doc": "query2doc",
    "mean": "mean-8",
    "rrf": "rrf-8",
    "confident": "confident-8",
    "interpolated": "greedy+raw-0.2",
}
"""Name -> strategy, asked with the prompt's examples."""
DRAWN = ("hyde", "mean", "rrf", "confident")
"""Those of them that sample, so that with other seeds they find others."""
UNTRAINED_METHODS = {
    *("raw", "english", "untrained", "zero-shot", "few-shot", "prompt-selection", "image", "text"),
    *FUSED,
}
"""Names that no arm can have."""
