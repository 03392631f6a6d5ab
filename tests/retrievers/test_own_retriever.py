"""A user's own retriever: what a function returns that is named as `module:function`."""

from pathlib import Path

import numpy as np
import pytest

from grape_rewrite.datasets import Dataset
from grape_rewrite.errors import UserError
from grape_rewrite.retrievers import Retriever
from grape_rewrite.retrievers.images import UnreadableImage, open_image

MODULE = """
import json
from functools import partialmethod

import numpy as np

from grape_rewrite import Retriever
from grape_rewrite.retrievers.images import open_image


class Letters(Retriever):
    dimension = 26
    context = 8
    sees = True

    def embed_texts(self, texts):
        print("embedding")
        counts = np.array([[text.lower().count(chr(97 + letter)) + 0.01 for letter in range(26)] for text in texts])
        return counts / np.linalg.norm(counts, axis=1, keepdims=True)

    def embed_images(self, images):
        means = np.array([np.asarray(open_image(image)).mean(axis=(0, 1)) for image in images])
        rows = np.pad(means + 1, ((0, 0), (0, 23)))
        return rows / np.linalg.norm(rows, axis=1, keepdims=True)

    def count_truncated(self, texts):
        return sum(len(text) > self.context for text in texts)

    def fingerprint(self):
        return "letters"

    def words(self):
        return ["apple", "pear"]


class Reads(Letters):
    sees = False


class Long(Letters):
    def embed_texts(self, texts):
        return 2 * super().embed_texts(texts)


class Short(Letters):
    def embed_texts(self, texts):
        return super().embed_texts(texts)[:, :5]


class Broken(Letters):
    def embed_texts(self, texts):
        return json.loads("{")


class Undefined(Letters):
    def embed_texts(self, texts):
        return np.full((len(texts), 26), np.nan)


class Nameless(Letters):
    def fingerprint(self):
        pass


class Silent(Letters):
    def count_truncated(self, texts):
        pass

    def words(self):
        yield "apple"
        raise ValueError("no more words")


class Numbers(Letters):
    def words(self):
        return [1, 2]


class Prefixed(Letters):
    def _embed(self, before, texts):
        assert texts, "nothing to embed"
        return super().embed_texts([before + text for text in texts])

    embed_texts = partialmethod(_embed, "query: ")


class Unfinished(Retriever):
    pass


def no_retriever():
    return [1.0]
"""


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> str:
    name = f"retriever_of_{abs(hash(request.node.name))}"  # one for each test, as modules stay imported
    (tmp_path / f"{name}.py").write_text(MODULE)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.chdir(tmp_path)
    return name


def test_it_is_indexed_and_searched_as_any(module: str, tiny_dataset_folder: Path, capsys, cache: Path) -> None:
    retriever = Retriever.load(f"{module}:Letters")
    assert (retriever.name, retriever.dimension, retriever.context) == (f"{module}:Letters", 26, 8)
    assert (retriever.fingerprint(), retriever.words()) == ("letters", ["apple", "pear"])
    assert retriever.count_truncated(["a", "a long text"]) == 1
    corpus = Dataset.load(tiny_dataset_folder).corpus
    index = retriever.index(corpus)
    text = corpus[7].text
    assert text
    counts = np.array([[item.text.lower().count(chr(97 + letter)) for letter in range(26)] for item in corpus]) + 0.01
    rows = counts / np.linalg.norm(counts, axis=1, keepdims=True)
    expected = np.argsort(-(rows @ rows[7]), kind="stable")[:5]
    found = index.search([text], 5)[0]
    assert found[0][1] == pytest.approx(1, abs=1e-6)
    assert {name for name, _ in found[:1]} == {corpus.ids[expected[0]]}
    assert [score for _, score in found] == pytest.approx((rows @ rows[7])[expected].tolist(), abs=1e-6)
    assert capsys.readouterr().out == ""  # standard output is for what was asked for


def test_it_sees_where_it_says_so(module: str, tmp_path: Path) -> None:
    from PIL import Image

    Image.new("RGB", (4, 4), (255, 0, 0)).save(tmp_path / "red.png")
    (tmp_path / "broken.png").write_bytes(b"no picture")
    seeing = Retriever.load(f"{module}:Letters")
    means = np.asarray(open_image(tmp_path / "red.png"), dtype=float).mean(axis=(0, 1)) + 1
    assert seeing.embed_images([tmp_path / "red.png"])[0, :3] == pytest.approx(means / np.linalg.norm(means))
    with pytest.raises(UnreadableImage, match=r"broken\.png"):
        seeing.embed_images([tmp_path / "broken.png"])
    with pytest.raises(UserError, match="reads text only"):
        Retriever.load(f"{module}:Reads").embed_images([tmp_path / "red.png"])


@pytest.mark.parametrize(
    ("made", "words"),
    [
        ("Long", "embed_texts returned a row of length 2 for 'red'; unit rows are needed"),
        ("Short", r"embed_texts returned an array of shape \(2, 5\) for 2 inputs, not \(2, 26\)"),
        ("Undefined", "embed_texts returned a row of length nan for 'red'"),
        ("Broken", r"\.py, line 52: JSONDecodeError: Expecting property name"),
    ],
)
def test_what_is_no_embedding_is_said(module: str, made: str, words: str) -> None:
    with pytest.raises(UserError, match=words) as error:
        Retriever.load(f"{module}:{made}").embed_texts(["red", "blue"])
    assert str(error.value).startswith(f"retriever {module}:{made}: ")
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("made", "asked", "words"),
    [
        ("Nameless", lambda own: own.fingerprint(), "fingerprint returned None; a text is needed that changes when"),
        ("Silent", lambda own: own.count_truncated(["red"]), "count_truncated returned None; a whole number is needed"),
        ("Silent", lambda own: own.words(), r"\.py, line 71: ValueError: no more words"),
        ("Numbers", lambda own: own.words(), "words returned 1 among its words; texts are needed"),
    ],
)
def test_what_else_it_says_of_itself_is_checked(module: str, made: str, asked, words: str) -> None:
    own = Retriever.load(f"{module}:{made}")
    with pytest.raises(UserError, match=words) as error:
        asked(own)
    assert str(error.value).startswith(f"retriever {module}:{made}: ")


def test_nothing_is_embedded_without_asking_it(module: str) -> None:
    """In a long training all queries have been seen before: there is none left to embed."""
    own = Retriever.load(f"{module}:Prefixed")
    assert own.embed_texts([]).shape == own.embed_images([]).shape == (0, 26)
    assert own.embed_texts(["red"]) == pytest.approx(Retriever.load(f"{module}:Letters").embed_texts(["query: red"]))


@pytest.mark.parametrize(
    ("made", "words"),
    [
        ("no_retriever", "returned an object of type list; one of a class derived from grape_rewrite.Retriever"),
        ("Unfinished", "TypeError: Can't instantiate abstract class Unfinished"),
        ("missing", "has no function 'missing'"),
    ],
)
def test_what_is_no_retriever_is_refused(module: str, made: str, words: str) -> None:
    with pytest.raises(UserError, match=words):
        Retriever.load(f"{module}:{made}")


def test_a_module_that_is_not_there_is_said() -> None:
    with pytest.raises(UserError, match="retriever 'nowhere_to_be_found:f': cannot import nowhere_to_be_found"):
        Retriever.load("nowhere_to_be_found:f")


def test_a_folder_with_a_colon_in_its_name_is_a_folder(tmp_path: Path) -> None:
    (tmp_path / "a:b").mkdir()
    with pytest.raises(UserError, match=r"neither modules\.json"):
        Retriever.load(str(tmp_path / "a:b"))
