"""What a data set is; one file for each embedded one."""

from grape_rewrite.datasets.beir import write_dataset
from grape_rewrite.datasets.composed import build_composed
from grape_rewrite.datasets.corpus import Corpus, Item
from grape_rewrite.datasets.dataset import Dataset
from grape_rewrite.datasets.definitions import build_definitions, build_large_definitions
from grape_rewrite.datasets.emoji import build_emoji
from grape_rewrite.datasets.emoji_scenes import build_fresh_scenes, build_scenes
from grape_rewrite.datasets.head import HeadItem, read_head
from grape_rewrite.datasets.paragraphs import build_paragraphs
from grape_rewrite.datasets.split import Query, Split

__all__ = [
    "Corpus",
    "Dataset",
    "HeadItem",
    "Item",
    "Query",
    "Split",
    "build_composed",
    "build_definitions",
    "build_emoji",
    "build_fresh_scenes",
    "build_large_definitions",
    "build_paragraphs",
    "build_scenes",
    "read_head",
    "write_dataset",
]
