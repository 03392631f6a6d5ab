"""A whole run on the tiny model: what it leaves, that it repeats, and what may go into it."""

import json
import math
import signal
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import torch
from peft import PeftModel
from safetensors import SafetensorError
from safetensors.torch import load_file
from transformers import AutoModelForCausalLM

from grape_rewrite.datasets import Dataset
from grape_rewrite.errors import UserError
from grape_rewrite.index import Index
from grape_rewrite.rewriting import Prompt, Rewriter
from grape_rewrite.rewriting.adapter import model_card, read_adapter
from grape_rewrite.rewriting.scoring import log_probabilities
from grape_rewrite.training import TrainingConfig, train
from grape_rewrite.training.best_adapter import save_best
from grape_rewrite.training.grpo import _arguments, _select
from grape_rewrite.training.run_folder import RunFolder

TIMES = ("step_time", "tokens_per_second", "num_input_tokens_seen", "time", "seconds", "look_seconds")


def history(folder: Path) -> list[dict[str, Any]]:
    """The rows of the history without what differs between equal runs: the time they took."""
    rows = [json.loads(line) for line in (folder / "history.jsonl").read_text().splitlines()]
    return [{key: value for key, value in row.items() if not any(t in key for t in TIMES)} for row in rows]


def test_what_it_leaves(finished, index: Index) -> None:
    folder = finished.folder
    assert [row["step"] for row in history(folder)] == [0, 1, 2, 3, 4]
    assert [row["step"] for row in history(folder) if "dev_mrr" in row] == [0, 2, 4]
    facts = json.loads((folder / "grape.json").read_text())
    best = max((row for row in history(folder) if "dev_mrr" in row), key=lambda row: row["dev_mrr"])
    assert (facts["steps"], facts["dev_mrr"]) == (best["step"], best["dev_mrr"])
    assert facts["retriever_fingerprint"] == index.retriever.fingerprint()
    assert facts["corpus_fingerprint"] == index.corpus.fingerprint()
    assert facts["reward"] == "rank_log"
    assert (folder / "adapter_model.safetensors").is_file()
    assert not (folder / "checkpoints").exists()
    assert not list(folder.glob(".*"))


def test_history_has_what_is_shown(finished) -> None:
    rows = history(finished.folder)[1:]
    assert rows
    for row in rows:
        assert {"reward", "mrr", "entropy", "rewrite_tokens", "zero_variance", "rewards/rank_log/mean"} <= set(row)
        assert 0 < row["mrr"] <= 1
        assert 1 <= row["rewrite_tokens"] <= 6
        assert row["reward"] == pytest.approx(
            row["rewards/rank_log/mean"] + 0.1 * row["rewards/form/mean"] + 0.1 * row["rewards/length/mean"], abs=1e-5
        )


def test_something_was_learned(begin: Callable[..., Any], tmp_path: Path) -> None:
    """The adapter is not the one that training began with, whose second factors are zero."""

    def stop(row: dict[str, Any], _: object) -> None:
        if row["step"] == 1:
            signal.raise_signal(signal.SIGINT)  # the step in progress is finished and saved

    with pytest.raises(KeyboardInterrupt):
        begin(tmp_path / "run", watch=stop)
    weights = load_file(Path(RunFolder(tmp_path / "run").last_checkpoint()) / "adapter_model.safetensors")
    assert any(float(value.abs().max()) > 0 for name, value in weights.items() if "lora_B" in name)


def test_the_adapter_loads_in_both_ways(finished, tiny_model_folder: Path, tiny_dataset: Dataset) -> None:
    def rewrites(rewriter: Rewriter) -> list[list[str]]:
        greedy, sampled = rewriter.rewrite(texts), rewriter.rewrite(texts, group=4, temperature=1.0, seed=3)
        return greedy + sampled

    texts = tiny_dataset.test.texts
    expected = rewrites(finished.rewriter)
    assert len({rewrite for row in expected for rewrite in row}) > len(texts)
    loaded = Rewriter.load(str(finished.folder))
    assert rewrites(loaded) == expected
    base = AutoModelForCausalLM.from_pretrained(tiny_model_folder, dtype=loaded.model.dtype).to(loaded.model.device)
    plain = Rewriter(
        PeftModel.from_pretrained(base, finished.folder), loaded.tokenizer, loaded.prompt, "tiny", loaded.max_tokens
    )
    plain.vocabulary = loaded.vocabulary
    assert rewrites(plain) == expected


def test_equal_seeds_make_equal_runs(begin: Callable[..., Any], finished, tmp_path: Path) -> None:
    again = begin(tmp_path / "again")
    assert history(again.folder) == history(finished.folder)
    other = begin(tmp_path / "other", seed=1)
    assert history(other.folder)[1:] != history(finished.folder)[1:]


def test_baselines_are_the_untrained_model(finished, tiny_model_folder: Path, tiny_dataset: Dataset) -> None:
    texts = tiny_dataset.test.texts
    untrained = Rewriter.load(str(tiny_model_folder), finished.rewriter.prompt, finished.rewriter.max_tokens)
    untrained.vocabulary = finished.rewriter.vocabulary
    baselines = finished.rewriter.baselines()
    assert baselines["few-shot"].rewrite(texts) == untrained.rewrite(texts)
    zero_shot = untrained.with_prompt(untrained.prompt.zero_shot())
    assert baselines["zero-shot"].rewrite(texts) == zero_shot.rewrite(texts)


@pytest.mark.parametrize(
    "values",
    [
        {"reward": "similarity"},
        {"pool": 8},
        {"algorithm": "best-of-group"},
        {"pool": 40, "hard": 0.0, "reward": "contrastive"},
        {"reward": "reciprocal_rank", "beta": 0.1, "warmup": 0},
        {"reward": "rank_linear", "output_vocabulary": "full", "solved_weight": 0.0},
        {"temperature": 0.8, "length_weight": 0.0, "form_weight": 0.0},
    ],
    ids=str,
)
def test_other_settings_run(begin: Callable[..., Any], tmp_path: Path, values: dict[str, Any]) -> None:
    run = begin(tmp_path / "run", steps=2, **values)
    assert len(history(run.folder)) == 3
    if "beta" in values:
        assert history(run.folder)[-1]["kl"] > 0


def test_fine_tuning_learns_from_the_best_alone() -> None:
    advantages = torch.tensor([0.5, -1.0, 2.0, -1.5, 0.0, 0.0, 0.0, 0.0, 1.0, 1.0, -1.0, -1.0])
    tuned = _select(advantages, TrainingConfig.of(batch=12, group=4, algorithm="best-of-group"))
    assert tuned[:8].tolist() == [0, 0, 1, 0, 0, 0, 0, 0]
    assert tuned[8:10].sum() == 1  # one of two that are the same stands for both
    assert tuned[10:].tolist() == [0, 0]
    learned = _select(advantages, TrainingConfig.of(batch=12, group=4))
    assert learned.tolist() == [0, 0, 3.5, -3.5, *[0] * 4, *learned[8:].tolist()]
    assert sorted(learned[8:].tolist()) == [-2, 0, 0, 2]
    whole = _select(advantages, TrainingConfig.of(batch=12, group=4, keep=4))
    assert whole.tolist() == advantages.tolist()


def test_what_trl_is_told_of_the_rewards(finished, tmp_path: Path) -> None:
    run = RunFolder(tmp_path)
    told = _arguments(finished.rewriter, TrainingConfig.of(form_weight=0.3, length_weight=0.0), run)
    assert told.reward_weights == [1.0, 0.3, 0.0]
    assert (told.scale_rewards, told.multi_objective_aggregation) == ("batch", "sum_then_normalize")
    told = _arguments(finished.rewriter, TrainingConfig.of(scale="group"), run)
    assert (told.scale_rewards, told.multi_objective_aggregation) == ("group", "normalize_then_sum")


@pytest.mark.parametrize(
    ("decay", "shares"),
    [
        (1.0, [0, 1 / 2, 1, 3 / 4, 1 / 2, 1 / 4]),
        (0.5, [0, 1 / 2, 1, 1, 1, 1 / 2]),
        (0.0, [0, 1 / 2, 1, 1, 1, 1]),
    ],
)
def test_the_rate_falls_at_the_end(
    begin: Callable[..., Any], tmp_path: Path, decay: float, shares: list[float]
) -> None:
    run = begin(tmp_path / "run", steps=6, warmup=2, decay=decay)
    assert [row["learning_rate"] / 0.005 for row in history(run.folder)[1:]] == pytest.approx(shares)


def test_it_is_sampled_hotter_where_rewrites_are_the_same(begin: Callable[..., Any], finished, tmp_path: Path) -> None:
    assert {row["temperature"] for row in history(finished.folder)[1:]} == {0.7}
    run = begin(tmp_path / "run", steps=6, distinct=1.0, learning_rate=0.05)
    rows = history(run.folder)[1:]
    assert rows[-1]["temperature"] > 0.7
    for row, after in pairwise(rows):
        assert 1 / 4 <= row["distinct"] <= 1  # groups are of four
        assert math.log(after["temperature"] / row["temperature"]) == pytest.approx(0.1 * (1 - row["distinct"]))


def test_trained_on_some_languages_as_if_there_were_no_others(
    begin: Callable[..., Any], tiny_model_folder: Path, tiny_prompt: Prompt, index: Index, tiny_dataset: Dataset,
    tmp_path: Path, small: Any,
) -> None:  # fmt: skip
    run = begin(tmp_path / "run", languages=["fr"])
    french = Dataset("french", tiny_dataset.folder, tiny_dataset.corpus)
    french._splits = {name: tiny_dataset.split(name).only(["fr"]) for name in ("train", "dev")}
    rewriter = Rewriter.load(str(tiny_model_folder), tiny_prompt)
    train(rewriter, index, french, tmp_path / "alone", **small)
    assert history(run.folder) == history(tmp_path / "alone")
    with pytest.raises(UserError, match="split 'train' has no query in language 'ja'; it has de, fr"):
        begin(tmp_path / "none", languages=["ja"])
    assert not (tmp_path / "none").exists()


def test_a_chat_model_trains(
    tiny_chat_folder: Path, tiny_prompt: Prompt, index: Index, tiny_dataset: Dataset, tmp_path: Path, small: Any
) -> None:
    rewriter = Rewriter.load(str(tiny_chat_folder), tiny_prompt)
    trained = train(rewriter, index, tiny_dataset, tmp_path / "chat", **{**small, "steps": 2})
    texts = tiny_dataset.dev.texts
    assert Rewriter.load(str(tmp_path / "chat")).rewrite(texts) == trained.rewrite(texts)


def test_only_what_follows_the_reasoning_is_searched_with(
    tiny_chat_folder: Path, tiny_prompt: Prompt, index: Index, tiny_dataset: Dataset, tmp_path: Path, small: Any
) -> None:
    rewriter = Rewriter.load(str(tiny_chat_folder), replace(tiny_prompt, answer_after="e"))
    shown: list[str] = []
    train(
        rewriter,
        index,
        tiny_dataset,
        tmp_path / "reasons",
        **{**small, "steps": 2, "max_tokens": 12},
        watch=lambda row, examples: shown.extend(example.rewrite for example in examples),
    )
    assert any(shown)
    assert not any("e" in text for text in shown)
    assert len(rewriter.vocabulary) == len(rewriter.tokenizer)
    assert read_adapter(tmp_path / "reasons").prompt.answer_after == "e"


def test_watch_sees_rows_and_examples(begin: Callable[..., Any], tmp_path: Path) -> None:
    seen = []
    begin(tmp_path / "run", steps=2, watch=lambda row, examples: seen.append((row["step"], examples)))
    assert [step for step, _ in seen] == [0, 1, 2]
    assert seen[0][1] == []
    for _, examples in seen[1:]:
        assert 1 <= len(examples) <= 5
        assert len({example.query for example in examples}) == len(examples)
        assert all(example.rank_before >= 1 and example.rank_after >= 1 for example in examples)


def test_a_step_learns_from_less_than_it_samples(
    begin: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scored, sampled = [], []

    def counting(decoder: Any, vocabulary: Any, prompts: Any, completions: Any, *rest: Any, **extra: Any) -> Any:
        scored.append(len(completions))
        return log_probabilities(decoder, vocabulary, prompts, completions, *rest, **extra)

    def counted(rewriter: Rewriter, prompts: Any, count: int, *rest: Any) -> Any:
        sampled.append(len(prompts) * count)
        return complete(rewriter, prompts, count, *rest)

    complete = Rewriter.complete
    monkeypatch.setattr(Rewriter, "complete", counted)
    monkeypatch.setattr("grape_rewrite.training.trainer.log_probabilities", counting)
    begin(tmp_path / "run", steps=2, batch=16, group=4, oversample=3, keep=2)
    assert [count for count in sampled if count > 8] == [3 * 16] * 2  # the other two are looks at dev
    assert len(scored) == 2
    assert max(scored) <= 4 * 2
    history = [json.loads(line) for line in (tmp_path / "run" / "history.jsonl").read_text().splitlines()]
    assert history[-1]["grad_norm"] > 0


def test_more_queries_to_sample_than_there_are(begin: Callable[..., Any], tmp_path: Path) -> None:
    with pytest.raises(UserError, match="needs 96 queries, but the train split has 48; use a batch of 64 or less"):
        begin(tmp_path / "run", batch=128, group=4, oversample=3)
    with pytest.raises(UserError, match=r"needs 49 queries, .* 48; an oversample of 48 or less"):
        begin(tmp_path / "run", batch=4, group=4, oversample=49)


def test_a_folder_with_a_run_is_refused(finished, begin: Callable[..., Any]) -> None:
    before = (finished.folder / "adapter_model.safetensors").read_bytes()
    with pytest.raises(UserError, match="holds a run already"):
        begin(finished.folder)
    assert (finished.folder / "adapter_model.safetensors").read_bytes() == before


def test_a_step_larger_than_the_split(begin: Callable[..., Any], tmp_path: Path) -> None:
    with pytest.raises(
        UserError, match="needs 64 queries, but the train split has 48; use a batch of 192 or less"
    ) as caught:
        begin(tmp_path / "run", batch=256)
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "run").exists()


def test_a_trained_rewriter_is_refused(finished, index: Index, tiny_dataset: Dataset, tmp_path: Path, small) -> None:
    with pytest.raises(UserError, match="this rewriter is a trained adapter; train from its base model, "):
        train(finished.rewriter, index, tiny_dataset, tmp_path / "second", **small)
    assert not (tmp_path / "second").exists()


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), SafetensorError("No space left on device")])
def test_a_full_disk_keeps_the_adapter_that_was_there(finished, tmp_path: Path, error: Exception) -> None:
    class Model:
        def save_pretrained(self, folder: str) -> None:
            Path(folder, "adapter_model.safetensors").write_bytes(b"half of")
            raise error

    facts = read_adapter(finished.folder)
    save_best(finished.rewriter.model, tmp_path, facts)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    with pytest.raises(UserError, match=r"^cannot write the adapter into .*: No space left on device$"):
        save_best(Model(), tmp_path, facts)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_a_disk_that_fills_with_the_last_file_keeps_the_adapter_that_was_there(
    finished, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    facts = read_adapter(finished.folder)
    save_best(finished.rewriter.model, tmp_path, facts)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}

    class Model:
        def save_pretrained(self, folder: str) -> None:
            Path(folder, "adapter_model.safetensors").write_text("other weights")

    def full(*_: object) -> int:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(Path, "write_bytes", full)  # how README.md and grape.json are written
        with pytest.raises(UserError, match=r"README\.md: No space left on device$"):
            save_best(Model(), tmp_path, facts.model_copy(update={"steps": 99}))
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_the_adapter_names_the_base_model_as_others_know_it(finished, tiny_model_folder: Path) -> None:
    named = json.loads((finished.folder / "adapter_config.json").read_text())["base_model_name_or_path"]
    assert named == finished.rewriter.hub_name == str(tiny_model_folder)
    embedded = finished.rewriter.with_prompt(finished.rewriter.prompt)
    embedded.name = "gemma-3-270m"
    assert embedded.hub_name == "google/gemma-3-270m"


def test_the_model_card_says_what_the_adapter_is(finished) -> None:
    card, facts = (finished.folder / "README.md").read_text(), read_adapter(finished.folder)
    assert "More Information Needed" not in card
    known = (facts.base_model, facts.retriever, facts.reward, f"{facts.dev_mrr:.3f}", f"step {facts.steps}")
    for fact in (*known, "by GRPO", ", grpo,"):
        assert fact in card
    tuned = model_card(facts.model_copy(update={"algorithm": "best-of-group", "reward": "similarity"}))
    assert "by fine-tuning on the best rewrite of each group" in tuned
    assert "`similarity`" in tuned
    assert "grpo" not in tuned.lower()
