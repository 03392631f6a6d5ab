"""What a data set is; one file for each embedded one."""

from grape_rewrite.datasets.beir import write_dataset
from grape_rewrite.datasets.corpus import Corpus, Item
from grape_rewrite.datasets.dataset import Dataset
from grape_rewrite.datasets.head import HeadItem, read_head
from grape_rewrite.datasets.split import Query, Split

__all__ = [
    "Corpus",
    "Dataset",
    "HeadItem",
    "Item",
    "Query",
    "Split",
    "read_head",
    "write_dataset",
]
