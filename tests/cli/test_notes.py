"""What commands say beside their results, where silence would mislead."""

import json
import shutil
import signal
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from grape_rewrite.cli.load import note_drawings
from grape_rewrite.datasets import Corpus, Item
from grape_rewrite.rewriting import Rewriter
from grape_rewrite.rewriting.adapter import read_adapter, write_adapter
from grape_rewrite.rewriting.rewriter import Generation

FAILING_REWARDS = """
CALLS = []


def at_once(rewrites, candidates):
    raise RuntimeError("out of luck")


def constant(rewrites, candidates):
    return [1.0] * len(rewrites)


def later(rewrites, candidates):
    CALLS.append(len(rewrites))
    return 1 / candidates.ranks if len(CALLS) == 1 else at_once(rewrites, candidates)
"""


@pytest.fixture
def evaluate(grape, adapter: Path, tiny_dataset_folder: Path, tiny_retriever_folder: Path, tmp_path: Path):
    """Evaluate the adapter on the tiny data set, or on another folder."""

    def run(*arguments: object, data: Path = tiny_dataset_folder):
        shared = ("--retriever", tiny_retriever_folder, "--rewriter", adapter, "--out", tmp_path / "evaluation")
        return grape("evaluate", data, *shared, *arguments)

    return run


def test_an_adapter_that_changes_nothing_is_called_so(evaluate, adapter: Path, tmp_path: Path) -> None:
    facts = read_adapter(adapter)
    for steps, said in ((2, False), (0, True)):
        write_adapter(adapter, facts.model_copy(update={"steps": steps}))
        found = evaluate("--queries", 4)
        assert found.code == 0, found.err
        assert ("never beat the untrained rewriter" in found.err) == said
        hero, _ = (tmp_path / "evaluation" / "report.html").read_text().split('class="hero-number"')
        assert ("GRAPE: training never beat the untrained rewriter" in hero) == said


def test_a_note_on_an_evaluation_that_is_replaced(evaluate) -> None:
    assert "replaced" not in evaluate("--queries", 4).err
    assert "will be replaced" not in evaluate("--retriever", "./missing").err  # as nothing replaces it
    assert "will be replaced" in evaluate("--queries", 4).err


def test_a_note_on_fewer_queries_than_were_asked_for(evaluate) -> None:
    assert "note: test has 16 queries, not 17; all are taken" in evaluate("--queries", 17).err
    assert "all are taken" not in evaluate("--queries", 16).err


def test_queries_that_were_learned_from_are_noted(
    grape, evaluate, tiny_dataset_folder: Path, tiny_retriever_folder: Path, tiny_model_folder: Path, tmp_path: Path
) -> None:
    assert "do not speak of new queries" not in evaluate("--queries", 4).err
    folder = shutil.copytree(tiny_dataset_folder, tmp_path / "leaking")
    asked = {record["_id"]: record for record in map(json.loads, (folder / "queries.jsonl").open())}
    with (folder / "queries.jsonl").open("a") as queries:  # the same words under another id
        queries.write(json.dumps({**asked["de0"], "_id": "again"}) + "\n")
    with (folder / "qrels" / "test.tsv").open("a") as judgements:
        judgements.write("again\td0\t1\n")
    note = f"note: 1 of 17 queries of test are in train too, such as again ({asked['de0']['text']!r})"
    assert note in evaluate("--queries", 4, data=folder).err
    trained = grape(
        *("train", folder, "--retriever", tiny_retriever_folder, "--rewriter", tiny_model_folder),
        *("--out", tmp_path / "other", "--steps", 1, "--batch", 4, "--group", 2, "--max-tokens", 8),
    )
    assert trained.code == 0
    assert note in trained.err


def test_a_mistake_in_a_split_that_is_not_measured_is_none(evaluate, tiny_dataset_folder: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(tiny_dataset_folder, tmp_path / "empty")
    (folder / "qrels" / "train.tsv").write_text("query-id\tcorpus-id\tscore\n")
    assert evaluate("--queries", 4, data=folder).code == 0


def test_a_prompt_that_an_adapter_did_not_learn_is_refused(
    grape, evaluate, adapter: Path, tiny_chat_folder: Path
) -> None:
    refused = grape("rewrite", "Apfel", "--rewriter", adapter, "--prompt", "composed")
    assert refused.code == 2
    assert f"adapter {adapter} brings the prompt that it was trained with; leave --prompt out" in refused.error_lines[0]
    assert grape("rewrite", "Apfel", "--rewriter", adapter, "--prompt", "multilingual").code == 0
    assert evaluate("--prompt", "composed").code == 2
    # Beside an untrained rewriter, the prompt is for that one.
    assert evaluate("--prompt", "composed", "--rewriter", tiny_chat_folder, "--queries", 4).code == 0


def test_an_adapter_that_was_told_what_pictures_show(grape, adapter: Path) -> None:
    assert "words of each query's picture" not in grape("rewrite", "Apfel", "--rewriter", adapter).err
    facts = json.loads((adapter / "grape.json").read_text())
    facts["searching"]["picture_words"] = 3
    (adapter / "grape.json").write_text(json.dumps(facts))
    found = grape("rewrite", "Apfel", "--rewriter", adapter)
    assert found.code == 0
    assert "was trained with words of each query's picture, which only grape search and grape evaluate" in found.err


def test_an_empty_line_is_no_query(grape, tmp_path: Path) -> None:
    (tmp_path / "queries.txt").write_text("Hund rot\n \nKatze\n", encoding="utf-8")
    refused = grape("rewrite", "--file", tmp_path / "queries.txt")
    assert refused.code == 2
    assert "queries.txt, line 2 is empty" in refused.error_lines[0]


def test_ctrl_c_is_said_whatever_a_command_was_doing(grape, monkeypatch: pytest.MonkeyPatch) -> None:
    class Keyboard:
        def read(self) -> bytes:
            signal.raise_signal(signal.SIGINT)
            return b""

    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=Keyboard()))
    found = grape("rewrite", "--file", "-")
    assert (found.code, found.err) == (130, "Interrupted.\n")


def test_tables_are_shown_whole_on_a_narrow_terminal(evaluate, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    found = evaluate("--queries", 4)
    [headings] = [line for line in found.out.splitlines() if "method" in line]
    assert "too few to tell a difference from chance" in " ".join(found.out.split())
    assert headings.split() == ["method", "R@1", "R@5", "R@10", "MRR", "nDCG@10", "R@10,", "95", "%", "harm"]
    assert "…" not in found.out


@pytest.mark.parametrize(
    ("retriever", "names", "said"),
    [
        ("lite-clip", ["1F305+1F40A", "002A-20E3+1F468-200D-1F4BC", "1F9D1"], False),
        ("lite-clip", ["1F305+1F40A", "red chair"], True),
        ("lite-clip", ["IMG_2041"], True),
        ("minilm", ["red chair"], False),
    ],
)
def test_lite_clip_is_for_drawings(
    capsys: pytest.CaptureFixture[str], retriever: str, names: list[str], said: bool
) -> None:
    note_drawings(retriever, Corpus(Item(name, image=Path(f"{name}.png")) for name in names))
    assert ("note: lite-clip has learned the drawings of OpenMoji alone" in capsys.readouterr().err) == said


def test_lite_clip_is_not_for_texts(capsys: pytest.CaptureFixture[str]) -> None:
    for retriever in ("minilm", "lite-clip"):
        note_drawings(retriever, Corpus([Item("d0", "a red chair")]))
    [line] = capsys.readouterr().err.splitlines()
    assert line.startswith("note: lite-clip was made for the drawings of OpenMoji; for texts --retriever names yours")


def test_empty_rewrites_are_counted(evaluate, monkeypatch: pytest.MonkeyPatch) -> None:
    for empty, said in ((4, "4 empty rewrites"), (1, "1 empty rewrite"), (0, None)):
        made = [[Generation("", 1)]] * empty + [[Generation("red", 1)]] * (4 - empty)
        monkeypatch.setattr(Rewriter, "generate", lambda *_, made=made, **__: made)
        found = evaluate("--queries", 4)
        assert found.code == 0, found.err
        assert (f"grape: {said}, searched with the query" in found.out) == bool(said)
        assert not any(line.strip().startswith("raw: ") for line in found.out.splitlines())


def test_texts_that_are_cut_are_counted(
    grape, cache, tiny_dataset_folder: Path, tiny_clip_folder: Path, tiny_model_folder: Path, tmp_path: Path
) -> None:
    folder = shutil.copytree(tiny_dataset_folder, tmp_path / "long")
    records = [json.loads(line) for line in (folder / "queries.jsonl").read_text().splitlines()]
    for times, said in ((1, False), (40, True)):
        longer = ({**one, "text": " ".join([one["text"]] * times)} for one in records)
        (folder / "queries.jsonl").write_text("".join(json.dumps(one) + "\n" for one in longer))
        models = ("--retriever", tiny_clip_folder, "--rewriter", tiny_model_folder)
        found = grape("evaluate", folder, *models, "--queries", 4, "--out", tmp_path / str(times))
        assert found.code == 0, found.err
        assert ("raw: 4 texts were longer than the retriever reads and cut" in found.out.splitlines()) == said


@pytest.fixture
def train(
    grape,
    cache,
    tiny_dataset_folder: Path,
    tiny_retriever_folder: Path,
    tiny_model_folder: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
):
    """Train for two steps with a reward, one of those above or another."""
    (tmp_path / "failing_rewards.py").write_text(FAILING_REWARDS)
    monkeypatch.syspath_prepend(str(tmp_path))

    def run(reward: str):
        return grape(
            *("train", tiny_dataset_folder, "--retriever", tiny_retriever_folder, "--rewriter", tiny_model_folder),
            *("--out", tmp_path / "run", "--steps", 2, "--batch", 8, "--group", 4, "--max-tokens", 8),
            *("--reward", reward),
        )

    return run


@pytest.mark.parametrize("function", ["at_once", "later"])
def test_a_reward_that_fails_says_how_to_go_on_where_something_is_saved(train, function: str) -> None:
    found = train(f"failing_rewards:{function}")
    assert found.code == 2
    (line,) = found.error_lines
    cure = "; --resume goes on with the steps that are saved" if function == "later" else ""
    assert line.endswith(f"failing_rewards.py, line 6: RuntimeError: out of luck{cure}")


@pytest.mark.parametrize(("reward", "said"), [("failing_rewards:constant", True), ("rank_log", False)])
def test_a_reward_that_teaches_nothing_is_called_so(train, reward: str, said: bool) -> None:
    found = train(reward)
    assert found.code == 0, found.err
    note = f"note: {reward} gave all rewrites of a query the same in every step, so that it taught nothing"
    assert (note in found.err) == said
