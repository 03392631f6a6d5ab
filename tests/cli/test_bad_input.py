"""A mistake is one line on standard error, exit code 2, and nothing written."""

import json
import shutil
from pathlib import Path

import pytest

from grape_rewrite.lock import locked


@pytest.fixture
def train(grape, cache, tiny_dataset_folder, tiny_retriever_folder, tiny_model_folder, tmp_path: Path):
    """Run `grape train` on the tiny data set, with some arguments replaced."""

    def run(*more: object, data: object = None, retriever: object = None, rewriter: object = None):
        return grape(
            *("train", data or tiny_dataset_folder, "--retriever", retriever or tiny_retriever_folder),
            *("--rewriter", rewriter or tiny_model_folder, "--out", tmp_path / "out", *more),
        )

    return run


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--group", 1], ["group", "1", "2"]),
        (["--steps", 1, "--set", "steps=2"], ["steps is given twice, as an option and by --set; leave one out"]),
        (["--set", "out=elsewhere"], ["out is given twice"]),
        (["--set", "data=emoji"], ["data is given twice"]),
        (["--device", "cuda:1"], ["device='cuda:1': valid are cpu, cuda, mps and xpu", "CUDA_VISIBLE_DEVICES"]),
        (["--set", "group=true"], ["group=True", "true and false are no values of it"]),
        (["--seed", 2**32], ["seed=4294967296", "4294967295"]),
        (["--batch", 10, "--group", 4], ["10", "4", "8"]),
        (["--batch", 800, "--group", 8], ["100", "48"]),
        (["--reward", "fame"], ["reward", "fame", "rank_log"]),
        (["--reward", "nowhere:fame"], ["nowhere:fame", "cannot import"]),
        (["--pool", 41], ["pool=41", "40"]),
        (["--max-tokens", 1], ["max_tokens", "1", "2"]),
        (["--steps", 0], ["steps", "0", "1"]),
    ],
)
def test_impossible_sizes_are_refused_with_the_numbers(train, tmp_path: Path, options, words) -> None:
    found = train(*options)
    assert found.code == 2
    assert len(found.error_lines) == 1
    assert all(word in found.err for word in words), found.err
    assert not (tmp_path / "out").exists()


def test_a_language_that_dev_lacks_is_said_before_training(train, tiny_dataset_folder: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(tiny_dataset_folder, tmp_path / "without")
    queries = [json.loads(line) for line in (folder / "queries.jsonl").read_text().splitlines()]
    of = {query["_id"]: query["language"] for query in queries}
    language = queries[0]["language"]
    head, *lines = (folder / "qrels" / "dev.tsv").read_text().splitlines()
    kept = [line for line in lines if of[line.split("\t")[0]] != language]
    (folder / "qrels" / "dev.tsv").write_text("\n".join([head, *kept]) + "\n")
    found = train("--set", f"languages=[{language}]", "--batch", 8, "--group", 4, data=folder)
    assert found.code == 2
    (line,) = found.error_lines
    assert f"split 'dev' has no query in language '{language}'" in line
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("what", ["data", "retriever", "rewriter"])
def test_what_is_not_there_is_named(train, tmp_path: Path, what: str) -> None:
    found = train(**{what: tmp_path / "missing"})
    assert found.code == 2
    assert len(found.error_lines) == 1
    assert "missing" in found.err
    assert not (tmp_path / "out").exists()


def test_broken_json_is_named_by_file_and_line(train, tiny_dataset_folder: Path, tmp_path: Path) -> None:
    folder = tmp_path / "broken"
    shutil.copytree(tiny_dataset_folder, folder)
    with (folder / "corpus.jsonl").open("a") as file:
        file.write('{"_id": \n')
    found = train(data=folder)
    assert found.code == 2
    assert len(found.error_lines) == 1
    assert "corpus.jsonl" in found.err
    assert "41" in found.err


def test_an_unknown_id_in_the_test_split_is_said_before_training(
    train, tiny_dataset_folder: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "unknown"
    shutil.copytree(tiny_dataset_folder, folder)
    with (folder / "qrels" / "test.tsv").open("a") as file:
        file.write("de4\tnobody\t1\n")
    found = train(data=folder)
    assert found.code == 2
    (line,) = found.error_lines
    assert "test.tsv, line 18" in line
    assert "nobody" in line
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("command", ["train", "headroom", "evaluate", "search", "rewrite"])
@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, ["cannot read", "prompt.yaml"]),
        ("instruction: [", ["prompt.yaml is no YAML", "line 1, column 15"]),
        ("only words", ["prompt.yaml", "mapping", "instruction, template, examples"]),
        ("template: 'Q: {query} A:'", ["prompt.yaml", "instruction is missing"]),
        (
            "{instruction: Translate., exampels: []}",
            ["prompt.yaml", "'exampels'", "known: instruction, template, examples"],
        ),
        ("{instruction: Translate., examples: [Apfel, apple]}", ["prompt.yaml", "examples.0", "'Apfel'", "pairs"]),
        ("{instruction: Translate., examples: [[no, yes]]}", ["prompt.yaml", "examples.0.0", "False", "pairs"]),
        ("{instruction: Translate., template: no place}", ["prompt.yaml", "{query}", "no place"]),
    ],
)
def test_a_prompt_that_cannot_be_used(
    grape, tmp_path: Path, command: str, content: str | None, words: list[str]
) -> None:
    if content is not None:
        (tmp_path / "prompt.yaml").write_text(content)
    arguments = {"train": ["scenes", "--out", tmp_path / "out"], "search": ["scenes", "Apfel"], "rewrite": ["Apfel"]}
    found = grape(command, *arguments.get(command, ["scenes"]), "--prompt", tmp_path / "prompt.yaml")
    assert found.code == 2
    (line,) = found.error_lines
    assert all(word in line for word in words), line
    assert not (tmp_path / "out").exists()


def test_a_prompt_that_nobody_knows(train, tmp_path: Path) -> None:
    found = train("--prompt", "poetic")
    assert found.code == 2
    (line,) = found.error_lines
    assert "'poetic'" in line
    assert "multilingual, long-form, composed" in line


def test_a_mistake_in_the_data_is_said_before_any_model_loads(train, tmp_path: Path) -> None:
    found = train(data=tmp_path / "nowhere", retriever="no such retriever", rewriter="no such rewriter")
    assert found.code == 2
    (line,) = found.error_lines
    assert "nowhere" in line


def test_a_folder_with_a_run_is_not_written_over(train, tmp_path: Path) -> None:
    options = ("--steps", 1, "--batch", 4, "--group", 2, "--max-tokens", 8)
    assert train(*options).code == 0
    before = (tmp_path / "out" / "grape.json").read_bytes()
    found = train(*options, retriever="no such retriever")  # said before any model loads
    assert found.code == 2
    assert "use another --out folder" in found.err
    assert (tmp_path / "out" / "grape.json").read_bytes() == before


def test_a_folder_that_another_process_trains_in(train, tmp_path: Path) -> None:
    with locked(tmp_path / "out"):
        found = train("--steps", 1, "--batch", 4, "--group", 2, "--max-tokens", 8)
        assert list((tmp_path / "out").glob("[!.]*")) == []
    assert found.code == 2
    (line,) = found.error_lines
    assert line.startswith(f"error: another process is at work on {tmp_path / 'out'}")


@pytest.mark.parametrize("name", ["README.md", "config.yaml"])
def test_a_folder_with_files_of_ones_own_is_not_written_over(train, tmp_path: Path, name: str) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / name).write_text("mine")
    found = train("--steps", 1, "--batch", 4, "--group", 2, retriever="no such retriever")
    assert found.code == 2
    assert found.error_lines == [
        f"error: {tmp_path / 'out' / name} is in the way and belongs to no run; use another --out folder"
    ]
    assert {file.name: file.read_text() for file in (tmp_path / "out").iterdir()} == {name: "mine"}


@pytest.mark.parametrize("command", ["train", "evaluate", "ablate", "submit", "demo"])
def test_a_file_where_a_folder_goes(grape, tmp_path: Path, command: str) -> None:
    (tmp_path / "out").write_text("mine")
    needed = {"train": ["scenes"], "submit": ["scenes", "--split", "test1"]}.get(command, [])
    found = grape(command, *needed, "--out", tmp_path / "out")
    assert found.code == 2
    assert "is a file" in " ".join(found.err.replace("│", " ").split())
    assert (tmp_path / "out").read_text() == "mine"


def test_nothing_to_resume(grape, tmp_path: Path) -> None:
    found = grape("train", "--resume", "--out", tmp_path / "nothing")
    assert found.code == 2
    assert len(found.error_lines) == 1


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("data: emoji\nout: x\nstpes: 3\n", ["stpes", "steps"]),
        ("- data\n", ["mapping"]),
        ("data: [", ["is no YAML", "line 1, column 8"]),
        ("data: emoji\n", ["out"]),
        ("data: emoji\nout: x\nprompt: klingon\n", ["klingon", "multilingual"]),
        ("data: emoji\nout: x\nmax_unreadable: 2\n", ["max_unreadable", "1"]),
    ],
)
def test_a_config_is_checked_before_anything_loads(grape, tmp_path: Path, text: str, words: list[str]) -> None:
    path = tmp_path / "run.yaml"
    path.write_text(text)
    found = grape("train", path)
    assert found.code == 2
    assert len(found.error_lines) == 1
    assert all(word in found.err for word in [str(path), *words]), found.err


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (["rewrite"], "nothing to rewrite"),
        (["rewrite", "ein Hund", " "], "a query is empty"),
        (["train", "--resume", "--out", "/nowhere/run"], "nothing to resume: /nowhere/run holds no run"),
        (["rewrite", "x", "--group", 3], "--temperature"),
        (["rewrite", "--file", "/nowhere/queries.txt"], "there is no file /nowhere/queries.txt"),
        (["rewrite", "--file", "/"], "cannot read /: Is a directory"),
        (["train"], "DATA"),
    ],
)
def test_commands_say_what_they_miss(grape, arguments: list[object], word: str) -> None:
    found = grape(*arguments)
    assert found.code == 2
    assert len(found.error_lines) == 1
    assert word in found.err


def test_queries_that_are_no_text(grape, tmp_path: Path) -> None:
    (tmp_path / "queries.txt").write_bytes(b"\xff\xfe")
    found = grape("rewrite", "--file", tmp_path / "queries.txt")
    assert found.code == 2
    assert f"cannot read {tmp_path / 'queries.txt'} as UTF-8 text" in found.error_lines[0]


def test_a_broken_adapter_is_named(grape, tmp_path: Path) -> None:
    (tmp_path / "grape.json").write_text("{")
    found = grape("rewrite", "x", "--rewriter", tmp_path)
    assert found.code == 2
    assert str(tmp_path / "grape.json") in found.err


@pytest.mark.parametrize("command", [("evaluate",), ("headroom",), ("search", "rot"), ("train",)])
def test_a_path_to_no_rewriter_is_said_before_a_retriever_is_loaded(
    grape, command: tuple[str, ...], tiny_dataset_folder: Path, adapter: Path, tmp_path: Path
) -> None:
    moved = shutil.copytree(adapter, tmp_path / "moved")
    facts = json.loads((moved / "grape.json").read_text())
    (moved / "grape.json").write_text(json.dumps({**facts, "base_model": "/gone"}))
    name, *rest = command
    out = ("--out", tmp_path / "run") if name == "train" else ()
    for rewriter, base in (("/nowhere", "/nowhere"), (moved, "/gone")):
        models = ("--retriever", "/no/retriever", "--rewriter", rewriter)
        found = grape(name, tiny_dataset_folder, *rest, *models, *out)
        assert found.code == 2
        (line,) = found.error_lines
        assert f"cannot load rewriter '{base}': there is no such folder" in line
