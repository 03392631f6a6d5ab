from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from grape_rewrite.datasets import Corpus, Dataset, Item

items = st.lists(
    st.builds(
        Item, st.text(st.characters(exclude_categories=["Cs"]), max_size=4), st.none() | st.just("") | st.just("a")
    ),
    max_size=4,
)


def test_it_is_a_sequence_with_rows_by_id(folder):
    corpus = Dataset.load(folder).corpus
    assert len(corpus) == 2
    assert [item.id for item in corpus] == corpus.ids == ["d1", "d2"]
    assert corpus[corpus.position["d2"]].image == folder / "images" / "d2.png"
    assert corpus[:1] == [Item("d1", "a red apple")]


def test_it_says_whether_texts_or_pictures_can_be_searched():
    text, picture, both = Item("a", "x"), Item("b", None, Path("b.png")), Item("c", "x", Path("c.png"))
    assert Corpus([picture, both]).has_images
    assert not Corpus([text, picture]).has_images


@given(items, items)
def test_fingerprints_are_equal_exactly_for_equal_corpora(one, other):
    assert (Corpus(one).fingerprint() == Corpus(other).fingerprint()) == (one == other)


def test_fingerprint_sees_the_bytes_of_pictures_and_not_their_place(tmp_path):
    def corpus(name: str, content: bytes) -> Corpus:
        (tmp_path / name).write_bytes(content)
        return Corpus([Item("a", None, tmp_path / name)])

    assert corpus("x.png", b"1").fingerprint() == corpus("y.png", b"1").fingerprint()
    assert corpus("x.png", b"1").fingerprint() != corpus("x.png", b"2").fingerprint()


def test_fingerprint_of_a_dataset_follows_queries_and_judgements(folder):
    first = Dataset.load(folder).fingerprint()
    assert Dataset.load(folder).fingerprint() == first
    with (folder / "qrels" / "train.tsv").open("a") as file:
        file.write("q1\td1\t1\n")
    second = Dataset.load(folder).fingerprint()
    with (folder / "queries.jsonl").open("a") as file:
        file.write('{"_id": "q4", "text": "x"}\n')
    assert len({first, second, Dataset.load(folder).fingerprint()}) == 3


def test_a_picture_is_known_by_its_file_and_by_its_copy(tmp_path):
    for name, content in {"a.png": b"12", "b.png": b"34", "copy.png": b"34", "other.png": b"35"}.items():
        (tmp_path / name).write_bytes(content)
    files = [tmp_path / "a.png", tmp_path / "b.png", tmp_path / "b.png"]
    corpus = Corpus([*(Item(str(row), None, file) for row, file in enumerate(files)), Item("text", "x")])
    assert corpus.rows_with(tmp_path / "b.png").tolist() == [1, 2]
    assert corpus.rows_with(tmp_path / ".." / tmp_path.name / "a.png").tolist() == [0]
    assert corpus.rows_with(tmp_path / "copy.png").tolist() == [1, 2]
    for nothing in (tmp_path / "other.png", tmp_path / "missing.png", None):
        assert corpus.rows_with(nothing).tolist() == []
