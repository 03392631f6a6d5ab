import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from grape_rewrite.datasets import Corpus, Item
from grape_rewrite.errors import UserError
from grape_rewrite.index import build
from grape_rewrite.index.shard import Shard, load_shard, save_shard
from grape_rewrite.retrievers import Retriever


def files(cache: Path) -> list[Path]:
    return sorted(file for file in cache.rglob("*") if file.is_file())


def test_what_is_cached_is_not_embedded_again(
    tiny_clip: Callable[[], Retriever], clip: Retriever, text_corpus: Corpus, cache: Path
) -> None:
    first = clip.index(text_corpus)
    assert clip.embedded == 60
    assert [file.name for file in files(cache)] == ["embeddings.json", "embeddings.safetensors"]
    again = tiny_clip()  # a retriever loaded anew
    again.embedded = 0
    np.testing.assert_array_equal(again.index(text_corpus).embeddings, first.embeddings)
    assert again.embedded == 0


def test_a_cache_of_one_s_own(clip: Retriever, text_corpus: Corpus, tmp_path: Path, cache: Path) -> None:
    clip.index(text_corpus, cache=tmp_path / "own")
    assert len(files(tmp_path / "own")) == 2
    assert not cache.exists()


def test_another_corpus_or_another_weight_is_embedded_anew(
    clip: Retriever, text_corpus: Corpus, image_corpus: Corpus
) -> None:
    clip.index(text_corpus)
    clip.index(image_corpus)
    assert clip.embedded == 70
    changed = Corpus([Item("t0", "another text"), *text_corpus[1:]])
    clip.index(changed)
    assert clip.embedded == 130
    next(clip._network.parameters()).view(-1)[0] += 1e-3
    clip.index(text_corpus)
    assert clip.embedded == 190


def test_a_changed_picture_is_embedded_anew(clip: Retriever, paths: list[Path]) -> None:
    before = clip.index(Corpus([Item("a", image=paths[0])])).embeddings
    paths[0].write_bytes(paths[1].read_bytes())
    after = clip.index(Corpus([Item("a", image=paths[0])])).embeddings
    assert np.abs(before - after).max() > 1e-4


@pytest.mark.parametrize(
    "damage", ["cut", "empty", "flipped", "gone", "no sidecar", "broken sidecar", "other shape", "other layout"]
)
def test_a_damaged_cache_is_rebuilt(clip: Retriever, text_corpus: Corpus, cache: Path, damage: str) -> None:
    expected = clip.index(text_corpus).embeddings
    sidecar, weights = files(cache)
    content = weights.read_bytes()
    if damage == "cut":
        weights.write_bytes(content[:-5])
    elif damage == "empty":
        weights.write_bytes(b"")
    elif damage == "flipped":
        weights.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    elif damage == "gone":
        weights.unlink()
    elif damage == "no sidecar":
        sidecar.unlink()
    elif damage == "broken sidecar":
        sidecar.write_text('{"layout": 1')
    else:
        change: dict[str, object] = {"unreadable": None} if damage == "other shape" else {"layout": 0}
        sidecar.write_text(json.dumps({**json.loads(sidecar.read_text()), **change}))
    clip.embedded = 0
    np.testing.assert_array_equal(clip.index(text_corpus).embeddings, expected)
    assert clip.embedded == 60
    clip.index(text_corpus)
    assert clip.embedded == 60


def test_an_interrupted_run_goes_on_where_it_stopped(
    tiny_clip: Callable[[], Retriever],
    clip: Retriever,
    text_corpus: Corpus,
    cache: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(build, "SHARD", 20)
    expected = tiny_clip().index(text_corpus, cache=cache / "elsewhere").embeddings
    embed_texts = clip.embed_texts

    def interrupted(texts: list[str]) -> np.ndarray:
        if clip.embedded >= 40:
            raise KeyboardInterrupt
        return embed_texts(texts)

    monkeypatch.setattr(clip, "embed_documents", interrupted)
    with pytest.raises(KeyboardInterrupt):
        clip.index(text_corpus)
    monkeypatch.undo()
    monkeypatch.setattr(build, "SHARD", 20)
    monkeypatch.setenv("GRAPE_CACHE", str(cache.parent))
    clip.embedded = 0
    np.testing.assert_array_equal(clip.index(text_corpus).embeddings, expected)
    assert clip.embedded == 20


def test_a_damaged_shard_costs_only_itself(
    clip: Retriever, text_corpus: Corpus, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(build, "SHARD", 25)
    expected = clip.index(text_corpus).embeddings
    assert len(files(cache)) == 6
    files(cache)[-1].write_bytes(b"")
    clip.embedded = 0
    np.testing.assert_array_equal(clip.index(text_corpus).embeddings, expected)
    assert clip.embedded == 10


def test_an_image_that_became_readable_is_seen(
    context: int, clip: Retriever, image_corpus: Corpus, monkeypatch: pytest.MonkeyPatch
) -> None:
    from PIL import Image

    with monkeypatch.context() as limited:
        limited.setattr(Image, "MAX_IMAGE_PIXELS", 100)  # as if Pillow could not read them yet
        assert len(clip.index(image_corpus, max_unreadable=1).skipped) == 10
    assert clip.index(image_corpus).skipped == {}


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rows=st.integers(0, 5),
    dimension=st.integers(1, 4),
    unreadable=st.dictionaries(st.integers(0, 4), st.text(), max_size=3),
    truncated=st.integers(0, 9),
    seed=st.integers(0, 99),
)
def test_a_shard_comes_back_as_it_was(
    tmp_path: Path, rows: int, dimension: int, unreadable: dict[int, str], truncated: int, seed: int
) -> None:
    embeddings = np.random.default_rng(seed).normal(size=(rows, dimension)).astype(np.float32)
    save_shard(Shard(embeddings, unreadable, truncated), tmp_path / "shard")
    found = load_shard(tmp_path / "shard", rows, dimension)
    assert found is not None
    np.testing.assert_array_equal(found.embeddings, embeddings)
    assert (found.unreadable, found.truncated) == (unreadable, truncated)
    assert load_shard(tmp_path / "shard", rows + 1, dimension) is None
    assert load_shard(tmp_path / "shard", rows, dimension + 1) is None


FULL_DISK = """
import resource, sys
from pathlib import Path
import numpy as np
from grape_rewrite.errors import UserError
from grape_rewrite.index.shard import Shard, save_shard
resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, 10_000))  # no file grows beyond this
try:
    save_shard(Shard(np.ones((1000, 8), dtype=np.float32)), Path(sys.argv[1]) / "shard")
except UserError as error:
    print(error)
"""


def test_a_full_disk_is_one_clear_line_and_leaves_nothing(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", FULL_DISK, str(tmp_path)], capture_output=True, text=True, timeout=100, check=True
    )
    assert f"cannot write {tmp_path / 'shard'}: File too large" in done.stdout
    assert done.stdout.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(os.geteuid() == 0, reason="root writes everywhere")
def test_a_cache_that_may_not_be_written(clip: Retriever, text_corpus: Corpus, tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o500)
    with pytest.raises(UserError, match=r"cannot write .*Permission denied"):
        clip.index(text_corpus, cache=closed)


def test_a_cache_that_is_a_file(clip: Retriever, text_corpus: Corpus, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match="cannot write"):
        clip.index(text_corpus, cache=tmp_path / "file")
