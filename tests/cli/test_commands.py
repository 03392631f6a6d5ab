"""Each command end to end, on tiny models."""

import json
import shutil
from pathlib import Path

import pytest
import yaml

from grape_rewrite.cli.load import load_rewriter
from grape_rewrite.cli.run_config import RunConfig
from grape_rewrite.datasets import Dataset
from grape_rewrite.datasets.scene import AND
from grape_rewrite.errors import UserError
from grape_rewrite.fitting import fitted
from grape_rewrite.retrievers import Retriever
from grape_rewrite.rewriting import Prompt, Rewriter
from grape_rewrite.rewriting.adapter import read_adapter
from grape_rewrite.rewriting.prompt import PROMPTS
from grape_rewrite.training import read_task


def test_train_leaves_an_adapter_and_says_what_to_do_next(adapter: Path, tiny_dataset_folder: Path) -> None:
    names = {path.name for path in adapter.iterdir()}
    assert {"adapter_model.safetensors", "adapter_config.json", "grape.json", "config.yaml", "history.jsonl"} <= names
    assert "checkpoints" not in names
    config = yaml.safe_load((adapter / "config.yaml").read_text())
    assert config["data"] == str(tiny_dataset_folder)
    assert config["steps"] == 2


def test_a_config_says_what_options_say(grape, adapter: Path, tmp_path: Path) -> None:
    config = yaml.safe_load((adapter / "config.yaml").read_text())
    config["out"] = str(tmp_path / "again")
    (tmp_path / "run.yaml").write_text(yaml.safe_dump(config))
    assert grape("train", tmp_path / "run.yaml").code == 0
    one, two = ((folder / "history.jsonl").read_text().splitlines() for folder in (adapter, tmp_path / "again"))
    assert [json.loads(row)["dev_mrr"] for row in one if "dev_mrr" in row] == [
        json.loads(row)["dev_mrr"] for row in two if "dev_mrr" in row
    ]


def test_one_adapter_for_two_tasks_is_asked_as_each_corpus_wants(
    grape, cache, tiny_dataset_folder: Path, tiny_retriever_folder: Path, tiny_model_folder: Path, tmp_path: Path
) -> None:
    other = shutil.copytree(tiny_dataset_folder, tmp_path / "other")
    corpus = (other / "corpus.jsonl").read_text()
    (other / "corpus.jsonl").write_text(corpus + '{"_id": "more", "text": "red sea"}\n')
    spec = f"{other}:{tiny_retriever_folder}:long-form"
    out = tmp_path / "run"
    found = grape(
        *("train", tiny_dataset_folder, "--retriever", tiny_retriever_folder, "--rewriter", tiny_model_folder),
        *("--also", spec, "--out", out, "--steps", 2, "--batch", 8, "--group", 4, "--max-tokens", 8),
    )
    assert found.code == 0, found.err
    assert yaml.safe_load((out / "config.yaml").read_text())["also"] == [spec]
    retriever = Retriever.load(str(tiny_retriever_folder))
    for folder, marker in ((tiny_dataset_folder, "Query:"), (other, "Text:")):
        index = retriever.index(Dataset.load(folder).corpus)
        assert marker in fitted(load_rewriter(str(out)), index).prompt.markers
    assert grape("evaluate", other, "--retriever", tiny_retriever_folder, "--rewriter", out, "--queries", 4).code == 0
    for options, prompt in (((), None), (("--prompt", "long-form"), PROMPTS["long-form"])):
        printed = grape("rewrite", "--rewriter", out, *options, "rot Apfel").out.strip()
        assert printed == Rewriter.load(str(out), prompt).rewrite(["rot Apfel"])[0][0]


def test_evaluate_prints_evaluation_json_and_nothing_else(
    grape, adapter: Path, tiny_dataset_folder: Path, tiny_retriever_folder: Path, tmp_path: Path
) -> None:
    found = grape(
        *("evaluate", tiny_dataset_folder, "--retriever", tiny_retriever_folder, "--rewriter", adapter),
        *("--out", tmp_path / "evaluation", "--json"),
    )
    assert found.code == 0, found.err
    summary = json.loads(found.out)
    assert set(summary["methods"]) == {"raw", "zero-shot", "few-shot", "english", "grape"}
    assert json.loads((tmp_path / "evaluation" / "evaluation.json").read_text()) == summary
    report = (tmp_path / "evaluation" / "report.html").read_text()
    typed = (
        f"{tiny_dataset_folder} --retriever {tiny_retriever_folder} --rewriter {adapter} --out {tmp_path}/evaluation"
    )
    assert f"grape evaluate {typed}\n" in report.replace("</code>", "\n")


def test_an_operating_point_is_named_and_measured(
    grape, adapter: Path, tiny_dataset_folder: Path, tiny_retriever_folder: Path, tmp_path: Path
) -> None:
    arguments = ("evaluate", tiny_dataset_folder, "--retriever", tiny_retriever_folder, "--rewriter", adapter)
    found = grape(*arguments, "--out", tmp_path / "o", "--operating-point", "best")
    assert found.code == 0, found.err
    point = json.loads((tmp_path / "o" / "operating_point.json").read_text())
    assert f"To deploy: {point['strategy']} (best: the highest Recall@10)" in found.out
    count = len(point["points"])
    for place, measured in enumerate(point["points"], 1):
        assert f"Choosing how to search, {place} of {count}: {measured['strategy']} ..." in found.err.splitlines()
    assert "note: the choice is by 16 dev queries; fewer than 100 tell strategies apart only roughly" in found.err
    summary = json.loads((tmp_path / "o" / "evaluation.json").read_text())
    assert point["strategy"] in {"raw", "greedy"} or point["strategy"] in summary["methods"]
    for wrong, words in (
        (("--operating-point", "cheap"), "fast, safe, best"),
        (("--rewriter", "x"), "one rewriter"),
        (("--split", "dev"), "chosen on dev"),
    ):
        refused = grape(*arguments, "--operating-point", "best", *wrong)
        assert refused.code == 2
        assert words in refused.error_lines[0]


def test_nothing_stays_of_an_evaluation_that_is_replaced(
    grape, adapter: Path, tiny_dataset_folder: Path, tiny_retriever_folder: Path, tmp_path: Path
) -> None:
    arguments = ("evaluate", tiny_dataset_folder, "--retriever", tiny_retriever_folder, "--rewriter", adapter)
    out = tmp_path / "o"
    first = grape(*arguments, "--out", out, "--operating-point", "safe", "--strategy", "mean-2", "--queries", 4)
    assert first.code == 0, first.err
    assert (out / "operating_point.json").is_file()
    assert (out / "runs" / "mean-2.trec").is_file()
    (out / "runs" / "notes.txt").write_text("mine")
    again = grape(*arguments, "--out", out, "--queries", 4)
    assert again.code == 0, again.err
    assert "will be replaced" in again.err
    methods = json.loads((out / "evaluation.json").read_text())["methods"]
    assert {file.name for file in (out / "runs").iterdir()} == {"notes.txt", *(f"{name}.trec" for name in methods)}
    assert not (out / "operating_point.json").exists()


def test_other_ways_to_search_are_measured_beside(
    grape, adapter: Path, tiny_dataset_folder: Path, tiny_retriever_folder: Path, tmp_path: Path
) -> None:
    arguments = ("evaluate", tiny_dataset_folder, "--retriever", tiny_retriever_folder, "--rewriter", adapter)
    ways = ("mean-2+raw-0.5", "greedy", "except-de:greedy")
    asked = [word for way in ways for word in ("--strategy", way)]
    found = grape(*arguments, *asked, "--out", tmp_path / "o", "--json")
    assert found.code == 0, found.err
    methods = json.loads(found.out)["methods"]
    own = {"raw", "zero-shot", "few-shot", "english", "grape"}
    assert set(methods) == own | {"mean-2+raw-0.5", "except-de:greedy"}
    assert methods["mean-2+raw-0.5"]["rewrite_tokens"] > methods["grape"]["rewrite_tokens"]
    assert methods["except-de:greedy"]["rewrite_tokens"] < methods["grape"]["rewrite_tokens"]
    assert " ".join(map(str, asked)) in (tmp_path / "o" / "report.html").read_text()
    for wrong, words in (
        (("--strategy", "best"), "unknown strategy 'best'"),
        (("--strategy", "raw", "--rewriter", "x"), "one rewriter, and 2 are given"),
    ):
        refused = grape(*arguments, *wrong)
        assert refused.code == 2
        assert words in refused.error_lines[0]


def test_an_adapter_for_another_retriever_is_refused_unless_allowed(
    grape, adapter: Path, tiny_dataset_folder: Path, tmp_path: Path
) -> None:
    arguments = (
        "evaluate",
        tiny_dataset_folder,
        "--retriever",
        "minilm",
        "--rewriter",
        adapter,
        "--out",
        tmp_path / "o",
    )
    refused = grape(*arguments)
    assert refused.code == 2
    assert len(refused.error_lines) == 1
    assert "--allow-mismatch" in refused.err
    assert not (tmp_path / "o").exists()
    assert grape(*arguments, "--allow-mismatch", "--queries", 4).code == 0


def test_headroom_as_json(
    grape, cache, tiny_dataset_folder: Path, tiny_retriever_folder: Path, tiny_model_folder: Path
) -> None:
    found = grape(
        *("headroom", tiny_dataset_folder, "--retriever", tiny_retriever_folder, "--rewriter", tiny_model_folder),
        *("--queries", 6, "--group", 2, "--json"),
    )
    assert found.code == 0, found.err
    assert json.loads(found.out)["queries"] == 6


def test_rewrite_prints_a_line_for_each_query(grape, adapter: Path, tmp_path: Path) -> None:
    (tmp_path / "queries.txt").write_text("Hund rot\nKatze\n", encoding="utf-8")
    found = grape("rewrite", "Apfel", "--rewriter", adapter, "--file", tmp_path / "queries.txt", "--json")
    assert [json.loads(line)["query"] for line in found.out.splitlines()] == ["Apfel", "Hund rot", "Katze"]


def test_only_line_ends_divide_queries_and_a_rewrite_is_one_line(
    grape, adapter: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    queries = ["ein\u2028Apfel", "zwei\x0cBirnen", "drei\x85"]
    for name, ends in (("unix", "\n"), ("windows", "\r\n")):
        (tmp_path / name).write_bytes(("\ufeff" + ends.join(queries) + ends).encode())
        found = grape("rewrite", "--rewriter", adapter, "--file", tmp_path / name, "--json")
        assert [json.loads(line)["query"] for line in found.out.split("\n") if line] == queries
    monkeypatch.setattr(Rewriter, "rewrite", lambda *_, **__: [["an\n\napple\u2028pie"]])
    assert grape("rewrite", "Apfel", "--rewriter", adapter).out == "an apple pie\n"


def test_several_rewrites_stand_beside_their_query(grape, adapter: Path) -> None:
    found = grape("rewrite", "Apfel", "Hund rot", "--rewriter", adapter, "--group", 2, "--temperature", 1)
    assert [line.split("\t")[0] for line in found.out.splitlines()] == ["Apfel", "Apfel", "Hund rot", "Hund rot"]


def test_an_own_prompt_is_used_and_kept(
    grape, cache, tiny_dataset_folder: Path, tiny_retriever_folder: Path, tiny_model_folder: Path, tmp_path: Path
) -> None:
    (tmp_path / "own.yaml").write_text(
        "{instruction: Name it., template: 'Say: {query} Name:', examples: [[rot, red]]}"
    )
    out = tmp_path / "run"
    found = grape(
        *("train", tiny_dataset_folder, "--retriever", tiny_retriever_folder, "--rewriter", tiny_model_folder),
        *("--out", out, "--steps", 1, "--batch", 4, "--group", 2, "--max-tokens", 8, "--prompt", tmp_path / "own.yaml"),
    )
    assert found.code == 0, found.err
    own = Prompt("Name it.", "Say: {query} Name:", (("rot", "red"),))
    assert read_adapter(out).prompt == own
    (tmp_path / "own.yaml").unlink()  # the run's config holds the prompt itself
    assert RunConfig.read(out / "config.yaml", {}).prompt == own


def test_search_shows_both_rankings(
    grape, adapter: Path, tiny_dataset_folder: Path, tiny_retriever_folder: Path
) -> None:
    found = grape(
        *("search", tiny_dataset_folder, "red apple", "--retriever", tiny_retriever_folder, "--rewriter", adapter),
        *("-k", 3, "--json"),
    )
    hits = json.loads(found.out)
    assert hits["raw"][0]["_id"] == "d0"
    assert len(hits["rewritten"]) == 3


def test_search_in_another_way(grape, adapter: Path, tiny_dataset_folder: Path, tiny_retriever_folder: Path) -> None:
    asked = ("search", tiny_dataset_folder, "rot apple", "--retriever", tiny_retriever_folder, "--rewriter", adapter)
    plain, mean, raw = (
        json.loads(grape(*asked, "--strategy", way, "--json", "-k", 4).out)
        for way in ("greedy", "mean-3+raw-0.9", "raw")
    )
    assert plain == json.loads(grape(*asked, "--json", "-k", 4).out)
    index = Retriever.load(str(tiny_retriever_folder)).index(Dataset.load(tiny_dataset_folder).corpus)
    for found in (plain, mean):
        assert found["raw"] == raw["rewritten"] == raw["raw"]
    assert [(hit["_id"], hit["score"]) for hit in plain["rewritten"]] == index.search([plain["rewrite"]], 4)[0]
    assert mean["rewrite"].endswith(" | rot apple")
    assert mean["rewritten"] != plain["rewritten"]
    refused = grape(*asked, "--strategy", "best")
    assert refused.code == 2
    assert "unknown strategy 'best'; valid are raw, greedy, query2doc, mean-K" in refused.error_lines[0]


def test_a_query_in_a_language_that_is_left_alone(
    grape, adapter: Path, tiny_dataset_folder: Path, tiny_retriever_folder: Path
) -> None:
    asked = ("search", tiny_dataset_folder, "rot apple", "--retriever", tiny_retriever_folder, "--rewriter", adapter)
    gated = (*asked, "--strategy", "except-en,fr:mean-3")
    found = {name: json.loads(grape(*gated, "--json", "--language", name).out) for name in ("en", "de")}
    assert found["en"]["rewrite"] == "rot apple"
    assert found["de"] == json.loads(grape(*asked, "--strategy", "mean-3", "--json").out)
    assert found["de"]["rewrite"] != "rot apple"
    refused = grape(*gated)
    assert refused.code == 2
    assert "goes by the language of a query, and none has one; name it, such as --language de" in refused.error_lines[0]


def test_search_with_an_untrained_rewriter_uses_the_words_of_the_retriever(
    grape, tiny_model_folder: Path, tiny_dataset_folder: Path, tiny_retriever_folder: Path
) -> None:
    found = grape(
        *("search", tiny_dataset_folder, "rot Apfel", "--retriever", tiny_retriever_folder),
        *("--rewriter", tiny_model_folder, "--json"),
    )
    index = Retriever.load(str(tiny_retriever_folder)).index(Dataset.load(tiny_dataset_folder).corpus)
    restricted = load_rewriter(str(tiny_model_folder))
    restricted = fitted(restricted, index)
    assert json.loads(found.out)["rewrite"] == restricted.likeliest(["rot Apfel"])[0]
    assert restricted.likeliest(["rot Apfel"]) != Rewriter.load(str(tiny_model_folder)).likeliest(["rot Apfel"])


def test_index_counts_what_it_embedded(grape, cache, tiny_dataset_folder: Path, tiny_retriever_folder: Path) -> None:
    found = grape("index", tiny_dataset_folder, "--retriever", tiny_retriever_folder)
    assert found.code == 0
    assert "40 items" in found.out


@pytest.mark.parametrize(
    "command",
    [
        "demo",
        "data",
        "headroom",
        "train",
        "evaluate",
        "ablate",
        "rewrite",
        "search",
        "index",
        ("data", "emoji"),
        ("data", "scenes"),
    ],
)
def test_help_shows_an_example(grape, command) -> None:
    words = (command,) if isinstance(command, str) else command
    found = grape(*words, "--help")
    assert found.code == 0
    assert "Example" in found.out


def test_help_calls_algorithms_by_their_names(grape) -> None:
    text = grape("train", "--help").out
    assert "grpo, or best-of-group" in " ".join(text.replace("│", " ").split())
    assert "Grpo" not in text


@pytest.mark.parametrize("name", ["emoji", "scenes", "definitions"])
def test_help_counts_english_apart_as_no_split_has_it(grape, name: str) -> None:
    text = " ".join(grape("data", name, "--help").out.split())
    assert f"in {len(AND) - 1} languages and English" in text


def test_search_refuses_an_adapter_for_another_retriever(grape, adapter: Path, tiny_dataset_folder: Path) -> None:
    arguments = ("search", tiny_dataset_folder, "[/x] red apple", "--retriever", "minilm", "--rewriter", adapter)
    refused = grape(*arguments)
    assert refused.code == 2
    assert len(refused.err.splitlines()) == 1
    assert grape(*arguments, "--allow-mismatch").code == 0


def test_rewriters_are_compared(
    grape, adapter: Path, tiny_dataset_folder: Path, tiny_retriever_folder: Path, tiny_chat_folder: Path, tmp_path: Path
) -> None:
    found = grape(
        *("evaluate", tiny_dataset_folder, "--retriever", tiny_retriever_folder, "--out", tmp_path / "o", "--json"),
        *("--rewriter", adapter, "--rewriter", tiny_chat_folder, "--queries", 6),
    )
    assert found.code == 0, found.err
    own = {"raw", "zero-shot", "few-shot", "english", "grape"}
    assert set(json.loads(found.out)["methods"]) == own | {
        f"{name}, {tiny_chat_folder}" for name in ("zero-shot", "few-shot")
    }


def test_adapters_are_told_from_methods_and_the_last_has_the_curves(
    grape, adapter: Path, tiny_dataset_folder: Path, tiny_retriever_folder: Path, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    shown: list[object] = []
    monkeypatch.setattr("grape_rewrite.evaluation.write_report", lambda *given, **_: shown.append(given[2]))
    monkeypatch.chdir(tmp_path)
    for number, name in enumerate(("english", "raw")):
        shutil.copytree(adapter, tmp_path / name)
        (tmp_path / name / "history.jsonl").write_text(f'{{"step": {number}, "seconds": 1.0}}\n')
    found = grape(
        *("evaluate", tiny_dataset_folder, "--retriever", tiny_retriever_folder, "--queries", 6, "--json"),
        *("--rewriter", "english", "--rewriter", "raw"),
    )
    assert found.code == 0, found.err
    summary = json.loads(found.out)
    assert set(summary["methods"]) == {"raw", "zero-shot", "few-shot", "english", "./english", "./raw"}
    assert {row["a"] for row in summary["comparisons"]} == {"./raw"}
    assert shown == [[{"step": 1, "seconds": 1.0}]]


def test_unreadable_images_are_counted_and_refused_beyond_a_share(
    grape, cache: Path, tiny_dataset_folder: Path, tiny_clip_folder: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "pictures"
    shutil.copytree(tiny_dataset_folder, folder)
    (folder / "broken.png").write_bytes(b"no picture")
    with (folder / "corpus.jsonl").open("a") as file:
        file.write('{"_id": "broken", "image": "broken.png"}\n')
    refused = grape("index", folder, "--retriever", tiny_clip_folder)
    assert refused.code == 2
    assert len(refused.err.splitlines()) == 1
    assert "broken.png" in refused.err
    task = f"{folder}:{tiny_clip_folder}"
    with pytest.raises(UserError, match=r"broken\.png"):
        read_task(task)
    assert len(read_task(task, max_unreadable=0.1).index) == 41
    allowed = grape("index", folder, "--retriever", tiny_clip_folder, "--max-unreadable", 0.1)
    assert allowed.code == 0
    assert "unreadable images: 1" in allowed.out
    assert Path(allowed.out.rsplit("cache: ")[1].strip()).is_dir()


def test_a_published_benchmark_is_made_from_its_official_files(grape, tmp_path: Path) -> None:
    from grape_rewrite.published import BENCHMARKS

    for name, benchmark in BENCHMARKS.items():
        shown = " ".join(grape("data", name, "--help").out.replace("│", " ").split())
        assert benchmark.licence.split()[0] in shown
        assert f"grape data {name} --source" in shown
        refused = grape("data", name, "--source", tmp_path / "none", "--out", tmp_path / "out")
        assert refused.code == 2
        assert benchmark.page in refused.error_lines[0]
        (tmp_path / "empty").mkdir(exist_ok=True)
        refused = grape("data", name, "--source", tmp_path / "empty", "--out", tmp_path / "out")
        assert refused.code == 2
        assert "needs" in refused.error_lines[0]
        assert not (tmp_path / "out").exists()


def test_all_data_sets_are_listed_the_published_ones_with_the_size_of_their_download(grape) -> None:
    from grape_rewrite.datasets.dataset import EMBEDDED
    from grape_rewrite.published import BENCHMARKS

    shown = " ".join(grape("data", "--help").out.replace("│", " ").split())
    for name, benchmark in BENCHMARKS.items():
        assert f"{name} {benchmark.holds} Download: {benchmark.size}." in shown
    refused = grape("data", "cvleu", "--source", "x")
    assert refused.code == 2
    [line] = refused.error_lines
    assert "'cvleu'" in line
    assert set(line.partition("valid are ")[2].split(", ")) == {*EMBEDDED, *BENCHMARKS, "hub"}
