from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from grape_rewrite.datasets import Corpus, Item, Query, Split
from grape_rewrite.errors import UserError


def split_of(languages: list[str | None]) -> Split:
    queries = [Query(f"q{row}", "x", language=language) for row, language in enumerate(languages)]
    return Split("test", queries, {query.id: {"d0": 1} for query in queries})


languages = st.lists(st.sampled_from(["de", "fr", "ja", None]), min_size=1, max_size=60)


@given(languages, st.integers(1, 70), st.integers(0, 5))
def test_sample_is_even_over_languages_stable_and_in_order(languages, size, seed):
    split = split_of(languages)
    sample = split.sample(size, seed)
    assert len(sample) == min(size, len(split))
    rows = [int(query.id[1:]) for query in sample]
    assert rows == sorted(set(rows))
    assert [query.id for query in sample] == list(sample.qrels)
    assert sample.queries == split.sample(size, seed).queries
    have, drawn = Counter(languages), Counter(sample.languages)
    # No language may have two more than another that still has queries left.
    for language in have:
        if drawn[language] < have[language]:
            assert max(drawn.values()) <= drawn[language] + 1


def test_seeds_draw_different_samples():
    split = split_of(["de"] * 50 + ["fr"] * 50)
    samples = {tuple(query.id for query in split.sample(20, seed)) for seed in range(5)}
    assert len(samples) == 5


def test_every_query_is_equally_likely():
    split = split_of(["de"] * 10)
    drawn = Counter(query.id for seed in range(2000) for query in split.sample(3, seed))
    # Each of 10 queries is drawn with probability 0.3: mean 600, standard deviation 20.5.
    assert all(abs(drawn[query.id] - 600) < 100 for query in split)


def test_sample_of_nothing_is_refused():
    with pytest.raises(UserError, match="0 queries"):
        split_of(["de"]).sample(0)


@given(languages, st.integers(1, 70), st.integers(0, 5))
def test_what_is_beyond_a_sample_is_the_rest_of_the_split(languages, size, seed):
    split = split_of(languages)
    assert split.beyond(None) is split
    if size >= len(split):
        with pytest.raises(UserError, match=f"cannot leave out {size} queries .* 1 to {len(split) - 1} of its"):
            split.beyond(size, seed)
        return
    sample, rest = split.sample(size, seed), split.beyond(size, seed)
    assert [query for query in split if query not in sample.queries] == rest.queries
    assert rest.qrels == {query.id: split.qrels[query.id] for query in rest}


def test_only_some_languages():
    split = split_of(["de", "fr", None, "de", "ja"])
    assert split.only(None) is split
    some = split.only(["ja", "de"])
    assert some.languages == ["de", "de", "ja"]
    assert some.queries == [query for query in split if query.language in ("de", "ja")]
    assert some.qrels == {query.id: split.qrels[query.id] for query in some}
    with pytest.raises(UserError, match="has no query in language 'xx'; it has de, fr, ja"):
        split.only(["de", "xx"])
    with pytest.raises(UserError, match="has no query in language 'de'; it has none named"):
        split_of([None]).only(["de"])


def test_positives_are_rows_of_the_corpus():
    corpus = Corpus([Item("a", "x"), Item("b", "x"), Item("c", "x")])
    queries = [Query("q1", "x"), Query("q2", "x")]
    split = Split("test", queries, {"q2": {"b": 1}, "q1": {"c": 1, "a": 2}})
    positives = split.positives(corpus)
    assert [rows.tolist() for rows in positives] == [[0, 2], [1]]
    assert all(rows.dtype == np.int64 for rows in positives)
    with pytest.raises(UserError, match="'c'"):
        split.positives(Corpus(corpus[:2]))


def test_a_query_never_finds_its_own_picture(tmp_path):
    corpus = Corpus([Item(str(row), image=tmp_path / f"{row % 3}.png") for row in range(4)])  # the first one twice
    queries = [
        Query("picture", "in red", image=tmp_path / "1.png"),
        Query("twice", "in red", image=tmp_path / "x" / ".." / "0.png"),
        Query("foreign", "in red", image=tmp_path / "other.png"),
        Query("text", "red"),
        Query("itself", "this one", image=tmp_path / "2.png"),
    ]
    split = Split("test", queries, {query.id: {"2": 1} for query in queries})
    excluded = split.excluded(corpus)
    assert [rows.tolist() for rows in excluded] == [[1], [0, 3], [], [], []]
    assert all(rows.dtype == np.int64 for rows in excluded)
