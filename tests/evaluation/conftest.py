"""A small retriever that can be understood by looking: texts and pictures are where their colours are."""

import hashlib
import json

import numpy as np
import pytest
from PIL import Image, ImageColor

from grape_rewrite.datasets import Corpus, Item, Query, Split
from grape_rewrite.evaluation import evaluate_methods
from grape_rewrite.retrievers import Retriever
from grape_rewrite.retrievers.images import open_image

NAMES = ["red", "green", "blue", "yellow", "cyan", "magenta", "orange", "purple", "brown", "pink", "gray", "olive"]
GERMAN = dict(
    zip(
        NAMES,
        ["rot", "grün", "blau", "gelb", "türkis", "fuchsia", "orange", "lila", "braun", "rosa", "grau", "oliv"],
        strict=True,
    )
)
ARABIC = dict(
    zip(
        NAMES,
        ["أحمر", "أخضر", "أزرق", "أصفر", "سماوي", "أرجواني", "برتقالي", "بنفسجي", "بني", "وردي", "رمادي", "زيتوني"],
        strict=True,
    )
)


class ColourRetriever(Retriever):
    """Names of colours, as Pillow knows them, and mean colours of pictures; other words lie anywhere."""

    name, dimension, context, sees = "colours", 3, 8, True

    def embed_texts(self, texts):
        return self._unit([np.mean([self._word(word) for word in text.split() or [""]], axis=0) for text in texts])

    def embed_images(self, images):
        return self._unit([np.asarray(open_image(path)).reshape(-1, 3).mean(axis=0) for path in images])

    def count_truncated(self, texts):
        return sum(len(text.split()) > self.context for text in texts)

    def fingerprint(self):
        return hashlib.sha256(self.name.encode()).hexdigest()

    def _word(self, word):
        try:
            return ImageColor.getrgb(word)[:3]
        except ValueError:
            return list(hashlib.sha256(word.encode()).digest()[:3])

    def _unit(self, colours):
        vectors = np.array(colours, dtype=np.float32).reshape(-1, 3) - 127.3
        return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


@pytest.fixture
def retriever():
    return ColourRetriever()


@pytest.fixture
def pictures(tmp_path):
    """One plain picture for each colour."""
    items = []
    for name in NAMES:
        path = tmp_path / f"{name}.png"
        Image.new("RGB", (40, 30), name).save(path)
        items.append(Item(name, image=path))
    return Corpus(items)


@pytest.fixture
def texts():
    """The colours as texts."""
    return Corpus([Item(f"d{row}", text=name) for row, name in enumerate(NAMES)])


@pytest.fixture
def split_for():
    """Make a split that asks for each item of a corpus in two languages."""

    def make(corpus):
        queries, qrels = [], {}
        for item, name in zip(corpus, NAMES, strict=True):
            for language, words in (("de", GERMAN), ("ar", ARABIC)):
                query = Query(f"{item.id}.{language}", words[name], language=language, reference=name)
                queries.append(query)
                qrels[query.id] = {item.id: 1}
        return Split("test", queries, qrels)

    return make


@pytest.fixture
def evaluate(retriever, split_for, tmp_path):
    """Evaluate raw queries, a rewriter that knows half of the words, one that knows nearly all, and the names."""

    def run(corpus, split=None, **methods):
        split = split or split_for(corpus)
        rewrites = {
            "raw": None,
            "zero-shot": [query.reference if row % 2 else query.text for row, query in enumerate(split)],
            "grape": [query.reference if row % 7 else "gold thing" for row, query in enumerate(split)],
            "english": [query.reference for query in split],
            **methods,
        }
        costs = {"grape": {"rewrite_tokens": 2.5, "ms_per_query": 40.0}}
        return evaluate_methods(rewrites, retriever.index(corpus, cache=tmp_path / "cache"), split, costs=costs)

    return run


@pytest.fixture
def read_json():
    """Read JSON as strictly as other languages do: NaN and infinity are no numbers."""

    def refuse(constant):
        raise ValueError(constant)

    return lambda text: json.loads(text, parse_constant=refuse)
