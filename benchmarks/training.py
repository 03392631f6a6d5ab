"""How much faster and smaller training is than stock TRL, on the same model, prompts, group size and lengths.

    .venv/bin/python benchmarks/training.py

Each trainer runs in a process of its own, one after the other, in several rounds: Gemma 3 270M in bfloat16, LoRA of
rank 16 on all linear layers, the multilingual few-shot prompt on training queries of `scenes`, eight rewrites a query,
ended by a line break or after 24 tokens, and a reward that costs nothing. The first step is not counted. Ours takes
more steps, for they are short; the first ones have the prompts of the stock trainer's. That one runs without gradient
checkpointing, which is its faster way. The last line, which `docs/evidence/training.json` keeps, is one JSON object;
`ratios` are rewrites a second, ours by stock's, of each round, `memory_ratio` is the peak of resident memory, ours by
stock's, the most of each.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
import zlib
from pathlib import Path
from typing import Any

import numpy as np

GROUP, MAX_TOKENS, LORA_RANK = 8, 24, 16
STEPS = {"stock": 2, "ours": 24}


def main() -> None:
    """Run both trainers and print what they took."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rewrites", type=int, default=32, help=f"rewrites a step, a multiple of {GROUP}")
    parser.add_argument("--steps", type=int, help=f"counted steps of each (default: {STEPS})")
    parser.add_argument("--rounds", type=int, default=3, help="both, so many times (default: %(default)s)")
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)), help="default: all cores")
    parser.add_argument("--checkpointing", action="store_true", help="gradient checkpointing in stock TRL")
    parser.add_argument("--only", choices=STEPS, help="run one of the two")
    parser.add_argument("--child", choices=STEPS, help=argparse.SUPPRESS)
    parser.add_argument("--job", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.rewrites % GROUP:
        parser.error(f"--rewrites {arguments.rewrites} is no multiple of {GROUP}")
    if arguments.child:
        work(arguments.child, arguments.checkpointing, json.loads(arguments.job.read_text(encoding="utf-8")))
        return
    steps = {kind: arguments.steps or count for kind, count in STEPS.items()}
    kinds = [arguments.only] if arguments.only else list(STEPS)
    rounds: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory() as folder:
        for kind in kinds:
            job = describe(arguments.rewrites, 1 + steps[kind], folder)
            (Path(folder) / f"{kind}.json").write_text(json.dumps(job), encoding="utf-8")
        for _ in range(arguments.rounds):
            found = {}
            for kind in kinds:
                found[kind] = run(kind, Path(folder) / f"{kind}.json", arguments.threads, arguments.checkpointing)
                print(f"{kind}: {json.dumps(found[kind])}", file=sys.stderr)
            rounds.append(found)
    result: dict[str, Any] = {}
    if not arguments.only:
        result["ratios"] = [
            found["ours"]["rewrites_per_second"] / found["stock"]["rewrites_per_second"] for found in rounds
        ]
        ours, stock = (max(found[kind]["peak_gb"] for found in rounds) for kind in ("ours", "stock"))
        result["memory_ratio"] = ours / stock
    print(json.dumps({**result, "rounds": rounds, "rewrites": arguments.rewrites, "tokens": MAX_TOKENS}))


def describe(rewrites: int, steps: int, folder: str) -> dict[str, Any]:
    """Return what a trainer is to do: prompts, whatever their number beginning alike, and the retriever's words."""
    from grape_rewrite.datasets import Dataset
    from grape_rewrite.retrievers import Retriever
    from grape_rewrite.rewriting.prompt import PROMPTS

    texts = Dataset.load("scenes").train.texts
    chosen = np.random.default_rng(0).permutation(len(texts))[: rewrites // GROUP * steps]
    prompts = [PROMPTS["multilingual"].text(texts[row]) for row in chosen]
    words = Retriever.load("minilm").words()
    return {"rewrites": rewrites, "steps": steps, "prompts": prompts, "words": words, "folder": folder}


def run(kind: str, job: Path, threads: int, checkpointing: bool) -> dict[str, Any]:
    """Run one trainer in a process of its own; return its speed and its peak memory, which the kernel counted."""
    command = [sys.executable, __file__, "--child", kind, "--job", str(job)]
    environment = {**os.environ, "OMP_NUM_THREADS": str(threads)}
    extra = ["--checkpointing"] if checkpointing else []
    process = subprocess.Popen(command + extra, stdout=subprocess.PIPE, text=True, env=environment)
    if process.stdout is None:
        raise RuntimeError("no pipe from the trainer's process")
    lines = process.stdout.read().splitlines()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{kind} ended with code {process.returncode}; -9 means that memory ran out")
    measured = json.loads(lines[-1])
    return {**measured, "peak_gb": usage.ru_maxrss * 1024 / 1e9}  # Linux counts in KiB


def work(kind: str, checkpointing: bool, job: dict[str, Any]) -> None:
    """Train for a few steps and print how long each took."""
    from datasets import Dataset as Table
    from peft import LoraConfig
    from transformers import PrinterCallback, TrainerCallback
    from trl import GRPOConfig, GRPOTrainer

    from grape_rewrite.ablation.manifest import hardware
    from grape_rewrite.rewriting import Rewriter
    from grape_rewrite.training.trainer import GrapeTrainer

    ends = [time.perf_counter()]
    lengths = []

    class Watch(TrainerCallback):
        def on_log(self, *_: Any, logs: dict[str, Any], **__: Any) -> None:
            if "reward" in logs:
                ends.append(time.perf_counter())
                lengths.append(logs["completions/mean_length"])
                print(f"{kind}: step {len(lengths)}, {ends[-1] - ends[-2]:.1f} s", file=sys.stderr)

    rewriter = Rewriter.load("gemma-3-270m", max_tokens=MAX_TOKENS)
    # Stock TRL is told the same end tokens, so that it does not go on after the line.
    rewriter.model.generation_config.eos_token_id = rewriter.stop
    common = {
        "reward_funcs": cheap_reward,
        "args": GRPOConfig(
            output_dir=job["folder"],
            per_device_train_batch_size=job["rewrites"],
            num_generations=GROUP,
            max_completion_length=MAX_TOKENS,
            max_steps=job["steps"],
            learning_rate=1e-6,
            shuffle_dataset=False,
            activation_checkpointing=checkpointing and kind == "stock",
            bf16=False,
            use_cpu=True,
            dataloader_pin_memory=False,
            save_strategy="no",
            logging_steps=1,
            report_to="none",
            disable_tqdm=True,
        ),
        "train_dataset": Table.from_dict({"prompt": job["prompts"]}),
        "peft_config": LoraConfig(r=LORA_RANK, lora_alpha=32, target_modules="all-linear", task_type="CAUSAL_LM"),
        "callbacks": [Watch()],
    }
    if kind == "ours":
        rewriter.restrict_to_words(job["words"])
        trainer = GrapeTrainer(rewriter=rewriter, **common)
    else:
        trainer = GRPOTrainer(model=rewriter.model, processing_class=rewriter.tokenizer, **common)
    trainer.remove_callback(PrinterCallback)
    trainer.train()
    seconds = np.diff(ends)[1:]
    result = {
        "rewrites_per_second": job["rewrites"] * len(seconds) / seconds.sum(),
        "step_seconds": [round(value, 2) for value in seconds.tolist()],
        "tokens": float(np.mean(lengths[1:])),
        "hardware": hardware(rewriter.model),
    }
    print(json.dumps(result))


def cheap_reward(completions: list[str], **_: Any) -> list[float]:
    """Differs wherever the rewrites differ, costs nothing, and teaches nothing."""
    return [zlib.crc32(text.encode()) / 2**32 for text in completions]


if __name__ == "__main__":
    main()
