"""`grape train` end to end, on a tiny model."""

import json
import shutil
from pathlib import Path

import yaml

from grape_rewrite.cli.load import load_rewriter
from grape_rewrite.cli.run_config import RunConfig
from grape_rewrite.datasets import Dataset
from grape_rewrite.fitting import fitted
from grape_rewrite.retrievers import Retriever
from grape_rewrite.rewriting import Prompt, Rewriter
from grape_rewrite.rewriting.adapter import read_adapter
from grape_rewrite.rewriting.prompt import PROMPTS


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
    evaluated = ("evaluate", other, "--retriever", tiny_retriever_folder, "--rewriter", out, "--queries", 4)
    assert grape(*evaluated, "--out", tmp_path / "evaluation").code == 0
    for options, prompt in (((), None), (("--prompt", "long-form"), PROMPTS["long-form"])):
        printed = grape("rewrite", "--rewriter", out, *options, "rot Apfel").out.strip()
        assert printed == Rewriter.load(str(out), prompt).rewrite(["rot Apfel"])[0][0]


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
